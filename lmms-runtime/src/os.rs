//! The operating system, as far as `std` does not reach: coarse clocks, memory, and giving memory back.
//!
//! Each function is a call or two of libc's, and the only other place than `residency` and `memory` where `unsafe` stands.
#![allow(unsafe_code)]
#![cfg_attr(lmms_loom, allow(dead_code, reason = "a model measures nothing"))]

use std::fs::File;
use std::io::Read;
use std::mem::MaybeUninit;

/// The system's monotonic clock, in milliseconds.
///
/// A coarse one, as of the last tick of the kernel (1 to 10 ms ago): a quarter of the price of an exact one, and no policy
/// here counts in less.
#[cfg(target_os = "linux")]
pub(crate) fn monotonic() -> u64 {
    clock(libc::CLOCK_MONOTONIC_COARSE)
}

/// The time of day, in milliseconds, as coarse.
#[cfg(target_os = "linux")]
pub(crate) fn wall() -> u64 {
    clock(libc::CLOCK_REALTIME_COARSE)
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
pub(crate) fn monotonic() -> u64 {
    use std::sync::LazyLock;
    use std::time::Instant;
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(START.elapsed().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn wall() -> u64 {
    use std::time::SystemTime;
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A number of the system's own making, another one in each process that goes on from one snapshot: what `std` draws it draws
/// once per thread, and counts on from there.
#[cfg(target_os = "linux")]
pub(crate) fn random() -> u64 {
    let mut bytes = [0; 8];
    // SAFETY: the pointer is to eight bytes of ours, which the call writes.
    let written = unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), libc::GRND_NONBLOCK) };
    match usize::try_from(written) {
        Ok(8) => u64::from_ne_bytes(bytes),
        _ => std_random(),
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn random() -> u64 {
    std_random()
}

fn std_random() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(std::process::id())
}

/// The memory of this process, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    /// All resident pages.
    pub(crate) resident: u64,
    /// The resident pages that no file backs.
    pub(crate) anonymous: u64,
}

/// What the process holds now.
#[cfg(target_os = "linux")]
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

/// Other systems do not tell.
#[cfg(not(target_os = "linux"))]
pub(crate) fn memory() -> Memory {
    Memory::default()
}

#[cfg(target_os = "linux")]
pub(crate) fn page_size() -> u64 {
    // SAFETY: a call without pointers.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    u64::try_from(size).unwrap_or(4096)
}

/// What the allocator has handed out, with what it spends on each block, in bytes. `None` where it does not tell, which is
/// all but glibc since 2.33.
///
/// A few microseconds, more while many freed blocks were not given back.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) fn in_use() -> Option<u64> {
    use std::sync::OnceLock;
    type Mallinfo2 = unsafe extern "C" fn() -> libc::mallinfo2;
    static MALLINFO2: OnceLock<Option<Mallinfo2>> = OnceLock::new();
    // Looked up when first needed: named outright, it would keep the program from starting under an older glibc.
    let mallinfo2 = (*MALLINFO2.get_or_init(|| {
        // SAFETY: the name ends in a zero byte.
        let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"mallinfo2".as_ptr()) };
        // SAFETY: glibc's function of that name has this signature, and a null pointer is `None`.
        unsafe { std::mem::transmute::<*mut libc::c_void, Option<Mallinfo2>>(found) }
    }))?;
    let in_use = || {
        // SAFETY: it has no preconditions, and takes the allocator's own locks.
        let info = unsafe { mallinfo2() };
        info.uordblks.saturating_add(info.hblkhd) as u64
    };
    static IS_IN_CHARGE: OnceLock<bool> = OnceLock::new();
    let is_in_charge = IS_IN_CHARGE.get_or_init(|| {
        // Another global allocator leaves glibc's figures as they are, however much it allocates.
        const PROBE: usize = 1 << 20;
        let before = in_use();
        let probe = std::hint::black_box(Vec::<u8>::with_capacity(PROBE));
        let after = in_use();
        drop(probe);
        after.saturating_sub(before) >= PROBE as u64 / 2
    });
    is_in_charge.then(in_use)
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn in_use() -> Option<u64> {
    None
}

