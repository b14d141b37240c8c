//! Verdicts: what ARCH-07 claims and what this project set out to reach, held against what was measured.
//!
//! **Invariant.** A verdict follows from the figures alone, by the rules of this file: none is written down anywhere. Where a
//! figure is missing, so is the verdict.

use super::figures::{BARE, EAGER, LAZYLOCK, LMMS, Metric, variants};
use super::words::{self, Unit};
use crate::results::Results;

/// How two figures are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// How much less ours is, as a part of theirs.
    Less,
    /// How many times ours goes into theirs: "10 times faster".
    TimesLess,
    /// How many times theirs goes into ours: "5 times as many", or, where it has an upper bound, "at most 1.3 times".
    TimesOf,
    /// How much more ours is, both being parts of a whole.
    Points,
}

impl By {
    /// `None` where there is nothing to divide by.
    pub fn of(self, ours: f64, theirs: f64) -> Option<f64> {
        let figure = match self {
            Self::Less => 1.0 - ours / theirs,
            Self::TimesLess => theirs / ours,
            Self::TimesOf => ours / theirs,
            Self::Points => ours - theirs,
        };
        figure.is_finite().then_some(figure)
    }

    /// The figure in words.
    pub fn text(self, figure: f64) -> String {
        match self {
            Self::Less if figure < 0.0 => format!("{} more", words::percent(-figure)),
            Self::Less => format!("{} less", words::percent(figure)),
            Self::TimesLess | Self::TimesOf => words::times(figure),
            Self::Points => {
                format!("{}{} points", if figure < 0.0 { "−" } else { "+" }, words::trimmed((figure * 100.0).abs()))
            }
        }
    }

    /// What makes no difference: two figures this near to each other are the same.
    fn is_better(self, figure: f64) -> bool {
        match self {
            Self::Less | Self::Points => figure > 0.05,
            Self::TimesLess | Self::TimesOf => figure > 1.05,
        }
    }
}

/// A bound that a figure is to keep.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// So much or more.
    AtLeast(f64),
    /// So much or less.
    AtMost(f64),
}

impl Bound {
    /// Whether `figure` keeps it. What rounds to the bound in floating point is on it.
    pub fn holds(self, figure: f64) -> bool {
        const DUST: f64 = 1e-9;
        match self {
            Self::AtLeast(least) => figure >= least - DUST,
            Self::AtMost(most) => figure <= most + DUST,
        }
    }

    fn text(self, by: By) -> String {
        match self {
            Self::AtLeast(least) => format!("≥ {}", by.text(least)),
            Self::AtMost(most) => format!("≤ {}", by.text(most)),
        }
    }
}

/// One of this project's own targets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Target {
    /// In a few words.
    pub title: &'static str,
    /// What is compared.
    pub metric: Metric,
    /// With whom.
    pub base: &'static str,
    /// How.
    pub by: By,
    /// To which end.
    pub bound: Bound,
}

impl Target {
    /// The bound in words: `≥ 80 % less`.
    pub fn bound_text(&self) -> String {
        self.bound.text(self.by)
    }
}

/// What issue 6 set out to reach.
pub const TARGETS: [Target; 9] = [
    Target {
        title: "Cold start to the answer of a light request, against eager",
        metric: Metric::ColdStart,
        base: EAGER,
        by: By::TimesLess,
        bound: Bound::AtLeast(10.0),
    },
    Target {
        title: "The same, against a bare function",
        metric: Metric::ColdStart,
        base: BARE,
        by: By::TimesOf,
        bound: Bound::AtMost(1.3),
    },
    Target {
        title: "Memory at ready, against eager",
        metric: Metric::ReadyMemory,
        base: EAGER,
        by: By::Less,
        bound: Bound::AtLeast(0.80),
    },
    Target {
        title: "Sustained memory on phases, against eager",
        metric: Metric::SustainedMemory,
        base: EAGER,
        by: By::Less,
        bound: Bound::AtLeast(0.50),
    },
    Target {
        title: "Sustained memory on phases, against LazyLock",
        metric: Metric::SustainedMemory,
        base: LAZYLOCK,
        by: By::Less,
        bound: Bound::AtLeast(0.30),
    },
    Target {
        title: "GB-seconds on phases, against eager",
        metric: Metric::GbSeconds,
        base: EAGER,
        by: By::Less,
        bound: Bound::AtLeast(0.82),
    },
    Target {
        title: "GB-seconds on phases, against LazyLock",
        metric: Metric::GbSeconds,
        base: LAZYLOCK,
        by: By::Less,
        bound: Bound::AtLeast(0.35),
    },
    Target {
        title: "p99 on phases, against LazyLock",
        metric: Metric::P99,
        base: LAZYLOCK,
        by: By::TimesOf,
        bound: Bound::AtMost(1.25),
    },
    Target {
        title: "Free-tier capacity on phases, against eager",
        metric: Metric::FreeTier,
        base: EAGER,
        by: By::TimesOf,
        bound: Bound::AtLeast(5.4),
    },
];

