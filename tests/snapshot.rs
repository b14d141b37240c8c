//! Before a snapshot, what holds something outside of the process is unloaded; after the restore it is loaded again, and the
//! time between makes nothing idle or cold.

mod common;

use std::io;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use common::{block_on, resident};
use lmms::testing::ManualClock;
use lmms::{Cache, Config, Gateway, Interface, Invocation, Lease, Load, LoadError, Preload, Reason, Tier, Unload};

/// Tests take turns, for what is loaded is the process's. Each begins with nothing loaded.
struct Turn {
    // First, so that time goes on before the next turn.
    clock: ManualClock,
    _turn: MutexGuard<'static, ()>,
}

impl Turn {
    fn take() -> Self {
        static TURN: Mutex<()> = Mutex::new(());
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        CLOSES.store(true, Ordering::Relaxed);
        OPENS.store(true, Ordering::Relaxed);
        let unloader = common::unloader();
        let _ = block_on(unloader.shutdown(Duration::from_secs(20)));
        assert_eq!(resident(&unloader), [""; 0]);
        closed();
        Self { clock: ManualClock::install(), _turn: turn }
    }
}

/// The `#[unload]` hooks that ran, in their order.
static CLOSED: Mutex<Vec<&str>> = Mutex::new(Vec::new());

fn close(name: &'static str) {
    CLOSED.lock().unwrap().push(name);
}

fn closed() -> Vec<&'static str> {
    std::mem::take(&mut CLOSED.lock().unwrap())
}

static OPENS: AtomicBool = AtomicBool::new(true);
static CLOSES: AtomicBool = AtomicBool::new(true);

/// Holds something outside of the process.
struct Connection;

#[lmms::interface]
impl Connection {
    #[load]
    fn load() -> io::Result<Self> {
        if OPENS.load(Ordering::Relaxed) { Ok(Self) } else { Err(io::Error::other("no network")) }
    }

    #[operation]
    fn ask(&self) -> u32 {
        42
    }

    #[unload]
    fn unload(self) -> io::Result<()> {
        close("connection");
        if CLOSES.load(Ordering::Relaxed) { Ok(()) } else { Err(io::Error::other("was closed")) }
    }
}

struct AsyncConnection;

#[lmms::interface(pinned)]
impl AsyncConnection {
    #[load]
    async fn load() -> Self {
        tokio::task::yield_now().await;
        Self
    }

    #[unload]
    async fn unload(self) {
        tokio::task::yield_now().await;
        close("async_connection");
    }
}

/// Writes a file of its own in the snapshot.
struct Scratch;

#[lmms::interface(snapshot = true)]
impl Scratch {
    #[load]
    fn load() -> Self {
        Self
    }

    #[unload]
    fn unload(self) {
        close("scratch");
    }
}

struct Words;

#[lmms::interface]
impl Words {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    fn count(&self) -> u32 {
        7
    }

    #[operation(cached(ttl = 60))]
    fn cached(&self) -> u32 {
        8
    }
}

/// A number that no two restored processes may share.
struct Nonce;

#[lmms::interface(snapshot = false)]
impl Nonce {
    #[load]
    fn load() -> Self {
        Self
    }
}

/// Keeps a connection.
struct Orders(Lease<Connection>);

#[lmms::interface]
impl Orders {
    #[load]
    fn load(load: &Load<'_>) -> Result<Self, LoadError> {
        Ok(Self(load.lease()?))
    }

    #[operation]
    fn ask(&self) -> u32 {
        self.0.ask()
    }
}

