//! Residency: who may look at the instance in a slot, and when it may be taken out.
//!
//! All `unsafe` that instances depend on is in this file (`os` and `memory` call the system and the allocator). It stands on
//! one word per slot:
//!
//! ```text
//! word = number of holds * HOLD | BUSY | RESIDENT
//! ```
//!
//! **Invariant 1.** A hold is got only while RESIDENT is set, RESIDENT is cleared only while there is no hold, and
//! both happen in one compare-and-swap of the same word. So whoever has a hold may read the generation, and whoever
//! cleared RESIDENT owns it alone.
//!
//! **Invariant 2.** `stamp` is the id of an invocation that has a hold on this slot, or that of one which has ended.
//! Ids are never used twice. So an invocation that reads its own id in the stamp has a hold, and its access costs one
//! load and one comparison, which is what a `LazyLock` costs. One that finds a younger invocation's id looks into the
//! short list of its own holds instead.
//!
//! Counting per invocation and slot, rather than protecting each access with an epoch, is what the unload policy needs
//! anyway ("is an invocation that touched it running?"). Since the count is exact, it can carry memory safety too: an
//! unloaded instance is dropped there and then, not when some epoch has passed. The design proposed a `seize` guard per
//! invocation; `cargo bench --bench reclamation` compares the two, and the models in `loom_models` run this very code.
#![allow(unsafe_code)]

use std::array;
use std::marker::PhantomData;
use std::ops::Deref;
use std::ptr;

use crate::clock::{self, Moment};
use crate::generation::Generation;
use crate::sync::{AtomicPtr, AtomicU64, Mutex, Ordering, const_unless_loom};

/// The generation may be held.
const RESIDENT: u64 = 0b01;
/// The generation is being put in or taken out: nobody has a hold and nobody gets one.
const BUSY: u64 = 0b10;
/// One hold.
const HOLD: u64 = 0b100;

/// The id that no invocation has.
const NOBODY: u64 = 0;

/// What is known of a slot's residency without knowing its type.
pub(crate) struct Header {
    /// 64 bits on every target: a count of half the width could be driven round by leaking leases in a loop.
    word: AtomicU64,
    stamp: AtomicU64,
    /// When the last hold was given back that anybody knows of: a [`Moment`].
    last_use: AtomicU64,
}

impl Header {
    const_unless_loom! {
        fn new() -> Self {
            Self { word: AtomicU64::new(0), stamp: AtomicU64::new(NOBODY), last_use: AtomicU64::new(0) }
        }
    }

    pub(crate) fn is_resident(&self) -> bool {
        // Relaxed: a hint. Who acts on it gets a hold, which synchronises.
        self.word.load(Ordering::Relaxed) & RESIDENT != 0
    }

