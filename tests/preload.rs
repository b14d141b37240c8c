//! What is to be preloaded is loaded before the first request, at once; the rest when it is first needed.

mod common;

use std::ffi::OsString;
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use common::{block_on, poll, resident, watched};
use lmms::testing::ManualClock;
use lmms::{Config, ConfigError, Gateway, Invocation, Lease, Load, LoadError, Preload, StartError};
use tokio::sync::Semaphore;

/// Tests take turns, for what is loaded is the process's. Each begins with nothing loaded.
struct Turn(#[expect(dead_code, reason = "held")] MutexGuard<'static, ()>);

impl Turn {
    fn take() -> Self {
        static TURN: Mutex<()> = Mutex::new(());
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let unloader = common::unloader();
        let _ = block_on(unloader.shutdown(Duration::from_secs(20)));
        assert_eq!(resident(&unloader), [""; 0]);
        // Whatever a test that failed has left.
        for switch in [&MEET, &CHAINED] {
            switch.store(false, Ordering::Relaxed);
        }
        PANICS.store(true, Ordering::Relaxed);
        FAILURES.store(0, Ordering::Relaxed);
        for semaphore in [&GATE, &TO_ASYNC, &TO_OTHER] {
            semaphore.forget_permits(1_000);
        }
        Self(turn)
    }
}

struct Plain;

#[lmms::interface]
impl Plain {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    fn one(&self) -> u32 {
        1
    }
}

struct Declared;

#[lmms::interface(preload)]
impl Declared {
    #[load]
    fn load() -> Self {
        Self
    }
}

struct DeclaredAsync;

#[lmms::interface(preload, pinned)]
impl DeclaredAsync {
    #[load]
    async fn load() -> Self {
        tokio::task::yield_now().await;
        Self
    }
}

const DECLARED: [&str; 2] = ["declared", "declared_async"];

/// Loads that meet: neither ends before the other has begun.
static MEETING: Barrier = Barrier::new(2);
static MEET: AtomicBool = AtomicBool::new(false);

fn meet() {
    if MEET.load(Ordering::Relaxed) {
        MEETING.wait();
    }
}

struct MeetsA;

#[lmms::interface]
impl MeetsA {
    #[load]
    fn load() -> Self {
        meet();
        Self
    }
}

struct MeetsB;

#[lmms::interface]
impl MeetsB {
    #[load]
    fn load() -> Self {
        meet();
        Self
    }
}

/// Two async loads and a sync one, each of which waits for another.
static TO_ASYNC: Semaphore = Semaphore::const_new(0);
static TO_OTHER: Semaphore = Semaphore::const_new(0);
static CHAINED: AtomicBool = AtomicBool::new(false);

async fn wait_for(semaphore: &Semaphore) {
    if CHAINED.load(Ordering::Relaxed) {
        semaphore.acquire().await.unwrap().forget();
    }
}

struct ChainA;

#[lmms::interface]
impl ChainA {
    #[load]
    async fn load() -> Self {
        wait_for(&TO_OTHER).await;
        Self
    }
}

struct ChainB;

#[lmms::interface]
impl ChainB {
    #[load]
    async fn load() -> Self {
        wait_for(&TO_ASYNC).await;
        TO_OTHER.add_permits(1);
        Self
    }
}

struct ChainC;

#[lmms::interface]
impl ChainC {
    #[load]
    fn load() -> Self {
        TO_ASYNC.add_permits(1);
        Self
    }
}

struct Base;

#[lmms::interface]
impl Base {
    #[load]
    fn load() -> Self {
        Self
    }
}

/// Needs `Base`, which is loaded at the same time.
struct Above(Lease<Base>);

#[lmms::interface]
impl Above {
    #[load]
    fn load(load: &Load<'_>) -> Result<Self, LoadError> {
        Ok(Self(load.lease()?))
    }

    #[operation]
    fn generation(&self) -> u64 {
        Lease::generation(&self.0)
    }
}

struct AboveAsync;

#[lmms::interface]
impl AboveAsync {
    #[load]
    async fn load(load: &Load<'_>) -> Result<Self, LoadError> {
        load.get_async::<Above>().await?;
        load.get_async::<Base>().await?;
        Ok(Self)
    }
}

/// They need each other.
struct Chicken;
struct Egg;

#[lmms::interface]
impl Chicken {
    #[load]
    fn load(load: &Load<'_>) -> Result<Self, LoadError> {
        meet();
        load.get::<Egg>().map(|_| Self)
    }
}

#[lmms::interface]
impl Egg {
    #[load]
    fn load(load: &Load<'_>) -> Result<Self, LoadError> {
        meet();
        load.get::<Chicken>().map(|_| Self)
    }
}

static FAILURES: AtomicUsize = AtomicUsize::new(0);

struct FailsOnce;

#[lmms::interface]
impl FailsOnce {
    #[load]
    fn load() -> io::Result<Self> {
        match FAILURES.fetch_add(1, Ordering::Relaxed) {
            0 => Err(io::Error::other("not yet")),
            _ => Ok(Self),
        }
    }

    #[operation]
    fn two(&self) -> u32 {
        2
    }
}

static PANICS: AtomicBool = AtomicBool::new(true);

struct Panics;

#[lmms::interface]
impl Panics {
    #[load]
    fn load() -> Self {
        if PANICS.load(Ordering::Relaxed) {
            panic!("out of cheese");
        }
        Self
    }
}

/// An async load that goes on when a test lets it.
static GATE: Semaphore = Semaphore::const_new(0);

struct Gated;

#[lmms::interface]
impl Gated {
    #[load]
    async fn load() -> Self {
        GATE.acquire().await.unwrap().forget();
        Self
    }
}

fn config(vars: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::from_vars(|name| vars.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value)))
}

