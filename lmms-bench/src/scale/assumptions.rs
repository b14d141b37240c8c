//! Assumptions: all that the tables rest on beside what was measured.

use super::Options;
use super::figures::{grouped, number, percent};
use super::inputs::{self, Inputs};
use super::model::{Containers, SECOND};
use crate::bill;
use crate::results::Results;

/// All that the tables rest on.
#[must_use]
pub fn all(results: &Results, inputs: &Inputs, options: &Options) -> Vec<String> {
    let Containers { idle, lifetime } = Containers::default();
    let mut all = vec![
        format!(
            "Measured: commit {} on {}; durations are those of a whole core of that machine{}.",
            results.commit,
            results.machine.cpu,
            if results.is_quick { "; a quick session, to look at and not to conclude from" } else { "" },
        ),
        format!("Arrivals are Poisson with a day curve, at noon nine times as many as at midnight, seed {}; operations are Zipf (exponent 1), \
            their ranks by the seed.", options.seed),
        format!(
            "A request goes to the idle container that was used last; if none is idle a new one is started for it. An idle container \
            is ended after {} minutes, any after {} hours; there is no limit on how many there are, nor on how fast they start (AWS: \
            1,000 at once by default, 1,000 more every ten seconds).",
            idle / SECOND / 60,
            lifetime / SECOND / 3_600,
        ),
        "INIT is drawn from the measured starts (until the first /next and the extensions are ready), AWS's own work before it \
        (sandbox, download of the code) is not in it; it is the same for all."
            .to_owned(),
        "A call takes one of its measured first latencies where its interface is not loaded, one of its hot ones where it is; an \
        eager function takes a first one for a container's first request alone. Further operations of a loaded interface are hot at \
        once."
            .to_owned(),
        format!(
            "Interfaces are loaded when first needed; lmms and the timer unload at the end of an invocation what has idled for {} s, lmms \
            keeps {} loaded and what was called more than {} times of late (half forgotten every {} minutes); an unload takes its \
            measured time after the answer, and is billed.",
            inputs::GRACE / SECOND,
            inputs::FLOOR,
            inputs::HEAT.threshold,
            inputs::HEAT.half_life / SECOND / 60,
        ),
        "AWS bills the setting, not what is held: what is unloaded lowers a bill only where it lowers the largest peak of any container, \
        or with a memory budget, which bounds it."
            .to_owned(),
        "Under a budget (a tenth and 16 MiB less than the function is told it has) what was used least recently is unloaded before a load \
        that would not fit, on the client's time; lmms also weighs what it holds and what its load takes."
            .to_owned(),
        "What an interface holds, and what its unload gives back, is the median of what lmms's own lines tell, for all functions alike \
        (for lmms with jemalloc that of its own lines; for LazyLock and the timer, which do not give back what loads leave over, as much \
        more as an eager function holds when all is loaded); what a request holds on top while it runs is by how much an eager function's \
        peak exceeded what it held when ready, for all alike."
            .to_owned(),
    ];
    if !inputs.estimated.is_empty() {
        all.push(format!(
            "No line tells of {}: what an eager function holds beyond the known ones is divided among them.",
            inputs.estimated.join(", ")
        ));
    }
    let rates = inputs.functions.iter().filter(|function| function.model.hit_rate > 0.0);
    let rates: Vec<_> =
        rates.map(|function| format!("{} for `{}`", percent(function.model.hit_rate), function.rival.id)).collect();
    if !rates.is_empty() {
        all.push(format!(
            "The cache of results answers the measured share of the requests ({}; in phases that of the trace of phases) whatever the \
            operation, but none whose operation was not asked before in the same container.",
            rates.join(", ")
        ));
    }
    all.push(format!(
        "Billed is INIT and duration together, rounded up to a millisecond, times the smallest memory setting that the largest peak of \
        any container fits with a margin of {}; USD without the free tier, prices of {} ({} a GB-second, {:.2} a million requests: that much \
        of it is the same for all).",
        percent(bill::MARGIN),
        bill::PRICES_OF,
        bill::USD_PER_GB_SECOND,
        bill::USD_PER_MILLION_REQUESTS,
    ));
    let shares: Vec<_> =
        inputs.functions.iter().map(|one| format!("{} of `{}`", percent(one.cpu_share), one.rival.id)).collect();
    all.push(format!(
        "\"At its share\": AWS gives a processor per {} MB. The measured share of processor time in what was billed ({}) is as much \
        longer as the setting has less; INIT is not, for AWS gives it more. What is bound by the processor costs the same at any setting \
        below that: there a smaller setting saves nothing, and is slower.",
        grouped(f64::from(bill::WHOLE_PROCESSOR_MB)),
        shares.join(", "),
    ));
    all.push(format!(
        "Another interface adds {} us to a start of lmms (`cargo bench --bench startup`, 1,000 registered until ready) and nothing to a \
        call (`cargo bench --bench scale`), to an eager start what the demo's add on average, to the others nothing. Code and data of that \
        many interfaces of the demo's size exceed Lambda's 250 MB (10 GB as an image) long before 10,000.",
        number(inputs::REGISTERED * 1e6),
    ));
    if !inputs.left_out.is_empty() {
        all.push(format!("Not simulated: {}.", inputs.left_out.join("; ")));
    }
    all
}
