//! The tables: a day, and the sweeps over requests, interfaces and containers; and how the model compares with what was measured.

use super::figures::{grouped, number, percent};
use super::inputs::{self, Function, Inputs};
use super::model::{Containers, Keeping, SECOND, simulate};
use super::point::{LONGEST_INIT, Point, point};
use super::traffic::{Bursts, DAY, Traffic};
use super::{Options, Table};
use crate::bill;
use crate::measure::Progress;
use crate::results::{Results, Run, TraceFacts};

/// Of a day of rotating phases, as the trace `phases` has them.
pub const PHASES: usize = 6;
/// Those that sweeps compare.
const SWEPT: [&str; 5] = ["eager", "lazylock", "timer", "lmms", "lmms-budget"];
/// As it comes, longer, as long as an idle container is kept, and for ever.
const GRACES: [u64; 5] = [inputs::GRACE, 120 * SECOND, 300 * SECOND, 600 * SECOND, u64::MAX];
/// Where a container lives for long and most interfaces idle for longer than the grace period.
const GRACE_RATES: [f64; 3] = [1e3, 1e4, 1e5];
/// As many requests are simulated at least, over as many days as that takes.
const ENOUGH: f64 = 20_000.0;
/// Between two moments at which many requests arrive at once: longer than an idle container is kept, so that each finds none.
const BETWEEN_BURSTS: u64 = 3_600 * SECOND;
/// Nearer than that, two costs are told to be the same.
const SAME: f64 = 0.02;
const MB: f64 = (1 << 20) as f64;

/// Simulates what the tables show.
pub struct Sweeps<'a, P> {
    results: &'a Results,
    inputs: &'a Inputs,
    options: &'a Options,
    progress: &'a P,
    /// What the tables came to so far.
    pub findings: Vec<String>,
}

impl<'a, P: Progress> Sweeps<'a, P> {
    /// Of these.
    pub fn new(results: &'a Results, inputs: &'a Inputs, options: &'a Options, progress: &'a P) -> Self {
        Self { results, inputs, options, progress, findings: Vec::new() }
    }