    fn try_hold(&self) -> bool {
        let mut word = self.word.load(Ordering::Relaxed);
        while word & RESIDENT != 0 {
            // Acquire, with the Release in `publish`: what the load wrote is seen by who holds.
            match self.word.compare_exchange_weak(word, word + HOLD, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
        false
    }

    /// Number of holds: invocations that touched the generation, and leases.
    pub(crate) fn holds(&self) -> u64 {
        // Acquire, with the Release of each hold's end: who sees none sees the time of the last use.
        self.word.load(Ordering::Acquire) / HOLD
    }

    /// When its last hold was given back. Of use while there is none.
    pub(crate) fn last_use(&self) -> Moment {
        // Relaxed: ordered by `holds`, and by `evict`, which looks again.
        Moment(self.last_use.load(Ordering::Relaxed))
    }

    /// Counts as used at `now`, without a hold: what is due is reckoned anew.
    pub(crate) fn touch(&self, now: Moment) {
        // Relaxed, as in `release`: who takes it out looks again, and one that goes at this moment is touched in vain.
        self.last_use.fetch_max(now.0, Ordering::Relaxed);
    }

    /// The last invocation that held it, as far as anybody knows.
    pub(crate) fn last_invocation(&self) -> u64 {
        // Relaxed: for people.
        self.stamp.load(Ordering::Relaxed)
    }

    fn release(&self, now: Moment) {
        // Compared first, so that the line is written once a tick and not by each invocation. Relaxed: before the Release
        // below. Of two that race the later time stays.
        if self.last_use.load(Ordering::Relaxed) < now.0 {
            self.last_use.fetch_max(now.0, Ordering::Relaxed);
        }
        // Release, with the Acquire in `evict`: all reads through this hold come before the drop.
        let before = self.word.fetch_sub(HOLD, Ordering::Release);
        debug_assert!(before >= HOLD && before & RESIDENT != 0, "released a hold that was not held");
    }
}

/// The residency of one slot: its header and the generation that the header guards.
pub(crate) struct Residency<T> {
    header: Header,
    generation: AtomicPtr<Generation<T>>,
    owns: PhantomData<Generation<T>>,
}

impl<T> Residency<T> {
    const_unless_loom! {
        pub(crate) fn new() -> Self {
            Self { header: Header::new(), generation: AtomicPtr::new(ptr::null_mut()), owns: PhantomData }
        }
    }
}

impl<T: Send + Sync + 'static> Residency<T> {
    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    /// A hold of one's own, if a generation is resident.
    pub(crate) fn hold(&'static self) -> Option<Hold<T>> {
        // Not `then_some`: a `Hold` that is made too early gives back what it never got when it is dropped.
        self.header.try_hold().then(|| Hold { residency: self })
    }

    /// Puts a generation in, and holds it for the caller, so that it cannot go before the caller has seen it.
    ///
    /// # Errors
    /// Gives the generation back when the slot is not empty.
    pub(crate) fn publish(&'static self, generation: Box<Generation<T>>) -> Result<Hold<T>, Box<Generation<T>>> {
        // Acquire, with the Release that emptied the word in `evict`: the pointer is ours to write.
        if self.header.word.compare_exchange(0, BUSY, Ordering::Acquire, Ordering::Relaxed).is_err() {
            return Err(generation);
        }
        // Relaxed: published by the Release below, and BUSY keeps everybody else out until then.
        self.generation.store(Box::into_raw(generation), Ordering::Relaxed);
        self.header.word.store(RESIDENT | HOLD, Ordering::Release);
        Ok(Hold { residency: self })
    }

    /// Takes the generation out. `None` if there is none, somebody holds it, or what the caller decided by is `still` true no
    /// longer: somebody may have used it since, and given back the hold.
    pub(crate) fn evict_if(&self, still: &dyn Fn(&Header) -> bool) -> Option<Box<Generation<T>>> {
        // Acquire, with the Release of each hold's end: all reads of the instance come before what we do to it.
        self.header.word.compare_exchange(RESIDENT, BUSY, Ordering::Acquire, Ordering::Relaxed).ok()?;
        // Now nobody can change it: whatever was done under a hold came before that was given back.
        if !still(&self.header) {
            // Put back. Release, so that it is published as it was by `publish`, whose writes we acquired.
            self.header.word.store(RESIDENT, Ordering::Release);
            return None;
        }
        // Relaxed: BUSY makes the pointer ours.
        let generation = self.generation.swap(ptr::null_mut(), Ordering::Relaxed);
        self.header.word.store(0, Ordering::Release);
        // SAFETY: `publish` made the pointer from a box and set RESIDENT after; we turned RESIDENT into BUSY while the
        // count was zero, so (invariant 1) nobody else reads the generation, and nobody else takes it.
        Some(unsafe { Box::from_raw(generation) })
    }

    /// For models: takes the generation out unless somebody used it since.
    #[cfg(all(test, lmms_loom))]
    pub(crate) fn evict(&self, idle_since: Option<Moment>) -> Option<Box<Generation<T>>> {
        self.evict_if(&|header| idle_since.is_none_or(|since| header.last_use() == since))
    }

    /// # Safety
    /// The caller has a hold on this residency, which outlives `'a`.
    #[inline(always)]
    unsafe fn held<'a>(&self) -> &'a Generation<T> {
        // Relaxed: the hold was got with Acquire after the pointer was written, and it cannot change while held.
        let generation = self.generation.load(Ordering::Relaxed);
        // SAFETY: with a hold (the caller's promise) the generation is resident and stays so (invariant 1), and only
        // shared references to it exist. `T` is `Send + Sync`, so any thread may be the one that looks.
        unsafe { &*generation }
    }
}

/// One owned hold on a resident generation. While it lives, the generation is not unloaded.
pub(crate) struct Hold<T: Send + Sync + 'static> {
    residency: &'static Residency<T>,
}

impl<T: Send + Sync + 'static> Deref for Hold<T> {
    type Target = Generation<T>;

    fn deref(&self) -> &Generation<T> {
        // SAFETY: `self` is a hold, and the reference does not outlive `self`.
        unsafe { self.residency.held() }
    }
}

impl<T: Send + Sync + 'static> Clone for Hold<T> {
    fn clone(&self) -> Self {
        // Relaxed: there is a hold already, so RESIDENT stays set whatever others do.
        self.residency.header.word.fetch_add(HOLD, Ordering::Relaxed);
        Self { residency: self.residency }
    }
}

impl<T: Send + Sync + 'static> Drop for Hold<T> {
    fn drop(&mut self) {
        self.residency.header.release(clock::now());
    }
}

/// How many slots an invocation touches before it needs to allocate. Fewer in a model, whose states are counted.
const INLINE: usize = if cfg!(lmms_loom) { 6 } else { 8 };

/// The holds of one invocation: at most a few for each slot that it touched, given back when it ends.
pub(crate) struct Holds {
    id: u64,
    inline: [AtomicPtr<Header>; INLINE],
    rest: Mutex<Vec<&'static Header>>,
    /// How often another invocation's stamp was in the way. Not loom's atomic: nothing depends on it.
    misses: std::sync::atomic::AtomicU64,
}