/// Would rather keep a dead connection than be loaded again.
struct Stubborn(#[expect(dead_code)] Lease<Connection>);

#[lmms::interface(snapshot = true)]
impl Stubborn {
    #[load]
    fn load(load: &Load<'_>) -> Result<Self, LoadError> {
        Ok(Self(load.lease()?))
    }
}

fn touch<T: Interface>() {
    block_on(Invocation::enter().get_async::<T>()).unwrap();
}

fn gateway() -> Gateway {
    Gateway::new(Config::default().with_min_resident(0)).unwrap()
}

const DAYS: Duration = Duration::from_secs(3 * 86_400);

#[test]
fn what_has_an_unload_goes_and_comes_again_and_the_rest_stays() {
    let turn = Turn::take();
    let names = ["async_connection", "connection", "nonce", "scratch", "words"];
    let gateway =
        Gateway::new(Config::default().with_preload(Preload::Only(names.map(str::to_owned).to_vec()))).unwrap();
    block_on(gateway.start()).unwrap();
    assert_eq!(resident(&gateway), names);
    let before = gateway.stats();

    let snapshot = block_on(gateway.before_snapshot());
    let mut unloaded = snapshot.unloaded.clone();
    unloaded.sort_unstable();
    assert_eq!(unloaded, ["async_connection", "connection", "nonce"]);
    assert_eq!((snapshot.hook_errors.len(), snapshot.remaining), (0, vec![]));
    assert_eq!(resident(&gateway), ["scratch", "words"]);
    let mut hooks = closed();
    hooks.sort_unstable();
    assert_eq!(hooks, ["async_connection", "connection"], "each once");
    assert_eq!(gateway.stats().lugs_unloads, before.lugs_unloads + 3);

    turn.clock.advance(DAYS);
    block_on(gateway.after_restore());
    assert_eq!(resident(&gateway), names);
    let after = gateway.stats();
    assert_eq!((after.ligs_loads, after.reloads), (before.ligs_loads + 3, before.reloads + 3));
    assert_eq!(closed(), [""; 0]);
    for name in names {
        assert_eq!(gateway.interface(name).unwrap().status().holds, 0);
    }
}

#[test]
fn a_second_restore_loads_nothing() {
    let _turn = Turn::take();
    let gateway = gateway();
    touch::<Connection>();
    let _ = block_on(gateway.before_snapshot());
    block_on(gateway.after_restore());
    let loads = gateway.stats().ligs_loads;
    assert!(matches!(block_on(gateway.unload_module("connection")), Ok(Unload::Blocked(Reason::GracePeriod))));
    let _ = block_on(gateway.shutdown(Duration::from_secs(20)));
    block_on(gateway.after_restore());
    assert_eq!((gateway.stats().ligs_loads, resident(&gateway)), (loads, vec![]));
}

#[test]
fn the_last_loaded_goes_first() {
    let _turn = Turn::take();
    let gateway = gateway();
    touch::<AsyncConnection>();
    touch::<Words>();
    touch::<Connection>();
    touch::<Nonce>();
    assert_eq!(block_on(gateway.before_snapshot()).unloaded, ["nonce", "connection", "async_connection"]);
    assert_eq!(closed(), ["connection", "async_connection"]);
}

#[test]
fn what_holds_a_connection_goes_before_it_and_comes_with_it() {
    let turn = Turn::take();
    let gateway = gateway();
    touch::<Words>();
    touch::<Orders>();
    let snapshot = block_on(gateway.before_snapshot());
    assert_eq!(snapshot.unloaded, ["orders", "connection"]);
    assert_eq!(snapshot.remaining, [""; 0]);
    turn.clock.advance(DAYS);
    block_on(gateway.after_restore());
    assert_eq!(resident(&gateway), ["connection", "orders", "words"]);
    assert_eq!(block_on(gateway.execute_operation("orders", "ask", b"{}")).unwrap(), b"42");
}

#[test]
fn what_cannot_go_is_told() {
    let _turn = Turn::take();
    let gateway = gateway();
    touch::<Nonce>();
    touch::<Stubborn>();
    let cache = Cache::builder(1).build();
    cache.insert_depending_on::<Nonce>("key", ());
    let snapshot = block_on(gateway.before_snapshot());
    assert_eq!(snapshot.unloaded, [""; 0]);
    assert_eq!(snapshot.remaining, ["nonce", "connection"]);
    assert_eq!(resident(&gateway), ["connection", "nonce", "stubborn"]);
    block_on(gateway.after_restore());
}

#[test]
fn a_hook_that_fails_is_told_and_stops_nothing() {
    let _turn = Turn::take();
    let gateway = gateway();
    touch::<AsyncConnection>();
    touch::<Connection>();
    CLOSES.store(false, Ordering::Relaxed);
    let snapshot = block_on(gateway.before_snapshot());
    assert_eq!(snapshot.unloaded, ["connection", "async_connection"]);
    let errors: Vec<_> = snapshot.hook_errors.iter().map(ToString::to_string).collect();
    assert_eq!(errors, ["the unload hook of interface `connection` failed: was closed"]);
}

#[test]
fn what_does_not_come_again_is_left_to_the_first_request() {
    let _turn = Turn::take();
    let gateway = gateway();
    touch::<Connection>();
    touch::<Nonce>();
    let _ = block_on(gateway.before_snapshot());
    OPENS.store(false, Ordering::Relaxed);
    block_on(gateway.after_restore());
    assert_eq!(resident(&gateway), ["nonce"]);
    OPENS.store(true, Ordering::Relaxed);
    assert_eq!(block_on(gateway.execute_operation("connection", "ask", b"{}")).unwrap(), b"42");
}

#[test]
fn what_went_for_a_snapshot_that_was_announced_twice_comes_again() {
    let _turn = Turn::take();
    let gateway = gateway();
    touch::<Connection>();
    assert_eq!(block_on(gateway.before_snapshot()).unloaded, ["connection"]);
    touch::<Nonce>();
    assert_eq!(block_on(gateway.before_snapshot()).unloaded, ["nonce"]);
    block_on(gateway.after_restore());
    assert_eq!(resident(&gateway), ["connection", "nonce"]);
}

#[test]
fn neither_eager_loading_nor_a_switch_keeps_a_connection_in_the_snapshot() {
    let _turn = Turn::take();
    for config in [Config::default().with_unloading(false), Config::default().with_lazy_loading(false)] {
        let gateway = Gateway::new(config).unwrap();
        touch::<Connection>();
        assert_eq!(block_on(gateway.before_snapshot()).unloaded, ["connection"]);
        block_on(gateway.after_restore());
        assert_eq!(resident(&gateway), ["connection"]);
    }
}

#[test]
fn the_time_between_makes_nothing_idle() {
    let turn = Turn::take();
    let gateway = gateway();
    touch::<Words>();
    touch::<Connection>();
    turn.clock.advance(Duration::from_secs(20));
    let _ = block_on(gateway.before_snapshot());
    turn.clock.advance(DAYS);
    block_on(gateway.after_restore());
    // All begin anew: those that stayed, and those that came again.
    assert_eq!(block_on(gateway.sweep()).unloaded, [""; 0]);
    turn.clock.advance(Duration::from_millis(29_999));
    assert_eq!(block_on(gateway.sweep()).unloaded, [""; 0]);
    // And none stays for ever.
    turn.clock.advance(Duration::from_millis(1));
    assert_eq!(block_on(gateway.sweep()).unloaded, ["words", "connection"]);
}

#[test]
fn a_restore_that_nobody_announced_makes_nothing_idle_either() {
    let turn = Turn::take();
    let gateway = gateway();
    touch::<Words>();
    turn.clock.advance(DAYS);
    block_on(gateway.after_restore());
    assert_eq!(block_on(gateway.sweep()).unloaded, [""; 0]);
}

#[test]
fn the_time_between_makes_nothing_cold() {
    let turn = Turn::take();
    let config = Config::default().with_min_resident(0).with_fast_path_threshold(NonZeroU32::new(2).unwrap());
    let gateway = Gateway::new(config.with_heat_half_life(Duration::from_secs(300))).unwrap();
    for _ in 0..4 {
        block_on(gateway.execute_operation("words", "count", b"{}")).unwrap();
    }
    let tier = || gateway.check_fast_path("words.count").unwrap().tier;
    assert_eq!(tier(), Tier::Hot);
    turn.clock.advance(Duration::from_secs(200));
    let _ = block_on(gateway.before_snapshot());
    turn.clock.advance(DAYS);
    block_on(gateway.after_restore());
    assert_eq!(tier(), Tier::Hot);
    // What had passed of a half-life before has passed.
    turn.clock.advance(Duration::from_secs(99));
    assert_eq!(tier(), Tier::Hot);
    turn.clock.advance(Duration::from_secs(1));
    assert_eq!(tier(), Tier::Warm);
}

#[test]
fn the_time_between_counts_for_what_is_cached() {
    let turn = Turn::take();
    let gateway = gateway();
    let cache: Cache<&str, u32> = Cache::builder(1).ttl(Duration::from_secs(60)).build();
    cache.insert("key", 1);
    let ask = || block_on(gateway.execute_operation("words", "cached", b"{}")).unwrap();
    ask();
    ask();
    assert_eq!((gateway.stats().cache_misses, gateway.stats().cache_hits), (1, 1));
    let _ = block_on(gateway.before_snapshot());
    turn.clock.advance(Duration::from_secs(59));
    block_on(gateway.after_restore());
    ask();
    assert_eq!((gateway.stats().cache_misses, cache.get("key")), (1, Some(1)));
    let _ = block_on(gateway.before_snapshot());
    turn.clock.advance(Duration::from_secs(1));
    block_on(gateway.after_restore());
    ask();
    assert_eq!((gateway.stats().cache_misses, cache.get("key")), (2, None));
}

#[cfg(feature = "lambda")]
#[test]
fn lambda_runtime_does_both_through_its_resource() {
    use lmms::lambda::{SnapStartResource, snapstart};
    use std::sync::Arc;

    let turn = Turn::take();
    let gateway = Arc::new(gateway());
    touch::<Connection>();
    let resource: Arc<dyn SnapStartResource> = snapstart(Arc::clone(&gateway));
    block_on(resource.before_snapshot()).unwrap();
    assert_eq!((resident(&gateway), closed()), (vec![], vec!["connection"]));
    turn.clock.advance(DAYS);
    // What fails is no reason to end the process.
    OPENS.store(false, Ordering::Relaxed);
    block_on(resource.after_restore()).unwrap();
    assert_eq!(resident(&gateway), [""; 0]);
}