    fn swept(&self) -> Vec<&'a Function> {
        let inputs = self.inputs;
        SWEPT.iter().filter_map(|id| inputs.function(id)).collect()
    }

    fn points<'f>(
        &self,
        functions: impl IntoIterator<Item = &'f Function>,
        traffic: &Traffic,
    ) -> Vec<(&'f Function, Point)> {
        let of = |function: &'f Function| {
            let point = point(function, traffic, &Containers::default(), self.options.seed);
            self.progress.step();
            (function, point)
        };
        functions.into_iter().map(of).collect()
    }

    /// One day in full: all operations at any time, or those of one phase after the other.
    pub fn day(&mut self, phases: usize) -> Table {
        let functions: Vec<_> = self.inputs.functions.iter().map(|function| self.in_phases(function, phases)).collect();
        self.progress.expect(functions.len() as u64, "days simulated");
        let traffic = Traffic { phases, ..Traffic::day(self.options.requests_per_day) };
        let points = self.points(&functions, &traffic);
        let kind = if phases == 1 { "by Zipf, at any time" } else { "in rotating phases" };
        let told = ["lmms", "lmms-budget"].into_iter().flat_map(|lmms| {
            let points = &points;
            ["lazylock", "eager"].into_iter().filter_map(move |rival| {
                let [own, other] = [lmms, rival].map(|id| of(points, id)?.gb_seconds_per_1000());
                Some(format!("`{lmms}` {:.2} times those of `{rival}`", own? / other?))
            })
        });
        let told: Vec<_> = told.collect();
        if !told.is_empty() {
            let per_day = grouped(self.options.requests_per_day);
            self.findings.push(format!("GB-seconds of {per_day} requests a day {kind}: {}.", told.join(", ")));
        }
        let rows = points.iter().map(|(function, point)| {
            let Point { measured, fits, .. } = point;
            let setting = fits.as_ref().map(|fits| fits.setting);
            let gb_seconds = setting.map(|setting| measured.gb_seconds(setting));
            let usd = setting.map(|setting| measured.usd(setting));
            let share = fits.as_ref().map(|fits| (fits.at_share.percentile(99.0), fits.at_share.usd(fits.setting)));
            vec![
                function.rival.title.clone(),
                number(measured.cold as f64 / measured.days),
                percent(measured.cold_share()),
                number(measured.containers),
                measured.peak_containers.to_string(),
                number(measured.percentile(50.0)),
                number(measured.percentile(99.0)),
                number(measured.percentile(99.9)),
                number(measured.bytes / MB),
                number(measured.peak_bytes / MB),
                setting.map_or_else(no, |setting| setting.to_string()),
                gb_seconds.map_or_else(no, number),
                usd.map_or_else(no, number),
                share.map_or_else(no, |(p99, _)| number(p99)),
                share.map_or_else(no, |(_, usd)| number(usd)),
            ]
        });
        let rows = rows.collect();
        let per_day = grouped(self.options.requests_per_day);
        let (id, title, when) = if phases == 1 {
            ("day", format!("A day of {per_day} requests"), "All operations by Zipf, at any time")
        } else {
            (
                "phases",
                "The same day in rotating phases".to_owned(),
                "Each ten minutes other interfaces are asked for, all in an hour, again and again",
            )
        };
        table(
            id,
            title,
            format!("{when}. The last two columns: with the processor's share that AWS gives at that memory setting."),
            "function|cold starts|of requests|containers, mean|peak|p50 ms|p99 ms|p99.9 ms|MB, mean|MB, peak|setting MB\
            |GB-s a day|USD a day|p99 ms at its share|USD a day at its share",
            rows,
        )
    }

    /// The cache answers as much as in the trace of phases.
    fn in_phases(&self, function: &Function, phases: usize) -> Function {
        let mut function = function.clone();
        if phases > 1 {
            function.model.hit_rate = inputs::hit_rate(self.results, &function.rival.id, "phases");
        }
        function
    }

    /// From 100 requests a day on.
    pub fn requests(&mut self) -> Table {
        let rates: Vec<f64> =
            (2..).map(|power| 10_f64.powi(power)).take_while(|rate| *rate <= self.options.most_per_day).collect();
        let functions = self.swept();
        self.progress.expect((rates.len() * functions.len()) as u64, "simulations over requests a day");
        let (mut rows, mut ratios) = (Vec::new(), Vec::new());
        for rate in &rates {
            let points = self.points(functions.iter().copied(), &over_days(*rate));
            rows.extend(rows_of(&grouped(*rate), &points));
            ratios.push((*rate, points));
        }
        for rival in ["lazylock", "eager"] {
            for lmms in ["lmms", "lmms-budget"] {
                self.findings.extend(crossover(lmms, rival, &ratios));
            }
            self.findings.extend(held(rival, &ratios));
        }
        if let Some((rate, points)) = ratios
            .iter()
            .rev()
            .find(|(_, points)| of(points, "lmms").is_some_and(|lmms| lmms.measured.cold_share() > 0.1))
        {
            let share = of(points, "lmms").map_or(0.0, |lmms| lmms.measured.cold_share());
            self.findings.push(format!(
                "At {} requests a day and fewer, more than a tenth of them meet a cold start ({} there): what INIT and first loads take \
                decides.",
                grouped(*rate),
                percent(share),
            ));
        }
        swept(
            "requests",
            "From few requests to many",
            "The demo's interfaces, all operations by Zipf; where a day has too few requests to tell, several days.",
            "requests a day",
            rows,
        )
    }

    /// How long what is idle is kept, from as it comes to for ever.
    pub fn grace(&mut self) -> Table {
        let Some(lmms) = self.inputs.function("lmms") else {
            return swept("grace", "From short grace to long", "There is no `lmms`.", "requests a day", Vec::new());
        };
        let with = |grace: u64| {
            let mut function = lmms.clone();
            function.model.keeping = Keeping::Idle { grace, floor: inputs::FLOOR, heat: Some(inputs::HEAT) };
            function.rival.title = match grace {
                u64::MAX => "lmms, never unloads".to_owned(),
                _ => format!("lmms, {} s", grace / SECOND),
            };
            function
        };
        let functions: Vec<_> = GRACES.into_iter().map(with).chain(self.inputs.function("lazylock").cloned()).collect();
        let rates: Vec<_> = GRACE_RATES.into_iter().filter(|rate| *rate <= self.options.most_per_day).collect();
        self.progress.expect((rates.len() * functions.len()) as u64, "simulations over the grace period");
        let mut rows = Vec::new();
        for rate in rates {
            rows.extend(rows_of(&grouped(rate), &self.points(&functions, &over_days(rate))));
        }
        let what = "The demo's interfaces, all operations by Zipf, UNLOAD_GRACE_PERIOD as in the first column; LazyLock to compare.";
        swept("grace", "From short grace to long", what, "requests a day", rows)
    }

    /// From those that there are on.
    pub fn interfaces(&mut self) -> Table {
        let known = self.inputs.interfaces.len();
        let counts = [known, 100, 1_000, 10_000]
            .into_iter()
            .filter(|count| (known..=self.options.most_interfaces.max(known)).contains(count));
        let counts: Vec<_> = counts.collect();
        let functions = self.swept();
        self.progress.expect((counts.len() * functions.len()) as u64, "simulations over interfaces");
        let traffic = Traffic::day(self.options.requests_per_day);
        let mut rows = Vec::new();
        for count in &counts {
            let more: Vec<_> = functions.iter().map(|function| function.with_interfaces(*count)).collect();
            let points = self.points(&more, &traffic);
            for (function, point) in &points {
                if point.fits.is_none() || !point.starts() {
                    self.findings.push(format!(
                        "With {} interfaces `{}` is no Lambda function: it would hold {} MB at its peak (Lambda has up to {}) and take {} s \
                        to INIT (Lambda waits for {LONGEST_INIT}).",
                        grouped(*count as f64),
                        function.rival.id,
                        number(point.measured.peak_bytes / MB),
                        grouped(f64::from(bill::MOST_MB)),
                        number(point.init),
                    ));
                }
            }
            rows.extend(rows_of(&grouped(*count as f64), &points));
        }
        swept(
            "interfaces",
            "From few interfaces to many",
            &format!(
                "{} requests a day. Each interface beyond the demo's {known} is a copy of one of them; all operations by Zipf.",
                grouped(self.options.requests_per_day)
            ),
            "interfaces",
            rows,
        )
    }

    /// Many requests at the same moment.
    pub fn containers(&mut self) -> Table {
        let counts: Vec<usize> =
            (0..).map(|power| 10_usize.pow(power)).take_while(|count| *count <= self.options.most_containers).collect();
        let functions = self.swept();
        self.progress.expect((counts.len() * functions.len()) as u64, "simulations over containers");
        let mut rows = Vec::new();
        for count in counts {
            let bursts = Some(Bursts { every: BETWEEN_BURSTS, requests: count });
            let traffic = Traffic { bursts, ..Traffic::day(self.options.requests_per_day) };
            rows.extend(rows_of(&grouped(count as f64), &self.points(functions.iter().copied(), &traffic)));
        }
        swept(
            "containers",
            "From few containers to many",
            &format!(
                "{} requests a day, and once an hour so many more at the same moment, for which there are not enough containers.",
                grouped(self.options.requests_per_day)
            ),
            "at the same moment",
            rows,
        )
    }

    /// The model, told of the traces, against the runs.
    pub fn check(&mut self) -> Table {
        let (mut rows, mut ratios) = (Vec::new(), Vec::new());
        for (id, depth, phases) in [("zipf", 0.8, 1), ("phases", 0.0, PHASES)] {
            let Some(facts) = self.results.traces.iter().find(|trace| trace.id == id) else { continue };
            let traffic = like(facts, depth, phases);
            for function in &self.inputs.functions {
                let function = self.in_phases(function, phases);
                let replays =
                    self.results.replays.iter().filter(|one| one.rival == function.rival.id && one.trace == id);
                let runs: Vec<&Run> = replays.flat_map(|replays| &replays.runs).collect();
                let Some(measured) = Measured::of(&runs) else { continue };
                let outcome = simulate(&function.model, &traffic, &Containers::default(), self.options.seed);
                let scale = measured.requests / outcome.answered.max(1) as f64;
                ratios.push((
                    outcome.billed_ms as f64 * scale / measured.billed,
                    format!("{id}: {}", function.rival.title),
                ));
                let pair = |measured: f64, modelled: f64| format!("{} / {}", number(measured), number(modelled));
                rows.push(vec![
                    format!("{id}: {}", function.rival.title),
                    pair(measured.containers, outcome.cold as f64),
                    pair(measured.sustained / MB, outcome.bytes / MB),
                    pair(measured.peak / MB, outcome.peak_bytes / MB),
                    pair(measured.billed / 1e3, outcome.billed_ms as f64 * scale / 1e3),
                    pair(measured.p50, outcome.percentile(50.0)),
                    pair(measured.p99, outcome.percentile(99.0)),
                ]);
            }
        }
        ratios.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        if let [(least, at), .., (most, _)] = &ratios[..] {
            self.findings.push(format!(
                "Of the replays the model bills {least:.2} to {most:.2} times what was measured, the least for {at}: figures of that function \
                are to be read as that much too low. The model has no bursts, other ranks of the operations, and hot calls without pauses; \
                what each of these makes of the difference is not known."
            ));
        }
        table(
            "check",
            "The model against what was measured".to_owned(),
            "The replayed traces, as the model has them: without their bursts, and with other ranks of the operations. Measured (median \
            run) / modelled; billed time is for as many requests. Hot calls were measured one right after the other; after a second of \
            idling they take longer, which a bill in whole milliseconds hardly sees."
                .to_owned(),
            "trace and function|containers|MB, mean|MB, peak|billed s|p50 ms|p99 ms",
            rows,
        )
    }
}

