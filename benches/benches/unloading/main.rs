//! What unloading costs: a sweep, with and without something to look at, and whole cycles of load and unload, which must
//! not add up to a growing process.
#![allow(missing_docs)]

#[cfg(target_os = "linux")]
mod cycles;
mod sweeps;

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use lmms::{Gateway, Swept};
use lmms_benches::{contest, is_bench};

#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: lmms::memory::Jemalloc = lmms::memory::Jemalloc;

/// One sweep. Nothing here has an async hook to wait for.
fn sweep(gateway: &Gateway) -> Swept {
    match pin!(gateway.sweep()).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(swept) => swept,
        Poll::Pending => unreachable!("nothing here waits"),
    }
}

fn main() {
    #[cfg(target_os = "linux")]
    if cycles::is_wanted_of_this_process() {
        return cycles::run();
    }
    contest::run(sweeps::contests());
    #[cfg(target_os = "linux")]
    if is_bench() && !contest::is_counting() {
        cycles::report();
    }
}
