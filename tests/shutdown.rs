//! A shutdown unloads all that is loaded, in reverse order of loading: each hook runs once, none stops another, and what
//! does not end in time is told (acceptance 17).

mod common;

use std::future;
use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::thread;
use std::time::Duration;

use common::{block_on, gateway, poll, resident, unloader, watched};
use lmms::{Config, Gateway, Interface, Invocation, Lease, Load, LoadError, Shutdown, Unload};
use tokio::sync::Semaphore;

/// No test comes near it, for nothing here measures time.
const FAR_OFF: Duration = Duration::from_secs(3_600);

/// Soon over, where a test waits for it to be.
const SOON: Duration = Duration::from_millis(20);

/// Tests take turns: a shutdown is one of the process.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    HUNG.store(false, Ordering::SeqCst);
    let _ = block_on(gateway().shutdown(FAR_OFF));
    HOOKS.lock().unwrap().clear();
    turn
}

fn shutdown(deadline: Duration) -> Shutdown {
    block_on(gateway().shutdown(deadline))
}

fn touch<T: Interface>() {
    block_on(Invocation::enter().get_async::<T>()).unwrap();
}

/// The hooks that have run, in that order.
static HOOKS: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

fn hooks() -> Vec<&'static str> {
    HOOKS.lock().unwrap().clone()
}

#[track_caller]
fn is_empty(shutdown: &Shutdown) {
    assert_eq!(shutdown.unloaded, [""; 0]);
    assert!(shutdown.hook_errors.is_empty(), "{:?}", shutdown.hook_errors);
    assert_eq!(shutdown.remaining, [""; 0]);
    assert_eq!(shutdown.interrupted, None);
}

macro_rules! hooked {
    ($($Name:ident $(($pinned:ident))? => $end:expr;)*) => {$(
        struct $Name;

        #[lmms::interface($($pinned)?)]
        impl $Name {
            #[load]
            fn load() -> Self {
                Self
            }

            #[unload]
            fn unload(self) -> io::Result<()> {
                HOOKS.lock().unwrap().push(Self::NAME);
                $end
            }

            #[operation]
            fn name(&self) -> &'static str {
                Self::NAME
            }
        }
    )*};
}

hooked! {
    One => Ok(());
    Two => Err(io::Error::other("disk full"));
    Three => panic!("lost the file");
    Four (pinned) => Ok(());
    Five => Ok(());
}

struct Waits;

#[lmms::interface]
impl Waits {
    #[load]
    async fn load() -> Self {
        Self
    }

    #[unload]
    async fn unload(self) -> Result<(), String> {
        tokio::task::yield_now().await;
        HOOKS.lock().unwrap().push(Self::NAME);
        Err("connection lost".to_owned())
    }
}

#[test]
fn all_hooks_run_once_in_reverse_order_of_loading_and_none_stops_another() {
    let _turn = turn();
    watched(|| {
        // Loaded, and used in another order.
        touch::<Two>();
        touch::<Waits>();
        touch::<One>();
        touch::<Four>();
        touch::<Three>();
        touch::<Five>();
        touch::<One>();
        touch::<Two>();
        // One that is loaded anew is loaded last.
        assert!(matches!(block_on(unloader().unload_module("one")), Ok(Unload::Unloaded { .. })));
        touch::<One>();
        assert_eq!(hooks(), ["one"]);

        let unloads = gateway().stats().lugs_unloads;
        let all = ["one", "five", "three", "four", "waits", "two"];
        let shutdown = shutdown(FAR_OFF);
        assert_eq!(shutdown.unloaded, all);
        assert_eq!(hooks()[1..], all);
        let said: Vec<_> = shutdown.hook_errors.iter().map(|error| (error.interface(), error.to_string())).collect();
        let expected =
            [("three", "panicked: lost the file"), ("waits", "failed: connection lost"), ("two", "failed: disk full")]
                .map(|(name, said)| (name, format!("the unload hook of interface `{name}` {said}")));
        assert_eq!(said, expected);
        assert_eq!(shutdown.remaining, [""; 0]);
        assert_eq!(shutdown.interrupted, None);
        assert_eq!(gateway().stats().lugs_unloads, unloads + 6);
        assert_eq!(resident(&gateway()), [""; 0]);

        is_empty(&self::shutdown(FAR_OFF));
        is_empty(&self::shutdown(Duration::ZERO));
        assert_eq!(hooks().len(), 7);
    });
}