/// Over as many days as it takes.
fn over_days(rate: f64) -> Traffic {
    let days = (ENOUGH / rate).ceil().max(1.0) as u64;
    Traffic { length: days * DAY, ..Traffic::day(rate) }
}

/// Medians of the runs.
struct Measured {
    requests: f64,
    containers: f64,
    sustained: f64,
    peak: f64,
    billed: f64,
    p50: f64,
    p99: f64,
}

impl Measured {
    fn of(runs: &[&Run]) -> Option<Self> {
        let median = |of: fn(&Run) -> f64| inputs::median(runs.iter().map(|run| of(run)));
        Some(Self {
            requests: median(|run| run.requests as f64)?,
            containers: median(|run| run.containers as f64)?,
            sustained: median(|run| run.sustained_bytes as f64)?,
            peak: median(|run| run.peak_bytes as f64)?,
            billed: median(|run| run.billed_ms as f64)?,
            p50: median(|run| run.p50_ms)?,
            p99: median(|run| run.p99_ms)?,
        })
    }
}

fn like(facts: &TraceFacts, depth: f64, phases: usize) -> Traffic {
    let length = (facts.seconds * 1e9) as u64;
    let per_day = facts.requests as f64 / facts.seconds.max(1.0) * 86_400.0;
    Traffic { length, period: length, depth, phases, rotation: length, ..Traffic::day(per_day) }
}

