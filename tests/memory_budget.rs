//! Where memory is short, room is made before a load: grace period and floor do not count, what is cheapest to have back
//! goes first, and what is pinned or in use never goes (acceptance 15).
#![cfg(target_os = "linux")]

mod common;

use std::env;
use std::pin::pin;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use common::{block, block_on, poll, rss, unloader, watched};
use lmms::testing::ManualClock;
use lmms::{
    BlockingInterface, Cache, Config, Gateway, Interface, Invocation, LoadError, LoadErrorKind, Reason, Unload,
};
use tokio::sync::Semaphore;

const MIB: u64 = 1 << 20;

/// Tests take turns, for a budget is one of the process, as is what it holds. Each begins with nothing loaded.
struct Turn {
    // First, so that time goes on before the next turn.
    clock: ManualClock,
    _turn: MutexGuard<'static, ()>,
}

impl Turn {
    fn take() -> Self {
        static TURN: Mutex<()> = Mutex::new(());
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        // It has no budget, and so ends the last one.
        let unloader = unloader();
        GATE.add_permits(1);
        let _ = block_on(unloader.sweep());
        GATE.forget_permits(1);
        assert_eq!(common::resident(&unloader), [""; 0]);
        Self { clock: ManualClock::install(), _turn: turn }
    }

    /// A gateway with the usual grace period and floor, and room for that much beside what the process holds now. Tests
    /// leave some MiB to either side, for what is kept free as a reserve.
    fn room_for(&self, mib: u64) -> Gateway {
        // An unload gives back what can be had, so that none gives back more than it held.
        touch::<Nothing>();
        let _ = block_on(unloader().unload_module("nothing"));
        Gateway::new(Config::default().with_memory_budget(Some(rss() + mib * MIB))).unwrap()
    }

    /// Long enough to outweigh whatever a load of some MiB takes on this machine.
    fn pass_long(&self) {
        self.clock.advance(Duration::from_secs(1_000_000));
    }
}

/// What is loaded, in the order of loading: that of the last request is the last one.
fn resident(gateway: &Gateway) -> Vec<&'static str> {
    common::resident(gateway)
}

fn touch<T: Interface>() {
    block_on(Invocation::enter().get_async::<T>()).unwrap();
}

fn over_budget(gateway: &Gateway) -> u64 {
    gateway.stats().over_budget_loads
}

macro_rules! blocks {
    ($($Name:ident ($mib:literal $(, $option:ident $(= $value:literal)?)*))*) => {$(
        struct $Name(Vec<u8>);

        #[lmms::interface($($option $(= $value)?),*)]
        impl $Name {
            #[load]
            fn load() -> Self {
                Self(block($mib))
            }

            #[operation]
            fn len(&self) -> usize {
                self.0.len()
            }
        }
    )*};
}

blocks! {
    A(16, memory_mb = 16)
    B(16, memory_mb = 16)
    C(16, memory_mb = 16)
    D(24, memory_mb = 24)
    Hot(16, memory_mb = 16)
    Pinned(16, memory_mb = 16, pinned)
    Filler(32, memory_mb = 32)
    Learned(24)
    Modest(24, memory_mb = 2)
    Large(1, memory_mb = 4000)
}

#[test]
fn room_is_made_before_a_load_whatever_grace_period_and_floor_say() {
    let turn = Turn::take();
    let gateway = turn.room_for(38);
    touch::<A>();
    turn.pass_long();
    touch::<B>();
    assert_eq!(resident(&gateway), ["a", "b"]);
    let (unloads, over) = (gateway.stats().lugs_unloads, over_budget(&gateway));
    // By type and by name. Of two that hold the same, the one that was idle for longer goes.
    touch::<C>();
    assert_eq!(resident(&gateway), ["b", "c"]);
    turn.pass_long();
    touch::<C>();
    block_on(gateway.execute_operation("a", "len", b"{}")).unwrap();
    assert_eq!(resident(&gateway), ["a", "c"]);
    assert_eq!(gateway.stats().lugs_unloads, unloads + 2);
    // As many as it takes.
    touch::<D>();
    assert_eq!(resident(&gateway), ["d"]);
    assert_eq!(over_budget(&gateway), over);
}

#[test]
fn what_fits_makes_nobody_go() {
    let turn = Turn::take();
    let gateway = turn.room_for(64);
    for _ in 0..2 {
        touch::<A>();
        touch::<B>();
        touch::<C>();
        assert_eq!(resident(&gateway), ["a", "b", "c"]);
        turn.pass_long();
    }
}

