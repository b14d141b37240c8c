//! Accounts on jemalloc: an arena for each interface, in which its load allocates.
//!
//! **Invariant.** What a thread allocates inside a scope comes from the scope's arena, and outside of one it does not:
//! the thread's cache is emptied at either end. jemalloc knows a block's arena by its address, so each goes back to
//! where it came from, on whatever thread it is freed.
//!
//! Why the thread is moved and not each allocation given its arena (`mallocx`): allocations cost what they cost without
//! us, C code's too, and jemalloc purges an arena when its last thread leaves, so a load's left-overs go at once. Calls are
//! not charged: a scope takes microseconds.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_int, c_void};
use std::fmt::{self, Write};
use std::marker::PhantomData;
use std::ptr;
use std::sync::OnceLock;

use parking_lot::Mutex;
use tikv_jemalloc_sys::mallctl;

/// Stands for every arena in the names of jemalloc's controls (`MALLCTL_ARENAS_ALL`).
const ALL: u32 = 4096;

/// Whether jemalloc is this program's allocator. Otherwise there is nothing to account for.
fn is_installed() -> bool {
    static INSTALLED: OnceLock<bool> = OnceLock::new();
    *INSTALLED.get_or_init(|| {
        let allocated = || read::<u64>(c"thread.allocated").unwrap_or(0);
        let before = allocated();
        drop(std::hint::black_box(Box::new(0_u64)));
        allocated() != before
    })
}

/// The arena of one interface, made when first entered.
///
/// It stays for good: what jemalloc keeps for an arena does not go with it, and a new one for each generation would add up.
#[derive(Debug)]
pub(crate) struct Account {
    arena: Mutex<Option<u32>>,
}

impl Account {
    /// Without an arena yet.
    pub(crate) const fn new() -> Self {
        Self { arena: Mutex::new(None) }
    }

    /// Allocates from this arena what the current thread allocates until the scope ends. If no arena is to be had, the scope
    /// does nothing.
    pub(crate) fn enter(&self) -> Option<Scope> {
        if !is_installed() {
            return None;
        }
        let arena = {
            let mut arena = self.arena.lock();
            *arena = arena.or_else(|| read(c"arenas.create"));
            *arena
        };
        Some(Scope { before: exchange(arena?)?, not_send: PhantomData })
    }

    /// Bytes in its blocks, by size class. What other threads' caches keep of them counts until they let go.
    pub(crate) fn live(&self) -> Option<u64> {
        if !is_installed() {
            return None;
        }
        command(c"thread.tcache.flush");
        Some(self.arena.lock().map_or(0, live))
    }
}

/// Gives all free pages back: of each arena, the common ones too, in which calls allocate.
pub(crate) fn purge() {
    if is_installed() {
        command(c"thread.tcache.flush");
        // What cannot be purged stays, and there is nothing else to do about it.
        let _ = named(ALL, "purge");
    }
}

/// Ends the charge when dropped, on the thread that began it.
#[derive(Debug)]
pub(crate) struct Scope {
    /// The arena that the thread was in.
    before: u32,
    not_send: PhantomData<*const ()>,
}

impl Drop for Scope {
    fn drop(&mut self) {
        exchange(self.before);
    }
}

/// Moves the thread to an arena with nothing of the old one in its cache. Says which that was.
fn exchange(arena: u32) -> Option<u32> {
    command(c"thread.tcache.flush");
    let (mut old, mut new) = (0, arena);
    control(c"thread.arena", Some(&mut old), Some(&mut new)).ok().map(|()| old)
}

fn live(arena: u32) -> u64 {
    // Figures are as of the last change of the epoch.
    let (mut now, mut next) = (0_u64, 1_u64);
    let _ = control(c"epoch", Some(&mut now), Some(&mut next));
    let figure = |name: &str| {
        let mut bytes = 0_usize;
        // No such figure: no such arena.
        let _ = control(&Name::new(format_args!("stats.arenas.{arena}.{name}.allocated")), Some(&mut bytes), None);
        bytes
    };
    u64::try_from(figure("small") + figure("large")).unwrap_or(u64::MAX)
}

/// A command of one arena, or of all.
fn named(arena: u32, what: &str) -> Result<(), c_int> {
    control::<u8>(&Name::new(format_args!("arena.{arena}.{what}")), None, None)
}

