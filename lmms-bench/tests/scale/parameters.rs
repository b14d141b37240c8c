//! Where parameters come from, and what is shown.

use lmms_bench::logs::{Line, Loaded, Unloaded};
use lmms_bench::results::{ColdStarts, Latency, Replays, Results, Rival, Run, Timeline, TraceFacts};
use lmms_bench::scale::{Inputs, Options, SECOND, section};

const MB: u64 = 1 << 20;

/// Three interfaces of 20 MB, 10 MB, and one of which no line tells: eager holds 36 MB more than lmms.
fn results() -> Results {
    let ids = ["eager", "lazylock", "timer", "lmms", "lmms-uncached", "lmms-budget", "bare"];
    let rival = |id: &str| Rival { id: id.to_owned(), title: id.to_owned(), what: String::new() };
    let start = |id: &str| {
        let (ready_ms, ready) = if id == "eager" { (630.0, 46 * MB) } else { (30.0, 10 * MB) };
        ColdStarts {
            rival: id.to_owned(),
            ready_ms: vec![ready_ms, ready_ms - 1.0, ready_ms + 1.0],
            ready_bytes: vec![ready; 3],
            ..ColdStarts::default()
        }
    };
    let latency = |id: &str, operation: &str| Latency {
        rival: id.to_owned(),
        operation: operation.to_owned(),
        first_ms: vec![50.0, 52.0],
        hot_ms: vec![if id == "lmms" { 0.1 } else { 0.4 }],
    };
    let replay = |id: &str| {
        let hits = (id == "lmms").then_some(1_500);
        let peak_bytes = if id == "eager" { 50 * MB } else { 40 * MB };
        let run = Run {
            requests: 3_600,
            containers: 2,
            peak_bytes,
            billed_ms: 4_000,
            cpu_ms: 1_000.0,
            told_mb: 128,
            cache_hits: hits,
            ..Run::default()
        };
        let loaded = |name: &str, bytes| Loaded { interface: name.to_owned(), bytes, ..Loaded::default() };
        let unloaded = |reason: &str, bytes, ms| Unloaded {
            interface: "big".to_owned(),
            reason: reason.to_owned(),
            bytes,
            ms,
            ..Unloaded::default()
        };
        let line = Line {
            loaded: vec![
                loaded("big", 19 * MB),
                loaded("big", 21 * MB),
                loaded("big", 20 * MB),
                loaded("middling", 10 * MB),
            ],
            unloaded: vec![unloaded("sweep", 15 * MB, 3.0), unloaded("shutdown", 0, 99.0)],
            ..Line::default()
        };
        let timeline = id.starts_with("lmms").then(|| Timeline { lines: vec![line], ..Timeline::default() });
        Replays { rival: id.to_owned(), trace: "zipf".to_owned(), runs: vec![run], timeline }
    };
    let operations = ["big.cut", "big.tag", "middling.at", "untold.find"];
    Results {
        rivals: ids.map(rival).into(),
        traces: vec![TraceFacts { id: "zipf".to_owned(), requests: 3_600, seconds: 3_600.0, ..TraceFacts::default() }],
        cold_starts: ids.map(start).into(),
        latencies: ids[..5].iter().flat_map(|id| operations.map(|operation| latency(id, operation))).collect(),
        replays: ids[..6].iter().map(|id| replay(id)).collect(),
        ..Results::default()
    }
}

#[test]
fn parameters_are_what_was_measured() {
    let inputs = Inputs::of(&results()).unwrap();
    assert_eq!(inputs.interfaces, ["big", "middling", "untold"]);
    assert_eq!(inputs.estimated, ["untold"]);
    let ids: Vec<_> = inputs.functions.iter().map(|function| &*function.rival.id).collect();
    assert_eq!(ids, ["eager", "lazylock", "timer", "lmms", "lmms-uncached", "lmms-budget"]);
    assert_eq!(inputs.left_out.len(), 1, "{:?}", inputs.left_out);

    let lmms = inputs.function("lmms").unwrap();
    assert_eq!(lmms.model.init, [30, 29, 31].map(|ms| ms * SECOND / 1_000));
    let bytes: Vec<_> =
        lmms.model.interfaces.iter().map(|part| (part.bytes / MB as f64, part.left / MB as f64)).collect();
    // 36 MB less 30 are the third's.
    assert_eq!(bytes, [(20.0, 5.0), (10.0, 0.0), (6.0, 0.0)]);
    assert_eq!(lmms.model.interfaces[0].unload, 3 * SECOND / 1_000);
    assert_eq!(lmms.model.hit_rate, 1_500.0 / 3_600.0);
    assert_eq!((lmms.cpu_share, lmms.model.scratch), (0.25, 4.0 * MB as f64));
    // A call that the cache does not answer takes what it takes without one.
    let calls = &lmms.model.operations[1];
    assert_eq!((calls.interface, &calls.again[..], &calls.hit[..]), (0, &[400_000][..], &[100_000][..]));
    // All that eager holds is 6 MB more than lines tell of: who does not give back what loads leave over holds that, too.
    let mut more = results();
    more.replays.iter_mut().flat_map(|replays| &mut replays.timeline).flat_map(|one| &mut one.lines).for_each(|line| {
        line.loaded.push(Loaded { interface: "untold".to_owned(), bytes: 0, ..Loaded::default() });
    });
    let more = Inputs::of(&more).unwrap();
    let bytes =
        |id: &str| more.function(id).unwrap().model.interfaces.iter().map(|part| part.bytes).sum::<f64>() / MB as f64;
    assert_eq!((bytes("lmms"), bytes("lazylock"), bytes("timer")), (30.0, 36.0, 36.0));
    // The same function, told that it has 128 MB: 128 - 12.8 - 16.
    let budget = inputs.function("lmms-budget").unwrap();
    assert_eq!((&budget.model.init, &budget.model.operations), (&lmms.model.init, &lmms.model.operations));
    assert_eq!((lmms.model.budget, budget.model.budget), (None, Some(99.2 * MB as f64)));
    let eager = inputs.function("eager").unwrap();
    assert!((eager.init_each - 0.2).abs() < 1e-9, "{}", eager.init_each);
    assert_eq!(eager.bytes_each, 12.0 * MB as f64);
    assert_eq!(eager.model.hit_rate, 0.0);
}

