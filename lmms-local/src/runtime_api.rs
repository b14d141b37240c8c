//! The Lambda Runtime API on 127.0.0.1: events go out to whoever polls, answers come back to whoever invoked.
//!
//! One instance serves one container. Invariant: an invocation ends exactly once, with the function's answer or with
//! the [`Failure`] that ended the container; the first failure is final, and everything waiting learns of it.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use hyper::{
    HeaderMap, Method, Request, StatusCode,
    body::{Bytes, Incoming},
};
use serde::Deserialize;
use tokio::{
    sync::{Mutex as AsyncMutex, SetOnce, mpsc, oneshot, watch},
    time::{self, Instant},
};

use crate::{
    answer::{Answer, Failure, MAX_EVENT, Outcome},
    extensions_api,
    freezer::Freezer,
    http::{self, BodyError, Reply, Server},
    ids::{self, request_id, trace_id},
    life::Life,
    signal::Process,
    step::{OnStep, Step},
    virtual_time::VirtualClock,
};

/// The most bytes of an answer in one piece.
const MAX_RESPONSE: usize = 6 << 20;
/// The most bytes of a streamed answer.
const MAX_STREAMED: usize = 200 << 20;
/// The most bytes of an error report.
pub(crate) const MAX_ERROR: usize = 256 << 10;

/// The ARN that every invocation names; the account is AWS's example.
pub(crate) const FUNCTION_ARN: &str = "arn:aws:lambda:us-east-1:123456789012:function:local";

const VERSION: &str = "/2018-06-01/runtime/";

/// What a container is to be like.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The time that one event may take.
    pub(crate) timeout: Duration,
    /// How many events the function takes at once.
    pub(crate) workers: usize,
    /// Whether there is an Extensions API.
    pub(crate) extensions: bool,
    /// Whether INIT ends in a snapshot.
    pub(crate) snap_start: bool,
    /// Whether the process is frozen at rest.
    pub(crate) freezing: bool,
    pub(crate) on_step: Option<OnStep>,
    /// What the function sees as the time.
    pub(crate) clock: Option<VirtualClock>,
}

impl Settings {
    pub(crate) fn is_concurrent(&self) -> bool {
        self.workers > 1
    }
}

/// The Runtime API of one container. Dropping it closes the port.
pub struct RuntimeApi {
    shared: Arc<Shared>,
    server: Server,
}

impl RuntimeApi {
    /// Listens on a free port of 127.0.0.1, for a function that may take `timeout` over an event.
    ///
    /// # Errors
    /// No port can be had.
    pub async fn bind(timeout: Duration) -> io::Result<Self> {
        let settings = Settings {
            timeout,
            workers: 1,
            extensions: true,
            snap_start: false,
            freezing: false,
            on_step: None,
            clock: None,
        };
        Self::bind_with(settings).await
    }

    pub(crate) async fn bind_with(settings: Settings) -> io::Result<Self> {
        let shared = Arc::new(Shared::new(settings));
        let served = Arc::clone(&shared);
        let server = Server::bind(0, move |request| Arc::clone(&served).answer(request)).await?;
        Ok(Self { shared, server })
    }

    /// The address for `AWS_LAMBDA_RUNTIME_API`.
    pub fn addr(&self) -> SocketAddr {
        self.server.addr()
    }

    /// Hands `event` to the function and waits for its answer. Any number may be under way.
    ///
    /// # Errors
    /// The event is too large, or the container ended; never because the function said no, which is an [`Answer`].
    pub async fn invoke(&self, event: Bytes) -> Result<Answer, Failure> {
        if event.len() > MAX_EVENT {
            return Err(Failure::PayloadTooLarge { bytes: event.len() });
        }
        let (mut invocation, id) = Invocation::begin(&self.shared);
        // Fails only without a receiver, and that lives as long as `self`.
        let _ = self.shared.queue.send(Event { id, payload: event });
        let mut check = Instant::now() + self.shared.settings.timeout;
        loop {
            tokio::select! {
                // An answer that came just before the end still counts.
                biased;
                Ok(answer) = &mut invocation.answer => return Ok(answer),
                failure = self.failed() => return Err(failure),
                () = time::sleep_until(check) => match invocation.due() {
                    Ok(later) => check = later,
                    Err(failure) => self.fail(failure),
                },
            }
        }
    }

