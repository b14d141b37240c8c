//! `[LMMS_STATS]` lines tell what happened since the line before: all of it, once, and nothing when nothing happened
//! (acceptance 23).

mod common;

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{self, Command, Stdio};
use std::sync::{Barrier, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use common::{block_on, gateway, unloader};
use lmms::telemetry::{Cause, StatsLine};
use lmms::testing::ManualClock;
use lmms::{Config, ErrorCode, Gateway, Interface, Invocation, Stats, Unload};
use serde_json::Value;

macro_rules! interfaces {
    ($($Name:ident)*) => {$(
        struct $Name;

        #[lmms::interface]
        impl $Name {
            #[load]
            fn load() -> Self {
                Self
            }

            #[operation]
            fn call(&self) {}
        }
    )*};
}

interfaces! { A B C Hot }

struct Broken;

#[lmms::interface]
impl Broken {
    #[load]
    fn load() -> Result<Self, std::io::Error> {
        Err(std::io::Error::other("no such file"))
    }

    #[operation]
    fn call(&self) {}
}

struct Untidy;

#[lmms::interface]
impl Untidy {
    #[load]
    fn load() -> Self {
        Self
    }

    #[unload]
    fn unload(self) -> Result<(), std::io::Error> {
        Err(std::io::Error::other("the disk is full"))
    }
}

struct Squares;

#[lmms::interface]
impl Squares {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation(cached)]
    fn of(&self, number: u64) -> u64 {
        number * number
    }
}

/// Tests take turns. Each begins with nothing loaded, all told, and heat gone.
struct Turn {
    clock: ManualClock,
    _turn: MutexGuard<'static, ()>,
}

impl Turn {
    fn take() -> Self {
        static TURN: Mutex<()> = Mutex::new(());
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let clock = ManualClock::install();
        clock.advance(Duration::from_secs(24 * 3_600));
        let _ = block_on(unloader().shutdown(Duration::from_secs(3_600)));
        let _ = gateway().stats_line();
        Self { clock, _turn: turn }
    }
}

fn call(gateway: &Gateway, request: &str) {
    let mut reply = Vec::new();
    block_on(gateway.execute_in(&Invocation::enter(), request.as_bytes(), &mut reply)).unwrap();
}

fn touch<T: Interface>() {
    block_on(Invocation::enter().get_async::<T>()).unwrap();
}

const HOT_CALL: &str = r#"{"interface":"hot","operation":"call","args":{}}"#;

/// The JSON of a line: its first fragment, and all that follows the prefix.
#[track_caller]
fn json(line: &str) -> Value {
    let json = line.strip_prefix("[LMMS_STATS] ").unwrap_or_else(|| panic!("not a line: {line}"));
    assert_eq!(line.find('{'), Some("[LMMS_STATS] ".len()), "not the first fragment: {line}");
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {line}"))
}

fn sum(lines: &[Value], field: &str) -> u64 {
    lines.iter().map(|line| line[field].as_u64().unwrap_or_else(|| panic!("no {field} in {line}"))).sum()
}

/// Runs one of the tests below in a process of its own, where it is the child, and gives its lines.
fn lines_of(test: &str, variables: &[(&str, &str)]) -> Vec<Value> {
    let output = command(test, variables).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("1 passed"), "{said}");
    said.lines().filter(|line| line.contains("LMMS_STATS")).map(json).collect()
}

const CHILD: &str = "LMMS_TEST_CHILD";

fn command(test: &str, variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    // Quietly, or the harness begins the line.
    command.args(["--exact", test, "--nocapture", "--quiet"]).env_remove("LMMS_STATS_LINE").env(CHILD, "1");
    command.envs(variables.iter().copied());
    command
}

fn is_child() -> bool {
    env::var_os(CHILD).is_some()
}

