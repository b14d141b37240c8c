//! What AWS would charge.
//!
//! **Invariant.** Pure arithmetic over what was measured: billed time x configured memory, nothing in between. Prices are those of
//! `us-east-1` for x86, without discounts, as of [`PRICES_OF`].
//!
//! What this leaves out: AWS gives a function processor time in proportion to its memory, and what is measured here had a whole
//! core. [`stretched`] is the other figure, with the processor's part of a duration as long as it would be there.

use std::time::Duration;

/// The year whose published prices these are.
pub const PRICES_OF: &str = "2025";
/// One GB-second, in USD: the first tier, up to 6 billion a month.
pub const USD_PER_GB_SECOND: f64 = 0.000_016_666_7;
/// One million requests, in USD.
pub const USD_PER_MILLION_REQUESTS: f64 = 0.20;
/// GB-seconds that cost nothing, each month.
pub const FREE_GB_SECONDS: f64 = 400_000.0;
/// Requests that cost nothing, each month.
pub const FREE_REQUESTS: u64 = 1_000_000;
/// The smallest memory setting, in MB.
pub const LEAST_MB: u32 = 128;
/// The largest.
pub const MOST_MB: u32 = 10_240;
/// The memory setting at which a function has one processor, in MB.
pub const WHOLE_PROCESSOR_MB: u32 = 1_769;
/// What a setting leaves free above the peak, as a share of it: a function that comes to its limit is killed, Lambda counts more than
/// the one process (`Max Memory Used`), and requests come that no trace had. How much is a choice: a tenth is small enough not to hide
/// a difference, and each function gets the same.
pub const MARGIN: f64 = 0.10;

/// AWS's MB: 2^20 bytes.
const MB: u64 = 1 << 20;
const MB_PER_GB: f64 = 1_024.0;

/// The milliseconds billed for an invocation: `duration` is from the event's delivery until the runtime and the extensions have asked
/// for the next; `init` that of the container that it started, if it did. The sum is rounded up, once.
///
/// INIT is billed whatever the runtime: always for a `bootstrap` of one's own, for all since August 2025.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use lmms_bench::bill::billed_ms;
///
/// assert_eq!(billed_ms(Some(Duration::from_micros(120_300)), Duration::from_micros(2_100)), 123);
/// assert_eq!(billed_ms(None, Duration::from_micros(2_000)), 2);
/// ```
pub fn billed_ms(init: Option<Duration>, duration: Duration) -> u64 {
    let nanos = init.unwrap_or_default().saturating_add(duration).as_nanos();
    u64::try_from(nanos.div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

/// The smallest memory setting, in MB, that `peak` bytes fit with `margin` (0.1: a tenth more). `None`: they fit none.
///
/// # Examples
/// ```
/// use lmms_bench::bill::{MARGIN, memory_setting};
///
/// assert_eq!(memory_setting(200 << 20, MARGIN), Some(220));
/// assert_eq!(memory_setting(9 << 20, MARGIN), Some(128));
/// ```
pub fn memory_setting(peak: u64, margin: f64) -> Option<u32> {
    let wanted = peak as f64 / MB as f64 * (1.0 + margin.max(0.0));
    // What is whole but for the arithmetic's last digit is whole.
    let wanted = (wanted - 1e-9).ceil().max(f64::from(LEAST_MB));
    (wanted <= f64::from(MOST_MB)).then_some(wanted as u32)
}

/// GB-seconds: what is billed for `billed_ms` at `memory_mb`.
pub fn gb_seconds(billed_ms: u64, memory_mb: u32) -> f64 {
    billed_ms as f64 / 1_000.0 * f64::from(memory_mb) / MB_PER_GB
}

/// GB-seconds for each 1,000 requests; nought of nought requests.
pub fn gb_seconds_per_1000(billed_ms: u64, memory_mb: u32, requests: u64) -> f64 {
    if requests == 0 { 0.0 } else { gb_seconds(billed_ms, memory_mb) * 1_000.0 / requests as f64 }
}

/// What of the free tier is used up first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// The GB-seconds.
    GbSeconds,
    /// The requests.
    Requests,
}

/// The requests that a month's free tier is enough for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FreeTier {
    /// So many.
    pub requests: u64,
    /// What another one would exceed.
    pub bound: Bound,
    /// As many as the GB-seconds alone would allow, to compare what both bounds make alike.
    pub by_gb_seconds: u64,
}

/// What the free tier is enough for, at so many GB-seconds per 1,000 requests.
pub fn free_tier(gb_seconds_per_1000: f64) -> FreeTier {
    let by_gb_seconds = if gb_seconds_per_1000 > 0.0 {
        // Saturates, as casts from floating point do.
        (FREE_GB_SECONDS / gb_seconds_per_1000 * 1_000.0) as u64
    } else {
        u64::MAX
    };
    let bound = if by_gb_seconds < FREE_REQUESTS { Bound::GbSeconds } else { Bound::Requests };
    FreeTier { requests: by_gb_seconds.min(FREE_REQUESTS), bound, by_gb_seconds }
}

