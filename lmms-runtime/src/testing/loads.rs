//! Loads: what was loaded, for tests that are about that.

use super::clear::linked;
use crate::interface::Interface;
use crate::residents::Parts;
use crate::wording::nearest;

/// How often `T` was loaded in this process. Loads that failed do not count, and those of fakes do.
///
/// [`Turn::loads`](super::Turn::loads) counts from the beginning of a turn.
#[must_use]
pub fn loads<T: Interface>() -> u64 {
    T::__lmms_slot().parts().ledger.generations()
}

/// Whether `T` is loaded now.
#[must_use]
pub fn is_loaded<T: Interface>() -> bool {
    T::__lmms_slot().parts().header.is_resident()
}

/// How often each interface had been loaded at some time.
pub(super) struct Before(Vec<(&'static str, Parts, u64)>);

impl Before {
    pub(super) fn now() -> Self {
        Self(linked().into_iter().map(|(name, slot)| (name, slot, slot.ledger.generations())).collect())
    }

    pub(super) fn loads<T: Interface>(&self) -> u64 {
        let slot = T::__lmms_slot().parts();
        let before = self.0.iter().find(|(_, known, _)| known.is(slot)).map_or(0, |(.., before)| *before);
        loads::<T>().saturating_sub(before)
    }

    /// What was loaded since, in the order of names, and how often.
    pub(super) fn loaded(&self) -> Vec<(&'static str, u64)> {
        let since = |(name, slot, before): &(&'static str, Parts, u64)| (*name, slot.ledger.generations() - before);
        self.0.iter().map(since).filter(|(_, loads)| *loads > 0).collect()
    }

    /// What is wrong, if something else than `expected` was loaded since.
    pub(super) fn differs_from(&self, expected: &[&str]) -> Option<String> {
        let loaded = self.loaded();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        expected.dedup();
        if expected.iter().eq(loaded.iter().map(|(name, _)| name)) {
            return None;
        }
        let names = || self.0.iter().map(|(name, ..)| *name);
        let unknown = expected.iter().find(|expected| !names().any(|name| name == **expected)).map(|unknown| {
            let help = nearest(unknown, names()).map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            format!("\n  note: there is no interface `{unknown}`{help}")
        });
        let times = |(name, loads): &(&str, u64)| match loads {
            1 => format!("`{name}`"),
            _ => format!("`{name}` ({loads} times)"),
        };
        let found = listed(loaded.iter().map(times));
        let expected = listed(expected.iter().map(|name| format!("`{name}`")));
        let note = unknown.unwrap_or_default();
        Some(format!("what was loaded in this turn\n  expected: {expected}\n     found: {found}{note}"))
    }
}

fn listed(names: impl Iterator<Item = String>) -> String {
    let names: Vec<_> = names.collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}