#[test]
fn invocations_with_two_no_and_one_load_make_lines_that_sum_to_three() {
    if is_child() {
        let gateway = Gateway::from_env().unwrap();
        for request in [
            r#"{"batch":[{"interface":"a","operation":"call"},{"interface":"b","operation":"call"}]}"#,
            r#"{"interface":"a","operation":"call"}"#,
            r#"{"interface":"c","operation":"call"}"#,
        ] {
            call(&gateway, request);
            gateway.emit_telemetry();
        }
        return;
    }
    let lines = lines_of("invocations_with_two_no_and_one_load_make_lines_that_sum_to_three", &[]);
    assert_eq!(lines.len(), 2);
    assert_eq!(sum(&lines, "ligs_loads"), 3);
    // What made no line of its own is in the next one.
    assert_eq!(sum(&lines, "calls"), 4);
    let interfaces = |line: &Value| {
        let loaded = line["loaded"].as_array().unwrap().iter();
        loaded.map(|load| load["interface"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(interfaces(&lines[0]), ["a", "b"]);
    assert_eq!(interfaces(&lines[1]), ["c"]);
    assert_eq!((&lines[0]["line"], &lines[1]["line"]), (&1.into(), &2.into()));
    assert_eq!(lines[0]["container"], lines[1]["container"]);
    assert_eq!(lines[1]["resident"], 3);
}

#[test]
fn the_names_of_arch_07_come_first() {
    let turn = Turn::take();
    let gateway = gateway();
    for _ in 0..250 {
        call(&gateway, HOT_CALL);
    }
    let line = gateway.stats_line().unwrap().to_string();
    drop(turn);
    let names = [
        "ligs_loads",
        "lugs_unloads",
        "zafp_hits",
        "cold_start_time",
        "memory_reclaimed_mb",
        "fast_path_response_time",
    ];
    let json = json(&line);
    let written = line["[LMMS_STATS] {".len()..].split(',').take(names.len());
    assert!(written.zip(names).all(|(field, name)| field.starts_with(&format!("\"{name}\":"))), "{line}");
    assert_eq!(json["ligs_loads"], 1);
    assert_eq!(json["hot"], serde_json::json!(["hot"]));
    assert!(json["fast_path_response_time"].as_f64().unwrap() > 0.0);
}

#[test]
fn lines_count_each_fast_dispatch_once() {
    if is_child() {
        let clock = ManualClock::install();
        let gateway = Gateway::from_env().unwrap();
        for _ in 0..4 {
            for _ in 0..100 {
                call(&gateway, HOT_CALL);
                gateway.emit_telemetry();
            }
            clock.advance(Duration::from_millis(500));
        }
        gateway.emit_last_telemetry();
        eprintln!("zafp_hits: {}", gateway.stats().zafp_hits);
        assert_eq!(gateway.stats().zafp_hits, 350);
        return;
    }
    let lines = lines_of("lines_count_each_fast_dispatch_once", &[]);
    assert_eq!(sum(&lines, "zafp_hits"), 350);
    assert_eq!(sum(&lines, "calls"), 400);
    // The load at once, what was fast by the time that a second had passed, and the rest.
    assert_eq!(lines.iter().map(|line| line["zafp_hits"].as_u64().unwrap()).collect::<Vec<_>>(), [0, 151, 199]);
}

#[test]
fn nothing_happened_and_there_is_no_line() {
    let turn = Turn::take();
    let gateway = gateway();
    assert_eq!(gateway.stats_line(), None);
    touch::<A>();
    let line = gateway.stats_line().unwrap();
    assert_eq!((line.ligs_loads, line.resident), (1, 1));
    assert_eq!(gateway.stats_line(), None);
    // An ordinary call, which finds what it needs.
    call(&gateway, r#"{"interface":"a","operation":"call"}"#);
    assert_eq!(gateway.stats_line(), None);
    touch::<B>();
    assert_eq!(gateway.stats_line().unwrap().calls, 1);
    drop(turn);
}

#[test]
fn ordinary_calls_alone_make_the_last_line() {
    if is_child() {
        let _clock = ManualClock::install();
        let gateway = Gateway::from_env().unwrap();
        for _ in 0..3 {
            call(&gateway, r#"{"interface":"a","operation":"call"}"#);
            gateway.emit_telemetry();
        }
        gateway.emit_last_telemetry();
        gateway.emit_last_telemetry();
        return;
    }
    let lines = lines_of("ordinary_calls_alone_make_the_last_line", &[]);
    assert_eq!(lines.iter().map(|line| line["calls"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn switched_off_there_is_no_line_and_switched_on_again_all_is_told() {
    if is_child() {
        let gateway = Gateway::from_env().unwrap();
        assert!(!gateway.config().stats_line());
        touch::<A>();
        gateway.emit_telemetry();
        println!("off");
        gateway.reconfigure(gateway.config().with_stats_line(true));
        touch::<B>();
        gateway.emit_telemetry();
        gateway.reconfigure(gateway.config().with_stats_line(false));
        touch::<C>();
        gateway.emit_last_telemetry();
        return;
    }
    let test = "switched_off_there_is_no_line_and_switched_on_again_all_is_told";
    let lines = lines_of(test, &[("LMMS_STATS_LINE", "false")]);
    assert_eq!(lines.len(), 1);
    assert_eq!(sum(&lines, "ligs_loads"), 2);
}

/// A reader that went away is no reason to fail requests.
#[test]
fn a_closed_stdout_is_no_panic() {
    if is_child() {
        let gateway = Gateway::from_env().unwrap();
        eprintln!("ready");
        std::io::stdin().read_exact(&mut [0]).unwrap();
        for _ in 0..3 {
            let _ = block_on(gateway.unload_module("a"));
            touch::<A>();
            touch::<B>();
            gateway.emit_telemetry();
        }
        gateway.emit_last_telemetry();
        eprintln!("survived");
        // The harness would fail to say so.
        process::exit(0);
    }
    let mut command = command("a_closed_stdout_is_no_panic", &[]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while line != "ready\n" {
        line.clear();
        assert!(said.read_line(&mut line).unwrap() > 0, "the child did not start");
    }
    drop(child.stdout.take());
    child.stdin.take().unwrap().write_all(b"!").unwrap();
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "survived\n");
    assert!(child.wait().unwrap().success());
}

/// What all lines of a test tell together, and what the gateway says of the same time.
fn told(lines: &[StatsLine]) -> [u64; 8] {
    let sum = |field: fn(&StatsLine) -> u64| lines.iter().map(field).sum();
    [
        sum(|line| line.ligs_loads),
        sum(|line| line.reloads),
        sum(|line| line.lugs_unloads),
        sum(|line| line.zafp_hits),
        sum(|line| line.cache_hits),
        sum(|line| line.cache_misses),
        sum(|line| line.reclaimed_bytes),
        lines.iter().map(|line| u64::try_from(line.load_time.as_nanos()).unwrap()).sum(),
    ]
}

fn counted(stats: &Stats) -> [u64; 8] {
    [
        stats.ligs_loads,
        stats.reloads,
        stats.lugs_unloads,
        stats.zafp_hits,
        stats.cache_hits,
        stats.cache_misses,
        stats.reclaimed_bytes,
        u64::try_from(stats.load_time.as_nanos()).unwrap(),
    ]
}

#[test]
fn lines_that_eight_threads_take_at_once_sum_to_what_happened() {
    const THREADS: usize = 8;
    let turn = Turn::take();
    let gateway = unloader();
    gateway.reconfigure(gateway.config().with_fast_path(true));
    let before = gateway.stats();
    let (start, lines) = (Barrier::new(THREADS), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (gateway, start, lines) = (&gateway, &start, &lines);
            scope.spawn(move || {
                start.wait();
                for round in 0..60 {
                    call(gateway, HOT_CALL);
                    call(gateway, r#"{"interface":"a","operation":"call"}"#);
                    let number = (round + thread) % 5;
                    call(
                        gateway,
                        &format!(r#"{{"interface":"squares","operation":"of","args":{{"number":{number}}}}}"#),
                    );
                    let _ = block_on(gateway.execute(br#"{"interface":"broken","operation":"call"}"#));
                    let _ = block_on(gateway.unload_module("a"));
                    lines.lock().unwrap().extend(gateway.stats_line());
                }
            });
        }
    });
    let mut lines = lines.into_inner().unwrap();
    lines.extend(gateway.stats_line());
    let after = gateway.stats();
    drop(turn);
    let (told, before, after) = (told(&lines), counted(&before), counted(&after));
    let happened: Vec<_> = after.iter().zip(before).map(|(after, before)| after - before).collect();
    assert_eq!(told[..], happened);
    assert!(told[3] > 0 && told[4] > 0, "{told:?}");
    // What is counted is listed.
    let listed = |field: fn(&StatsLine) -> usize| lines.iter().map(field).sum::<usize>() as u64;
    assert_eq!(listed(|line| line.loaded.len()), told[0]);
    assert_eq!(listed(|line| line.unloaded.len()), told[2]);
    // One of those who call at once tries, for all of them.
    let failed = listed(|line| line.failed.len());
    assert!((60..=480).contains(&failed), "{failed}");
    assert_eq!(lines.iter().map(|line| line.failed_loads).sum::<u64>(), failed);
    assert_eq!(lines.iter().map(|line| line.errors).sum::<u64>(), 480);
    for line in &lines {
        assert_eq!(line.loaded.len() as u64, line.ligs_loads);
        assert_eq!(line.unloaded.len() as u64, line.lugs_unloads);
    }
    // Numbered one by one.
    let mut numbers: Vec<_> = lines.iter().map(|line| line.line).collect();
    numbers.sort_unstable();
    assert!(numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{numbers:?}");
}

#[test]
fn an_unload_is_told_with_its_reason() {
    let turn = Turn::take();
    let config = Config::default().with_min_resident(0);
    let gateway = Gateway::new(config).unwrap();
    touch::<A>();
    turn.clock.advance(Duration::from_secs(31));
    let _ = block_on(gateway.sweep());
    touch::<A>();
    turn.clock.advance(Duration::from_secs(31));
    assert!(matches!(block_on(gateway.unload_module("a")).unwrap(), Unload::Unloaded { .. }));
    touch::<B>();
    let _ = block_on(gateway.shutdown(Duration::from_secs(3_600)));
    let line = gateway.stats_line().unwrap();
    let told: Vec<_> = line.unloaded.iter().map(|gone| (gone.interface, gone.cause)).collect();
    assert_eq!(told, [("a", Cause::Sweep), ("a", Cause::Direct), ("b", Cause::Shutdown)]);
    // Each of a generation that was loaded.
    let loaded: Vec<_> = line.loaded.iter().map(|come| (come.interface, come.generation)).collect();
    assert_eq!(loaded, line.unloaded.iter().map(|gone| (gone.interface, gone.generation)).collect::<Vec<_>>());
    assert_eq!((line.ligs_loads, line.lugs_unloads, line.resident), (3, 3, 0));
    // Also of loads before this test.
    assert!(line.reloads >= 1);
    let written = json(&line.to_string());
    assert_eq!(written["unloaded"][1]["reason"], "direct");
    assert_eq!(written["unloaded"][1].get("hook_error"), None);
}

#[test]
fn failures_are_told() {
    let turn = Turn::take();
    let gateway = unloader();
    let refused = block_on(gateway.execute_operation("broken", "call", b"{}")).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::LoadFailed);
    touch::<Untidy>();
    let _ = block_on(gateway.sweep());
    let line = gateway.stats_line().unwrap();
    drop(turn);
    assert_eq!((line.failed_loads, line.hook_errors, line.errors), (1, 1, 1));
    assert_eq!((line.ligs_loads, line.lugs_unloads), (1, 1));
    assert_eq!((line.failed[0].interface, line.failed[0].code), ("broken", ErrorCode::LoadFailed));
    assert!(line.unloaded[0].hook_failed);
    let written = json(&line.to_string());
    assert_eq!(written["failed"][0]["code"], "load_failed");
    assert_eq!(written["unloaded"][0]["hook_error"], true);
}

/// A function that nobody asks for lines holds no more and more of them.
#[test]
fn what_is_too_much_for_a_line_is_counted() {
    let turn = Turn::take();
    let gateway = unloader();
    for _ in 0..300 {
        touch::<A>();
        let _ = block_on(gateway.unload_module("a"));
    }
    let line = gateway.stats_line().unwrap();
    drop(turn);
    assert_eq!((line.ligs_loads, line.lugs_unloads), (300, 300));
    assert_eq!((line.loaded.len(), line.unloaded.len()), (256, 256));
    assert_eq!(line.omitted, 88);
    // The last ones.
    assert_eq!(line.loaded[255].generation, line.loaded[0].generation + 255);
    assert_eq!(line.unloaded[255].generation, line.loaded[255].generation);
}

#[test]
fn a_hit_of_the_cache_is_told() {
    let turn = Turn::take();
    let gateway = gateway();
    let request = r#"{"interface":"squares","operation":"of","args":{"number":7}}"#;
    call(&gateway, request);
    let _ = gateway.stats_line();
    call(&gateway, request);
    let line = gateway.stats_line().unwrap();
    drop(turn);
    assert_eq!((line.cache_hits, line.cache_misses, line.ligs_loads), (1, 0, 0));
}

#[test]
fn a_wrong_switch_stops_the_start() {
    let wrong = Config::from_vars(|name| (name == "LMMS_STATS_LINE").then(|| "perhaps".into())).unwrap_err();
    assert_eq!(wrong.to_string(), "LMMS_STATS_LINE=`perhaps` is not understood: expected `true` or `false`");
}

#[cfg(not(feature = "emf"))]
#[test]
fn what_is_not_compiled_in_cannot_be_switched_on() {
    let start = |value: &'static str| Config::from_vars(|name| (name == "LMMS_EMF").then(|| value.into()));
    assert!(start("false").is_ok());
    assert_eq!(
        start("true").unwrap_err().to_string(),
        "LMMS_EMF=`true` is not understood: expected `false`, for this program has `lmms` without its feature `emf`"
    );
}
