//! Everything at once: threads that run invocations over all interfaces, loads that fail, panic or are cancelled, and
//! unloads at any moment. No instance is seen after it was dropped, each is dropped once, and in the end nothing is left.

mod common;

use std::future::poll_fn;
use std::hint::black_box;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use common::{block_on, gateway, poll, resident, unloader, watched};
use lmms::{ErrorCode, Gateway, Interface, Invocation, Lease, LoadError, LoadErrorKind, Reason, Unload};

const ALIVE: u64 = 0x600D_600D_600D_600D;
const DEAD: u64 = 0xDEAD_DEAD_DEAD_DEAD;

const THREADS: usize = 6;

/// An instance that can tell whether it is one.
struct Canary {
    state: AtomicU64,
    /// Big enough for an allocator to give it to somebody else at once.
    body: Vec<u64>,
    alive: &'static AtomicUsize,
}

impl Canary {
    fn new(alive: &'static AtomicUsize) -> Self {
        assert_eq!(alive.fetch_add(1, Ordering::SeqCst), 0, "a second instance");
        Self { state: AtomicU64::new(ALIVE), body: vec![ALIVE; 64], alive }
    }

    fn look(&self) {
        assert_eq!(self.state.load(Ordering::Relaxed), ALIVE, "seen after it was dropped");
        assert!(black_box(&self.body).iter().all(|word| *word == ALIVE), "seen after it was dropped");
    }
}

impl Drop for Canary {
    fn drop(&mut self) {
        assert_eq!(self.state.swap(DEAD, Ordering::Relaxed), ALIVE, "dropped twice");
        self.body.fill(DEAD);
        assert_eq!(self.alive.fetch_sub(1, Ordering::SeqCst), 1, "dropped twice");
    }
}

/// xorshift64, with a seed per thread.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// What happened to one interface.
struct Events {
    alive: AtomicUsize,
    attempts: AtomicUsize,
    loads: AtomicUsize,
    hooks: AtomicUsize,
}

impl Events {
    const fn new() -> Self {
        Self {
            alive: AtomicUsize::new(0),
            attempts: AtomicUsize::new(0),
            loads: AtomicUsize::new(0),
            hooks: AtomicUsize::new(0),
        }
    }

    /// Fails every third time and panics every seventh, if it is to.
    fn load(&'static self, is_faulty: bool) -> Result<Canary, String> {
        let attempt = self.attempts.fetch_add(1, Ordering::SeqCst);
        if is_faulty && CALM.load(Ordering::SeqCst) == 0 {
            assert_ne!(attempt % 7, 6, "on purpose");
            if attempt % 3 == 2 {
                return Err("on purpose".to_owned());
            }
        }
        let canary = Canary::new(&self.alive);
        self.loads.fetch_add(1, Ordering::SeqCst);
        Ok(canary)
    }
}

/// Not 0 once the storm is over, so that all loads succeed.
static CALM: AtomicUsize = AtomicUsize::new(0);