    /// Waits for the end of INIT: the runtime and all extensions have asked for an event, or with SnapStart the runtime
    /// for its restore. Returns when that was.
    ///
    /// # Errors
    /// It failed before. A function that does neither is waited for: bound it.
    pub async fn started(&self) -> Result<Instant, Failure> {
        self.shared.reached(|life| life.initialized).await
    }

    /// Waits for the runtime's first `/next`, which comes before the extensions' or after. Returns when that was.
    ///
    /// # Errors
    /// As [`RuntimeApi::started`].
    pub async fn polled(&self) -> Result<Instant, Failure> {
        self.shared.reached(|life| life.polled).await
    }

    /// Waits until `workers` polls wait for an event and the extensions that take them do, so that nothing of an earlier
    /// invocation still runs, not even what comes after its answer. Returns the time this took.
    ///
    /// # Errors
    /// The container ended, or [`Failure::NotPolling`] when the function's timeout passed without it.
    pub async fn settled(&self, workers: usize) -> Result<Duration, Failure> {
        let since = Instant::now();
        let after = self.shared.settings.timeout;
        let at_rest = |life: &Life| (life.polling >= workers && life.takes_events()).then_some(());
        let settled = time::timeout(after, self.shared.reached(at_rest)).await;
        settled.map_err(|_| Failure::NotPolling { after })?.map(|()| since.elapsed())
    }

    /// As [`settled`](Self::settled), and says when that was, however late it is asked. If the function freezes at rest, it is
    /// frozen.
    pub(crate) async fn rested(&self) -> Result<Instant, Failure> {
        let after = self.shared.settings.timeout;
        let rested = time::timeout(after, self.shared.reached(|life| life.rests_since)).await;
        let rested = rested.map_err(|_| Failure::NotPolling { after })??;
        // Whoever noted the rest may not have come to it yet.
        self.shared.rest();
        Ok(rested)
    }

    /// The names of the extensions that have registered.
    pub fn extensions(&self) -> Vec<String> {
        self.shared.life.borrow().extensions.values().map(|extension| extension.name.clone()).collect()
    }

    /// Lets a function that waits for it go on after its snapshot.
    pub(crate) fn restore(&self) {
        self.shared.change(|life| life.is_restored = true);
    }

    /// The process that is on the other side, for what is to be done to it.
    pub(crate) fn attach(&self, process: Process) {
        // Once for each container.
        let _ = self.shared.process.set(process);
    }

    pub(crate) fn freezer(&self) -> &Freezer {
        &self.shared.freezer
    }

    /// Ends everything that waits, with this reason; only the first is kept.
    pub fn fail(&self, failure: Failure) {
        self.shared.fail(failure);
    }

    /// Waits until the container has failed, and says how.
    pub async fn failed(&self) -> Failure {
        self.shared.failed().await
    }
}

/// The function's side and the invokers' side meet here.
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    queue: mpsc::UnboundedSender<Event>,
    // Held by the poll that is next in line; the mutex is fair, and a poll that breaks off loses nothing.
    next: AsyncMutex<mpsc::UnboundedReceiver<Event>>,
    waiting: Mutex<HashMap<String, Waiting>>,
    pub(crate) life: watch::Sender<Life>,
    process: SetOnce<Process>,
    freezer: Freezer,
}

struct Event {
    id: String,
    payload: Bytes,
}

/// An invocation as the function's side sees it.
struct Waiting {
    delivered: Option<Instant>,
    answer: oneshot::Sender<Answer>,
}

impl Shared {
    fn new(settings: Settings) -> Self {
        let (queue, next) = mpsc::unbounded_channel();
        let life = Life::new(settings.workers, settings.snap_start);
        Self {
            settings,
            queue,
            next: AsyncMutex::new(next),
            waiting: Mutex::default(),
            life: watch::Sender::new(life),
            process: SetOnce::new(),
            freezer: Freezer::default(),
        }
    }

    /// Notes what the function did.
    pub(crate) fn change<R: Default>(&self, change: impl FnOnce(&mut Life) -> R) -> R {
        let mut result = R::default();
        self.life.send_modify(|life| {
            result = change(life);
            life.advance();
        });
        self.rest();
        result
    }

    /// Freezes the process, if it is to be frozen now.
    fn rest(&self) {
        if let Some(process) = self.process.get().filter(|_| self.settings.freezing) {
            self.freezer.freeze_if(process, || self.life.borrow().is_at_rest());
        }
    }

