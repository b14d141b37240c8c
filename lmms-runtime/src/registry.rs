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
    /// In the order of their names.
    entries: Vec<Entry>,
    by_name: HashTable<Key>,
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
        let mut entries: Vec<_> = descriptors.iter().map(entry).collect();
        // By origin too, so that the same two crates give the same message in every profile.
        entries.sort_unstable_by_key(|entry| (entry.descriptor.name, entry.descriptor.origin));
        let pairs = entries.array_windows().map(|[first, second]| (&first.descriptor, &second.descriptor));
        if let Some((first, second)) = pairs.into_iter().find(|(first, second)| first.name == second.name) {
            return Err(RegistryError::Duplicate { name: first.name, first: first.origin, second: second.origin });
        }
        let mut by_name = HashTable::with_capacity(entries.len());
        for (index, entry) in entries.iter().enumerate() {
            let name = entry.descriptor.name;
            by_name.insert_unique(hash(name.as_bytes()), Key { name, index }, |key| hash(key.name.as_bytes()));
        }
        let registry = Self { entries, by_name };
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
        self.entries.iter()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}
