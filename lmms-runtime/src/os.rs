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
fn page_size() -> u64 {
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

/// Unmaps the pages of the program's constants, for whoever needs one to find it in the system's cache again.
///
/// Data that is embedded in the program (`include_bytes!`) is read by a load, and seldom after. Its pages would count as
/// resident for ever, as much as the data is large, though they are as good as free.
#[cfg(target_os = "linux")]
pub(crate) fn unmap_constants() {
    // SAFETY: the callback has the signature that is asked for, and is called before this call returns.
    unsafe { libc::dl_iterate_phdr(Some(unmap_constants_of), std::ptr::null_mut()) };
}

/// Is called with the program itself first, and asks for no more.
#[cfg(target_os = "linux")]
unsafe extern "C" fn unmap_constants_of(
    info: *mut libc::dl_phdr_info,
    _: libc::size_t,
    _: *mut libc::c_void,
) -> libc::c_int {
    const LAST: libc::c_int = 1;
    // SAFETY: `dl_iterate_phdr` passes one, for the time of the call.
    let info = unsafe { &*info };
    if info.dlpi_phdr.is_null() {
        return LAST;
    }
    // SAFETY: so many headers are there, for as long as the program runs.
    let headers = unsafe { std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) };
    // As wide as addresses are here.
    let address = |offset| (info.dlpi_addr + offset) as usize;
    for header in headers.iter().filter(|header| header.p_type == libc::PT_DYNAMIC) {
        let mut entry = std::ptr::with_exposed_provenance::<[usize; 2]>(address(header.p_vaddr));
        loop {
            // SAFETY: pairs of a tag and a value, of which the last has the tag 0.
            let [tag, value] = unsafe { entry.read() };
            match (tag, value) {
                (0, _) => break,
                // DT_TEXTREL, and DT_FLAGS with DF_TEXTREL: what may only be read was written to once.
                (22, _) => return LAST,
                (30, flags) if flags & 4 != 0 => return LAST,
                // SAFETY: this one was not the last.
                _ => entry = unsafe { entry.add(1) },
            }
        }
    }
    let page = page_size() as usize;
    for header in headers.iter().filter(|header| header.p_type == libc::PT_LOAD && header.p_flags == libc::PF_R) {
        let start = address(header.p_vaddr) / page * page;
        let end = address(header.p_vaddr + header.p_filesz) / page * page;
        // A program that unpacks or moves itself has its constants in memory that no file backs, where they would be lost.
        if !is_mapped_from_a_file(start, end) {
            continue;
        }
        // SAFETY: it is mapped from a file, may only be read, and was not relocated: so nothing was ever written to it, and
        // what is read after is what was read before.
        unsafe { libc::madvise(std::ptr::with_exposed_provenance_mut(start), end - start, libc::MADV_DONTNEED) };
    }
    LAST
}

/// Whether one mapping of a file, that may only be read, holds all of these addresses.
#[cfg(target_os = "linux")]
fn is_mapped_from_a_file(start: usize, end: usize) -> bool {
    let Ok(maps) = std::fs::read_to_string("/proc/self/maps") else { return false };
    maps.lines().any(|line| {
        // from-to permissions offset device inode path
        let mut fields = line.split_ascii_whitespace();
        let range = fields.next().and_then(|range| range.split_once('-'));
        let Some((from, to)) = range else { return false };
        let (Ok(from), Ok(to)) = (usize::from_str_radix(from, 16), usize::from_str_radix(to, 16)) else { return false };
        let (permissions, inode) = (fields.next(), fields.nth(2));
        from <= start && end <= to && permissions == Some("r--p") && inode.is_some_and(|inode| inode != "0")
    })
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn unmap_constants() {}

/// Other allocators return memory by themselves, or cannot be asked to.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn trim() {}