fn only(names: &[&str]) -> Preload {
    Preload::Only(names.iter().map(|name| (*name).to_owned()).collect())
}

/// What is loaded when a gateway with this configuration has started.
fn started(config: Config) -> Gateway {
    let gateway = Gateway::new(config).unwrap();
    block_on(gateway.start()).unwrap();
    gateway
}

fn preloaded(preload: Preload) -> Gateway {
    started(Config::default().with_preload(preload))
}

fn loads_of(gateway: &Gateway, name: &str) -> u64 {
    gateway.interface(name).unwrap().status().loads
}

#[test]
fn what_is_declared_is_loaded_and_nothing_else() {
    let _turn = Turn::take();
    let gateway = Gateway::new(Config::default()).unwrap();
    let before = gateway.stats().ligs_loads;
    assert_eq!(resident(&gateway), [""; 0], "before the start");
    block_on(gateway.start()).unwrap();
    assert_eq!(resident(&gateway), DECLARED);
    assert_eq!(gateway.stats().ligs_loads, before + 2);
    // Nothing is held.
    for name in DECLARED {
        assert_eq!(gateway.interface(name).unwrap().status().holds, 0);
    }
    assert_eq!(block_on(gateway.execute_operation("plain", "one", b"{}")).unwrap(), b"1");
    // A second start finds it there.
    block_on(gateway.start()).unwrap();
    assert_eq!(gateway.stats().ligs_loads, before + 3);
}

#[test]
fn the_environment_replaces_what_is_declared_and_code_wins() {
    let read = |value: &str| config(&[("LMMS_PRELOAD", value)]).unwrap().preload().clone();
    assert_eq!(*Config::default().preload(), Preload::Declared);
    assert_eq!(config(&[]).unwrap(), Config::default());
    assert_eq!(read(""), Preload::Declared);
    for (value, preload) in [
        ("all", Preload::All),
        ("ALL", Preload::All),
        (" none ", Preload::None),
        ("Declared", Preload::Declared),
        ("plain", only(&["plain"])),
        (" plain , base,Above\n", only(&["plain", "base", "Above"])),
        // Only alone is it a word of ours.
        ("all,plain", only(&["all", "plain"])),
    ] {
        assert_eq!(read(value), preload, "{value:?}");
    }
    let _turn = Turn::take();
    let environment = config(&[("LMMS_PRELOAD", "plain, base, plain")]).unwrap();
    assert_eq!(resident(&started(environment.clone())), ["base", "plain"]);
    assert_eq!(resident(&started(environment.with_preload(only(&["above"])))), ["above", "base", "plain"]);
}

#[test]
fn a_list_with_an_empty_place_is_refused() {
    for value in [",", "plain,", ",plain", "plain,,base", " , "] {
        let error = config(&[("LMMS_PRELOAD", value)]).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "LMMS_PRELOAD=`{value}` is not understood: \
                 expected `declared`, `none`, `all`, or names of interfaces separated by commas"
            )
        );
    }
}

#[test]
fn a_name_that_no_interface_has_stops_the_start() {
    let start = |names: &str| Gateway::new(config(&[("LMMS_PRELOAD", names)]).unwrap()).unwrap_err();
    let error = start("plain,chikcen,xyz");
    assert_eq!(
        error.to_string(),
        "LMMS_PRELOAD: there is no interface `chikcen` to be loaded before the first request; did you mean `chicken`?"
    );
    let StartError::UnknownPreload { name, nearest, .. } = error else { panic!("{error:?}") };
    assert_eq!((&*name, nearest), ("chikcen", Some("chicken")));
    assert_eq!(
        start("xyz").to_string(),
        "LMMS_PRELOAD: there is no interface `xyz` to be loaded before the first request; none has a name like it"
    );
    // Names are told apart by case, as in requests.
    assert!(start("Plain").to_string().ends_with("did you mean `plain`?"));
}

