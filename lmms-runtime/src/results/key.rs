//! Key: what an entry is found by: the operation, and all its arguments.
//!
//! **Invariant.** A hash only says where to look. Two keys are one if operation and arguments are, byte for byte.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;

use foldhash::SharedSeed;
use foldhash::fast::FoldHasher;

use crate::meter::Meter;

/// Which operation, for as long as the process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct OperationId(usize);

impl OperationId {
    /// Each operation has a meter, which is nobody else's, and stays where it is.
    pub(crate) fn of(meter: &'static Meter) -> Self {
        Self(std::ptr::from_ref(meter).addr())
    }
}

/// A key of its own.
#[derive(Clone)]
pub(super) struct Key {
    operation: OperationId,
    /// In their canonical form.
    arguments: Arc<[u8]>,
    hash: u64,
}

/// A key as it is asked for.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) operation: OperationId,
    pub(super) arguments: &'a [u8],
    pub(super) hash: u64,
}

impl Key {
    pub(super) fn asked(&self) -> Asked<'_> {
        Asked { operation: self.operation, arguments: &self.arguments, hash: self.hash }
    }

    pub(super) fn operation(&self) -> OperationId {
        self.operation
    }

    pub(super) fn bytes(&self) -> usize {
        self.arguments.len()
    }
}

impl Asked<'_> {
    #[inline]
    pub(super) fn is(self, key: &Key) -> bool {
        self.hash == key.hash && self.operation == key.operation && *self.arguments == *key.arguments
    }

    pub(super) fn to_key(self) -> Key {
        Key { operation: self.operation, arguments: self.arguments.into(), hash: self.hash }
    }
}

/// What makes the hashes of one cache its own.
pub(super) struct Seed {
    own: u64,
    shared: SharedSeed,
}

impl Seed {
    /// From the operating system's randomness, of which `foldhash` itself takes none.
    pub(super) fn random() -> Self {
        let random = RandomState::new();
        Self { own: random.hash_one(0), shared: SharedSeed::from_u64(random.hash_one(1)) }
    }

    #[inline]
    pub(super) fn ask<'a>(&self, operation: OperationId, arguments: &'a [u8]) -> Asked<'a> {
        // Arguments can be kilobytes: std's hash would be most of the time of a hit.
        let mut hasher = FoldHasher::with_seed(self.own, &self.shared);
        hasher.write_usize(operation.0);
        hasher.write(arguments);
        Asked { operation, arguments, hash: hasher.finish() }
    }
}