#[test]
fn what_is_pinned_in_use_or_depended_on_never_goes_and_the_load_goes_ahead() {
    let turn = Turn::take();
    let gateway = turn.room_for(63);
    let before = over_budget(&gateway);
    touch::<Pinned>();
    let lease = Invocation::enter().lease::<A>().unwrap();
    let invocation = Invocation::enter();
    invocation.get::<B>().unwrap();
    turn.pass_long();
    touch::<C>();
    assert_eq!(resident(&gateway), ["a", "b", "c", "pinned"]);
    assert_eq!(over_budget(&gateway), before + 1);

    // Each goes as soon as nothing holds it.
    drop(lease);
    touch::<D>();
    assert_eq!(resident(&gateway), ["b", "d", "pinned"]);
    drop(invocation);
    turn.pass_long();
    touch::<D>();
    touch::<A>();
    assert_eq!(resident(&gateway), ["a", "d", "pinned"]);

    // Nor does what a cache entry depends on, until it expires.
    let cache = Cache::builder(1).ttl(Duration::from_secs(10)).build();
    cache.insert_depending_on::<(A, D)>("key", "value");
    touch::<B>();
    assert_eq!(resident(&gateway), ["a", "b", "d", "pinned"]);
    turn.pass_long();
    touch::<B>();
    touch::<C>();
    assert_eq!(resident(&gateway), ["b", "c", "pinned"]);
}

#[test]
fn what_is_hot_goes_last() {
    let turn = Turn::take();
    let gateway = turn.room_for(38);
    for _ in 0..51 {
        block_on(gateway.execute_operation("hot", "len", b"{}")).unwrap();
    }
    // Half a half-life, in which the other one is used and this one is not.
    turn.clock.advance(Duration::from_secs(150));
    touch::<A>();
    assert!(matches!(block_on(gateway.unload_module("hot")), Ok(Unload::Blocked(Reason::HotPath))));
    touch::<B>();
    assert_eq!(resident(&gateway), ["b", "hot"]);
    // But it goes.
    touch::<D>();
    let lease = Invocation::enter().lease::<D>().unwrap();
    touch::<A>();
    assert_eq!(resident(&gateway), ["a", "d"]);
    drop(lease);
}

#[test]
fn a_load_of_which_nothing_is_known_needs_a_quarter_until_it_is_learned() {
    let turn = Turn::take();
    // Free beside the filler: 8 MiB, less than a quarter of all.
    let gateway = turn.room_for(40);
    touch::<Filler>();
    touch::<Tiny>();
    assert_eq!(resident(&gateway), ["tiny"]);

    // It is known now that it needs next to nothing.
    assert!(matches!(block_on(unloader().unload_module("tiny")), Ok(Unload::Unloaded { .. })));
    let gateway = turn.room_for(40);
    touch::<Filler>();
    touch::<Tiny>();
    assert_eq!(resident(&gateway), ["filler", "tiny"]);
}

macro_rules! nothing {
    ($($Name:ident)*) => {$(
        struct $Name;

        #[lmms::interface]
        impl $Name {
            #[load]
            fn load() -> Self {
                Self
            }
        }
    )*};
}

nothing! { Nothing Tiny }

#[test]
fn what_a_load_needed_is_learned_even_if_less_is_declared() {
    let turn = Turn::take();
    touch::<Learned>();
    touch::<Modest>();
    let _ = block_on(unloader().sweep());
    for load in [touch::<Learned>, touch::<Modest>] {
        // More than the quarter that is free, for all that is known without.
        let gateway = turn.room_for(52);
        touch::<Filler>();
        load();
        assert!(!resident(&gateway).contains(&"filler"), "{:?}", resident(&gateway));
        let _ = block_on(unloader().sweep());
    }
}

/// In a process of its own, for what it says goes to stderr.
#[test]
fn a_load_that_cannot_fit_goes_ahead_is_counted_and_warned_of() {
    const CHILD: &str = "LMMS_TEST_CHILD";
    let name = "a_load_that_cannot_fit_goes_ahead_is_counted_and_warned_of";
    if env::var_os(CHILD).is_some() {
        let turn = Turn::take();
        let gateway = turn.room_for(40);
        touch::<A>();
        assert_eq!(over_budget(&gateway), 0);
        touch::<Large>();
        // In vain: the other one is but a small part of what is short.
        assert_eq!(resident(&gateway), ["a", "large"]);
        assert_eq!(over_budget(&gateway), 1);
        touch::<Large>();
        assert_eq!(over_budget(&gateway), 1);
        return;
    }
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    assert_eq!(said.matches("lmms: `large` is expected to need 4000 MiB to load").count(), 1, "{said}");
}

