//! Interfaces as arguments of [`axum`](https://docs.rs/axum) handlers, on Lambda and on any other server.
//!
//! ```standalone_crate
//! use axum::{Router, routing::post};
//! use lmms::InvocationLayer;
//! use lmms::axum::Interface;
//!
//! pub struct Words(Vec<&'static str>);
//!
//! #[lmms::interface]
//! impl Words {
//!     #[load]
//!     fn load() -> Self {
//!         Self(vec!["lima", "nairobi"])
//!     }
//!
//!     #[operation]
//!     pub fn knows(&self, word: &str) -> bool {
//!         self.0.contains(&word)
//!     }
//! }
//!
//! async fn knows(Interface(words): Interface<Words>, body: String) -> String {
//!     words.knows(&body).to_string()
//! }
//!
//! // The layer is not needed for the extractor; with it, one invocation serves the whole request.
//! let app = Router::new().route("/knows", post(knows)).layer(InvocationLayer::new());
//! // On Lambda: lambda_http::run(app).await
//! // Elsewhere: axum::serve(listener, app).await
//! # use axum::{body::Body, http::Request};
//! # use tower_service::Service;
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! # let mut app = app;
//! # let request = Request::post("/knows").body(Body::from("lima")).unwrap();
//! # let response = app.call(request).await.unwrap();
//! # let body = axum::body::to_bytes(response.into_body(), 100).await.unwrap();
//! # assert_eq!(body, "true");
//! # });
//! ```
//!
//! Outside of Lambda nothing sweeps unless it is asked to: [`InvocationLayer::with_sweep`](crate::InvocationLayer::with_sweep).

pub use lmms_runtime::extract::{Interface, Rejection};
