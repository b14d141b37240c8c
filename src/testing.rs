//! For tests of code that uses interfaces: fakes, turns, a clock, and what was loaded.
//!
//! An interface is a type with a `#[load]`; a test of its operations alone makes an instance by hand and needs nothing of this.
//! Code that reaches interfaces through an [`Invocation`](crate::Invocation), by name or as an argument of an axum handler,
//! finds in a test what the test has put there. The examples share these:
//!
//! ```standalone_crate
//! # use lmms::{Invocation, LoadError};
//! pub struct Words(Vec<&'static str>);
//!
//! #[lmms::interface]
//! impl Words {
//!     #[load]
//!     fn load() -> std::io::Result<Self> {
//!         Err(std::io::Error::other("a dictionary that no test has"))
//!     }
//!
//!     #[operation]
//!     pub fn knows(&self, word: &str) -> bool {
//!         self.0.contains(&word)
//!     }
//! }
//!
//! /// What is tested.
//! fn check(text: &str) -> Result<bool, LoadError> {
//!     let invocation = Invocation::enter();
//!     let words = invocation.get::<Words>()?;
//!     Ok(text.split(' ').all(|word| words.knows(word)))
//! }
//! # fn main() {}
//! ```
//!
//! # A turn for each test
//!
//! Interfaces belong to the process, and so the tests of one program see each other's. [`exclusive`] lets one test at a time
//! have the process to itself: its turn begins with nothing loaded, nothing hot and nothing cached, and ends so. What is had from
//! the turn (fakes, the clock) ends with it.
//!
//! # Fakes
//!
//! While a fake is in place, loads of its interface run its closure instead of `#[load]`, whoever loads: typed access, a call by
//! name, another interface. Before and after it everything is unloaded, so that no fake leaks into the next test, and no real
//! instance into this one. [`failing`] has the load fail, [`try_fake`] leaves that to the closure.
//!
//! ```standalone_crate
//! # use lmms::{Invocation, LoadError, testing};
//! # pub struct Words(Vec<&'static str>);
//! # #[lmms::interface]
//! # impl Words {
//! #     #[load] fn load() -> std::io::Result<Self> { Err(std::io::Error::other("a dictionary that no test has")) }
//! #     #[operation] pub fn knows(&self, word: &str) -> bool { self.0.contains(&word) }
//! # }
//! # fn check(text: &str) -> Result<bool, LoadError> {
//! #     let invocation = Invocation::enter();
//! #     let words = invocation.get::<Words>()?;
//! #     Ok(text.split(' ').all(|word| words.knows(word)))
//! # }
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // #[test] fn it_knows_what_the_dictionary_knows()
//! {
//!     let turn = testing::exclusive();
//!     turn.fake(|| Words(vec!["to", "be"]));
//!     assert!(check("to be")?);
//!     assert!(!check("or not")?);
//! }
//!
//! // #[test] fn it_says_so_when_there_is_no_dictionary()
//! {
//!     let turn = testing::exclusive();
//!     turn.failing::<Words>("no network");
//!     assert_eq!(check("to be").unwrap_err().to_string(), "interface `words` failed to load: no network");
//! }
//!
//! // For a part of a test: a guard of its own.
//! let _turn = testing::exclusive();
//! let fake = testing::fake(|| Words(vec!["be"]));
//! assert!(check("be")?);
//! assert_eq!(fake.asked(), 1);
//! drop(fake);
//! assert!(check("be").is_err(), "the real one again");
//! # Ok(()) }
//! ```
//!
//! # What was loaded
//!
//! Laziness is worth a test: what a request does not need is not to be loaded for it.
//!
//! ```standalone_crate
//! # use lmms::{Invocation, testing};
//! # pub struct Words; pub struct Places;
//! # #[lmms::interface] impl Words { #[load] fn load() -> Self { Self } }
//! # #[lmms::interface] impl Places { #[load] fn load() -> Self { Self } }
//! # fn answer() { Invocation::enter().get::<Words>().unwrap(); }
//! # fn main() {
//! let turn = testing::exclusive();
//! turn.assert_loaded([]);
//! answer();
//! // If not, the test fails with what was loaded instead.
//! turn.assert_loaded(["words"]);
//! answer();
//! assert_eq!(turn.loads::<Words>(), 1);
//! assert!(!testing::is_loaded::<Places>());
//! # }
//! ```
//!
//! # Time
//!
//! [`Turn::clock`] (or [`ManualClock`], without a turn) stops the clock by which grace periods, the life of cached results and
//! the cooling of heat are counted, and the test advances it.
//!
//! ```standalone_crate
//! # use std::time::Duration;
//! # use lmms::{Config, Gateway, Invocation, testing};
//! # pub struct Words;
//! # #[lmms::interface] impl Words { #[load] fn load() -> Self { Self } }
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let turn = testing::exclusive();
//! let gateway = Gateway::new(Config::default().with_min_resident(0))?;
//! turn.clock();
//! Invocation::enter().get::<Words>()?;
//! turn.clock().advance(Duration::from_secs(29));
//! assert!(gateway.sweep().await.unloaded.is_empty());
//! turn.clock().advance(Duration::from_secs(1));
//! assert_eq!(gateway.sweep().await.unloaded, ["words"]);
//! # Ok(()) })
//! # }
//! ```
//!
//! # Async tests
//!
//! A turn blocks the thread while it waits, and is held across `await`s as any guard of a test: each test has a thread of its
//! own. Where an interface has an async `#[unload]` that waits for the test's own runtime, end the turn by
//! [`end`](Turn::end)`().await`; dropping it waits five seconds for that hook and gives it up.
//!
//! # What it cannot undo
//!
//! A [`Cache`](crate::Cache) of one's own keeps its entries: clear it. Statics stay what they are. And tests that take no turn
//! see the fakes of those that do.

pub use lmms_runtime::testing::{Fake, ManualClock, Turn, exclusive, failing, fake, is_loaded, loads, try_fake};