/// Where lmms costs less than a rival, and where not.
fn crossover(lmms: &str, rival: &str, ratios: &[(f64, Vec<(&Function, Point)>)]) -> Option<String> {
    let told: Vec<String> = ratios
        .iter()
        .filter_map(|(rate, points)| {
            let [lmms, other] = [lmms, rival].map(|id| of(points, id));
            let (lmms, other) = lmms.zip(other)?;
            let ratio = lmms.usd_per_million()?.0 / other.usd_per_million()?.0;
            let gb_seconds = lmms.gb_seconds_per_1000()? / other.gb_seconds_per_1000()?;
            let word = match ratio {
                less if less < 1.0 - SAME => "less",
                more if more > 1.0 + SAME => "more",
                _ => "the same",
            };
            Some(format!("{}: {word} ({ratio:.2} times; GB-seconds {gb_seconds:.2} times)", grouped(*rate)))
        })
        .collect();
    (!told.is_empty()).then(|| format!("What `{lmms}` costs beside `{rival}`, by requests a day: {}.", told.join("; ")))
}

/// What a container of lmms holds, beside one of a rival.
fn held(rival: &str, ratios: &[(f64, Vec<(&Function, Point)>)]) -> Option<String> {
    let told = ratios.iter().filter_map(|(rate, points)| {
        let [lmms, other] = ["lmms", rival].map(|id| Some(of(points, id)?.measured.bytes));
        Some(format!("{}: {:.2} times", grouped(*rate), lmms? / other?))
    });
    let told: Vec<_> = told.collect();
    (!told.is_empty()).then(|| {
        format!(
            "What a container of `lmms` holds on average beside one of `{rival}`, by requests a day: {}.",
            told.join("; ")
        )
    })
}

fn of<'a>(points: &'a [(&Function, Point)], id: &str) -> Option<&'a Point> {
    points.iter().find(|(function, _)| function.rival.id == id).map(|(_, point)| point)
}

fn rows_of(first: &str, points: &[(&Function, Point)]) -> Vec<Vec<String>> {
    let lazylock = of(points, "lazylock").and_then(Point::usd_per_million);
    let row = |(function, point): &(&Function, Point)| {
        let measured = &point.measured;
        let usd = point.usd_per_million();
        let against = usd.zip(lazylock).map(|((usd, _), (lazylock, _))| usd / lazylock);
        vec![
            function.rival.title.clone(),
            first.to_owned(),
            percent(measured.cold_share()),
            number(measured.containers),
            measured.peak_containers.to_string(),
            number(measured.percentile(50.0)),
            number(measured.percentile(99.0)),
            number(measured.bytes / MB),
            point.fits.as_ref().map_or_else(no, |fits| fits.setting.to_string()),
            point.gb_seconds_per_1000().map_or_else(no, number),
            usd.map_or_else(no, |(usd, _)| number(usd)),
            against.map_or_else(|| "-".to_owned(), |against| format!("{against:.2}")),
            usd.map_or_else(no, |(_, usd)| number(usd)),
        ]
    };
    points.iter().map(row).collect()
}

fn swept(id: &str, title: &str, what: &str, first: &str, rows: Vec<Vec<String>>) -> Table {
    let columns = format!(
        "function|{first}|cold|containers, mean|peak|p50 ms|p99 ms|MB, mean|setting MB|GB-s per 1,000|USD per million|of LazyLock's\
        |USD per million at its share"
    );
    table(id, title.to_owned(), what.to_owned(), &columns, rows)
}

fn table(id: &str, title: String, what: String, columns: &str, rows: Vec<Vec<String>>) -> Table {
    Table { id: id.to_owned(), title, what, columns: columns.split('|').map(str::to_owned).collect(), rows }
}

/// What does not fit Lambda has none.
fn no() -> String {
    "fits none".to_owned()
}
