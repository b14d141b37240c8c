//! Registry: every interface that is linked into the program, assembled by the linker.
//!
//! The slice is in no particular order, which moreover differs from profile to profile; so the first who asks sorts it.
//! **Invariant:** names are unique; two interfaces of one name are an error for everybody, not a lottery.

use once_cell::sync::OnceCell;

use crate::descriptor::Descriptor;

/// The descriptors of all linked interfaces. `#[lmms::interface]` adds to it.
#[linkme::distributed_slice]
pub static LMMS_INTERFACES: [&'static Descriptor];

/// The name of the built-in interface.
pub(crate) const BUILT_IN: &str = "lmms";

/// The sorted index of [`LMMS_INTERFACES`].
#[derive(Debug)]
pub(crate) struct Registry {
    by_name: Vec<Entry>,
}

/// An interface in the index. What a search compares is here, so that it reads one array, not a page per interface.
#[derive(Debug, Clone, Copy)]
struct Entry {
    head: u64,
    name: &'static str,
    descriptor: &'static Descriptor,
}

/// The first eight bytes of a name, in the order of names: what most comparisons come down to.
fn head(name: &str) -> u64 {
    let bytes = name.as_bytes();
    (0..8).fold(0, |head, index| head << 8 | bytes.get(index).map_or(0, |byte| u64::from(*byte)))
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

    fn index(descriptors: &'static [&'static Descriptor]) -> Result<Self, RegistryError> {
        let entry = |&descriptor: &&'static Descriptor| {
            let name = descriptor.name;
            Entry { head: head(name), name, descriptor }
        };
        let mut by_name: Vec<_> = descriptors.iter().map(entry).collect();
        // By origin too, so that the same two crates give the same message in every profile.
        by_name.sort_unstable_by(|a, b| {
            (a.head, a.name).cmp(&(b.head, b.name)).then_with(|| a.descriptor.origin.cmp(b.descriptor.origin))
        });
        if let Some(pair) = by_name.windows(2).find(|pair| pair[0].name == pair[1].name) {
            let [Entry { name, descriptor: first, .. }, Entry { descriptor: second, .. }] = [pair[0], pair[1]];
            return Err(RegistryError::Duplicate { name, first: first.origin, second: second.origin });
        }
        let registry = Self { by_name };
        match registry.find(BUILT_IN) {
            Some(reserved) => Err(RegistryError::Reserved { origin: reserved.origin }),
            None => Ok(registry),
        }
    }

    pub(crate) fn find(&self, name: &str) -> Option<&'static Descriptor> {
        let wanted = (head(name), name);
        let index = self.by_name.binary_search_by(|entry| (entry.head, entry.name).cmp(&wanted)).ok()?;
        Some(self.by_name[index].descriptor)
    }

    /// In the order of their names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &'static Descriptor> + '_ {
        self.by_name.iter().map(|entry| entry.descriptor)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_name.len()
    }
}
