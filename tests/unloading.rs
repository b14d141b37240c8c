//! An unload takes what nobody uses and nothing else, runs the unload hook once, drops the instance once, and leaves the
//! slot ready for a fresh generation.

mod common;

use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::thread;

use common::{block_on, gateway, poll, unloader, watched};
use lmms::{Config, ErrorCode, Gateway, Interface, Invocation, Lease, Reason, Unload};
use tokio::sync::Semaphore;

/// Tests take turns, for some look at the counters of the process.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unload<T: Interface>() -> Unload {
    block_on(unloader().unload_module(T::NAME)).unwrap()
}

#[track_caller]
fn blocked<T: Interface>(reason: Reason) {
    match unload::<T>() {
        Unload::Blocked(found) => assert_eq!(found, reason),
        unload => panic!("{unload:?}"),
    }
    assert!(gateway().interface(T::NAME).unwrap().status().resident);
}

#[track_caller]
fn unloaded<T: Interface>() -> Option<String> {
    match unload::<T>() {
        Unload::Unloaded { hook_error, .. } => {
            assert!(!gateway().interface(T::NAME).unwrap().status().resident);
            hook_error.map(|error| {
                assert_eq!(error.interface(), T::NAME);
                error.to_string()
            })
        }
        unload => panic!("{unload:?}"),
    }
}

/// Loads and drops of one interface.
struct Count {
    loads: AtomicUsize,
    drops: AtomicUsize,
}

impl Count {
    const fn new() -> Self {
        Self { loads: AtomicUsize::new(0), drops: AtomicUsize::new(0) }
    }

    fn load(&'static self) -> Counted {
        Counted { count: self, number: self.loads.fetch_add(1, Ordering::SeqCst) + 1 }
    }

    fn loads_and_drops(&self) -> (usize, usize) {
        (self.loads.load(Ordering::SeqCst), self.drops.load(Ordering::SeqCst))
    }
}

struct Counted {
    count: &'static Count,
    number: usize,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.count.drops.fetch_add(1, Ordering::SeqCst);
    }
}

macro_rules! counted {
    ($($Name:ident, $COUNT:ident $(, $pinned:ident)?;)*) => {$(
        struct $Name(Counted);
        static $COUNT: Count = Count::new();

        #[lmms::interface($($pinned)?)]
        impl $Name {
            #[load]
            fn load() -> Self {
                Self($COUNT.load())
            }

            #[operation]
            fn generation(&self) -> usize {
                self.0.number
            }

            #[operation]
            fn run(&self) {
                run_between(&RUN);
            }

            #[operation]
            async fn run_async(&self) -> usize {
                GATE.acquire().await.unwrap().forget();
                self.0.number
            }

            #[operation]
            fn panic(&self) {
                panic!("on purpose");
            }
        }
    )*};
}

counted! {
    Core, CORE, pinned;
    Plain, PLAIN;
    Used, USED;
    Leased, LEASED;
    Kept, KEPT;
}

static GATE: Semaphore = Semaphore::const_new(0);

type Channels = Mutex<Option<(mpsc::Sender<()>, mpsc::Receiver<()>)>>;
static RUN: Channels = Mutex::new(None);

/// Says that it runs, and goes on when it is told to.
fn run_between(channels: &Channels) {
    let (running, go_on) = channels.lock().unwrap().take().unwrap();
    running.send(()).unwrap();
    go_on.recv().unwrap();
}

#[test]
fn a_fresh_generation_follows() {
    let _turn = turn();
    let gateway = gateway();
    let generation = || block_on(gateway.execute_operation("plain", "generation", b"{}")).unwrap();
    let stats = || {
        let stats = gateway.stats();
        (stats.ligs_loads, stats.reloads, stats.lugs_unloads)
    };
    let (loads, reloads, unloads) = stats();

    assert!(matches!(unload::<Plain>(), Unload::NotLoaded));
    assert_eq!(stats(), (loads, reloads, unloads));
    assert_eq!(generation(), b"1");
    assert_eq!(stats(), (loads + 1, reloads, unloads));

    assert_eq!(unloaded::<Plain>(), None);
    assert_eq!(PLAIN.loads_and_drops(), (1, 1));
    assert_eq!(stats(), (loads + 1, reloads, unloads + 1));
    assert!(matches!(unload::<Plain>(), Unload::NotLoaded));
    assert!(Invocation::enter().resident::<Plain>().is_none());
    assert_eq!(stats(), (loads + 1, reloads, unloads + 1));

    assert_eq!(generation(), b"2");
    assert_eq!(stats(), (loads + 2, reloads + 1, unloads + 1));
    assert_eq!(Lease::generation(&Invocation::enter().lease::<Plain>().unwrap()), 2);
    assert_eq!(gateway.interface("plain").unwrap().status().loads, 2);

    for number in 3..1000 {
        assert_eq!(unloaded::<Plain>(), None);
        assert_eq!(generation(), number.to_string().as_bytes());
        assert_eq!(PLAIN.loads_and_drops(), (number, number - 1));
    }
}

