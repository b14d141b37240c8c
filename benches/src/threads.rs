//! Threads that really run at once. Left to itself, the system keeps threads that live for some milliseconds on the processor
//! of the one that started them, one after the other: what they contend for would not show.

use std::hint;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Does some work in so many threads, each on a processor of its own if there are as many, and beginning together. `work` is
/// given the number of its thread.
///
/// # Panics
/// If `work` does.
pub fn at_once<R: Send>(threads: usize, work: impl Fn(usize) -> R + Sync) -> Vec<R> {
    let ready = AtomicUsize::new(0);
    let run = |index| {
        stay_on(index);
        ready.fetch_add(1, Ordering::SeqCst);
        // Not asleep: who has to be woken comes later than who wakes him.
        while ready.load(Ordering::SeqCst) < threads {
            hint::spin_loop();
        }
        work(index)
    };
    thread::scope(|scope| {
        let run = &run;
        let threads: Vec<_> = (0..threads).map(|index| scope.spawn(move || run(index))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    })
}

/// Has this thread run on one processor alone, of those that it may run on.
#[cfg(target_os = "linux")]
fn stay_on(index: usize) {
    #![allow(unsafe_code, reason = "std cannot ask for it")]
    const SIZE: usize = size_of::<libc::cpu_set_t>();
    // SAFETY: a set of bits, for which all zeros is the empty one.
    let (mut allowed, mut wanted): (libc::cpu_set_t, libc::cpu_set_t) = unsafe { std::mem::zeroed() };
    // SAFETY: the set is as large as is said.
    if unsafe { libc::sched_getaffinity(0, SIZE, &mut allowed) } != 0 {
        return;
    }
    // SAFETY: the number is below that of the set's bits.
    let is_allowed = |processor: &usize| unsafe { libc::CPU_ISSET(*processor, &allowed) };
    let processors: Vec<_> = (0..SIZE * 8).filter(is_allowed).collect();
    if let Some(processor) = processors.get(index % processors.len().max(1)) {
        // SAFETY: as above.
        unsafe { libc::CPU_SET(*processor, &mut wanted) };
        // Where it is refused, the system decides. SAFETY: the set is as large as is said.
        let _ = unsafe { libc::sched_setaffinity(0, SIZE, &wanted) };
    }
}

/// Elsewhere the system decides.
#[cfg(not(target_os = "linux"))]
fn stay_on(_: usize) {}
