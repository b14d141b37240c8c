//! For tests of code that uses interfaces: fakes in their place, turns for tests that share the process, a clock that they
//! advance, and what was loaded.
//!
//! Interfaces belong to the process, and so does what is done to them here. **Invariant.** What a test puts in place goes with
//! its guard, and nothing that was loaded before or by then is there afterwards.

mod clear;
mod clock;
pub(crate) mod fakes;
mod loads;
mod turn;

pub use self::clock::ManualClock;
pub use self::fakes::{Fake, failing, fake, try_fake};
pub use self::loads::{is_loaded, loads};
pub use self::turn::{Turn, exclusive};
