//! Routes: from a request's first bytes straight to its operation.
//!
//! A request mostly begins with the names: `{"interface":"tokens","operation":"count","args":`. Clients write them the same way
//! each time, so the bytes up to that colon, once read, need not be read again: whoever sends the same bytes means the same
//! operation, in whichever order the two names stand, spaced or escaped in whatever way. (Where the arguments come first, there
//! is nothing to learn.) **Invariant.** A route is found by *all* of these bytes, and leads to the operation, which is
//! `'static`, never to an instance: no unload, reload or reconfiguration makes it stale.
//!
//! Each thread has routes of its own, so that nobody waits for anybody; there are at most [`SETS`] times [`WAYS`], and they
//! take their memory when a first one is learned.

use std::cell::RefCell;
use std::hash::{BuildHasher, RandomState};

use crate::dispatch::Target;

/// How many groups of routes there are: a power of two.
const SETS: usize = 256;

/// How many routes of one group there can be.
const WAYS: usize = 4;

/// Names longer than this are looked up the usual way.
const LONGEST: usize = 256;

/// Bytes that a step of the hash takes in.
const WORD: usize = 8;

struct Route {
    names: Box<[u8]>,
    target: Target,
}

struct Routes {
    /// Empty until something is learned.
    sets: Vec<[Option<Route>; WAYS]>,
    /// Which lengths the routes have, in whole words: a bit for each. Where the names of a request end is not known before a
    /// route is found, but those that were learned are of a few lengths. What a last word lacks is at most `","args":`, which
    /// tells nothing apart.
    lengths: u64,
    /// So that who sends requests cannot choose which of them meet.
    seed: u64,
    /// How many were learned.
    learned: usize,
}

impl Default for Routes {
    fn default() -> Self {
        Self { sets: Vec::new(), lengths: 0, seed: RandomState::new().hash_one(0), learned: 0 }
    }
}

/// A sum of products, each word's with a key of its own: none waits for the one before.
#[derive(Clone, Copy)]
struct Hash {
    sum: u64,
    key: u64,
}

impl Hash {
    const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;

    fn new(seed: u64) -> Self {
        Self { sum: 0, key: seed }
    }

    fn add(&mut self, word: [u8; WORD]) {
        let mixed = (u64::from_le_bytes(word) ^ self.key).wrapping_mul(Self::MULTIPLIER);
        self.sum = self.sum.wrapping_add(mixed ^ mixed >> 32);
        self.key = self.key.wrapping_add(Self::MULTIPLIER).rotate_left(7);
    }

    /// The highest bits are the best mixed.
    fn set(self) -> usize {
        (self.sum.wrapping_mul(Self::MULTIPLIER) >> (u64::BITS - SETS.ilog2())) as usize
    }
}

impl Routes {
    fn find(&self, request: &[u8]) -> Option<(Target, usize)> {
        let (words, _) = request.as_chunks::<WORD>();
        let mut hash = Hash::new(self.seed);
        // The bit of the words so far is the lowest.
        let mut lengths = self.lengths;
        for word in words {
            if lengths == 0 {
                return None;
            }
            hash.add(*word);
            if lengths & 1 == 1 {
                let is_it = |route: &&Route| request.starts_with(&route.names);
                if let Some(route) = self.sets[hash.set()].iter().flatten().find(is_it) {
                    return Some((route.target, route.names.len()));
                }
            }
            lengths >>= 1;
        }
        None
    }

    fn learn(&mut self, names: &[u8], target: Target) {
        let (words, _) = names.as_chunks::<WORD>();
        let mut hash = Hash::new(self.seed);
        words.iter().for_each(|word| hash.add(*word));
        if self.sets.is_empty() {
            self.sets.resize_with(SETS, Default::default);
        }
        let set = &mut self.sets[hash.set()];
        if set.iter().flatten().any(|route| *route.names == *names) {
            return;
        }
        self.learned += 1;
        let way = match set.iter().position(Option::is_none) {
            Some(free) => free,
            // Now and then only: where more are hot than there is room for, learning each again at each call would cost more
            // than it saves.
            None if self.learned.is_multiple_of(16) => self.learned / 16 % WAYS,
            None => return,
        };
        set[way] = Some(Route { names: names.into(), target });
        self.lengths |= 1 << (words.len() - 1);
    }
}

thread_local! {
    static ROUTES: RefCell<Routes> = RefCell::default();
}

/// The target of a request whose names were learned on this thread, and how many bytes the names take.
pub(crate) fn find(request: &[u8]) -> Option<(Target, usize)> {
    // A thread that is ending has none.
    ROUTES.try_with(|routes| routes.try_borrow().ok()?.find(request)).ok()?
}

/// Learns that a request which begins with `names` is for `target`.
pub(crate) fn learn(names: &[u8], target: Target) {
    if (WORD..=LONGEST).contains(&names.len()) {
        let learn = |routes: &RefCell<Routes>| routes.try_borrow_mut().map(|mut routes| routes.learn(names, target));
        let _ = ROUTES.try_with(learn);
    }
}