#[test]
fn what_is_pinned_stays() {
    let _turn = turn();
    // Loaded or not.
    assert!(matches!(unload::<Core>(), Unload::Blocked(Reason::Pinned)));
    let invocation = Invocation::enter();
    invocation.get::<Core>().unwrap();
    // First in the order of reasons.
    blocked::<Core>(Reason::Pinned);
    drop(invocation);
    blocked::<Core>(Reason::Pinned);
    assert_eq!(CORE.loads_and_drops(), (1, 0));
}

#[test]
fn what_is_switched_off_never_happens() {
    let _turn = turn();
    let off = Gateway::new(Config::default().with_unloading(false)).unwrap();
    Invocation::enter().get::<Kept>().unwrap();
    for name in ["kept", "core"] {
        let unload = block_on(off.unload_module(name)).unwrap();
        assert!(matches!(unload, Unload::Blocked(Reason::Disabled)), "{unload:?}");
    }
    assert_eq!(block_on(off.unload_module("keppt")).unwrap_err().code(), ErrorCode::UnknownInterface);
    assert_eq!(KEPT.loads_and_drops(), (1, 0));
    assert_eq!(unloaded::<Kept>(), None);
}

#[test]
fn what_a_running_invocation_touched_stays() {
    let _turn = turn();
    watched(|| {
        let gateway = gateway();

        // Typed. Only who touched it counts.
        let (one, two) = (Invocation::enter(), Invocation::enter());
        let used = one.get::<Used>().unwrap();
        blocked::<Used>(Reason::ActiveReference);
        assert_eq!(two.resident::<Used>().unwrap().generation(), 1);
        assert_eq!(used.generation(), 1);
        drop(one);
        blocked::<Used>(Reason::ActiveReference);
        let idle = Invocation::enter();
        drop(two);
        assert_eq!(unloaded::<Used>(), None);
        drop(idle);

        // A sync operation in flight on another thread.
        let (running, is_running) = mpsc::channel();
        let (go_on, told_to) = mpsc::channel();
        *RUN.lock().unwrap() = Some((running, told_to));
        let operation = thread::spawn(|| block_on(self::gateway().execute_operation("used", "run", b"{}")));
        is_running.recv().unwrap();
        blocked::<Used>(Reason::ActiveReference);
        go_on.send(()).unwrap();
        operation.join().unwrap().unwrap();
        assert_eq!(unloaded::<Used>(), None);

        // An async one, which then ends.
        let mut operation = Box::pin(gateway.execute_operation("used", "run_async", b"{}"));
        assert!(poll(operation.as_mut()).is_pending());
        blocked::<Used>(Reason::ActiveReference);
        GATE.add_permits(1);
        assert!(matches!(poll(operation.as_mut()), Poll::Ready(Ok(answer)) if answer == b"3"));
        // Even the future that is over is no reason to stay.
        assert_eq!(unloaded::<Used>(), None);
        drop(operation);

        // One that is cancelled.
        let mut operation = Box::pin(gateway.execute_operation("used", "run_async", b"{}"));
        assert!(poll(operation.as_mut()).is_pending());
        blocked::<Used>(Reason::ActiveReference);
        drop(operation);
        assert_eq!(unloaded::<Used>(), None);

        // One that panics.
        let error = block_on(gateway.execute_operation("used", "panic", b"{}")).unwrap_err();
        assert_eq!(error.code(), ErrorCode::OperationPanicked);
        assert_eq!(unloaded::<Used>(), None);
        assert_eq!(USED.loads_and_drops(), (5, 5));
    });
}

