//! The pages as a user makes them: results and logs in, one file out. `.ci/report` looks at the same files in a browser.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::{array, fs};

use lmms_bench::logs::{Line, Loaded, Unloaded};
use lmms_bench::results::{
    ColdStarts, ContainerMemory, Latency, Machine, Replays, Results, Rival, Run, Timeline, TraceFacts,
};

const MB: u64 = 1 << 20;
const BEGAN: u64 = 1_790_000_000_000;

fn bench(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lmms-bench")).args(args).output().unwrap()
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn lines() -> Vec<Line> {
    let load = |interface: &str, generation, at| Loaded {
        interface: interface.to_owned(),
        generation,
        at: BEGAN + at,
        ms: 20.0,
        bytes: 12 * MB,
    };
    let line = |line, at, memory_mb| Line {
        timestamp: BEGAN + at,
        container: "c0ffee".to_owned(),
        line,
        calls: 40,
        zafp_hits: 30,
        memory_mb,
        budget_mb: Some(90.0),
        ..Line::default()
    };
    let unload = Unloaded {
        interface: "tokens".to_owned(),
        generation: 1,
        reason: "sweep".to_owned(),
        at: BEGAN + 400_000,
        ms: 3.0,
        bytes: 11 * MB,
    };
    vec![
        Line {
            loaded: vec![load("tokens", 1, 1_000), load("<script>alert(1)</script>", 1, 5_000)],
            ligs_loads: 2,
            ..line(1, 6_000, 60.0)
        },
        Line { hot: vec!["tokens".to_owned()], ..line(2, 100_000, 61.0) },
        Line { unloaded: vec![unload], lugs_unloads: 1, ..line(3, 400_000, 40.0) },
        Line { loaded: vec![load("tokens", 2, 500_000)], ligs_loads: 1, ..line(4, 500_100, 55.0) },
    ]
}

/// `sizes`: of a rival, what it takes in milliseconds and MB.
fn results(sizes: &[(&str, f64, u64)]) -> Results {
    let mut results = Results {
        began: BEGAN / 1000,
        took: 754.0,
        commit: "0123456789abcdef".to_owned(),
        machine: Machine { cpu: "A processor".to_owned(), cores: 2, kernel: "6.0".to_owned() },
        traces: vec![TraceFacts {
            id: "phases".to_owned(),
            title: "Rotating phases".to_owned(),
            what: "Six phases.".to_owned(),
            requests: 600,
            seconds: 600.0,
        }],
        ..Results::default()
    };
    for &(id, ms, mb) in sizes {
        let some = |factor: f64| array::from_fn::<_, 5, _>(|nth| (ms + nth as f64 / 10.0) * factor).to_vec();
        let run = |nth: u64| Run {
            told_mb: 1769,
            requests: 600,
            containers: 2,
            init_ms: ms,
            billed_ms: 900 + ms as u64,
            cpu_ms: 800.0,
            peak_bytes: mb * MB,
            sustained_bytes: (mb * 9 / 10 + nth) * MB,
            p50_ms: 0.5,
            p90_ms: 5.0,
            p99_ms: 50.0,
            max_ms: 500.0,
            ..Run::default()
        };
        results.rivals.push(Rival { id: id.to_owned(), title: id.to_owned(), what: "A function.".to_owned() });
        results.cold_starts.push(ColdStarts {
            rival: id.to_owned(),
            request: "language.detect".to_owned(),
            kind: "light".to_owned(),
            first_poll_ms: some(0.8),
            ready_ms: some(0.9),
            answered_ms: some(1.0),
            ready_bytes: vec![mb * MB; 5],
            ready_anonymous_bytes: vec![MB; 5],
        });
        results.latencies.push(Latency {
            rival: id.to_owned(),
            operation: "tokens.count".to_owned(),
            first_ms: some(1.0),
            hot_ms: some(0.01),
        });
        results.replays.push(Replays {
            rival: id.to_owned(),
            trace: "phases".to_owned(),
            runs: (0..5).map(run).collect(),
            timeline: Some(Timeline {
                seconds: 600.0,
                memory: vec![ContainerMemory {
                    container: 0,
                    samples: vec![(0.0, MB), (10.0, mb * MB), (600.0, mb * MB / 2)],
                }],
                lines: if id == "lmms" { lines() } else { Vec::new() },
                began_ms: BEGAN,
            }),
        });
    }
    results
}

const SIZES: [(&str, f64, u64); 4] =
    [("eager", 500.0, 230), ("lazylock", 3.0, 120), ("lmms", 3.2, 80), ("bare", 2.0, 4)];

#[test]
fn results_become_a_page_that_needs_nothing_else_and_the_same_as_markdown() {
    let (json, page) = (file("results.json"), file("report.html"));
    fs::write(&json, serde_json::to_vec(&results(&SIZES)).unwrap()).unwrap();
    let output =
        bench(&["render", json.to_str().unwrap(), "--html", page.to_str().unwrap(), "--markdown", "--no-scale"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let markdown = String::from_utf8(output.stdout).unwrap();
    let row =
        |begin: &str| markdown.lines().find(|line| line.starts_with(begin)).unwrap_or_else(|| panic!("{markdown}"));
    // 500.2 over 3.4, and 3.4 over 2.2: medians of what `results` made.
    assert!(row("| Cold start to the answer of a light request").contains("×147 | met"), "{markdown}");
    assert!(row("| The same, against a bare function").contains("×1.55 | missed"), "{markdown}");
    // 74 of 209 MB.
    assert!(row("| Sustained memory on phases, against eager").contains("65 % less | met"), "{markdown}");
    assert!(row("| Cache Hit Rate").contains("not measured"), "{markdown}");

    let page = fs::read_to_string(page).unwrap();
    assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("src="), "asks a network");
    assert!(page.contains("prefers-color-scheme: dark") && page.contains("width=device-width"));
    assert!(!page.contains("<script>alert"), "names are escaped");
    assert!(page.contains("&lt;script&gt;al"));
    for part in ["×147", "Rotating phases", "Container c0ffee", "budget 90.0 MB", "tokens.count"] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn what_was_not_measured_is_no_figure() {
    let (json, page) = (file("few.json"), file("few.html"));
    let sessions = [Results::default(), results(&SIZES[2..3]), results(&SIZES[..1])];
    for few in sessions {
        fs::write(&json, serde_json::to_vec(&few).unwrap()).unwrap();
        let output =
            bench(&["render", json.to_str().unwrap(), "--html", page.to_str().unwrap(), "--markdown", "--no-scale"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let both = fs::read_to_string(&page).unwrap() + &String::from_utf8(output.stdout).unwrap();
        assert!(both.contains("not measured") && !both.contains("NaN") && !both.contains(">inf"), "{few:?}");
    }
}

#[test]
fn a_log_becomes_a_page_and_what_is_broken_in_it_is_told() {
    let (log, page) = (file("function.log"), file("residency.html"));
    let told = lines()
        .into_iter()
        .map(|line| format!("2026-11-24T10:00:00Z [LMMS_STATS] {}\n", serde_json::to_string(&line).unwrap()));
    fs::write(&log, told.collect::<String>() + "END RequestId: 5\n[LMMS_STATS] {\"line\":\n").unwrap();
    let output = bench(&["report", log.to_str().unwrap(), "--html", page.to_str().unwrap()]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && stderr.contains("line 6") && stderr.contains("from 4 lines"), "{stderr}");
    let page = fs::read_to_string(page).unwrap();
    for part in ["3 loads", "1 line could not be read", "generation 2", "unloaded at 6.7 min: sweep"] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn what_is_no_log_and_no_results_is_refused_with_what_was_expected() {
    let other = file("other.txt");
    fs::write(&other, "START\nEND\n").unwrap();
    let other = other.to_str().unwrap();
    for (args, expected) in [
        (vec!["report", other], "expected some with `[LMMS_STATS]"),
        (vec!["report", "no/such/file"], "cannot read no/such/file"),
        (vec!["render", other, "--markdown"], "is not what `lmms-bench compare` writes"),
        (vec!["render", other], "--html"),
    ] {
        let output = bench(&args);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && stderr.contains(expected), "{args:?}: {stderr}");
    }
}
