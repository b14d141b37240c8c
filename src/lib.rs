//! Lazily loaded, safely unloadable state for AWS Lambda functions.
//!
//! A Lambda function with many operations needs much heavy state (a tokenizer, dictionaries, rule sets, clients) of which
//! one request uses a little. Built eagerly, all of it is paid for by every cold start and held until the container
//! dies. With `lmms`, each piece is an *interface*: it loads when a request first needs it, a hot call to it costs what a
//! call through a [`LazyLock`](std::sync::LazyLock) costs, and it can be unloaded again while the function runs.
//!
//! # An interface
//!
//! Annotate the inherent impl of a type. The crate that does so depends on `lmms` alone and knows no gateway.
//!
//! ```standalone_crate
//! use std::collections::HashMap;
//!
//! pub struct Capitals(HashMap<&'static str, &'static str>);
//!
//! /// Knows the capitals of countries.
//! #[lmms::interface]
//! impl Capitals {
//!     #[load]
//!     fn load() -> Self {
//!         Self(HashMap::from([("Peru", "Lima"), ("Kenya", "Nairobi")]))
//!     }
//!
//!     /// The capital of `country`.
//!     #[operation(cached)]
//!     pub fn of(&self, country: &str) -> Option<&'static str> {
//!         self.0.get(country).copied()
//!     }
//! }
//!
//! // Typed, from Rust: a reference that lives as long as the invocation.
//! let invocation = lmms::Invocation::enter();
//! assert_eq!(invocation.get::<Capitals>()?.of("Peru"), Some("Lima"));
//!
//! // By name, from JSON: what a Lambda function receives.
//! # futures(async {
//! let gateway = lmms::Gateway::from_env()?;
//! let answer = gateway.execute(br#"{"interface":"capitals","operation":"of","args":{"country":"Kenya"}}"#).await?;
//! assert_eq!(answer, br#""Nairobi""#);
//! # Ok(()) })?;
//! # fn futures<T>(future: impl Future<Output = Result<T, Box<dyn std::error::Error>>>)
//! #     -> Result<T, Box<dyn std::error::Error>> {
//! #     tokio::runtime::Builder::new_current_thread().build()?.block_on(future)
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The attribute is documented at [`interface`](macro@interface).
//!
//! # A function
//!
//! With the feature `lambda`, the gateway is the handler. [`link!`] makes every interface crate in `Cargo.toml` part of
//! the program; there is no import list.
//!
#![cfg_attr(feature = "lambda", doc = "```no_run,standalone_crate")]
#![cfg_attr(not(feature = "lambda"), doc = "```ignore")]
//! lmms::link!();
//!
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> Result<(), lmms::lambda::Error> {
//!     lmms::lambda::run().await
//! }
//! ```
//!
//! `lmms::lambda::run_with` takes a handler of one's own, which gets an [`Invocation`] for typed access. What is not as it should
//! be, a function finds by itself: [`Gateway::health`], or the operation `health` of the built-in interface `lmms`.
//!
//! # The guide
//!
//! | | |
//! |---|---|
//! | [Recipes](guide::recipes) | lazy clients, configuration, secrets, loads that fail, sharing, caches, a handler of your own |
//! | [Lambda](guide::lambda) | a function: its handler, events, when to load, what comes after the response, its end |
//! | [Memory](guide::memory) | what is unloaded and when, the budget, memory that returns |
//! | [Fast path](guide::fast_path) | heat, tiers, and cached results |
//! | [Testing](guide::testing) | interfaces under test, by name, and with a clock of your own |
//! | [Schemas](guide::schemas) | JSON Schema of arguments and results, and an OpenAPI document |
//! | [Telemetry](guide::telemetry) | what a function tells of itself |
//! | [Troubleshooting](guide::troubleshooting) | what `lmms.health` finds, and what to do |
//! | [Comparison](guide::comparison) | `LazyLock`, `shaku`, Spring, SnapStart; and when not to use it |
//! | [FAQ](guide::faq) | is it sound, why are my interfaces missing, what does unloading cost, .. |
//!
//! # Configuration
//!
//! | variable | default | |
//! |---|---|---|
//! | `LAZY_LOADING_ENABLED` | `true` | `false` loads everything at the start, and keeps it |
//! | `LMMS_PRELOAD` | `declared`; `all` where `AWS_LAMBDA_INITIALIZATION_TYPE` is `provisioned-concurrency`, `snap-start` or `lambda-managed-instances` | what is loaded before the first request: `declared` (by `#[lmms::interface(preload)]`), `none`, `all`, or names separated by commas |
//! | `ENABLE_MODULE_UNLOADING` | `true` | `false`: nothing is ever unloaded |
//! | `UNLOAD_GRACE_PERIOD` | 30 | seconds without use before an unload; wins over what interfaces declare |
//! | `MIN_RESIDENT_MODULES` | 8 | how many interfaces stay loaded in any case |
//! | `ENABLE_FAST_PATH` | `true` | `false`: nothing is hot, all calls by name go the whole way |
//! | `FAST_PATH_THRESHOLD` | 50 | after more calls than this an operation is hot |
//! | `LMMS_HEAT_HALF_LIFE` | 300 | seconds after which half of the calls so far are forgotten; 0 is never |
//! | `LMMS_ADAPTIVE_HEAT` | `false` | `true`: the threshold follows the mix of calls |
//! | `LMMS_RESULT_CACHE_MB` | 16, and at most an eighth of the memory budget | MiB that cached results may take; 0 caches none |
//! | `LMMS_RESULT_TTL` | 0 | seconds for which a cached result is good, unless its operation declares its own; 0 is for ever |
//! | `LMMS_EXTENSION` | `true`, unless SIGTERM is handled elsewhere | `false`: no internal extension, and SIGTERM is not handled |
//! | `LMMS_HTTP_BASE_PATH` | none | with the feature `http`: what all paths begin with, as `/api/v1` |
//! | `LMMS_STATS_LINE` | `true` | `false`: no `[LMMS_STATS]` lines |
//! | `LMMS_EMF`, `LMMS_EMF_NAMESPACE` | `false`, `LMMS` | with the feature `emf`: metrics in CloudWatch's format |
//! | `LMMS_TRACING` | `true` | with the feature `tracing`: `false` makes no spans |
//! | `LMMS_MEMORY_BUDGET_MB` | on Lambda, nine tenths of the function's memory less 16; else none | MiB that the process may hold; 0 is no limit |
//!
//! Those without the prefix `LMMS_` are also read with it, which wins. A value that does not parse stops the start.
//!
//! # Features
//!
//! - `jemalloc` (off by default): `lmms::memory::Jemalloc`, see
//!   [memory that returns](guide::memory#memory-that-returns). Builds jemalloc, in C.
//! - `lambda` (off by default): [`lambda`](crate::lambda), on `lambda_runtime`.
//! - `http`, `sqs` (off by default): function URLs, API Gateway and load balancers, and queues, as events of that function.
//! - `tower` (off by default, part of `lambda`): `InvocationLayer`, an invocation for each request of any service, and
//!   `Invocation::current`.
//! - `axum` (off by default): interfaces as arguments of axum handlers.
//! - `tracing`, `emf` (off by default): spans, and CloudWatch's metric format. See [telemetry](guide::telemetry).
//! - `schema` (off by default): JSON Schema and OpenAPI, see [schemas](guide::schemas). Builds `schemars`.
#![cfg_attr(not(feature = "lambda"), allow(rustdoc::broken_intra_doc_links))]

/// Makes a type an *interface*: one lazily loaded, unloadable instance per process, with operations that the gateway can
/// call by name.
///
/// Goes on the inherent impl. The type has to be `Send + Sync + 'static` and concrete.
///
/// # Arguments
///
/// | | |
/// |---|---|
/// | `name = "words"` | the name in requests; by default the type's, in snake case |
/// | `pinned` | never unloaded while the function serves |
/// | `preload` | loaded before the first request, unless `LMMS_PRELOAD` says otherwise |
/// | `snapshot = false` | must not be in a SnapStart snapshot: unloaded before, loaded again after; by default so if it has an `#[unload]` |
/// | `grace_period = 60` | seconds without use before an unload, for this interface |
/// | `fast_path_threshold = 100` | after more calls than this an operation is hot, for this interface |
/// | `memory_mb = 40` | MiB that its first load needs, for the memory budget: later ones are measured |
/// | `crate = path` | where `lmms` is, if not at `::lmms` |
///
/// # Methods
///
/// - `#[load]`, once: `fn load() -> Self`, or `-> Result<Self, E>` with any error that boxes. May be `async`, may take
///   `load: &Load<'_>` to reach other interfaces.
/// - `#[operation]`: `&self` and parameters, sync or `async`, fallible or not; the result is anything `Serialize`.
///   `#[operation(cached)]` declares it pure, so that its results may be [cached](guide::fast_path#cached-results);
///   `cached(ttl = <seconds>, weight = <n>, errors)` says for how long, how many times its bytes a result counts, and
///   that errors are results, too. `name = ".."` renames it.
/// - `#[unload]`, at most once: `fn unload(self)`, or with a `Result<(), E>`. May be `async`.
///
/// Other methods stay as they are. The doc comments on the impl and on the operations are what `lmms.describe` tells.
///
/// # Parameters of operations
///
/// Arguments come as a JSON object and are decoded straight into the parameters' types: anything `Deserialize`, and
/// `&str`, `&[T]`, `&T` and `Cow` of them, borrowed from the request where JSON allows. An `Option` may be absent or
/// `null`. `#[default]` and `#[default = expr]` stand for an absent argument. A parameter `&Invocation` is passed in.
/// Unknown, missing, duplicate and ill-typed arguments are refused by name, and nothing is loaded for them. A parameter may
/// have a doc comment, which `lmms.describe` tells.
///
/// ```standalone_crate
/// use lmms::{Gateway, Invocation};
/// use std::borrow::Cow;
///
/// pub struct Text;
///
/// #[lmms::interface(name = "text-tools", pinned)]
/// impl Text {
///     #[load]
///     fn load() -> Self {
///         Self
///     }
///
///     #[operation]
///     fn repeat(&self, text: &str, #[default = 2] times: usize, separator: Option<Cow<'_, str>>) -> String {
///         vec![text; times].join(separator.as_deref().unwrap_or(""))
///     }
///
///     #[operation(name = "parse")]
///     async fn parse_number(&self, text: &str, _invocation: &Invocation) -> Result<i64, std::num::ParseIntError> {
///         text.parse()
///     }
/// }
///
/// # fn execute(request: &str) -> Result<String, lmms::Error> {
/// #     let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// #     let gateway = Gateway::new(lmms::Config::default()).unwrap();
/// #     runtime.block_on(gateway.execute(request.as_bytes())).map(|answer| String::from_utf8(answer).unwrap())
/// # }
/// let answer = execute(r#"{"interface":"text-tools","operation":"repeat","args":{"text":"ha"}}"#)?;
/// assert_eq!(answer, r#""haha""#);
///
/// let error = execute(r#"{"interface":"text-tools","operation":"repeat","args":{"test":"ha"}}"#).unwrap_err();
/// assert_eq!(error.to_string(), "there is no argument `test`; did you mean `text`?");
/// # Ok::<(), lmms::Error>(())
/// ```
pub use lmms_macros::interface;

/// Links every dependency of this crate, so that the interfaces in them are registered.
///
/// rustc drops a dependency that no source names, and with it what it would register. This macro names them: it reads
/// the `--extern` arguments that Cargo gave to this very compiler, and emits `extern crate x as _;` for each. Optional,
/// renamed, target-specific and inherited dependencies are therefore just right. An interface at second hand is linked
/// if the crate in between uses `lmms::link!()`, too.
///
/// - `lmms::link!();` all dependencies.
/// - `lmms::link!(skip(a, b));` all but these.
/// - `lmms::link!(a, b);` only these: for build systems that pass no `--extern`, where the plain form is an error that
///   says so.
///
/// Call it once in the crate root of each binary, and of each file in `tests/` that wants the interfaces.
///
/// ```
/// lmms::link!();
/// # fn main() {}
/// ```
pub use lmms_macros::link;

// Of no use to a program, which would only see empty modules.
#[cfg(any(doc, doctest))]
pub mod guide;

#[cfg(feature = "axum")]
pub mod axum;
pub mod testing;

#[cfg(feature = "lambda")]
pub use lmms_runtime::lambda::{self, shutdown};
#[cfg(feature = "jemalloc")]
pub use lmms_runtime::memory;
/// The crate that makes schemas, for types of your own: `use lmms::schemars::{self, JsonSchema}`, then
/// `#[derive(JsonSchema)]`. A dependency on `schemars` 1 does as well.
#[cfg(feature = "schema")]
pub use lmms_runtime::schemars;
pub use lmms_runtime::{
    BlockingInterface, BoxError, Cache, CacheBuilder, CacheStats, Config, ConfigError, Dependencies, Error, ErrorCode,
    FastPath, Gateway, Inserted, Interface, InterfaceInfo, Invocation, Latency, Lease, Load, LoadError, LoadErrorKind,
    MAX_PAYLOAD, OperationStats, Preload, Reason, RegistryError, Route, Shutdown, Snapshot, StartError, Stats, Status,
    Swept, Tier, Unload, UnloadHookError, telemetry,
};
pub use lmms_runtime::{Finding, FindingCode, Health, HealthStatus, Setting};

#[cfg(feature = "tower")]
pub use lmms_runtime::{Current, InvocationFuture, InvocationLayer, InvocationService, Within};

#[doc(hidden)]
pub use lmms_runtime::private as __private;

/// The README's example compiles.
#[cfg(all(doctest, feature = "lambda"))]
#[doc = include_str!("../README.md")]
struct Readme;