#[test]
fn what_is_leased_stays() {
    let _turn = turn();
    let lease = Invocation::enter().lease::<Leased>().unwrap();
    blocked::<Leased>(Reason::ActiveReference);
    let second = lease.clone();
    drop(lease);
    blocked::<Leased>(Reason::ActiveReference);
    assert_eq!((second.generation(), Lease::generation(&second)), (1, 1));
    thread::spawn(move || {
        blocked::<Leased>(Reason::ActiveReference);
        drop(second);
    })
    .join()
    .unwrap();
    assert_eq!(unloaded::<Leased>(), None);
    assert_eq!(LEASED.loads_and_drops(), (1, 1));
}

/// Interfaces with an unload hook, sync or async, that does as it is told.
#[derive(Clone, Copy, PartialEq)]
enum End {
    Well,
    Fail,
    Panic,
}

struct Script {
    end: Mutex<End>,
    hooks: AtomicUsize,
    count: Count,
}

impl Script {
    const fn new() -> Self {
        Self { end: Mutex::new(End::Well), hooks: AtomicUsize::new(0), count: Count::new() }
    }

    fn ends(&self, end: End) {
        *self.end.lock().unwrap() = end;
    }

    fn play(&self, _instance: Counted) -> io::Result<()> {
        self.hooks.fetch_add(1, Ordering::SeqCst);
        let end = *self.end.lock().unwrap();
        match end {
            End::Well => Ok(()),
            End::Fail => Err(io::Error::other("disk full")),
            End::Panic => panic!("lost the file"),
        }
    }
}

struct Flushed(Counted);
static FLUSHED: Script = Script::new();

#[lmms::interface]
impl Flushed {
    #[load]
    fn load() -> Self {
        Self(FLUSHED.count.load())
    }

    #[unload]
    fn unload(self) -> io::Result<()> {
        FLUSHED.play(self.0)
    }
}

struct Closed(Counted);
static CLOSED: Script = Script::new();

#[lmms::interface]
impl Closed {
    #[load]
    async fn load() -> Self {
        Self(CLOSED.count.load())
    }

    #[unload]
    async fn unload(self) -> io::Result<()> {
        tokio::task::yield_now().await;
        CLOSED.play(self.0)
    }
}

