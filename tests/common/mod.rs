//! What several test binaries need.
#![allow(dead_code, reason = "each test binary uses its part of it")]

use std::future::Future;
use std::panic;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use lmms::{Config, Gateway};

/// A gateway with the defaults, whatever the environment of the test says.
pub fn gateway() -> Gateway {
    Gateway::new(Config::default()).unwrap()
}

/// A gateway that unloads what nobody uses: no grace period, no floor, and nothing is hot.
pub fn unloader() -> Gateway {
    let config = Config::default().with_grace_period(Duration::ZERO).with_min_resident(0).with_fast_path(false);
    Gateway::new(config).unwrap()
}

/// Runs `f`, and fails instead of hanging: far more time than it needs, since nothing here measures time.
pub fn watched<R: Send + 'static>(f: impl FnOnce() -> R + Send + 'static) -> R {
    let (done, result) = mpsc::channel();
    let thread = thread::spawn(move || {
        let _ = done.send(f());
    });
    match result.recv_timeout(Duration::from_secs(20)) {
        Ok(result) => result,
        Err(RecvTimeoutError::Timeout) => panic!("a deadlock: no end after 20 s"),
        Err(RecvTimeoutError::Disconnected) => panic::resume_unwind(thread.join().unwrap_err()),
    }
}

/// Sees a future through on this thread, without a runtime.
pub fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// Polls once, for tests that decide themselves when a future goes on.
pub fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// The names of what is loaded.
pub fn resident(gateway: &Gateway) -> Vec<&'static str> {
    gateway.interfaces().filter(|interface| interface.status().resident).map(|interface| interface.name()).collect()
}

/// What this process holds, in bytes.
#[cfg(target_os = "linux")]
pub fn rss() -> u64 {
    process_status("VmRSS:")
}

/// The most that it ever held, in bytes.
#[cfg(target_os = "linux")]
pub fn peak_rss() -> u64 {
    process_status("VmHWM:")
}

#[cfg(target_os = "linux")]
fn process_status(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// Memory that was written to, in a block so large that no allocator keeps it back: for tests of what is unloaded, not of
/// what of it returns.
pub fn block(mib: usize) -> Vec<u8> {
    let size = mib << 20;
    let mut block = Vec::with_capacity(size.max(33 << 20));
    while block.len() < size {
        block.extend_from_slice(&[0xA5; 4096]);
    }
    block
}
