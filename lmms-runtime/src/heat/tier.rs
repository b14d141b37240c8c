//! Tier: how hot an operation is, and the scale that says so.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

/// How hot an operation is, by the calls that count and the threshold T (`FAST_PATH_THRESHOLD`, 50).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// Up to T/5 calls.
    Cold,
    /// Up to T calls.
    Warm,
    /// Up to 4T calls.
    Hot,
    /// More.
    Blazing,
}

/// All tiers, coldest first.
pub(crate) const TIERS: [Tier; 4] = [Tier::Cold, Tier::Warm, Tier::Hot, Tier::Blazing];

impl Tier {
    /// As ARCH-07 writes it.
    ///
    /// ```
    /// assert_eq!(lmms_runtime::Tier::Blazing.as_str(), "BLAZING");
    /// ```
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cold => "COLD",
            Self::Warm => "WARM",
            Self::Hot => "HOT",
            Self::Blazing => "BLAZING",
        }
    }

    /// Whether calls are dispatched directly.
    #[must_use]
    pub fn is_fast(self) -> bool {
        self >= Self::Hot
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What heat is measured by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scale {
    /// T.
    pub(crate) threshold: NonZeroU32,
    /// In whole seconds; nought if heat never cools.
    pub(crate) half_life: Duration,
}

impl Scale {
    /// Of what is configured by nobody.
    pub(crate) const DEFAULT: Self =
        Self { threshold: NonZeroU32::new(50).unwrap(), half_life: Duration::from_secs(300) };

    pub(crate) fn tier(self, calls: u32) -> Tier {
        let threshold = self.threshold.get();
        match calls {
            calls if calls <= threshold / 5 => Tier::Cold,
            calls if calls <= threshold => Tier::Warm,
            calls if calls <= threshold.saturating_mul(4) => Tier::Hot,
            _ => Tier::Blazing,
        }
    }

    /// More calls than this would take too long to forget: six half-lives from here to warm.
    pub(super) fn most(self) -> u32 {
        self.threshold.get().saturating_mul(64)
    }

    pub(super) fn half_life_seconds(self) -> u32 {
        u32::try_from(self.half_life.as_secs()).unwrap_or(u32::MAX)
    }
}