/// Grows after it was loaded.
struct Growing(Mutex<Vec<Vec<u8>>>);

#[lmms::interface(memory_mb = 1)]
impl Growing {
    #[load]
    fn load() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    #[operation]
    fn grow(&self, mib: usize) {
        self.0.lock().unwrap().push(block(mib));
    }
}

#[test]
fn what_grows_beyond_the_budget_is_seen_at_the_next_sweep() {
    let turn = Turn::take();
    let gateway = turn.room_for(40);
    touch::<A>();
    turn.pass_long();
    touch::<Growing>();
    block_on(gateway.sweep()).unloaded.clear();
    turn.clock.advance(Duration::from_millis(100));
    // Sweeps at its end.
    block_on(gateway.execute_operation("growing", "grow", br#"{"mib":32}"#)).unwrap();
    assert_eq!(resident(&gateway), ["growing"]);

    // Looked at no more often than ten times a second.
    block_on(gateway.execute_operation("growing", "grow", br#"{"mib":16}"#)).unwrap();
    assert_eq!(resident(&gateway), ["growing"]);
    turn.clock.advance(Duration::from_millis(99));
    assert_eq!(block_on(gateway.sweep()).unloaded, [""; 0]);
    turn.clock.advance(Duration::from_millis(1));
    let swept = block_on(gateway.sweep());
    assert_eq!(swept.unloaded, ["growing"]);
    assert!(swept.reclaimed_bytes > 40 * MIB, "{}", swept.reclaimed_bytes);
}

/// Async hooks, of which the unload waits at a gate.
struct Gated(#[allow(dead_code, reason = "it is held")] Vec<u8>);

static GATE: Semaphore = Semaphore::const_new(0);

#[lmms::interface(memory_mb = 16)]
impl Gated {
    #[load]
    async fn load() -> Self {
        Self(block(16))
    }

    #[unload]
    async fn unload(self) {
        GATE.acquire().await.unwrap().forget();
    }
}

struct Async(#[allow(dead_code, reason = "it is held")] Vec<u8>);

#[lmms::interface(memory_mb = 16)]
impl Async {
    #[load]
    async fn load() -> Self {
        Self(block(16))
    }
}

#[test]
fn a_blocking_load_passes_over_what_has_async_hooks() {
    let turn = Turn::take();
    let gateway = turn.room_for(40);
    let before = over_budget(&gateway);
    touch::<Gated>();
    turn.pass_long();
    touch::<A>();
    Invocation::enter().get::<B>().unwrap();
    assert_eq!(resident(&gateway), ["b", "gated"]);
    let lease = Invocation::enter().lease::<B>().unwrap();
    Invocation::enter().get::<C>().unwrap();
    assert_eq!(resident(&gateway), ["b", "c", "gated"]);
    assert_eq!(over_budget(&gateway), before + 1);
    drop(lease);

    // One that is awaited awaits them.
    let invocation = Invocation::enter();
    {
        let mut load = pin!(invocation.get_async::<Async>());
        assert!(poll(load.as_mut()).is_pending());
        assert!(!resident(&gateway).contains(&"gated"));
        GATE.add_permits(1);
        assert!(matches!(poll(load.as_mut()), Poll::Ready(Ok(_))));
    }
    assert!(resident(&gateway).contains(&"async"));
}

#[test]
fn a_load_with_sync_hooks_waits_for_no_async_one_even_where_it_is_awaited() {
    let turn = Turn::take();
    let _gateway = turn.room_for(24);
    touch::<Gated>();
    turn.pass_long();
    watched(|| {
        let (one, other) = (Invocation::enter(), Invocation::enter());
        let mut load = pin!(one.get_async::<A>());
        let first = poll(load.as_mut());
        // On this thread, so that nobody could open the gate: it waits for the load that has begun, if it has not ended.
        other.get::<A>().unwrap();
        assert!(first.is_ready());
    });
    GATE.add_permits(1);
    let _ = block_on(unloader().unload_module("gated"));
}

/// What unload hooks got that asked for the interface that was being loaded.
static ANSWERS: Mutex<Vec<Option<LoadErrorKind>>> = Mutex::new(Vec::new());

fn note(outcome: Result<(), LoadError>) {
    ANSWERS.lock().unwrap().push(outcome.err().map(|error| error.kind().clone()));
}

struct Asking(#[allow(dead_code, reason = "it is held")] Vec<u8>);

#[lmms::interface(memory_mb = 16)]
impl Asking {
    #[load]
    fn load() -> Self {
        Self(block(16))
    }

    #[unload]
    fn unload(self) {
        note(Invocation::enter().get::<A>().map(drop));
    }
}

struct AskingAsync(#[allow(dead_code, reason = "it is held")] Vec<u8>);

#[lmms::interface(memory_mb = 16)]
impl AskingAsync {
    #[load]
    async fn load() -> Self {
        Self(block(16))
    }

    #[unload]
    async fn unload(self) {
        tokio::task::yield_now().await;
        note(Invocation::enter().get_async::<Async>().await.map(drop));
    }
}

#[test]
fn a_hook_that_asks_for_what_is_being_loaded_is_told_of_the_cycle() {
    let turn = Turn::take();
    let gateway = turn.room_for(24);
    watched(|| {
        touch::<Asking>();
        touch::<A>();
        touch::<AskingAsync>();
        touch::<Async>();
    });
    assert_eq!(resident(&gateway), ["async"]);
    let cycle = |names: [&'static str; 3]| Some(LoadErrorKind::Cycle(names.into()));
    assert_eq!(*ANSWERS.lock().unwrap(), [cycle(["a", "asking", "a"]), cycle(["async", "asking_async", "async"])]);
}

/// Needs another one, and declares what both need.
struct Outer(#[allow(dead_code, reason = "it is held")] Vec<u8>);

#[lmms::interface(memory_mb = 48)]
impl Outer {
    #[load]
    fn load(load: &lmms::Load<'_>) -> Result<Self, LoadError> {
        let outer = Self(block(16));
        load.get::<A>()?;
        load.get::<B>()?;
        Ok(outer)
    }
}

#[test]
fn what_a_load_loads_is_part_of_what_it_needs() {
    let turn = Turn::take();
    // As it was declared, and as it was learned.
    for _ in 0..2 {
        let gateway = turn.room_for(56);
        let before = over_budget(&gateway);
        touch::<Filler>();
        touch::<Outer>();
        // The filler had to go, and then all fitted.
        assert_eq!(resident(&gateway), ["a", "b", "outer"]);
        assert_eq!(over_budget(&gateway), before);
        let _ = block_on(unloader().sweep());
    }
}

/// Two that load each other when they go, so often that nobody waits for the end.
struct Ping;
struct Pong;

static ROUNDS: AtomicUsize = AtomicUsize::new(1_000);

fn instead<T: BlockingInterface>() -> Result<(), LoadError> {
    match ROUNDS.fetch_add(1, Ordering::SeqCst) {
        0..1_000 => Invocation::enter().get::<T>().map(drop),
        _ => Ok(()),
    }
}

#[lmms::interface(memory_mb = 1)]
impl Ping {
    #[load]
    fn load() -> Self {
        Self
    }

    #[unload]
    fn unload(self) -> Result<(), LoadError> {
        instead::<Pong>()
    }
}

#[lmms::interface(memory_mb = 1)]
impl Pong {
    #[load]
    fn load() -> Self {
        Self
    }

    #[unload]
    fn unload(self) -> Result<(), LoadError> {
        instead::<Ping>()
    }
}

#[test]
fn a_load_goes_ahead_although_hooks_load_others_for_those_it_had_unloaded() {
    let turn = Turn::take();
    touch::<Ping>();
    let gateway = turn.room_for(0);
    ROUNDS.store(0, Ordering::SeqCst);
    touch::<A>();
    assert!(resident(&gateway).contains(&"a"));
    assert!(ROUNDS.swap(1_000, Ordering::SeqCst) < 10);
}

#[test]
fn a_sweep_ends_although_hooks_load_others_for_those_it_had_unloaded() {
    let _turn = Turn::take();
    let gateway = Gateway::new(Config::default().with_memory_budget(Some(1))).unwrap();
    touch::<Ping>();
    ROUNDS.store(0, Ordering::SeqCst);
    assert_eq!(block_on(gateway.sweep()).unloaded[0], "ping");
    assert!(ROUNDS.swap(1_000, Ordering::SeqCst) < 10);
}
