//! Policy: what keeps an interface loaded, over a snapshot of facts. No clocks, no atomics, no side effects.

use std::cmp::Ordering;
use std::fmt;
use std::time::Duration;

/// Why an interface stays loaded: the first reason that applies, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// Unloading is switched off (`ENABLE_MODULE_UNLOADING=false`), or everything was loaded at the start
    /// (`LAZY_LOADING_ENABLED=false`).
    Disabled,
    /// It is declared `#[lmms::interface(pinned)]`.
    Pinned,
    /// A lease lives, or an invocation that touched it is running.
    ActiveReference,
    /// A live cache entry declares that it depends on it.
    CacheDependency,
    /// One of its operations is hot.
    HotPath,
    /// It was used less than its grace period ago.
    GracePeriod,
    /// Fewer than `MIN_RESIDENT_MODULES` would stay loaded.
    MinResident,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Disabled => "unloading is switched off",
            Self::Pinned => "it is pinned",
            Self::ActiveReference => "a running invocation or a lease uses it",
            Self::CacheDependency => "a cache entry depends on it",
            Self::HotPath => "one of its operations is hot",
            Self::GracePeriod => "its last use is less than its grace period ago",
            Self::MinResident => "as few are loaded as are to stay loaded",
        })
    }
}

/// What is known of one resident interface at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts {
    pub(crate) pinned: bool,
    /// An invocation or a lease holds it.
    pub(crate) in_use: bool,
    /// A live cache entry depends on it.
    pub(crate) depended_on: bool,
    /// One of its operations is hot or blazing.
    pub(crate) hot: bool,
    /// Time since its last use.
    pub(crate) idle: Duration,
    pub(crate) grace: Duration,
    /// What it holds, in bytes.
    pub(crate) bytes: u64,
    /// What it would cost to load again.
    pub(crate) load_time: Duration,
    /// Calls of its operations that count.
    pub(crate) calls: u64,
}

/// How many are loaded, and how many have to stay.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Floor {
    pub(crate) resident: usize,
    pub(crate) least: usize,
}

impl Facts {
    /// The first reason for which it stays loaded.
    pub(crate) fn reason_to_stay(&self, floor: Floor) -> Option<Reason> {
        if self.pinned {
            Some(Reason::Pinned)
        } else if self.in_use {
            Some(Reason::ActiveReference)
        } else if self.depended_on {
            Some(Reason::CacheDependency)
        } else if self.hot {
            Some(Reason::HotPath)
        } else if self.idle < self.grace {
            Some(Reason::GracePeriod)
        } else if floor.resident <= floor.least {
            Some(Reason::MinResident)
        } else {
            None
        }
    }

    /// As [`reason_to_stay`](Self::reason_to_stay) when memory is short: grace period and floor do not count, and heat
    /// only makes it the last to go.
    pub(crate) fn reason_to_stay_under_pressure(&self) -> Option<Reason> {
        let nothing_to_wait_for = Self { hot: false, grace: Duration::ZERO, ..*self };
        nothing_to_wait_for.reason_to_stay(Floor { resident: 1, least: 0 })
    }

    /// Which of two goes first when memory is short. What is hot goes last; else what gives back the most bytes for the
    /// least time to load it again, where time counts for less the longer nobody used it and the fewer calls it had.
    pub(crate) fn goes_before(&self, other: &Self) -> Ordering {
        self.hot.cmp(&other.hot).then(self.worth().total_cmp(&other.worth()))
    }

    /// Expected seconds of loading per byte held, discounted by disuse.
    fn worth(&self) -> f64 {
        let bytes = self.bytes.max(1) as f64;
        let calls = 1.0 + self.calls as f64;
        self.load_time.as_secs_f64() * calls / (bytes * (1.0 + self.idle.as_secs_f64()))
    }
}

/// Which is the first to go for `short` bytes, where `bytes` is what each holds that may, in the order in which they do.
///
/// From the front as many as are needed; but one of those that is worth more than others in front of it and not needed
/// beside them stays, and then the first that is left over goes.
pub(crate) fn first_to_go(bytes: &[u64], short: u64) -> Option<usize> {
    let mut sum: u64 = 0;
    let enough = bytes.iter().position(|bytes| {
        sum = sum.saturating_add(*bytes);
        sum >= short
    });
    let going = &bytes[..enough.map_or(bytes.len(), |last| last + 1)];
    let mut spare = sum.saturating_sub(short);
    let is_spared = |bytes: &u64| {
        let spared = enough.is_some() && *bytes <= spare;
        if spared {
            spare -= bytes;
        }
        spared
    };
    // The most worthy first. What holds nothing is always spared, unless there is nothing else.
    let spared: Vec<_> = going.iter().rev().map(is_spared).collect();
    spared.iter().rev().position(|spared| !spared).or((!going.is_empty()).then_some(0))
}

#[cfg(test)]
mod tests;
