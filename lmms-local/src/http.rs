//! The HTTP/1 both servers of this folder share: accept on loopback, bound bodies, answer in JSON.
//!
//! Dropping a [`Server`] closes its listener and cuts its connections.

use std::{
    convert::Infallible,
    io,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response, StatusCode,
    body::{Body, Bytes, Incoming},
    header::{CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
    time,
};

/// What a handler answers with.
pub(crate) type Reply = Response<Full<Bytes>>;

/// A listening HTTP server on 127.0.0.1.
pub(crate) struct Server {
    addr: SocketAddr,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Listens on 127.0.0.1:`port` (0 = any free one) and answers each request with `handler`.
    pub(crate) async fn bind<H, F>(port: u16, handler: H) -> io::Result<Self>
    where
        H: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
        F: Future<Output = Reply> + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let addr = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let accepting = tokio::spawn(accept(listener, stopped, handler));
        Ok(Self { addr, stop, accepting })
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Accepts no more, lets the requests under way finish for as long as `grace`, then cuts what is left.
    pub(crate) async fn stop(mut self, grace: Duration) {
        self.stop.send_replace(true);
        let _ = time::timeout(grace, &mut self.accepting).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The task owns the connections: they end with it.
        self.accepting.abort();
    }
}

async fn accept<H, F>(listener: TcpListener, stopped: watch::Receiver<bool>, handler: H)
where
    H: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Reply> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, stopped.clone(), handler.clone()));
                }
                // Out of file descriptors, say: connections that end make room.
                Err(_) => time::sleep(Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next() => {}
            () = stop_asked(stopped.clone()) => break,
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn connection<H, F>(stream: TcpStream, stopped: watch::Receiver<bool>, handler: H)
where
    H: Fn(Request<Incoming>) -> F,
    F: Future<Output = Reply>,
{
    // An answer is two small writes: without this the second waits for the peer's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let reply = handler(request);
        async { Ok::<_, Infallible>(reply.await) }
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    // A connection that breaks concerns its client alone.
    tokio::select! {
        _ = &mut connection => return,
        () = stop_asked(stopped) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

async fn stop_asked(mut stopped: watch::Receiver<bool>) {
    // An error means that the server was dropped.
    let _ = stopped.wait_for(|stop| *stop).await;
}

/// Why a request's body was not read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// It has more bytes than are allowed.
    TooLarge,
    /// The connection broke.
    Broken,
}

/// Reads a body of at most `limit` bytes.
///
/// What is beyond is still drained, up to a point: a client that is cut while it writes sees a reset instead of the
/// answer that tells it why.
pub(crate) async fn read_body<B>(body: B, limit: usize) -> Result<Bytes, BodyError>
where
    B: Body<Data = Bytes>,
{
    let mut body = std::pin::pin!(body);
    let expected = usize::try_from(body.size_hint().lower()).unwrap_or(limit).min(limit);
    let mut read = Vec::with_capacity(expected);
    let mut seen = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| BodyError::Broken)?.into_data() else { continue };
        seen += data.len();
        if seen <= limit {
            read.extend_from_slice(&data);
        } else if seen > limit.saturating_mul(8) {
            break;
        }
    }
    if seen > limit { Err(BodyError::TooLarge) } else { Ok(read.into()) }
}

/// An answer that already is JSON.
pub(crate) fn json(status: StatusCode, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Full::new(body.into()));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply
}

/// An error in the form that Lambda and the gateway use.
pub(crate) fn error(status: StatusCode, error_type: &str, message: &str) -> Reply {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Error<'a> {
        error_type: &'a str,
        error_message: &'a str,
    }
    let body = serde_json::to_vec(&Error { error_type, error_message: message });
    json(status, body.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_is_read_up_to_its_limit() {
        let body = || Full::new(Bytes::from_static(b"12345"));
        assert_eq!(read_body(body(), 5).await.unwrap(), "12345");
        assert_eq!(read_body(body(), 4).await, Err(BodyError::TooLarge));
        assert_eq!(read_body(body(), 0).await, Err(BodyError::TooLarge));
    }

    #[tokio::test]
    async fn an_error_is_escaped_json() {
        let reply = error(StatusCode::NOT_FOUND, "not_found", "no \"x\"\n");
        assert_eq!(reply.status(), StatusCode::NOT_FOUND);
        let body = reply.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, r#"{"errorType":"not_found","errorMessage":"no \"x\"\n"}"#);
    }
}