/// Goes on after being polled again, so that there is a moment in which it can be cancelled.
async fn pause() {
    let mut paused = false;
    poll_fn(|context| {
        if std::mem::replace(&mut paused, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

macro_rules! interfaces {
    ($($Name:ident $EVENTS:ident $kind:ident $is_faulty:literal;)*) => {
        $(interfaces!($kind $Name $EVENTS $is_faulty);)*

        /// Does something with one of them.
        fn call(invocation: &Invocation, number: usize, random: &mut Random) -> Result<(), LoadError> {
            let interfaces: &[fn(&Invocation, &mut Random) -> Result<(), LoadError>] =
                &[$(interfaces!(use $kind $Name),)*];
            interfaces[number](invocation, random)
        }

        const NAMES: &[&str] = &[$($Name::NAME),*];

        fn events() -> Vec<&'static Events> {
            vec![$(&$EVENTS),*]
        }
    };
    (sync $Name:ident $EVENTS:ident $is_faulty:literal) => {
        struct $Name(Canary);
        static $EVENTS: Events = Events::new();

        #[lmms::interface]
        impl $Name {
            #[load]
            fn load() -> Result<Self, String> {
                $EVENTS.load($is_faulty).map(Self)
            }

            #[operation]
            fn look(&self) {
                self.0.look();
            }

            #[unload]
            fn unload(self) {
                self.0.look();
                $EVENTS.hooks.fetch_add(1, Ordering::SeqCst);
            }
        }
    };
    (async $Name:ident $EVENTS:ident $is_faulty:literal) => {
        struct $Name(Canary);
        static $EVENTS: Events = Events::new();

        #[lmms::interface]
        impl $Name {
            #[load]
            async fn load() -> Result<Self, String> {
                pause().await;
                let canary = $EVENTS.load($is_faulty)?;
                pause().await;
                Ok(Self(canary))
            }

            #[operation]
            async fn look(&self) {
                self.0.look();
                pause().await;
                self.0.look();
            }

            #[unload]
            async fn unload(self) {
                pause().await;
                self.0.look();
                $EVENTS.hooks.fetch_add(1, Ordering::SeqCst);
            }
        }
    };
    (use sync $Name:ident) => {
        |invocation, random| match random.below(3) {
            0 => leased(invocation.lease::<$Name>()?, |it| it.0.look()),
            1 => Ok(if let Some(it) = invocation.resident::<$Name>() { it.0.look() }),
            _ => Ok(invocation.get::<$Name>()?.0.look()),
        }
    };
    (use async $Name:ident) => {
        |invocation, random| match random.below(4) {
            0 => leased(block_on(invocation.lease_async::<$Name>())?, |it| it.0.look()),
            1 => Ok(if let Some(it) = invocation.resident::<$Name>() { it.0.look() }),
            2 => {
                // Given up at whatever point it is.
                let mut cancelled = pin!(invocation.get_async::<$Name>());
                for _ in 0..random.below(3) {
                    if let Poll::Ready(it) = poll(cancelled.as_mut()) {
                        return Ok(it?.0.look());
                    }
                }
                Ok(())
            }
            _ => Ok(block_on(invocation.get_async::<$Name>())?.0.look()),
        }
    };
}

interfaces! {
    Sync0 SYNC0 sync false;
    Sync1 SYNC1 sync false;
    Sync2 SYNC2 sync false;
    Sync3 SYNC3 sync false;
    Faulty0 FAULTY0 sync true;
    Faulty1 FAULTY1 sync true;
    Faulty2 FAULTY2 sync true;
    Faulty3 FAULTY3 sync true;
    Async0 ASYNC0 async false;
    Async1 ASYNC1 async false;
    Async2 ASYNC2 async false;
    Async3 ASYNC3 async false;
    FaultyAsync0 FAULTY_ASYNC0 async true;
    FaultyAsync1 FAULTY_ASYNC1 async true;
    FaultyAsync2 FAULTY_ASYNC2 async true;
    FaultyAsync3 FAULTY_ASYNC3 async true;
}

/// Looks through a lease and its clone, on whose end nobody waits.
fn leased<T: Send + Sync>(lease: Lease<T>, look: impl Fn(&T)) -> Result<(), LoadError> {
    let clone = lease.clone();
    drop(lease);
    look(&clone);
    Ok(())
}

fn on_purpose(outcome: Result<(), LoadError>) {
    match outcome.as_ref().map_err(|error| (error.to_string(), error.kind())) {
        Ok(()) => {}
        Err((message, LoadErrorKind::Failed | LoadErrorKind::Panicked(_))) => {
            assert!(message.contains("on purpose"), "{message}");
        }
        Err((message, _)) => panic!("{message}"),
    }
}

fn storm([gateway, unloader]: &[Gateway; 2], end: Instant, seed: u64) {
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    while Instant::now() < end {
        let invocation = Invocation::enter();
        for _ in 0..random.below(12) {
            let number = random.below(NAMES.len() as u64) as usize;
            match random.below(8) {
                0 | 1 => match block_on(unloader.unload_module(NAMES[number])).unwrap() {
                    Unload::Unloaded { hook_error: None, .. }
                    | Unload::NotLoaded
                    | Unload::Blocked(Reason::ActiveReference) => {}
                    unload => panic!("{unload:?}"),
                },
                2 => {
                    let mut reply = Vec::new();
                    let request = format!(r#"{{"interface":"{}","operation":"look"}}"#, NAMES[number]);
                    match block_on(gateway.execute_in(&invocation, request.as_bytes(), &mut reply)) {
                        Ok(()) => assert_eq!(reply, b"null"),
                        Err(error) => assert_eq!(error.code(), ErrorCode::LoadFailed, "{error}"),
                    }
                }
                3 => thread::scope(|scope| {
                    // A second thread in the same invocation.
                    let mut random = Random(random.0);
                    let invocation = &invocation;
                    scope.spawn(move || on_purpose(call(invocation, number, &mut random)));
                    on_purpose(call(invocation, number, &mut Random(seed)));
                }),
                _ => on_purpose(call(&invocation, number, &mut random)),
            }
        }
    }
}

#[test]
fn nothing_is_seen_after_it_was_dropped_and_nothing_is_left() {
    static FAILED: AtomicBool = AtomicBool::new(false);
    std::panic::set_hook(Box::new(|panic| {
        // The loads that panic on purpose would fill the screen.
        if !panic.to_string().contains("on purpose") {
            FAILED.store(true, Ordering::SeqCst);
            eprintln!("{panic}");
        }
    }));
    watched(|| {
        let end = Instant::now() + Duration::from_secs(2);
        let threads: Vec<_> = (1..=THREADS)
            .map(|seed| thread::spawn(move || storm(&[gateway(), unloader()], end, seed as u64)))
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
    });
    // A canary that saw something wrong in a load or a hook was caught by the framework, as it should be.
    assert!(!FAILED.load(Ordering::SeqCst));

    let (gateway, unloader) = (gateway(), unloader());
    CALM.store(1, Ordering::SeqCst);
    for (name, events) in NAMES.iter().zip(events()) {
        let status = || gateway.interface(name).unwrap().status();
        assert_eq!(status().holds, 0, "{name}");
        block_on(gateway.execute_operation(name, "look", b"{}")).unwrap();
        assert_eq!(events.alive.load(Ordering::SeqCst), 1, "{name}");
        let unload = block_on(unloader.unload_module(name)).unwrap();
        assert!(matches!(unload, Unload::Unloaded { hook_error: None, .. }), "{name}: {unload:?}");
        assert_eq!(events.alive.load(Ordering::SeqCst), 0, "{name}");

        // Async loads may be cancelled between the canary's birth and the end of the load.
        let [loads, hooks] = [&events.loads, &events.hooks].map(|count| count.load(Ordering::SeqCst) as u64);
        assert_eq!(hooks, status().loads, "{name}: one hook per generation");
        assert!(loads >= status().loads && loads > 10, "{name}: only {loads} loads");
    }
    assert!(resident(&gateway).is_empty());
    let stats = gateway.stats();
    assert_eq!(stats.ligs_loads, stats.lugs_unloads);
}
