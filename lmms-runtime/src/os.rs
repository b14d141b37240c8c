//! The operating system, as far as `std` does not reach: coarse clocks, memory, and giving memory back.
//!
//! Each function is a call or two of libc's, and the only other place than `residency` and `memory` where `unsafe` stands.
#![allow(unsafe_code)]

use std::fs::File;
use std::io::Read;
use std::mem::MaybeUninit;

/// What two clocks of the system say, in milliseconds.
pub(crate) struct Clocks {
    pub(crate) monotonic: u64,
    pub(crate) wall: u64,
}

/// Coarse ones, as of the last tick of the kernel (1 to 10 ms ago): a quarter of the price of exact ones, and no policy
/// here counts in less.
#[cfg(target_os = "linux")]
pub(crate) fn clocks() -> Clocks {
    Clocks { monotonic: clock(libc::CLOCK_MONOTONIC_COARSE), wall: clock(libc::CLOCK_REALTIME_COARSE) }
}

#[cfg(target_os = "linux")]
fn clock(id: libc::clockid_t) -> u64 {
    let mut time = MaybeUninit::<libc::timespec>::uninit();
    // SAFETY: the pointer is to a `timespec` of ours, which the call writes.
    let status = unsafe { libc::clock_gettime(id, time.as_mut_ptr()) };
    if status != 0 {
        return 0;
    }
    // SAFETY: it succeeded, and so wrote it.
    let time = unsafe { time.assume_init() };
    let millis = i128::from(time.tv_sec) * 1_000 + i128::from(time.tv_nsec) / 1_000_000;
    u64::try_from(millis).unwrap_or(0)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn clocks() -> Clocks {
    use std::sync::LazyLock;
    use std::time::{Instant, SystemTime};
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let millis = |duration: std::time::Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map(millis).unwrap_or(0);
    Clocks { monotonic: millis(START.elapsed()), wall }
}

/// The memory of this process, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    /// All resident pages.
    pub(crate) resident: u64,
    /// The resident pages that no file backs.
    pub(crate) anonymous: u64,
}

/// What the process holds now; zeros where the system does not tell (anything but Linux).
pub(crate) fn memory() -> Memory {
    // Read into the stack: what is measured must not change by the measurement.
    let mut text = [0; 128];
    let read = File::open("/proc/self/statm").and_then(|mut file| file.read(&mut text)).unwrap_or(0);
    let mut pages = text[..read]
        .split(|byte| *byte == b' ')
        .map(|field| std::str::from_utf8(field).ok()?.trim().parse::<u64>().ok());
    // size resident shared ..
    let (Some(Some(resident)), Some(Some(shared))) = (pages.nth(1), pages.next()) else { return Memory::default() };
    let page = page_size();
    Memory { resident: resident * page, anonymous: resident.saturating_sub(shared) * page }
}

fn page_size() -> u64 {
    // SAFETY: a call without pointers.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    u64::try_from(size).unwrap_or(4096)
}

/// The most that was ever resident at once, in bytes; nought where the system does not tell.
#[cfg(target_os = "linux")]
pub(crate) fn peak() -> u64 {
    let mut usage = MaybeUninit::<libc::rusage>::uninit();
    // SAFETY: the pointer is to an `rusage` of ours, which the call writes.
    let status = unsafe { libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr()) };
    if status != 0 {
        return 0;
    }
    // SAFETY: it succeeded, and so wrote it. In KiB on Linux.
    let kib = unsafe { usage.assume_init() }.ru_maxrss;
    u64::try_from(kib).unwrap_or(0) * 1024
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn peak() -> u64 {
    0
}

/// Has the system's allocator return what it keeps back. It keeps most of what is dropped, otherwise.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) fn trim() {
    // SAFETY: a call without pointers, which takes the allocator's own locks.
    unsafe { libc::malloc_trim(0) };
}

/// Other allocators return memory by themselves, or cannot be asked to.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn trim() {}