fn command(name: &CStr) {
    // A thread without a cache has none to empty.
    let _ = control::<u8>(name, None, None);
}

fn read<T: Figure>(name: &CStr) -> Option<T> {
    let mut value = T::default();
    control(name, Some(&mut value), None).ok().map(|()| value)
}

/// What jemalloc reads and writes: plain integers, any bytes of which mean something.
trait Figure: Copy + Default {}
impl Figure for u8 {}
impl Figure for u32 {}
impl Figure for u64 {}
impl Figure for usize {}

/// Reads, writes or does what is called `name`, or says jemalloc's error number.
fn control<T: Figure>(name: &CStr, old: Option<&mut T>, new: Option<&mut T>) -> Result<(), c_int> {
    let mut old_size = size_of::<T>();
    let old_size_at = if old.is_some() { &raw mut old_size } else { ptr::null_mut() };
    let new_size = if new.is_some() { size_of::<T>() } else { 0 };
    let old = old.map_or(ptr::null_mut(), |old| ptr::from_mut(old).cast::<c_void>());
    let new = new.map_or(ptr::null_mut(), |new| ptr::from_mut(new).cast::<c_void>());
    // SAFETY: the name ends in a zero byte; each pointer is null or to a figure of the size that is told, and jemalloc
    // refuses a size that is not its own. None of the commands that are used has a precondition.
    match unsafe { mallctl(name.as_ptr(), old, old_size_at, new, new_size) } {
        0 => Ok(()),
        error => Err(error),
    }
}

/// A short name in a buffer: to ask about memory must not allocate.
struct Name {
    buffer: [u8; 64],
    length: usize,
}

impl Name {
    fn new(text: fmt::Arguments<'_>) -> Self {
        let mut name = Self { buffer: [0; 64], length: 0 };
        // Too long a name is cut off, which jemalloc does not know then.
        let _ = name.write_fmt(text);
        name
    }
}

impl Write for Name {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // The last byte stays zero.
        let room = &mut self.buffer[self.length..63];
        let taken = text.len().min(room.len());
        room[..taken].copy_from_slice(&text.as_bytes()[..taken]);
        self.length += taken;
        if taken == text.len() { Ok(()) } else { Err(fmt::Error) }
    }
}

impl std::ops::Deref for Name {
    type Target = CStr;

    fn deref(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.buffer).unwrap_or_default()
    }
}

#[cfg(all(test, not(lmms_loom)))]
mod tests {
    use super::*;

    #[global_allocator]
    static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

    #[allow(clippy::vec_box, reason = "each is to be a block of its own")]
    fn blocks(count: usize) -> Vec<Box<[u8; 64]>> {
        (0..count).map(|_| Box::new([1; 64])).collect()
    }

    #[test]
    fn charges_what_a_scope_allocates_and_nothing_else() {
        let (a, b) = (Account::new(), Account::new());
        assert_eq!(a.live(), Some(0));
        let common = blocks(10);
        let (of_a, of_b);
        {
            let _a = a.enter();
            let first = blocks(1000);
            {
                let _b = b.enter();
                of_b = blocks(500);
            }
            of_a = (first, blocks(1000));
        }
        let more = blocks(10);
        assert_eq!(a.live(), Some(2 * (64_000 + 8192)));
        assert_eq!(b.live(), Some(32_000 + 4096));
        drop((common, more));
        assert_eq!(a.live(), Some(2 * (64_000 + 8192)));
        // On another thread, whose cache keeps some of it until it ends.
        std::thread::spawn(move || drop(of_a)).join().unwrap();
        assert_eq!(a.live(), Some(0));
        drop(of_b);
        assert_eq!(b.live(), Some(0));
        // The arenas are used again.
        let again = {
            let _a = a.enter();
            blocks(10)
        };
        assert_eq!(a.live(), Some(640 + 80));
        assert_eq!(a.live(), Some(720));
        assert_eq!(again[9][63], 1);
        drop(again);
        assert_eq!(a.live(), Some(0));
        purge();
    }

    #[test]
    fn holds_with_many_threads() {
        let account = Account::new();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..300 {
                        let kept = {
                            let _scope = account.enter();
                            blocks(50)
                        };
                        drop(kept);
                        account.live();
                    }
                });
            }
        });
        assert_eq!(account.live(), Some(0));
    }
}