#[test]
fn what_keeps_an_interface_loaded_otherwise_does_not_here() {
    let _turn = turn();
    let gateway = Gateway::new(Config::default().with_unloading(false)).unwrap();
    touch::<Four>();
    // In its grace period, hot, and under the floor.
    for _ in 0..100 {
        block_on(gateway.execute_operation("one", "name", b"{}")).unwrap();
    }
    assert_eq!(block_on(gateway.shutdown(FAR_OFF)).unloaded, ["one", "four"]);
}

#[test]
fn loads_after_a_shutdown_work() {
    let _turn = turn();
    touch::<One>();
    assert_eq!(shutdown(FAR_OFF).unloaded, ["one"]);
    let loads = gateway().interface("one").unwrap().status().loads;
    assert_eq!(block_on(gateway().execute_operation("one", "name", b"{}")).unwrap(), br#""one""#);
    assert_eq!(gateway().interface("one").unwrap().status().loads, loads + 1);
    assert_eq!(shutdown(FAR_OFF).unloaded, ["one"]);
    assert_eq!(hooks(), ["one", "one"]);
}

#[test]
fn what_is_held_is_waited_for() {
    let _turn = turn();
    watched(|| {
        let lease = Invocation::enter().lease::<One>().unwrap();
        let invocation = Invocation::enter();
        invocation.get::<Five>().unwrap();
        touch::<Four>();

        let gateway = gateway();
        let mut shutdown = pin!(gateway.shutdown(FAR_OFF));
        assert!(poll(shutdown.as_mut()).is_pending());
        // What nobody holds goes at once.
        assert_eq!(hooks(), ["four"]);
        assert_eq!(resident(&gateway), ["five", "one"]);
        drop(invocation);
        let releases = thread::spawn(move || drop(lease));
        let done = block_on(shutdown.as_mut());
        releases.join().unwrap();
        let mut names = done.unloaded;
        names.sort_unstable();
        assert_eq!(names, ["five", "four", "one"]);
        assert_eq!(done.remaining, [""; 0]);
    });
}

#[test]
fn what_is_held_for_too_long_is_told_last_loaded_first() {
    let _turn = turn();
    watched(|| {
        let lease = Invocation::enter().lease::<One>().unwrap();
        touch::<Four>();
        let invocation = Invocation::enter();
        invocation.get::<Five>().unwrap();
        let done = shutdown(SOON);
        assert_eq!(done.unloaded, ["four"]);
        assert_eq!(done.remaining, ["five", "one"]);
        assert_eq!(done.interrupted, None);
        // They live on.
        assert_eq!(lease.name(), "one");
        assert_eq!(invocation.get::<Five>().unwrap().name(), "five");
        drop((lease, invocation));
        assert_eq!(shutdown(FAR_OFF).unloaded, ["five", "one"]);
    });
}

/// Its async unload hook ends only while it is not to hang.
struct Hangs;

static HUNG: AtomicBool = AtomicBool::new(false);

#[lmms::interface]
impl Hangs {
    #[load]
    async fn load() -> Self {
        Self
    }

    #[unload]
    async fn unload(self) {
        HOOKS.lock().unwrap().push(Self::NAME);
        if HUNG.load(Ordering::SeqCst) {
            future::pending::<()>().await;
        }
    }
}

#[test]
fn an_async_hook_that_does_not_end_is_interrupted_and_told() {
    let _turn = turn();
    watched(|| {
        touch::<One>();
        touch::<Hangs>();
        touch::<Five>();
        HUNG.store(true, Ordering::SeqCst);
        let done = shutdown(SOON);
        assert_eq!(done.unloaded, ["five"]);
        assert_eq!(done.interrupted, Some("hangs"));
        assert_eq!(done.remaining, ["one"]);
        assert_eq!(hooks(), ["five", "hangs"]);
        // Its instance is gone, and its slot is free.
        assert_eq!(resident(&gateway()), ["one"]);
        HUNG.store(false, Ordering::SeqCst);
        touch::<Hangs>();
        assert_eq!(shutdown(FAR_OFF).unloaded, ["hangs", "one"]);
    });
}

#[test]
fn a_deadline_too_far_off_to_tell_is_none() {
    let _turn = turn();
    touch::<One>();
    assert_eq!(shutdown(Duration::MAX).unloaded, ["one"]);
}

/// Below is loaded first by Above's load, and last where it is Late that asks for it.
struct Above {
    _below: Lease<Below>,
}

#[lmms::interface]
impl Above {
    #[load]
    fn load(load: &Load<'_>) -> Result<Self, LoadError> {
        Ok(Self { _below: load.lease()? })
    }
}

struct Late(Mutex<Option<Lease<Below>>>);

#[lmms::interface]
impl Late {
    #[load]
    fn load() -> Self {
        Self(Mutex::new(None))
    }

    #[operation]
    fn take(&self, invocation: &Invocation) -> Result<(), LoadError> {
        *self.0.lock().unwrap() = Some(invocation.lease()?);
        Ok(())
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
fn what_another_instance_leases_goes_after_it() {
    let _turn = turn();
    watched(|| {
        touch::<Above>();
        assert_eq!(shutdown(FAR_OFF).unloaded, ["above", "below"]);

        block_on(gateway().execute_operation("late", "take", b"{}")).unwrap();
        touch::<One>();
        assert_eq!(shutdown(FAR_OFF).unloaded, ["one", "late", "below"]);
    });
}

/// Its unload hook needs another one.
struct Flushes;

#[lmms::interface]
impl Flushes {
    #[load]
    fn load() -> Self {
        Self
    }

    #[unload]
    fn unload(self) -> Result<(), LoadError> {
        Invocation::enter().get::<One>().map(drop)
    }
}

#[test]
fn what_a_hook_loads_is_unloaded_too() {
    let _turn = turn();
    touch::<Flushes>();
    assert_eq!(shutdown(FAR_OFF).unloaded, ["flushes", "one"]);
}

/// Its async unload hook waits at a gate.
struct Slow;

static GATE: Semaphore = Semaphore::const_new(0);

#[lmms::interface]
impl Slow {
    #[load]
    async fn load() -> Self {
        Self
    }

    #[unload]
    async fn unload(self) {
        GATE.acquire().await.unwrap().forget();
        HOOKS.lock().unwrap().push(Self::NAME);
    }
}

#[test]
fn a_hook_that_a_sweep_had_begun_is_waited_for() {
    let _turn = turn();
    watched(|| {
        touch::<Slow>();
        touch::<One>();
        let (gateway, unloader) = (gateway(), unloader());
        let mut sweep = Box::pin(unloader.sweep());
        assert!(poll(sweep.as_mut()).is_pending());

        let mut first = pin!(gateway.shutdown(FAR_OFF));
        assert!(poll(first.as_mut()).is_pending(), "the hook is not over");
        assert_eq!(hooks(), ["one"]);
        // When it has no time left, it is told.
        assert_eq!(shutdown(SOON).remaining, ["slow"]);

        GATE.add_permits(1);
        let Poll::Ready(swept) = poll(sweep.as_mut()) else { panic!("the hook may end") };
        assert_eq!(swept.unloaded, ["slow"]);
        let done = block_on(first);
        assert_eq!(done.unloaded, ["one"]);
        assert_eq!(done.remaining, [""; 0]);
        assert_eq!(hooks(), ["one", "slow"]);
    });
}
