//! Registry: every interface that is linked into the program, assembled by the linker.
//!
//! The slice is in no particular order, which moreover differs from profile to profile; so the first who asks sorts it.
//! **Invariant:** names are unique; two interfaces of one name are an error for everybody, not a lottery.

use once_cell::sync::OnceCell;

use crate::descriptor::{Descriptor, Operation};

/// What makes the descriptor of each linked interface. `#[lmms::interface]` adds to it.
#[linkme::distributed_slice]
pub static LMMS_INTERFACES: [fn() -> Descriptor];

/// The name of the built-in interface.
pub(crate) const BUILT_IN: &str = "lmms";

/// The sorted index of [`LMMS_INTERFACES`].
#[derive(Debug)]
pub(crate) struct Registry {
    /// In the order of the linker.
    entries: Vec<Entry>,
    by_name: Vec<Key>,
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

/// What a search compares, so that it reads one array, not a page per interface.
#[derive(Debug, Clone, Copy)]
struct Key {
    head: u64,
    name: &'static str,
    /// In `entries`.
    index: usize,
}

/// The first eight bytes of a name, in the order of names: what most comparisons come down to.
fn head(name: &[u8]) -> u64 {
    match name.first_chunk() {
        Some(first) => u64::from_be_bytes(*first),
        None => (0..8).fold(0, |head, index| head << 8 | name.get(index).map_or(0, |byte| u64::from(*byte))),
    }
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
        let key = |(index, entry): (usize, &Entry)| {
            let name = entry.descriptor.name;
            Key { head: head(name.as_bytes()), name, index }
        };
        let mut by_name: Vec<_> = entries.iter().enumerate().map(key).collect();
        let origin = |key: &Key| entries[key.index].descriptor.origin;
        // By origin too, so that the same two crates give the same message in every profile.
        by_name.sort_unstable_by(|a, b| (a.head, a.name).cmp(&(b.head, b.name)).then_with(|| origin(a).cmp(origin(b))));
        if let Some([first, second]) = by_name.array_windows().find(|[first, second]| first.name == second.name) {
            let (first, second, name) = (origin(first), origin(second), first.name);
            return Err(RegistryError::Duplicate { name, first, second });
        }
        let registry = Self { entries, by_name };
        match registry.find(BUILT_IN) {
            Some(reserved) => Err(RegistryError::Reserved { origin: reserved.descriptor.origin }),
            None => Ok(registry),
        }
    }

    pub(crate) fn find(&self, name: impl AsRef<[u8]>) -> Option<&Entry> {
        let name = name.as_ref();
        let wanted = (head(name), name);
        let found = self.by_name.binary_search_by(|key| (key.head, key.name.as_bytes()).cmp(&wanted)).ok()?;
        Some(&self.entries[self.by_name[found].index])
    }

    /// In the order of their names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.by_name.iter().map(|key| &self.entries[key.index])
    }

    pub(crate) fn len(&self) -> usize {
        self.by_name.len()
    }
}