/// The price in USD, without the free tier.
pub fn price_usd(gb_seconds: f64, requests: u64) -> f64 {
    gb_seconds * USD_PER_GB_SECOND + requests as f64 / 1e6 * USD_PER_MILLION_REQUESTS
}

/// How long an invocation would take at `memory_mb` where what was measured had a whole core: its processor time as much longer as the
/// setting has less than one ([`WHOLE_PROCESSOR_MB`]), the rest, which waits, as it is.
///
/// A setting with more than one processor makes nothing faster here. INIT is not to be stretched: AWS gives it more processor than the
/// setting has.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use lmms_bench::bill::stretched;
///
/// let [whole, cpu] = [100, 60].map(Duration::from_millis);
/// assert_eq!(stretched(whole, cpu, 1_769), whole);
/// // A tenth of a processor, as good as: 40 ms of waiting, and 60 ms that become 600.
/// assert_eq!(stretched(whole, cpu, 177).as_millis(), 639);
/// ```
pub fn stretched(duration: Duration, cpu: Duration, memory_mb: u32) -> Duration {
    // Two threads can use more processor time than there is time; on one processor the longer of the two is all there is to stretch.
    let cpu = cpu.min(duration);
    let factor = (f64::from(WHOLE_PROCESSOR_MB) / f64::from(memory_mb.max(1))).max(1.0);
    duration - cpu + cpu.mul_f64(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn us(micros: u64) -> Duration {
        Duration::from_micros(micros)
    }

    #[test]
    fn time_is_billed_in_whole_milliseconds_rounded_up_once() {
        assert_eq!(billed_ms(None, Duration::ZERO), 0);
        assert_eq!(billed_ms(None, us(1)), 1);
        assert_eq!(billed_ms(None, us(1_000)), 1);
        assert_eq!(billed_ms(None, us(1_001)), 2);
        // 0.4 ms + 0.4 ms is one millisecond, not two.
        assert_eq!(billed_ms(Some(us(400)), us(400)), 1);
    }

    #[test]
    fn a_setting_has_the_margin_and_aws_bounds() {
        assert_eq!(memory_setting(0, MARGIN), Some(128));
        // 116 MB x 1.1 = 127.6; 117 MB x 1.1 = 128.7.
        assert_eq!(memory_setting(116 << 20, MARGIN), Some(128));
        assert_eq!(memory_setting(117 << 20, MARGIN), Some(129));
        // 1000 MB x 1.1 is 1100.0000000000002 by the processor.
        assert_eq!(memory_setting(1_000 << 20, MARGIN), Some(1_100));
        assert_eq!(memory_setting((300 << 20) + 1, 0.0), Some(301));
        assert_eq!(memory_setting(10_240 << 20, 0.0), Some(10_240));
        assert_eq!(memory_setting(10_240 << 20, MARGIN), None);
    }

    #[test]
    fn a_month_of_aws_pricing_by_hand() {
        // AWS's own example: 3 million requests of 120 ms at 1,536 MB are 540,000 GB-s.
        let gb_s = gb_seconds(3_000_000 * 120, 1_536);
        assert!((gb_s - 540_000.0).abs() < 1e-6, "{gb_s}");
        // 540,000 x 0.0000166667 = 9.000018, and 3 x 0.20.
        assert!((price_usd(gb_s, 3_000_000) - 9.600_018).abs() < 1e-9);
        // 540,000 / 3,000.
        assert!((gb_seconds_per_1000(3_000_000 * 120, 1_536, 3_000_000) - 180.0).abs() < 1e-9);
        assert_eq!(gb_seconds_per_1000(7, 128, 0), 0.0);
    }

    #[test]
    fn the_free_tier_is_bound_by_what_is_used_up_first() {
        // 400,000 / 0.5 per request.
        let tier = free_tier(500.0);
        assert_eq!(tier, FreeTier { requests: 800_000, bound: Bound::GbSeconds, by_gb_seconds: 800_000 });
        let tier = free_tier(0.25);
        assert_eq!(tier, FreeTier { requests: 1_000_000, bound: Bound::Requests, by_gb_seconds: 1_600_000_000 });
        // Both at once: no GB-second is left over, and none is missing.
        assert_eq!(free_tier(400.0).bound, Bound::Requests);
        assert_eq!(free_tier(0.0).by_gb_seconds, u64::MAX);
    }

    #[test]
    fn only_the_processors_part_is_stretched_and_never_shortened() {
        let ms = Duration::from_millis;
        // 1769 / 512 = 3.455: 30 + 70 x 3.455.
        assert_eq!(stretched(ms(100), ms(70), 512).as_micros(), 271_855);
        assert_eq!(stretched(ms(100), ms(70), 3_008), ms(100));
        assert_eq!(stretched(ms(100), Duration::ZERO, 128), ms(100));
        // Two busy threads: 100 x 1769 / 884.5.
        assert_eq!(stretched(ms(100), ms(200), 1_769), ms(100));
    }
}
