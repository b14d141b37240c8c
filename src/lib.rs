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
//! `lmms::lambda::run_with` takes a handler of one's own, which gets an [`Invocation`] for typed access.
//!
//! # Recipes
//!
//! **A client that connects when it is first used.** An async load is awaited by the first caller; others wait for it.
//! Interfaces with async hooks are reached by [`get_async`](Invocation::get_async).
//!
//! ```standalone_crate
//! # struct Connection; impl Connection {
//! #     async fn open(_: &str) -> std::io::Result<Self> { Ok(Self) }
//! #     async fn close(self) -> std::io::Result<()> { Ok(()) } }
//! pub struct Orders(Connection);
//!
//! #[lmms::interface]
//! impl Orders {
//!     #[load]
//!     async fn load() -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
//!         let address = std::env::var("ORDERS_ADDRESS").map_err(|_| "ORDERS_ADDRESS is not set")?;
//!         Ok(Self(Connection::open(&address).await?))
//!     }
//!
//!     #[unload]
//!     async fn unload(self) -> std::io::Result<()> {
//!         self.0.close().await
//!     }
//! }
//! # let invocation = lmms::Invocation::enter();
//! # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
//! let error = runtime.block_on(invocation.get_async::<Orders>()).err().unwrap();
//! assert_eq!(error.to_string(), "interface `orders` failed to load: ORDERS_ADDRESS is not set");
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! A load that fails leaves nothing behind, and the next call tries again.
//!
//! **An interface that needs another one** asks for it through [`Load`]. To keep it, it stores a [`Lease`]. Interfaces
//! that need each other in a cycle are an error that names the cycle, never a deadlock.
//!
//! ```standalone_crate
//! # pub struct Words(Vec<&'static str>);
//! # #[lmms::interface]
//! # impl Words { #[load] fn load() -> Self { Self(vec!["lima", "nairobi"]) } }
//! pub struct Longest(&'static str);
//!
//! #[lmms::interface]
//! impl Longest {
//!     #[load]
//!     fn load(load: &lmms::Load<'_>) -> Result<Self, lmms::LoadError> {
//!         let words = load.get::<Words>()?;
//!         Ok(Self(words.0.iter().max_by_key(|word| word.len()).copied().unwrap_or_default()))
//!     }
//! }
//! # let invocation = lmms::Invocation::enter();
//! # assert_eq!(invocation.get::<Longest>()?.0, "nairobi");
//! # Ok::<(), lmms::LoadError>(())
//! ```
//!
//! **State for longer than a request.** A reference cannot outlive its invocation; the compiler sees to that. A
//! [`Lease`] can, and keeps its interface loaded meanwhile.
//!
//! **A cache whose entries need an interface.** A [`Cache`] is bounded by entries, bytes and age. An entry may hold what means
//! something only as long as an interface stays loaded: numbers that it gave out, or data that it has yet to write. Such an
//! entry declares it, and keeps the interface loaded until it is removed, replaced, evicted or cleared, or it expires, which
//! it does without being read.
//!
//! ```standalone_crate
//! use lmms::{Cache, Invocation, LoadError};
//! use std::sync::{Arc, LazyLock};
//! use std::time::Duration;
//!
//! # use lmms::{Config, Gateway, Reason, Unload};
//! # #[derive(Default)]
//! # pub struct Words(std::sync::Mutex<Vec<String>>);
//! # #[lmms::interface]
//! # impl Words {
//! #     #[load] fn load() -> Self { Self::default() }
//! #     fn number(&self, word: &str) -> usize {
//! #         let mut words = self.0.lock().unwrap();
//! #         words.iter().position(|known| known == word).unwrap_or_else(|| {
//! #             words.push(word.to_owned());
//! #             words.len() - 1
//! #         })
//! #     } }
//! /// Texts as the numbers of their words. Loaded again, `Words` would number them anew.
//! static TEXTS: LazyLock<Cache<String, Arc<[usize]>>> = LazyLock::new(|| {
//!     Cache::builder(1_000)
//!         .max_bytes(1 << 20, |text: &String, numbers: &Arc<[usize]>| text.len() + size_of_val(&**numbers))
//!         .ttl(Duration::from_secs(60))
//!         .build()
//! });
//!
//! fn numbers(invocation: &Invocation, text: &str) -> Result<Arc<[usize]>, LoadError> {
//!     if let Some(numbers) = TEXTS.get(text) {
//!         return Ok(numbers);
//!     }
//!     let words = invocation.get::<Words>()?;
//!     let numbers: Arc<[usize]> = text.split(' ').map(|word| words.number(word)).collect();
//!     TEXTS.insert_depending_on::<Words>(text.to_owned(), Arc::clone(&numbers));
//!     Ok(numbers)
//! }
//! # assert_eq!(*numbers(&Invocation::enter(), "to be or not to be")?, [0, 1, 2, 3, 0, 1]);
//! # let config = Config::default().with_grace_period(Duration::ZERO).with_min_resident(0);
//! # let gateway = Gateway::new(config)?;
//! # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
//! # let unload = || runtime.block_on(gateway.unload_module("words"));
//! # assert!(matches!(unload()?, Unload::Blocked(Reason::CacheDependency)));
//! # assert_eq!(*numbers(&Invocation::enter(), "to be or not to be")?, [0, 1, 2, 3, 0, 1]);
//! # TEXTS.clear();
//! # assert!(matches!(unload()?, Unload::Unloaded { .. }));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A result that is a value of its own needs no interface to stay: [`insert`](Cache::insert) it. Give a cache of entries with
//! dependencies a [`ttl`](CacheBuilder::ttl), above all one inside of the very interface that they depend on: without one it
//! would never be unloaded.
//!
//! # Unloading
//!
//! When an invocation has ended, what is due is unloaded: the interface's `#[unload]` runs, the instance is dropped, and the
//! memory is given back to the system. `lmms::lambda` does it when the response has been sent, and only then takes the next
//! request; [`Gateway::execute`] before it returns; whoever enters invocations by hand calls [`Gateway::sweep`]. An interface
//! stays loaded for the first of these [`Reason`]s that applies:
//!
//! | reason | as long as |
//! |---|---|
//! | [`Pinned`](Reason::Pinned) | it is declared `#[lmms::interface(pinned)]` |
//! | [`ActiveReference`](Reason::ActiveReference) | an invocation that touched it is running, or a [`Lease`] lives |
//! | [`CacheDependency`](Reason::CacheDependency) | a live entry of a [`Cache`] declares that it depends on it |
//! | [`HotPath`](Reason::HotPath) | one of its operations [is hot](#the-fast-path): called more than `FAST_PATH_THRESHOLD` times; each half-life halves the count |
//! | [`GracePeriod`](Reason::GracePeriod) | its last use is less than its grace period ago |
//! | [`MinResident`](Reason::MinResident) | fewer than `MIN_RESIDENT_MODULES` would stay; of those that may go, the least recently used go |
//!
//! There is no timer, for a frozen container runs none; time that passed while frozen counts.
//!
//! **A memory budget** comes before the last three: before a load that would not fit, others are unloaded, first those that
//! hold many bytes for a short load, lay idle long and were called seldom; hot ones last. What a load needs is learned from
//! the last one, or declared as `#[lmms::interface(memory_mb = 40)]`; if neither, a quarter of the budget is made free. On
//! Lambda the budget is derived from the function's memory size. A load that does not fit even so goes ahead, and says so on
//! standard error. (Linux only: elsewhere nothing tells what a process holds.)
//!
//! **At the end**, on SIGTERM under `lmms::lambda` or by [`Gateway::shutdown`], everything is unloaded in reverse order of
//! loading. (Lambda sends SIGTERM only to functions with an extension.)
//!
//! ```standalone_crate
//! use lmms::testing::ManualClock;
//! use lmms::{Config, Gateway, Invocation, Reason, Unload};
//! use std::time::Duration;
//!
//! # pub struct Words;
//! # #[lmms::interface]
//! # impl Words { #[load] fn load() -> Self { Self } }
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let clock = ManualClock::install();
//! let gateway = Gateway::new(Config::default().with_min_resident(0))?;
//! Invocation::enter().get::<Words>()?;
//!
//! assert!(matches!(gateway.unload_module("words").await?, Unload::Blocked(Reason::GracePeriod)));
//! clock.advance(Duration::from_secs(30));
//! assert_eq!(gateway.sweep().await.unloaded, ["words"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The fast path
//!
//! How often an operation was called of late is its heat. It counts where the operation's body begins, so typed calls and
//! calls by name heat alike (a call that is refused does not, and the body of a `const fn` can count nothing), and each
//! half-life, half of it is forgotten. More calls than make it blazing count only as far as they come by name. With T, the
//! `FAST_PATH_THRESHOLD`:
//!
//! | tier | calls | with T = 50 | a call by name |
//! |---|---|---|---|
//! | [`Cold`](Tier::Cold) | up to T/5 | 1 to 10 | goes the whole way: the request is read, names are looked up, the call is timed |
//! | [`Warm`](Tier::Warm) | up to T | 11 to 50 | likewise |
//! | [`Hot`](Tier::Hot) | up to 4T | 51 to 200 | is dispatched by the request's first bytes straight to the operation; one in eight is timed |
//! | [`Blazing`](Tier::Blazing) | more | 201 and more | likewise; one in 64 is timed and heats for all |
//!
//! A request whose arguments do not come last has to be read in any tier. In the two upper ones a sync operation is called
//! without an allocation but what its arguments and its answer take: none, if [`Gateway::execute_in`] is given a reply that
//! has room. Answers, errors and counts are the same in every tier, and a hot operation keeps its interface loaded, unless
//! what made it hot were answers from the cache of results. A typed call is
//! direct in any tier. Nothing has to be invalidated: a route leads to the operation, never to an instance.
//! [`Gateway::check_fast_path`] tells the tier, without heating; [`Gateway::operation_stats`] and `lmms.stats` tell what
//! was counted and how long it took; [`Gateway::reconfigure`] changes thresholds, bounds and switches while requests are
//! answered.
//!
//! **What to expect.** A small call by name takes a tenth of a microsecond when it blazes, and two when it is cold. An
//! invocation of a function takes many microseconds on a loopback and a millisecond on Lambda: what the dispatch saves is
//! in no client's response time. What a cached result or a load that does not happen saves, is.
//!
//! **`LMMS_ADAPTIVE_HEAT=true`** lets T follow the traffic, once a second, so that the operations that are hot account for at
//! least 80 % of all calls that count, and few others are. [`Config::adaptive_heat`] has the rule, and what it costs.
//!
//! # Cached results
//!
//! An operation declared `#[operation(cached)]` says that its answer depends on nothing but the JSON values of its arguments
//! (or does so for a while, its `ttl`).
//! Called by name, it is answered from the gateway's cache if an equal call was answered before: nothing is loaded for that,
//! and it works while the interface is unloaded. Equal means the whole arguments, in whatever order of keys, white space and
//! escapes (`1` and `1.0` differ). Of equal calls at the same time one computes, and the others wait for it; what it fails with
//! is theirs, too. If it is given up, the others go on by themselves.
//!
//! ```standalone_crate
//! # use lmms::{Config, Gateway};
//! pub struct Rates;
//!
//! #[lmms::interface]
//! impl Rates {
//!     # #[load] fn load() -> Self { Self }
//!     /// Good for a minute. An unknown currency is an answer, too; and each result counts twice its bytes.
//!     #[operation(cached(ttl = 60, errors, weight = 2))]
//!     fn of(&self, currency: &str) -> Result<f64, String> {
//!         # if currency != "CHF" { return Err(format!("no rate of {currency}")); }
//!         # Ok(0.94)
//!         // ..
//!     }
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! # let gateway = Gateway::new(Config::default())?;
//! let ask = r#"{"interface":"rates","operation":"of","args":{"currency":"CHF"}}"#;
//! assert_eq!(gateway.execute(ask.as_bytes()).await?, b"0.94");
//! assert_eq!(gateway.execute(ask.as_bytes()).await?, b"0.94");
//! assert_eq!((gateway.stats().cache_misses, gateway.stats().cache_hits), (1, 1));
//!
//! // When the rates have changed:
//! gateway.invalidate_results("rates")?;
//! # Ok::<(), Box<dyn std::error::Error>>(()) })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What was not used for the longest time gives way when all results together exceed `LMMS_RESULT_CACHE_MB`; one that weighs
//! more than an eighth of that is not kept. Errors are not kept unless declared `errors`, and then only those that the
//! operation itself returned. Typed calls are never answered from the cache. An operation that can tell how its arguments are
//! written (by `&RawValue`, a map that keeps the order of its keys, or borrowed text inside a type of its own, which refuses
//! escapes) is not to be declared cached. A call that waits for
//! an equal one waits for its future: one that is neither polled nor dropped holds it up.
//!
//! # Memory that returns
//!
//! Dropping an instance gives little back by itself: allocators keep what is freed. After unloads `lmms` asks glibc to return
//! it, and unmaps the program's constants, for embedded data is mostly read by loads alone; what is read again comes from the
//! system's cache. `lmms::lambda` has glibc use one heap, unless invocations run concurrently; elsewhere, set
//! `MALLOC_ARENA_MAX=1`, for glibc does not return the end of a heap that another thread filled.
//!
//! The feature `jemalloc` gives each interface an arena of its own. What its load left there is then exact in
//! [`Status::bytes`] (what operations add later is not charged), and what its generations leave behind in
//! [`Status::leaked`]. One line in the function:
//!
#![cfg_attr(feature = "jemalloc", doc = "```standalone_crate")]
#![cfg_attr(not(feature = "jemalloc"), doc = "```ignore")]
//! #[global_allocator]
//! static ALLOCATOR: lmms::memory::Jemalloc = lmms::memory::Jemalloc;
//! # fn main() {}
//! ```
//!
//! # Choosing
//!
//! | | loads | unloads | by name | async load | cost of a hot access |
//! |---|---|---|---|---|---|
//! | `LazyLock`, `OnceCell` | when first used | never | no | no | a load and a comparison |
//! | `RwLock<Option<Arc<T>>>`, `ArcSwapOption<T>` | by hand | by hand | no | by hand | a counter shared by all threads, or a hazard slot |
//! | `lmms` | when first used | when nothing uses it | yes | yes | a load and a comparison, after the first in an invocation; a few ns more while another invocation shares the interface |
//!
//! `cargo bench` in the repository measures the last column.
//!
//! # Configuration
//!
//! | variable | default | |
//! |---|---|---|
//! | `LAZY_LOADING_ENABLED` | `true` | `false` loads everything at the start, and keeps it |
//! | `ENABLE_MODULE_UNLOADING` | `true` | `false`: nothing is ever unloaded |
//! | `UNLOAD_GRACE_PERIOD` | 30 | seconds without use before an unload; wins over what interfaces declare |
//! | `MIN_RESIDENT_MODULES` | 8 | how many interfaces stay loaded in any case |
//! | `ENABLE_FAST_PATH` | `true` | `false`: nothing is hot, all calls by name go the whole way |
//! | `FAST_PATH_THRESHOLD` | 50 | after more calls than this an operation is hot |
//! | `LMMS_HEAT_HALF_LIFE` | 300 | seconds after which half of the calls so far are forgotten; 0 is never |
//! | `LMMS_ADAPTIVE_HEAT` | `false` | `true`: the threshold follows the mix of calls |
//! | `LMMS_RESULT_CACHE_MB` | 16, and at most an eighth of the memory budget | MiB that cached results may take; 0 caches none |
//! | `LMMS_RESULT_TTL` | 0 | seconds for which a cached result is good, unless its operation declares its own; 0 is for ever |
//! | `LMMS_MEMORY_BUDGET_MB` | on Lambda, nine tenths of the function's memory less 16; else none | MiB that the process may hold; 0 is no limit |
//!
//! Those without the prefix `LMMS_` are also read with it, which wins. A value that does not parse stops the start.
//!
//! # Features
//!
//! - `jemalloc` (off by default): `lmms::memory::Jemalloc`, see [above](#memory-that-returns). Builds jemalloc, in C.
//! - `lambda` (off by default): [`lambda`](crate::lambda), on `lambda_runtime`.
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
/// | `pinned` | never unloaded |
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
///   `#[operation(cached)]` declares it pure, so that its results may be [cached](crate#cached-results);
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
/// Unknown, missing, duplicate and ill-typed arguments are refused by name, and nothing is loaded for them.
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

#[cfg(feature = "axum")]
pub mod axum;
pub mod testing;

#[cfg(feature = "lambda")]
pub use lmms_runtime::lambda;
#[cfg(feature = "jemalloc")]
pub use lmms_runtime::memory;
pub use lmms_runtime::{
    BlockingInterface, BoxError, Cache, CacheBuilder, CacheStats, Config, ConfigError, Dependencies, Error, ErrorCode,
    FastPath, Gateway, Inserted, Interface, InterfaceInfo, Invocation, Latency, Lease, Load, LoadError, LoadErrorKind,
    MAX_PAYLOAD, OperationStats, Reason, RegistryError, Route, Shutdown, StartError, Stats, Status, Swept, Tier,
    Unload, UnloadHookError,
};

#[cfg(feature = "tower")]
pub use lmms_runtime::{Current, InvocationFuture, InvocationLayer, InvocationService, Within};

#[doc(hidden)]
pub use lmms_runtime::private as __private;

/// The README's example compiles.
#[cfg(all(doctest, feature = "lambda"))]
#[doc = include_str!("../README.md")]
struct Readme;