/// Whether a target is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Met {
    /// It is.
    Reached,
    /// It is not.
    Missed,
    /// One of the figures is missing.
    Unknown,
}

impl Met {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Reached => "met",
            Self::Missed => "MISSED",
            Self::Unknown => "not measured",
        }
    }
}

/// What one of our functions made of a target.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// Whose.
    pub rival: String,
    /// Its own figure.
    pub ours: Option<f64>,
    /// It and the base's, compared.
    pub figure: Option<f64>,
    /// Whether it is met.
    pub met: Met,
}

/// A target with what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The target.
    pub target: Target,
    /// The base's figure.
    pub theirs: Option<f64>,
    /// `lmms` itself, by which the target is judged.
    pub own: Attempt,
    /// Its variants, to compare.
    pub variants: Vec<Attempt>,
}

/// All targets, in their order.
pub fn targets(results: &Results) -> Vec<Outcome> {
    TARGETS.iter().map(|target| outcome(results, target)).collect()
}

fn outcome(results: &Results, target: &Target) -> Outcome {
    let theirs = target.metric.of(results, target.base);
    let attempt = |rival: &str| {
        let ours = target.metric.of(results, rival);
        let figure = ours.zip(theirs).and_then(|(ours, theirs)| target.by.of(ours, theirs));
        let met =
            figure.map_or(Met::Unknown, |figure| if target.bound.holds(figure) { Met::Reached } else { Met::Missed });
        Attempt { rival: rival.to_owned(), ours, figure, met }
    };
    let others = variants(results).filter(|id| *id != LMMS);
    Outcome { target: *target, theirs, own: attempt(LMMS), variants: others.map(attempt).collect() }
}

/// What a claim is judged by.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Judged {
    /// How `lmms` compares with eager.
    AgainstEager(f64),
    /// How its hot calls compare with its first ones. That eager's are as fast is no shame, to be slower would be.
    HotAgainstFirst(f64),
    /// The figure itself.
    Itself(f64),
}

/// A row of ARCH-07's table "Measurable Benefits".
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Claim {
    /// `Cold Start`.
    pub title: &'static str,
    /// Its figure for "traditional".
    pub traditional: &'static str,
    /// Its figure for LMMS.
    pub lmms: &'static str,
    /// The improvement that it claims.
    pub improvement: &'static str,
    /// What was measured for it.
    pub measured: &'static str,
    /// The same as a figure.
    pub metric: Metric,
    /// How rivals are compared.
    pub by: By,
    judged: Judged,
}

/// The table, in its order and with its figures.
pub const CLAIMS: [Claim; 8] = [
    Claim {
        title: "Cold Start",
        traditional: "800-1200 ms",
        lmms: "320-480 ms",
        improvement: "60 % faster",
        measured: "spawn to the answer of a light first request",
        metric: Metric::ColdStart,
        by: By::Less,
        judged: Judged::AgainstEager(0.60),
    },
    Claim {
        title: "Initial Memory",
        traditional: "40-50 MB",
        lmms: "12-15 MB",
        improvement: "70 % less",
        measured: "resident at the end of INIT",
        metric: Metric::ReadyMemory,
        by: By::Less,
        judged: Judged::AgainstEager(0.70),
    },
    Claim {
        title: "Sustained Memory",
        traditional: "40-45 MB",
        lmms: "26-30 MB",
        improvement: "35 % less",
        measured: "what a container holds on average, on phases",
        metric: Metric::SustainedMemory,
        by: By::Less,
        judged: Judged::AgainstEager(0.35),
    },
    Claim {
        title: "Hot Path Response",
        traditional: "140 ms",
        lmms: "2-5 ms",
        improvement: "97 % faster",
        measured: "a hot call; below it, the first one",
        metric: Metric::HotCall,
        by: By::Less,
        judged: Judged::HotAgainstFirst(0.97),
    },
    Claim {
        title: "GB-Seconds",
        traditional: "12 per 1K",
        lmms: "4.2 per 1K",
        improvement: "82 % less",
        measured: "per 1,000 requests, on phases",
        metric: Metric::GbSeconds,
        by: By::Less,
        judged: Judged::AgainstEager(0.82),
    },
    Claim {
        title: "Free Tier Capacity",
        traditional: "33K/month",
        lmms: "95K/month",
        improvement: "447 % more",
        measured: "requests per month that cost nothing, on phases",
        metric: Metric::FreeTier,
        by: By::TimesOf,
        judged: Judged::AgainstEager(5.47),
    },
    Claim {
        title: "Module Efficiency",
        traditional: "5-10 %",
        lmms: "100 %",
        improvement: "Zero waste",
        measured: "of the interfaces loaded, those that were asked for, on all traces",
        metric: Metric::Efficiency,
        by: By::Points,
        // One load in two hundred may be for another interface's sake.
        judged: Judged::Itself(0.995),
    },
    Claim {
        title: "Cache Hit Rate",
        traditional: "0 %",
        lmms: "85-90 %",
        improvement: "New capability",
        measured: "of the calls that it could answer, those that it did, on all traces",
        metric: Metric::CacheHits,
        by: By::Points,
        judged: Judged::Itself(0.85),
    },
];

