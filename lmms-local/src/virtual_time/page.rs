//! The page that a clock and its functions share, and the library that reads it there.
//!
//! Both are files that have no place in the file system: nothing is left behind, and no mount forbids to execute them.
#![allow(unsafe_code)]

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Write},
    os::fd::{AsRawFd, OwnedFd},
    process,
    ptr::NonNull,
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use rustix::{
    fs::{MemfdFlags, fstat, ftruncate, memfd_create},
    mm::{MapFlags, ProtFlags, mmap, munmap},
};

use super::VARIABLE;

/// What `shim/clock.rs` was compiled to.
static LIBRARY: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/clock.so"));

/// The page, which begins with the offset in nanoseconds: `shim/clock.rs` reads it there.
const PAGE: usize = 4096;

/// Its name, as the maps of processes show it.
const NAME: &str = "lmms-clock";

#[derive(Debug)]
pub(super) struct Shared {
    /// The begin of the page.
    offset: NonNull<AtomicI64>,
    file: OwnedFd,
    inode: u64,
    library: File,
}

// SAFETY: what is pointed to is an atomic, and is unmapped by the last that has it.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Shared {
    pub(super) fn new() -> io::Result<Self> {
        let file = memfd_create(NAME, MemfdFlags::CLOEXEC)?;
        ftruncate(&file, PAGE as u64)?;
        let mut library = File::from(memfd_create("lmms-clock.so", MemfdFlags::CLOEXEC)?);
        library.write_all(LIBRARY)?;
        // SAFETY: a new mapping, where the kernel likes it.
        let page = unsafe {
            mmap(std::ptr::null_mut(), PAGE, ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED, &file, 0)?
        };
        let offset = NonNull::new(page.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        let inode = fstat(&file)?.st_ino;
        Ok(Self { offset, file, inode, library })
    }

    fn offset(&self) -> &AtomicI64 {
        // SAFETY: it is mapped as long as `self` lives, aligned as pages are, and zero at first.
        unsafe { self.offset.as_ref() }
    }

    pub(super) fn skip(&self, by: Duration) {
        let by = i64::try_from(by.as_nanos()).unwrap_or(i64::MAX);
        // Three centuries are enough, and what wrapped would go back.
        let later = |offset: i64| Some(offset.saturating_add(by));
        // Relaxed: nothing else goes with the number. Always `Ok`: the closure gives a value.
        let _ = self.offset().fetch_update(Ordering::Relaxed, Ordering::Relaxed, later);
    }

    pub(super) fn skipped(&self) -> Duration {
        // Relaxed, as above. It is never negative.
        Duration::from_nanos(u64::try_from(self.offset().load(Ordering::Relaxed)).unwrap_or(0))
    }

    pub(super) fn variables(&self, preloaded: Option<OsString>) -> [(&'static str, OsString); 2] {
        let mut libraries = path(&self.library);
        if let Some(others) = preloaded.filter(|others| !others.is_empty()) {
            libraries.push(":");
            libraries.push(others);
        }
        [("LD_PRELOAD", libraries), (VARIABLE, path(&self.file))]
    }

    pub(super) fn is_followed_by(&self, pid: u32) -> bool {
        // The library maps the page and keeps it. What it mapped is gone when the process becomes another program, so that one
        // which an `env` or a shell was replaced by is judged by itself. What cannot be read is not believed to follow.
        let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
        maps.lines().any(|line| {
            let mut fields = line.split_ascii_whitespace().skip(4);
            let inode = fields.next().and_then(|inode| inode.parse().ok());
            inode == Some(self.inode) && fields.next().is_some_and(|path| path.ends_with(NAME))
        })
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: it was mapped by `new`, and nobody has it any more. A failure would leave a page mapped.
        let _ = unsafe { munmap(self.offset.as_ptr().cast(), PAGE) };
    }
}

/// How another process of this user gets to a file that only this one has open.
fn path(file: &impl AsRawFd) -> OsString {
    format!("/proc/{}/fd/{}", process::id(), file.as_raw_fd()).into()
}