/// Prepares the system's allocator for giving memory back: one heap for all threads, and large blocks outside of it.
///
/// glibc gives threads heaps of their own, and `malloc_trim` leaves the end of every heap but the first as it is: of what
/// one thread loads and another unloads, nearly all would stay. The price is that threads wait for each other there, which
/// a function that serves one request at a time does not notice. Heaps that exist stay, so it is to be called early.
///
/// Large blocks are mapped one by one until the first is freed; from then on glibc raises what it calls large, by its size.
/// A table that grows to 30 MB is moved by remapping pages the first time, and by copying within the heap when it is loaded
/// again, which needs half as much again. A limit that is set stays.
#[cfg(all(target_os = "linux", target_env = "gnu", feature = "lambda"))]
pub(crate) fn use_one_heap() {
    // SAFETY: it has no preconditions, and takes the allocator's own locks.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
        libc::mallopt(libc::M_MMAP_THRESHOLD, 256 << 10);
    }
}

#[cfg(all(not(all(target_os = "linux", target_env = "gnu")), feature = "lambda"))]
pub(crate) fn use_one_heap() {}

/// Whether this process handles SIGTERM, or ignores it.
#[cfg(all(unix, feature = "lambda"))]
pub(crate) fn handles_sigterm() -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: nothing is changed without a new action, and the pointer is to a `sigaction` of ours.
    let status = unsafe { libc::sigaction(libc::SIGTERM, std::ptr::null(), action.as_mut_ptr()) };
    // SAFETY: all zeros are a valid one, and the call overwrites them or not.
    status == 0 && unsafe { action.assume_init() }.sa_sigaction != libc::SIG_DFL
}

#[cfg(all(not(unix), feature = "lambda"))]
pub(crate) fn handles_sigterm() -> bool {
    false
}

/// The most that was ever resident at once, in bytes; nought where the system does not tell.
///
/// Not by `getrusage`: what that says begins with the peak of the process that started this one.
#[cfg(target_os = "linux")]
pub(crate) fn peak() -> u64 {
    let mut text = [0; 4096];
    let read = File::open("/proc/self/status").and_then(|mut file| file.read(&mut text)).unwrap_or(0);
    let kib = text[..read].split(|byte| *byte == b'\n').find_map(|line| {
        let value = std::str::from_utf8(line.strip_prefix(b"VmHWM:")?).ok()?;
        value.trim().strip_suffix(" kB")?.parse::<u64>().ok()
    });
    kib.unwrap_or(0).saturating_mul(1024)
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

#[cfg(all(test, not(lmms_loom), target_os = "linux"))]
mod tests {
    use std::fs::File;
    use std::io::Read;
    use std::os::fd::FromRawFd;

    #[test]
    fn processes_that_go_on_from_one_draw_numbers_of_their_own() {
        // As any thread that has made a map.
        let _drawn = super::std_random();
        let mut ends = [0; 2];
        // SAFETY: the pointer is to two numbers of ours.
        assert_eq!(unsafe { libc::pipe(ends.as_mut_ptr()) }, 0);
        // SAFETY: the child allocates nothing and takes no lock before it ends.
        let child = unsafe { libc::fork() };
        if child == 0 {
            let drawn = super::random().to_ne_bytes();
            // SAFETY: the pointer is to as many bytes as are said, and nothing of this process runs after `_exit`.
            unsafe {
                libc::write(ends[1], drawn.as_ptr().cast(), drawn.len());
                libc::_exit(0);
            }
        }
        let own = super::random();
        let mut drawn = [0; 8];
        // SAFETY: this end is nobody else's.
        unsafe { File::from_raw_fd(ends[0]) }.read_exact(&mut drawn).unwrap();
        // SAFETY: the pointer may be null; the other end is closed once.
        unsafe {
            libc::waitpid(child, std::ptr::null_mut(), 0);
            libc::close(ends[1]);
        }
        assert_ne!(own, u64::from_ne_bytes(drawn));
    }
}