/// Whether a claim holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// As much as claimed, or more.
    Held,
    /// Better, but by less than claimed; or as claimed, but at a price that the claim does not tell.
    Partly,
    /// No better.
    NotHeld,
    /// A figure is missing.
    Unknown,
}

impl Verdict {
    /// In a word or two.
    pub fn word(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Partly => "partly",
            Self::NotHeld => "not held",
            Self::Unknown => "not measured",
        }
    }
}

/// A claim with what was measured for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The claim.
    pub claim: Claim,
    /// `lmms` with its defaults.
    pub own: Option<f64>,
    /// Its variant that is better than it, and best: id and figure.
    pub best: Option<(String, f64)>,
    /// Compared with eager.
    pub against_eager: Option<f64>,
    /// Compared with `LazyLock`.
    pub against_lazylock: Option<f64>,
    /// Compared with its own first call, where the claim is about that.
    pub against_first: Option<f64>,
    /// What follows.
    pub verdict: Verdict,
}

impl Row {
    /// The figure of any rival.
    pub fn of(&self, results: &Results, rival: &str) -> Option<f64> {
        self.claim.metric.of(results, rival)
    }

    /// What its figures count.
    pub fn unit(&self) -> Unit {
        self.claim.metric.unit()
    }
}

/// ARCH-07's table, row by row.
pub fn rows(results: &Results) -> Vec<Row> {
    CLAIMS.iter().map(|claim| row(results, claim)).collect()
}

fn row(results: &Results, claim: &Claim) -> Row {
    let Claim { metric, by, .. } = *claim;
    let own = metric.of(results, LMMS);
    let against = |base| own.zip(metric.of(results, base)).and_then(|(ours, theirs)| by.of(ours, theirs));
    let against_eager = against(EAGER);
    let against_first = match claim.judged {
        Judged::HotAgainstFirst(_) => {
            own.zip(Metric::FirstCall.of(results, LMMS)).and_then(|(hot, first)| by.of(hot, first))
        }
        _ => None,
    };
    let verdict = match claim.judged {
        Judged::AgainstEager(least) => judge(by, against_eager, least, true),
        Judged::HotAgainstFirst(least) => {
            judge(by, against_first, least, against_eager.is_none_or(|less| less >= -SLOWER))
        }
        Judged::Itself(least) => judge(by, own, least, true),
    };
    Row {
        claim: *claim,
        own,
        best: best(results, metric, own),
        against_eager,
        against_lazylock: against(LAZYLOCK),
        against_first,
        verdict,
    }
}

/// A hot call that takes longer than eager's by more than this has bought its memory with time.
const SLOWER: f64 = 0.10;

fn judge(by: By, figure: Option<f64>, least: f64, is_fair: bool) -> Verdict {
    match figure {
        None => Verdict::Unknown,
        Some(figure) if is_fair && Bound::AtLeast(least).holds(figure) => Verdict::Held,
        Some(figure) if by.is_better(figure) => Verdict::Partly,
        Some(_) => Verdict::NotHeld,
    }
}

fn best(results: &Results, metric: Metric, own: Option<f64>) -> Option<(String, f64)> {
    let sign = if metric.more_is_better() { -1.0 } else { 1.0 };
    let figures = variants(results).filter_map(|id| Some((id.to_owned(), metric.of(results, id)?)));
    let best = figures.min_by(|a, b| (sign * a.1).total_cmp(&(sign * b.1)))?;
    // What is as good as the default is not worth a name.
    own.is_none_or(|own| sign * best.1 < sign * own).then_some(best)
}