#[test]
fn a_start_that_no_client_waits_for_loads_all() {
    let read = |vars: &[(&str, &str)]| config(vars).unwrap().preload().clone();
    let kind = "AWS_LAMBDA_INITIALIZATION_TYPE";
    for unhurried in ["provisioned-concurrency", "snap-start", "lambda-managed-instances"] {
        assert_eq!(read(&[(kind, unhurried)]), Preload::All, "{unhurried}");
        assert_eq!(read(&[(kind, unhurried), ("LMMS_PRELOAD", "")]), Preload::All);
        assert_eq!(read(&[(kind, unhurried), ("LMMS_PRELOAD", "declared")]), Preload::Declared);
        assert_eq!(read(&[(kind, unhurried), ("LMMS_PRELOAD", "none")]), Preload::None);
        assert_eq!(read(&[(kind, unhurried), ("LMMS_PRELOAD", "plain")]), only(&["plain"]));
    }
    for other in ["on-demand", "", "SNAP-START", "what-comes-next"] {
        assert_eq!(read(&[(kind, other)]), Preload::Declared, "{other:?}");
    }
}

#[test]
fn all_is_everything_that_loads_and_none_is_nothing() {
    let _turn = Turn::take();
    assert_eq!(resident(&preloaded(Preload::None)), [""; 0]);
    GATE.add_permits(1);
    PANICS.store(false, Ordering::Relaxed);
    let gateway = preloaded(Preload::All);
    let missing: Vec<_> =
        gateway.interfaces().filter(|known| !known.status().resident).map(|known| known.name()).collect();
    assert_eq!(missing, ["chicken", "egg", "fails_once"], "they do not load");
    // One generation for all that needed it.
    let generation = block_on(gateway.execute_operation("above", "generation", b"{}")).unwrap();
    assert_eq!(generation, loads_of(&gateway, "base").to_string().as_bytes());
}

#[test]
fn loads_wait_for_each_other_as_they_could_not_one_by_one() {
    let _turn = Turn::take();
    MEET.store(true, Ordering::Relaxed);
    let gateway = watched(|| preloaded(only(&["meets_a", "meets_b"])));
    assert_eq!(resident(&gateway), ["meets_a", "meets_b"]);
}

#[test]
fn async_loads_wait_for_each_other_and_for_a_sync_one() {
    let _turn = Turn::take();
    CHAINED.store(true, Ordering::Relaxed);
    let gateway = watched(|| preloaded(only(&["chain_a", "chain_b", "chain_c"])));
    assert_eq!(resident(&gateway), ["chain_a", "chain_b", "chain_c"]);
}

#[test]
fn an_interface_that_needs_another_one_waits_for_it() {
    let _turn = Turn::take();
    let gateway = Gateway::new(Config::default()).unwrap();
    let loads = || ["above", "above_async", "base"].map(|name| loads_of(&gateway, name));
    let before = loads();
    for _ in 0..50 {
        let gateway = watched(|| preloaded(only(&["above", "above_async", "base"])));
        assert_eq!(resident(&gateway), ["above", "above_async", "base"]);
        let status = gateway.interface("base").unwrap().status();
        assert_eq!(status.holds, 1, "the lease of `above`, and no other");
        let _ = block_on(gateway.shutdown(Duration::from_secs(20)));
    }
    assert_eq!(loads(), before.map(|loads| loads + 50), "each once for all");
}

#[test]
fn interfaces_that_need_each_other_are_an_error_and_no_deadlock() {
    let _turn = Turn::take();
    MEET.store(true, Ordering::Relaxed);
    let gateway = watched(|| preloaded(only(&["chicken", "egg"])));
    assert_eq!(resident(&gateway), [""; 0]);
    MEET.store(false, Ordering::Relaxed);
    let error = Invocation::enter().get::<Egg>().err().unwrap();
    assert_eq!(error.to_string(), "interface `egg` needs itself to load: egg -> chicken -> egg");
}

#[test]
fn one_that_fails_is_left_to_the_first_request() {
    let _turn = Turn::take();
    let gateway = preloaded(only(&["fails_once", "panics", "plain"]));
    assert_eq!(resident(&gateway), ["plain"]);
    assert_eq!(FAILURES.load(Ordering::Relaxed), 1);
    assert_eq!(block_on(gateway.execute_operation("fails_once", "two", b"{}")).unwrap(), b"2");
}