impl Holds {
    pub(crate) fn new() -> Self {
        // Not loom's atomic: it only hands out numbers.
        static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(NOBODY + 1);
        Self {
            // Relaxed: uniqueness is all that counts. 2^64 invocations do not happen.
            id: NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed),
            inline: array::from_fn(|_| AtomicPtr::new(ptr::null_mut())),
            rest: Mutex::new(Vec::new()),
            misses: std::sync::atomic::AtomicU64::new(0),
        }
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// The instance, if it is resident. Touches it: it stays resident as long as `self` lives.
    #[inline]
    pub(crate) fn get<'h, T: Send + Sync + 'static>(&'h self, residency: &'static Residency<T>) -> Option<&'h T> {
        // Acquire, with the Release in `touch`: another thread of this invocation may have got the hold.
        if residency.header.stamp.load(Ordering::Acquire) == self.id {
            // SAFETY: only `touch` of these holds writes their id, and it does so with a hold that is given back when
            // they are dropped (invariant 2), which `'h` does not outlive.
            return Some(&unsafe { residency.held() }.value);
        }
        self.touch(residency)
    }

    /// The way of the first access in an invocation, and of every access while a younger invocation uses the same slot.
    fn touch<'h, T: Send + Sync + 'static>(&'h self, residency: &'static Residency<T>) -> Option<&'h T> {
        if !self.touch_header(&residency.header) {
            return None;
        }
        // SAFETY: `self` has a hold on this slot, got before or just now, and gives it back only when it is dropped.
        Some(&unsafe { residency.held() }.value)
    }

    /// Takes the stamp back from a younger invocation, but only now and then: it may have ended long ago, or be using the
    /// slot on another processor at this moment, and then each would take the cache line from the other at each access.
    fn claim_stamp(&self, header: &Header) {
        // A model tries it each time.
        const ONE_IN: u64 = if cfg!(lmms_loom) { 1 } else { 64 };
        let relaxed = std::sync::atomic::Ordering::Relaxed;
        // Relaxed, and not one step: a count that misses some serves as well.
        let misses = self.misses.load(relaxed).wrapping_add(1);
        self.misses.store(misses, relaxed);
        if misses.is_multiple_of(ONE_IN) {
            // Release, as in `adopt`: this invocation has its hold.
            header.stamp.store(self.id, Ordering::Release);
        }
    }

    /// What of a touch does not depend on the type, once in the program. Whether there is a hold now.
    fn touch_header(&self, header: &'static Header) -> bool {
        if self.contains(header) {
            self.claim_stamp(header);
            return true;
        }
        let held = header.try_hold();
        if held {
            self.adopt(header);
        }
        held
    }

    /// Takes over a hold that somebody else got for this invocation.
    pub(crate) fn keep<T: Send + Sync + 'static>(&self, hold: Hold<T>) -> &T {
        let residency = hold.residency;
        // The hold goes on, in the list instead of in the handle.
        std::mem::forget(hold);
        self.adopt(&residency.header);
        // SAFETY: the hold just adopted is given back only when `self` is dropped.
        unsafe { &residency.held().value }
    }

    /// Remembers a hold that was got. Two threads of one invocation may add the same slot twice: then both are given
    /// back.
    fn adopt(&self, header: &'static Header) {
        let pointer = ptr::from_ref(header).cast_mut();
        let free = self.inline.iter().any(|place| {
            // Looked at first, Relaxed, for a failing exchange costs as much as one that succeeds.
            place.load(Ordering::Relaxed).is_null()
                // Release, with the Acquire in `contains`: who finds the entry may read what the hold protects.
                && place
                    .compare_exchange(ptr::null_mut(), pointer, Ordering::Release, Ordering::Relaxed)
                    .is_ok()
        });
        if !free {
            self.rest.lock().push(header);
        }
        // Last: from here on `get` trusts the stamp. Release, with the Acquire in `get`.
        header.stamp.store(self.id, Ordering::Release);
    }

    fn contains(&self, header: &'static Header) -> bool {
        for place in &self.inline {
            let entry = place.load(Ordering::Acquire);
            if entry.is_null() {
                return false;
            }
            if ptr::eq(entry, header) {
                return true;
            }
        }
        self.rest.lock().iter().any(|entry| ptr::eq(*entry, header))
    }
}

impl Drop for Holds {
    fn drop(&mut self) {
        // Read once, and only by an invocation that touched something.
        let mut now = None;
        for place in &self.inline {
            // Relaxed: `&mut self`, so whatever ran in this invocation came before.
            let entry = place.load(Ordering::Relaxed);
            if entry.is_null() {
                return;
            }
            // SAFETY: `adopt` wrote it from a `&'static Header`.
            unsafe { &*entry }.release(*now.get_or_insert_with(clock::now));
        }
        for entry in self.rest.lock().drain(..) {
            entry.release(*now.get_or_insert_with(clock::now));
        }
    }
}
