//! Routes: from a request's first bytes straight to its operation.
//!
//! A request begins with the names: `{"interface":"tokens","operation":"count","args":`. Clients write them the same way each
//! time, so the bytes up to that colon, once read, need not be read again: whoever sends the same bytes means the same
//! operation, be they in whatever order, spaced or escaped in whatever way. **Invariant.** A route is found by *all* of these
//! bytes, and leads to the operation, which is `'static`, never to an instance: no unload, reload or reconfiguration makes it
//! stale.
//!
//! Each thread has routes of its own, so that nobody waits for anybody; there are at most [`SETS`] times [`WAYS`], and they
//! take their memory when a first one is learned.

use std::cell::RefCell;
use std::hash::{BuildHasher, RandomState};

use crate::dispatch::Target;

/// `{"interface":"i","operation":"o","args":`: no request's names take less, so of each these bytes are among them.
const SHORTEST: usize = 40;

/// How many groups of routes there are.
const SETS: usize = 256;

/// How many routes with the same hash there can be: operations of one interface may have it, if its name is long.
const WAYS: usize = 4;

/// Names longer than this are looked up the usual way.
const LONGEST: usize = 256;

struct Route {
    names: Box<[u8]>,
    target: Target,
}

#[derive(Default)]
struct Routes {
    /// Empty until something is learned.
    sets: Vec<[Option<Route>; WAYS]>,
    hasher: Hasher,
    /// How many were learned.
    learned: usize,
}

/// Cheap, and not to be guessed by who sends requests.
struct Hasher {
    seed: u64,
}

impl Default for Hasher {
    fn default() -> Self {
        Self { seed: RandomState::new().hash_one(0) | 1 }
    }
}

impl Hasher {
    /// The set of a request.
    fn set(&self, request: &[u8; SHORTEST]) -> usize {
        // What comes before is the same in all that are compact: `{"interf`.
        let (words, _) = request[8..].as_chunks::<8>();
        let hash = words.iter().fold(self.seed, |hash, word| {
            let product = u128::from(hash ^ u64::from_le_bytes(*word)) * u128::from(0x9E37_79B9_7F4A_7C15_u64);
            product as u64 ^ (product >> 64) as u64
        });
        hash as usize % SETS
    }
}

thread_local! {
    static ROUTES: RefCell<Routes> = RefCell::default();
}

/// The target of a request whose names were learned on this thread, and how many bytes the names take.
pub(crate) fn find(request: &[u8]) -> Option<(Target, usize)> {
    let first = request.first_chunk::<SHORTEST>()?;
    let find = |routes: &RefCell<Routes>| {
        let routes = routes.try_borrow().ok()?;
        let set = routes.sets.get(routes.hasher.set(first))?;
        let is_it = |route: &&Route| request.starts_with(&route.names);
        set.iter().flatten().find(is_it).map(|route| (route.target, route.names.len()))
    };
    // A thread that is ending has none.
    ROUTES.try_with(find).ok()?
}

/// Learns that a request which begins with `names` is for `target`.
pub(crate) fn learn(names: &[u8], target: Target) {
    let Some(first) = names.first_chunk::<SHORTEST>().filter(|_| names.len() <= LONGEST) else { return };
    let learn = |routes: &RefCell<Routes>| {
        let Ok(mut routes) = routes.try_borrow_mut() else { return };
        let routes = &mut *routes;
        if routes.sets.is_empty() {
            routes.sets.resize_with(SETS, Default::default);
        }
        let set = &mut routes.sets[routes.hasher.set(first)];
        if set.iter().flatten().any(|route| *route.names == *names) {
            return;
        }
        routes.learned += 1;
        let way = match set.iter().position(Option::is_none) {
            Some(free) => free,
            // Now and then only: where more are hot than there is room for, learning each again at each call would cost more
            // than it saves.
            None if routes.learned.is_multiple_of(16) => routes.learned / 16 % WAYS,
            None => return,
        };
        set[way] = Some(Route { names: names.into(), target });
    };
    let _ = ROUTES.try_with(learn);
}