#[test]
fn what_fails_is_reported_once() {
    // In a process of its own, whose standard error is read.
    if std::env::var_os("LMMS_TEST_REPORT").is_some() {
        let gateway = Gateway::from_env().unwrap();
        return block_on(gateway.start()).unwrap();
    }
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", "what_fails_is_reported_once"])
        .envs([("LMMS_TEST_REPORT", "1"), ("LMMS_PRELOAD", "fails_once,panics"), ("LAZY_LOADING_ENABLED", "true")])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{errors}");
    let ours: Vec<_> = errors.lines().filter(|line| line.starts_with("lmms: ")).collect();
    assert_eq!(
        ours,
        [
            "lmms: interface `fails_once` failed to load: not yet; the first request that needs it tries again",
            "lmms: interface `panics` panicked while it loaded: out of cheese; \
             the first request that needs it tries again",
        ]
    );
}

#[test]
fn grace_begins_when_all_is_loaded() {
    let _turn = Turn::take();
    let clock = ManualClock::install();
    let config = Config::default().with_min_resident(0).with_preload(only(&["gated", "plain"]));
    let gateway = Gateway::new(config).unwrap();
    {
        let mut start = pin!(gateway.start());
        // `plain` is there long before the other one.
        while resident(&gateway) != ["plain"] {
            assert!(poll(start.as_mut()).is_pending());
            std::thread::yield_now();
        }
        clock.advance(Duration::from_secs(60));
        GATE.add_permits(1);
        block_on(start).unwrap();
    }
    assert_eq!(block_on(gateway.sweep()).unloaded, [""; 0]);
    clock.advance(Duration::from_millis(29_999));
    assert_eq!(block_on(gateway.sweep()).unloaded, [""; 0]);
    clock.advance(Duration::from_millis(1));
    let mut unloaded = block_on(gateway.sweep()).unloaded;
    unloaded.sort_unstable();
    assert_eq!(unloaded, ["gated", "plain"]);
}

#[test]
fn a_start_that_is_dropped_leaves_nothing_wedged() {
    let _turn = Turn::take();
    let gateway = Gateway::new(Config::default().with_preload(only(&["base", "gated", "plain"]))).unwrap();
    {
        let mut start = pin!(gateway.start());
        assert!(poll(start.as_mut()).is_pending());
    }
    GATE.add_permits(1);
    let invocation = Invocation::enter();
    watched(move || {
        block_on(invocation.get_async::<Gated>()).unwrap();
        invocation.get::<Base>().unwrap();
        invocation.get::<Plain>().unwrap();
    });
    assert_eq!(resident(&gateway), ["base", "gated", "plain"]);
}

#[test]
fn the_executor_goes_on_meanwhile_and_the_future_is_send() {
    let _turn = Turn::take();
    MEET.store(true, Ordering::Relaxed);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    watched(move || {
        runtime.block_on(async {
            let gateway = Gateway::new(Config::default().with_preload(only(&["meets_a"]))).unwrap();
            let start = tokio::spawn(async move { gateway.start().await });
            // The load waits for this very thread.
            tokio::task::yield_now().await;
            meet();
            start.await.unwrap().unwrap();
        });
    });
}

#[test]
fn eager_loading_stops_the_start_with_the_first_failure_by_name() {
    let _turn = Turn::take();
    GATE.add_permits(1);
    let config = Config::default().with_lazy_loading(false).with_preload(Preload::None);
    let gateway = Gateway::new(config.clone()).unwrap();
    let error = watched(|| block_on(Gateway::new(config).unwrap().start()).unwrap_err());
    let StartError::Load(error) = error else { panic!("{error}") };
    assert_eq!(error.interface(), "chicken");
    // All the others were seen through.
    let missing: Vec<_> =
        gateway.interfaces().filter(|known| !known.status().resident).map(|known| known.name()).collect();
    assert_eq!(missing, ["chicken", "egg", "fails_once", "panics"]);
}

#[test]
fn who_polled_last_is_woken() {
    let _turn = Turn::take();
    MEET.store(true, Ordering::Relaxed);
    let gateway = Gateway::new(Config::default().with_preload(only(&["meets_a"]))).unwrap();
    watched(move || {
        let mut start = pin!(gateway.start());
        // By a waker that nobody hears.
        assert!(poll(start.as_mut()).is_pending());
        let mut is_first = true;
        block_on(poll_fn(|context| {
            let polled = start.as_mut().poll(context);
            // Only now can the load end.
            if std::mem::take(&mut is_first) {
                meet();
            }
            polled
        }))
        .unwrap();
    });
}