struct Dropped(#[allow(dead_code)] Counted);
static DROPPED: Script = Script::new();

#[lmms::interface]
impl Dropped {
    #[load]
    fn load() -> Self {
        Self(DROPPED.count.load())
    }
}

impl Drop for Dropped {
    fn drop(&mut self) {
        DROPPED.hooks.fetch_add(1, Ordering::SeqCst);
        if *DROPPED.end.lock().unwrap() == End::Panic {
            panic!("lost the file");
        }
    }
}

fn hooks_run_once<T: Interface>(script: &'static Script, ends: &'static [(End, Option<&str>)]) {
    let _turn = turn();
    watched(move || {
        let gateway = gateway();
        for (index, (end, said)) in ends.iter().enumerate() {
            let before = gateway.stats().lugs_unloads;
            block_on(Invocation::enter().get_async::<T>()).unwrap();
            assert_eq!(script.count.loads_and_drops(), (index + 1, index));
            {
                // A blocked attempt does not run it.
                let invocation = Invocation::enter();
                invocation.resident::<T>().unwrap();
                blocked::<T>(Reason::ActiveReference);
                assert_eq!(script.hooks.load(Ordering::SeqCst), index);
            }
            script.ends(*end);
            let expected = said.map(|said| format!("the unload hook of interface `{}` {said}", T::NAME));
            assert_eq!(unloaded::<T>(), expected);
            assert_eq!(script.hooks.load(Ordering::SeqCst), index + 1);
            assert_eq!(script.count.loads_and_drops(), (index + 1, index + 1));
            assert!(matches!(unload::<T>(), Unload::NotLoaded));
            assert_eq!(script.hooks.load(Ordering::SeqCst), index + 1);
            assert_eq!(gateway.stats().lugs_unloads, before + 1);
        }
    });
}

const ENDS: &[(End, Option<&str>)] = &[
    (End::Well, None),
    (End::Fail, Some("failed: disk full")),
    (End::Panic, Some("panicked: lost the file")),
    (End::Well, None),
];

#[test]
fn a_sync_hook_runs_once_and_its_failure_is_told() {
    hooks_run_once::<Flushed>(&FLUSHED, ENDS);
}

#[test]
fn an_async_hook_runs_once_and_its_failure_is_told() {
    hooks_run_once::<Closed>(&CLOSED, ENDS);
}

#[test]
fn a_drop_that_panics_is_told() {
    hooks_run_once::<Dropped>(
        &DROPPED,
        &[(End::Well, None), (End::Panic, Some("panicked: lost the file")), (End::Well, None)],
    );
}

/// An interface whose async unload hook waits at a gate.
struct Slow(Counted);

static SLOW: Count = Count::new();
static SLOW_GATE: Semaphore = Semaphore::const_new(0);
static SLOW_UNLOADING: AtomicBool = AtomicBool::new(false);

#[lmms::interface]
impl Slow {
    #[load]
    async fn load() -> Self {
        assert!(!SLOW_UNLOADING.load(Ordering::SeqCst), "the hook of the last generation still runs");
        Self(SLOW.load())
    }

    #[unload]
    async fn unload(self) {
        SLOW_UNLOADING.store(true, Ordering::SeqCst);
        SLOW_GATE.acquire().await.unwrap().forget();
        SLOW_UNLOADING.store(false, Ordering::SeqCst);
    }

    #[operation]
    fn generation(&self) -> usize {
        self.0.number
    }
}

#[test]
fn who_would_load_or_unload_waits_for_the_unload_hook_that_still_runs() {
    let _turn = turn();
    watched(slow_unload);
}

fn slow_unload() {
    let (gateway, unloader) = (gateway(), unloader());
    block_on(Invocation::enter().get_async::<Slow>()).unwrap();
    let invocation = Invocation::enter();
    {
        let mut unload = pin!(unloader.unload_module("slow"));
        assert!(poll(unload.as_mut()).is_pending());
        assert!(SLOW_UNLOADING.load(Ordering::SeqCst));

        // It is gone already, though not yet quite: nobody sees it, and who would load or unload it waits.
        assert!(Invocation::enter().resident::<Slow>().is_none());
        let mut again = pin!(unloader.unload_module("slow"));
        assert!(poll(again.as_mut()).is_pending());
        let mut typed = pin!(invocation.get_async::<Slow>());
        let mut named = pin!(gateway.execute_operation("slow", "generation", b"{}"));
        assert!(poll(typed.as_mut()).is_pending());
        assert!(poll(named.as_mut()).is_pending());
        assert_eq!(SLOW.loads_and_drops(), (1, 0));

        SLOW_GATE.add_permits(1);
        let Poll::Ready(Ok(Unload::Unloaded { hook_error: None, .. })) = poll(unload.as_mut()) else {
            panic!("the hook is over")
        };
        assert_eq!(SLOW.loads_and_drops(), (1, 1));
        assert!(matches!(poll(again.as_mut()), Poll::Ready(Ok(Unload::NotLoaded))));
        assert!(matches!(poll(typed.as_mut()), Poll::Ready(Ok(slow)) if slow.generation() == 2));
        assert!(matches!(poll(named.as_mut()), Poll::Ready(Ok(answer)) if answer == b"2"));
    }
    blocked::<Slow>(Reason::ActiveReference);
    drop(invocation);

    // An unload that is given up halfway: its instance is dropped, and the slot is free.
    {
        let mut unload = pin!(unloader.unload_module("slow"));
        assert!(poll(unload.as_mut()).is_pending());
    }
    assert_eq!(SLOW.loads_and_drops(), (2, 2));
    SLOW_UNLOADING.store(false, Ordering::SeqCst);
    assert_eq!(block_on(gateway.execute_operation("slow", "generation", b"{}")).unwrap(), b"3");
    SLOW_GATE.add_permits(1);
    assert_eq!(unloaded::<Slow>(), None);
    assert_eq!(SLOW.loads_and_drops(), (3, 3));
}

/// A lease inside an instance keeps what it needs, and lets go of it when it goes.
struct Above {
    _below: Lease<Below>,
}

#[lmms::interface]
impl Above {
    #[load]
    fn load(load: &lmms::Load<'_>) -> Result<Self, lmms::LoadError> {
        Ok(Self { _below: load.lease()? })
    }
}

struct Below;

#[lmms::interface]
impl Below {
    #[load]
    fn load() -> Self {
        Self
    }
}

#[test]
fn what_another_instance_leases_stays_as_long_as_that_one() {
    let _turn = turn();
    Invocation::enter().get::<Above>().unwrap();
    blocked::<Below>(Reason::ActiveReference);
    assert_eq!(unloaded::<Above>(), None);
    assert_eq!(unloaded::<Below>(), None);
}