#[test]
fn more_interfaces_are_copies_of_those_there_are() {
    let inputs = Inputs::of(&results()).unwrap();
    let eager = inputs.function("eager").unwrap().with_interfaces(7);
    assert_eq!(eager.model.base, (46 + 4 * 12) as f64 * MB as f64);
    assert_eq!(eager.model.init[0], 1_430 * SECOND / 1_000);
    let lmms = inputs.function("lmms").unwrap();
    let more = lmms.with_interfaces(7).model;
    assert_eq!((more.interfaces.len(), more.operations.len()), (7, 10));
    assert_eq!(more.interfaces[6], lmms.model.interfaces[0]);
    assert_eq!(more.operations.iter().map(|calls| calls.interface).collect::<Vec<_>>(), [0, 0, 1, 2, 3, 3, 4, 5, 6, 6]);
    // 0.2 us each.
    assert_eq!(more.init[0] - lmms.model.init[0], 800);
    assert_eq!(lmms.with_interfaces(3).model, lmms.model);
}

#[test]
fn results_that_lack_something_are_told_so() {
    type Break = fn(&mut Results);
    let cases: [(Break, &str); 4] = [
        (|results| results.latencies.clear(), "latencies of `lmms`"),
        (|results| results.cold_starts.retain(|starts| starts.rival != "timer"), "cold starts of `timer`"),
        (
            |results| results.latencies.retain(|one| (&*one.rival, &*one.operation) != ("timer", "big.tag")),
            "latencies of `timer` for `big.tag`",
        ),
        (|results| results.replays.clear(), "`[LMMS_STATS]` lines of `lmms` that tell of loads"),
    ];
    for (break_it, lacks) in cases {
        let mut results = results();
        break_it(&mut results);
        assert_eq!(Inputs::of(&results).unwrap_err().lacks, lacks);
    }
}

#[test]
fn the_section_has_all_its_tables_and_says_what_it_assumes() {
    let options = Options {
        requests_per_day: 5_000.0,
        most_per_day: 1_000.0,
        most_interfaces: 1_000,
        most_containers: 10,
        ..Options::default()
    };
    let scaled = section(&results(), &options, &()).unwrap();
    let shape: Vec<_> = scaled.tables.iter().map(|table| (&*table.id, table.rows.len())).collect();
    // Six functions, and five that are swept over.
    assert_eq!(
        shape,
        [
            ("day", 6),
            ("phases", 6),
            ("requests", 10),
            ("grace", 6),
            ("interfaces", 15),
            ("containers", 10),
            ("check", 6)
        ]
    );
    assert!(scaled.tables.iter().all(|table| table.rows.iter().all(|row| row.len() == table.columns.len())));
    // 1,000 interfaces of 12 MB are more than there is, and 200 s to start.
    let eager = scaled.tables[4].rows.iter().find(|row| row[..2] == ["eager", "1,000"]).unwrap();
    assert_eq!(eager[8], "fits none");
    assert!(
        scaled.findings.iter().any(|finding| finding.contains("With 1,000 interfaces `eager` is no Lambda function"))
    );
    for kind in ["by Zipf, at any time", "in rotating phases"] {
        let begin = format!("GB-seconds of 5,000 requests a day {kind}: `lmms` ");
        assert!(scaled.findings.iter().any(|finding| finding.starts_with(&begin)), "{:#?}", scaled.findings);
    }
    for assumed in ["untold", "`bare`", "41.7 % for `lmms`", "1,769 MB", "cargo bench --bench startup"] {
        assert!(
            scaled.assumptions.iter().any(|sentence| sentence.contains(assumed)),
            "{assumed}: {:#?}",
            scaled.assumptions
        );
    }
    // The same as Markdown: a line for each row.
    let markdown = scaled.markdown();
    assert_eq!(markdown.lines().filter(|line| line.starts_with('|')).count(), 59 + 2 * 7);
    assert_eq!(section(&results(), &options, &()).unwrap(), scaled);
}