    /// Waits until the container is somewhere.
    async fn reached<R>(&self, wanted: impl Fn(&Life) -> Option<R>) -> Result<R, Failure> {
        let mut life = self.life.subscribe();
        let life = life.wait_for(|life| life.failure.is_some() || wanted(life).is_some()).await;
        let life = life.map_err(|_| Failure::Closed)?;
        wanted(&life).ok_or_else(|| life.failure.clone().unwrap_or(Failure::Closed))
    }

    /// Tells who wants to know that the function is there.
    pub(crate) async fn step(&self, step: Step) {
        if let Some(OnStep(on_step)) = &self.settings.on_step {
            // A process can be faster than whoever started it.
            on_step(step, self.process.wait().await);
        }
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<String, Waiting>> {
        // No code that could panic runs under it.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn fail(&self, failure: Failure) {
        self.life.send_if_modified(|life| {
            let first = life.failure.is_none();
            life.failure.get_or_insert(failure);
            first
        });
    }

    async fn failed(&self) -> Failure {
        let never = |_: &Life| None::<()>;
        self.reached(never).await.err().unwrap_or(Failure::Closed)
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Reply {
        if let Some(path) = request.uri().path().strip_prefix(extensions_api::VERSION)
            && self.settings.extensions
        {
            let path = path.to_owned();
            return extensions_api::answer(&self, &path, request).await;
        }
        let (head, body) = request.into_parts();
        let path = head.uri.path().strip_prefix(VERSION).unwrap_or_default();
        let route: Vec<_> = path.split('/').collect();
        match (&head.method, route.as_slice()) {
            (&Method::GET, ["invocation", "next"]) => self.next().await,
            (&Method::POST, ["invocation", id, "response"]) => self.response(id, &head.headers, body).await,
            (&Method::POST, ["invocation", id, "error"]) => self.error(id, &head.headers, body).await,
            (&Method::POST, ["init", "error"]) => self.init_error(&head.headers, body).await,
            (&Method::GET, ["restore", "next"]) if self.settings.snap_start => self.restore_next().await,
            (&Method::POST, ["restore", "error"]) if self.settings.snap_start => {
                self.restore_error(&head.headers, body).await
            }
            (_, ["invocation", "next" | "response" | "error"] | ["invocation", _, "response" | "error"])
            | (_, ["init", "error"]) => {
                http::error(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", "that path has another method")
            }
            _ => http::error(StatusCode::NOT_FOUND, "NotFound", "no such path in the Runtime API"),
        }
    }

    async fn next(&self) -> Reply {
        let _polling = Polling::begin(self);
        self.step(Step::Polled).await;
        let event = tokio::select! {
            biased;
            // A function that gets this gives up; with a cut connection it would try again, some in a tight loop.
            failure = self.failed() => {
                return http::error(StatusCode::INTERNAL_SERVER_ERROR, "ContainerError", &failure.to_string());
            }
            event = self.next_event() => event,
        };
        let now = self.settings.clock.as_ref().map_or_else(ids::unix_time, VirtualClock::unix_time);
        let deadline = ids::millis(now.saturating_add(self.settings.timeout));
        let trace_id = trace_id(now);
        // While the poll still counts as one that waits, so that the container does not seem to rest.
        extensions_api::announce(self, &event.id, deadline, &trace_id);
        self.step(Step::Delivered).await;
        let headers = [
            ("lambda-runtime-aws-request-id", event.id),
            ("lambda-runtime-deadline-ms", deadline.to_string()),
            ("lambda-runtime-invoked-function-arn", FUNCTION_ARN.to_owned()),
            ("lambda-runtime-trace-id", trace_id),
        ];
        let mut reply = http::json(StatusCode::OK, event.payload);
        for (name, value) in headers {
            if let Ok(value) = value.parse() {
                reply.headers_mut().insert(name, value);
            }
        }
        reply
    }

    /// The next event that somebody still waits for, marked as handed over.
    async fn next_event(&self) -> Event {
        let mut next = self.next.lock().await;
        // As long as an extension works on the last event there is no other.
        let takes_events = |life: &Life| life.takes_events().then_some(());
        if self.reached(takes_events).await.is_err() {
            // The poll itself sees the failure.
            return std::future::pending().await;
        }
        loop {
            // The sender is in `self`: the channel cannot be closed.
            let Some(event) = next.recv().await else { std::future::pending().await };
            if let Some(waiting) = self.waiting().get_mut(&event.id) {
                waiting.delivered = Some(Instant::now());
                return event;
            }
        }
    }

    async fn response(&self, id: &str, headers: &HeaderMap, body: Incoming) -> Reply {
        let streamed = headers.get("lambda-runtime-function-response-mode").is_some_and(|mode| mode == "streaming");
        let limit = if streamed { MAX_STREAMED } else { MAX_RESPONSE };
        self.step(Step::Answering).await;
        match http::read_body(body, limit).await {
            Ok(payload) => self.finish(id, payload, Outcome::Ok).await,
            Err(BodyError::Broken) => broken(),
            Err(BodyError::TooLarge) => {
                let error_type = "Function.ResponseSizeTooLarge";
                let message = format!("the response is larger than {limit} bytes");
                let payload = serde_json::json!({ "errorType": error_type, "errorMessage": message });
                let outcome = Outcome::FunctionError { error_type: error_type.to_owned() };
                match self.finish(id, payload.to_string().into(), outcome).await {
                    reply if reply.status() != StatusCode::ACCEPTED => reply,
                    _ => http::error(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", &message),
                }
            }
        }
    }

    async fn error(&self, id: &str, headers: &HeaderMap, body: Incoming) -> Reply {
        self.step(Step::Answering).await;
        match http::read_body(body, MAX_ERROR).await {
            Ok(payload) => {
                let (error_type, _) = describe(&payload, headers);
                self.finish(id, payload, Outcome::FunctionError { error_type }).await
            }
            Err(BodyError::Broken) => broken(),
            Err(BodyError::TooLarge) => {
                http::error(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", "the error report is too large")
            }
        }
    }

    async fn init_error(&self, headers: &HeaderMap, body: Incoming) -> Reply {
        let payload = http::read_body(body, MAX_ERROR).await.unwrap_or_default();
        let (error_type, message) = describe(&payload, headers);
        self.fail(Failure::Init { error_type, message });
        accepted()
    }

    /// Blocks until the snapshot is restored, which is after it was made.
    async fn restore_next(&self) -> Reply {
        self.change(|life| life.ready_for_snapshot = life.ready_for_snapshot.or_else(|| Some(Instant::now())));
        match self.reached(|life| life.is_restored.then_some(())).await {
            Ok(()) => http::json(StatusCode::OK, ""),
            Err(failure) => http::error(StatusCode::INTERNAL_SERVER_ERROR, "ContainerError", &failure.to_string()),
        }
    }

    async fn restore_error(&self, headers: &HeaderMap, body: Incoming) -> Reply {
        let payload = http::read_body(body, MAX_ERROR).await.unwrap_or_default();
        let (error_type, message) = describe(&payload, headers);
        self.fail(Failure::Restore { error_type, message });
        accepted()
    }

    async fn finish(&self, id: &str, payload: Bytes, outcome: Outcome) -> Reply {
        self.heard();
        // One that was never handed over cannot be answered: its id is a guess.
        let Some((waiting, delivered)) = self.handed_over(id) else {
            let message = "no invocation of that id waits for an answer: wrong, answered already, or given up";
            return http::error(StatusCode::BAD_REQUEST, "InvalidRequestID", message);
        };
        let answer = Answer { payload, outcome, duration: delivered.elapsed(), delivered: delivered.into_std() };
        // The invoker may have left meanwhile.
        let _ = waiting.answer.send(answer);
        self.step(Step::Answered).await;
        accepted()
    }

    /// Takes out an invocation that the function was given.
    fn handed_over(&self, id: &str) -> Option<(Waiting, Instant)> {
        let mut all = self.waiting();
        let delivered = all.get(id)?.delivered?;
        Some((all.remove(id)?, delivered))
    }

    fn heard(&self) {
        self.life.send_if_modified(|life| {
            life.heard = Instant::now();
            false // nobody waits for this
        });
    }
}

/// One call of [`RuntimeApi::invoke`]; dropped with it, so that an abandoned event is not handed out.
struct Invocation<'a> {
    shared: &'a Shared,
    id: String,
    answer: oneshot::Receiver<Answer>,
}

impl<'a> Invocation<'a> {
    fn begin(shared: &'a Shared) -> (Self, String) {
        let id = request_id();
        let (sender, answer) = oneshot::channel();
        shared.freezer.open(shared.process.get());
        shared.waiting().insert(id.clone(), Waiting { delivered: None, answer: sender });
        (Self { shared, id: id.clone(), answer }, id)
    }

    /// When to look again, or why there is no more hope.
    fn due(&self) -> Result<Instant, Failure> {
        let timeout = self.shared.settings.timeout;
        let now = Instant::now();
        match self.shared.waiting().get(&self.id).map(|waiting| waiting.delivered) {
            Some(Some(delivered)) if now >= delivered + timeout => {
                Err(Failure::TimedOut { request_id: self.id.clone(), after: timeout })
            }
            Some(Some(delivered)) => Ok(delivered + timeout),
            // Others may be before it, for long; but each of them either ends or times out and fails the container. So
            // a function that does nothing for twice the time is not busy, it is stuck.
            Some(None) => {
                let heard = self.shared.life.borrow().heard;
                let after = timeout * 2;
                if now >= heard + after { Err(Failure::NotPolling { after }) } else { Ok(heard + after) }
            }
            // Answered this moment.
            None => Ok(now + timeout),
        }
    }
}

impl Drop for Invocation<'_> {
    fn drop(&mut self) {
        self.shared.waiting().remove(&self.id);
        self.shared.freezer.close();
        self.shared.rest();
    }
}

/// A poll that waits.
struct Polling<'a>(&'a Shared);

impl<'a> Polling<'a> {
    fn begin(shared: &'a Shared) -> Self {
        shared.change(|life| {
            life.polled = life.polled.or_else(|| Some(Instant::now()));
            life.polling += 1;
        });
        Self(shared)
    }
}

impl Drop for Polling<'_> {
    fn drop(&mut self) {
        self.0.change(|life| life.polling -= 1);
    }
}

pub(crate) fn accepted() -> Reply {
    http::json(StatusCode::ACCEPTED, r#"{"status":"OK"}"#)
}

fn broken() -> Reply {
    http::error(StatusCode::BAD_REQUEST, "BadRequest", "the request's body broke off")
}

/// The type and message of an error report; `lambda_runtime` sends `unhandled` as header whatever the error is, so the
/// body comes first.
pub(crate) fn describe(payload: &[u8], headers: &HeaderMap) -> (String, String) {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Report {
        error_type: String,
        error_message: String,
    }
    let report: Report = serde_json::from_slice(payload).unwrap_or_default();
    let error_type = if report.error_type.is_empty() {
        let header = headers.get("lambda-runtime-function-error-type");
        header.and_then(|value| value.to_str().ok()).unwrap_or("Unknown").to_owned()
    } else {
        report.error_type
    };
    (error_type, report.error_message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_of_an_error_is_the_bodys_then_the_headers() {
        let mut headers = HeaderMap::new();
        headers.insert("lambda-runtime-function-error-type", "unhandled".parse().unwrap());
        let body = br#"{"errorType":"load_failed","errorMessage":"no","stackTrace":[]}"#;
        assert_eq!(describe(body, &headers), ("load_failed".to_owned(), "no".to_owned()));
        assert_eq!(describe(b"gibberish", &headers).0, "unhandled");
        assert_eq!(describe(b"", &HeaderMap::new()).0, "Unknown");
    }

    #[tokio::test]
    async fn the_first_failure_is_kept_and_reaches_everyone() {
        let api = RuntimeApi::bind(Duration::from_secs(60)).await.unwrap();
        let (invoked, ()) = tokio::join!(api.invoke(Bytes::from_static(b"{}")), async {
            api.fail(Failure::Init { error_type: "no_key".into(), message: "no".into() });
            api.fail(Failure::Closed);
        });
        assert_eq!(invoked.unwrap_err().code(), "init_failed");
        assert_eq!(api.invoke(Bytes::new()).await.unwrap_err().code(), "init_failed");
        assert_eq!(api.started().await.unwrap_err().code(), "init_failed");
    }

    #[tokio::test]
    async fn an_event_that_is_too_large_is_refused_alone() {
        let api = RuntimeApi::bind(Duration::from_secs(60)).await.unwrap();
        let failure = api.invoke(vec![b' '; MAX_EVENT + 1].into()).await.unwrap_err();
        assert_eq!(failure.code(), "payload_too_large");
        assert!(api.shared.life.borrow().failure.is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_function_that_never_polls_is_given_up() {
        let api = RuntimeApi::bind(Duration::from_secs(3)).await.unwrap();
        let failure = api.invoke(Bytes::new()).await.unwrap_err();
        assert!(matches!(failure, Failure::NotPolling { .. }), "{failure}");
    }
}
