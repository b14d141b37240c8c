//! Registry: every interface that is linked into the program, assembled by the linker.
//!
//! The slice is in no particular order, which moreover differs from profile to profile; so the first who asks sorts it.
//! **Invariant:** names are unique; two interfaces of one name are an error for everybody, not a lottery.

use std::hash::BuildHasher;

use foldhash::quality::FixedState;
use hashbrown::HashTable;
use once_cell::sync::OnceCell;

use crate::descriptor::{Descriptor, Operation};

/// What makes the descriptor of each linked interface. `#[lmms::interface]` adds to it.
#[linkme::distributed_slice]
pub static LMMS_INTERFACES: [fn() -> Descriptor];

/// The name of the built-in interface.
pub(crate) const BUILT_IN: &str = "lmms";

/// All of [`LMMS_INTERFACES`], sorted and indexed.
#[derive(Debug)]
pub(crate) struct Registry {
    /// In the order of the linker.
    entries: Vec<Entry>,
    by_name: HashTable<Key>,
    /// Indices of `entries`, in the order of their names.
    sorted: Vec<usize>,
}

/// One linked interface.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) descriptor: Descriptor,
    operations: OnceCell<Vec<Operation>>,
}

impl Entry {
    /// Its operations, if somebody has asked for them. If nobody has, none was called by name.
    pub(crate) fn known_operations(&self) -> Option<&[Operation]> {
        self.operations.get().map(Vec::as_slice)
    }

    /// One of its operations.
    pub(crate) fn operation(&self, name: &[u8]) -> Option<&Operation> {
        self.operations().iter().find(|known| known.name.as_bytes() == name)
    }

    /// Its operations, listed when first asked for.
    pub(crate) fn operations(&self) -> &[Operation] {
        self.operations.get_or_init(self.descriptor.operations)
    }
}

/// What a search compares: names stand beside the index, so that it reads no page per interface.
#[derive(Debug, Clone, Copy)]
struct Key {
    name: &'static str,
    /// In `entries`.
    index: usize,
}

/// Names are the program's own, and nobody can choose one to collide: the same in each process.
fn hash(name: &[u8]) -> u64 {
    FixedState::default().hash_one(name)
}

/// The linked interfaces do not go together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// Two interfaces have one name.
    #[error(
        "two interfaces are named `{name}`: one in {first}, one in {second}; \
         rename one with `#[lmms::interface(name = \"..\")]`"
    )]
    Duplicate {
        /// The name.
        name: &'static str,
        /// Where one of them is declared.
        first: &'static str,
        /// Where the other one is declared.
        second: &'static str,
    },
    /// An interface has the name of the built-in one.
    #[error("the interface in {origin} is named `lmms`, as the built-in one is; give it another name")]
    Reserved {
        /// Where it is declared.
        origin: &'static str,
    },
}

impl Registry {
    /// The index, sorted and checked when first asked for.
    pub(crate) fn get() -> Result<&'static Self, RegistryError> {
        static REGISTRY: OnceCell<Registry> = OnceCell::new();
        REGISTRY.get_or_try_init(|| Self::index(&LMMS_INTERFACES))
    }

    fn index(descriptors: &[fn() -> Descriptor]) -> Result<Self, RegistryError> {
        let entry = |make: &fn() -> Descriptor| Entry { descriptor: make(), operations: OnceCell::new() };
        let entries: Vec<_> = descriptors.iter().map(entry).collect();
        // Names and numbers are moved, for entries are large. By origin too, so that the same two crates give the same message
        // in every profile.
        let key = |(index, entry): (usize, &Entry)| (entry.descriptor.name, index);
        let mut names: Vec<_> = entries.iter().enumerate().map(key).collect();
        let origin = |index: usize| entries[index].descriptor.origin;
        names.sort_unstable_by(|a, b| a.0.cmp(b.0).then_with(|| origin(a.1).cmp(origin(b.1))));
        if let Some([(name, first), (_, second)]) = names.array_windows().find(|[first, second]| first.0 == second.0) {
            return Err(RegistryError::Duplicate { name, first: origin(*first), second: origin(*second) });
        }
        let mut by_name = HashTable::with_capacity(names.len());
        for &(name, index) in &names {
            by_name.insert_unique(hash(name.as_bytes()), Key { name, index }, |key| hash(key.name.as_bytes()));
        }
        let sorted = names.into_iter().map(|(_, index)| index).collect();
        let registry = Self { entries, by_name, sorted };
        match registry.find(BUILT_IN) {
            Some(reserved) => Err(RegistryError::Reserved { origin: reserved.descriptor.origin }),
            None => Ok(registry),
        }
    }

    pub(crate) fn find(&self, name: impl AsRef<[u8]>) -> Option<&Entry> {
        let name = name.as_ref();
        let found = self.by_name.find(hash(name), |key| key.name.as_bytes() == name)?;
        Some(&self.entries[found.index])
    }

    /// In the order of their names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.sorted.iter().map(|index| &self.entries[*index])
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}
