//! A load that fails, panics or is cancelled is a named error, leaves nothing loaded, is not counted, and is tried again
//! by the next call (acceptance 3).

mod common;

use std::collections::BTreeSet;
use std::error::Error as _;
use std::fmt::Display;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use common::{block_on, gateway, poll, watched};
use lmms::{ErrorCode, Gateway, Interface, Invocation, LoadError, LoadErrorKind};
use tokio::sync::Semaphore;

/// Tests take turns, for some look at the counters of the process.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_resident<T: Interface>(gateway: &Gateway) -> bool {
    gateway.interface(T::NAME).unwrap().status().resident
}

fn loads<T: Interface>(gateway: &Gateway) -> u64 {
    gateway.interface(T::NAME).unwrap().status().loads
}

fn by_name<T: Interface>(gateway: &Gateway) -> Result<Vec<u8>, lmms::Error> {
    block_on(gateway.execute_operation(T::NAME, "answer", b"{}"))
}

/// What one attempt does.
#[derive(Clone, Copy)]
enum Attempt {
    Succeed,
    Fail,
    Panic,
    PanicWithNumber,
}

/// Says what a load is to do.
struct Script {
    next: Mutex<Attempt>,
    attempts: AtomicUsize,
}

impl Script {
    const fn new() -> Self {
        Self { next: Mutex::new(Attempt::Succeed), attempts: AtomicUsize::new(0) }
    }

    fn is(&self, attempt: Attempt) {
        *self.next.lock().unwrap() = attempt;
    }

    fn play(&self) -> io::Result<()> {
        self.attempts.fetch_add(1, Ordering::SeqCst);
        let attempt = *self.next.lock().unwrap();
        match attempt {
            Attempt::Succeed => Ok(()),
            Attempt::Fail => Err(io::Error::new(io::ErrorKind::NotFound, "no dictionary")),
            Attempt::Panic => panic!("index {} out of range", 7),
            Attempt::PanicWithNumber => std::panic::panic_any(7),
        }
    }
}

struct Blocking;
static BLOCKING: Script = Script::new();

#[lmms::interface]
impl Blocking {
    #[load]
    fn load() -> io::Result<Self> {
        BLOCKING.play().map(|()| Self)
    }

    #[operation]
    fn answer(&self) -> u32 {
        42
    }
}

struct Waiting;
static WAITING: Script = Script::new();

#[lmms::interface]
impl Waiting {
    #[load]
    async fn load() -> io::Result<Self> {
        tokio::task::yield_now().await;
        WAITING.play().map(|()| Self)
    }

    #[operation]
    fn answer(&self) -> u32 {
        42
    }
}

/// Fails in every way, each time through the typed and the named door, and succeeds at last.
fn each_failure_is_told_and_mended<T: Interface>(
    script: &'static Script,
    get: impl Fn(&Invocation) -> Result<(), LoadError>,
) {
    let _turn = turn();
    let gateway = gateway();
    let before = gateway.stats();
    let name = T::NAME;
    let cases = [
        (Attempt::Fail, format!("interface `{name}` failed to load: no dictionary")),
        (Attempt::Panic, format!("interface `{name}` panicked while it loaded: index 7 out of range")),
        (Attempt::PanicWithNumber, format!("interface `{name}` panicked while it loaded: a panic without a message")),
    ];
    for (attempt, message) in cases {
        script.is(attempt);
        let error = get(&Invocation::enter()).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert_eq!((error.interface(), error.code()), (name, ErrorCode::LoadFailed));
        match attempt {
            Attempt::Fail => {
                assert_eq!(*error.kind(), LoadErrorKind::Failed);
                let cause = error.source().unwrap().downcast_ref::<io::Error>().unwrap();
                assert_eq!(cause.kind(), io::ErrorKind::NotFound);
            }
            _ => assert!(matches!(error.kind(), LoadErrorKind::Panicked(_))),
        }
        let error = by_name::<T>(&gateway).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert_eq!((error.code(), error.interface()), (ErrorCode::LoadFailed, Some(name)));
        assert!(error.source().unwrap().is::<LoadError>());

        assert!(Invocation::enter().resident::<T>().is_none());
        assert!(!is_resident::<T>(&gateway));
    }
    assert_eq!(script.attempts.load(Ordering::SeqCst), 6, "each call tried");
    assert_eq!((loads::<T>(&gateway), gateway.stats()), (0, before));

    script.is(Attempt::Succeed);
    assert_eq!(by_name::<T>(&gateway).unwrap(), b"42");
    get(&Invocation::enter()).unwrap();
    assert_eq!(script.attempts.load(Ordering::SeqCst), 7, "one of two calls loaded");
    assert_eq!(loads::<T>(&gateway), 1);
    assert_eq!(gateway.stats().ligs_loads, before.ligs_loads + 1);
    assert_eq!(gateway.stats().reloads, before.reloads);
}

#[test]
fn a_sync_load_that_fails_is_tried_again() {
    watched(|| each_failure_is_told_and_mended::<Blocking>(&BLOCKING, |inv| inv.get::<Blocking>().map(drop)));
}

#[test]
fn an_async_load_that_fails_is_tried_again() {
    watched(|| {
        each_failure_is_told_and_mended::<Waiting>(&WAITING, |inv| block_on(inv.get_async::<Waiting>()).map(drop));
    });
}

/// An async interface whose load stops at a gate, and counts how often it was left halfway.
macro_rules! gated {
    ($($Name:ident, $GATE:ident;)*) => {$(
        struct $Name;
        static $GATE: Gate = Gate::new();

        #[lmms::interface]
        impl $Name {
            #[load]
            async fn load() -> io::Result<Self> {
                $GATE.pass().await.map(|()| Self)
            }

            #[operation]
            fn answer(&self) -> u32 {
                42
            }
        }
    )*};
}

gated! {
    Cancelled, CANCELLED;
    TakenOver, TAKEN_OVER;
    Shared, SHARED;
}

struct Gate {
    permits: Semaphore,
    fails: AtomicBool,
    attempts: AtomicUsize,
    abandoned: AtomicUsize,
}

impl Gate {
    const fn new() -> Self {
        Self {
            permits: Semaphore::const_new(0),
            fails: AtomicBool::new(false),
            attempts: AtomicUsize::new(0),
            abandoned: AtomicUsize::new(0),
        }
    }

    async fn pass(&self) -> io::Result<()> {
        struct Halfway<'a>(&'a AtomicUsize);
        impl Drop for Halfway<'_> {
            fn drop(&mut self) {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
        }
        self.attempts.fetch_add(1, Ordering::SeqCst);
        let halfway = Halfway(&self.abandoned);
        self.permits.acquire().await.unwrap().forget();
        std::mem::forget(halfway);
        if self.fails.load(Ordering::SeqCst) { Err(io::Error::other("no network")) } else { Ok(()) }
    }

    fn open(&self) {
        self.permits.add_permits(1);
    }

    fn attempts(&self) -> usize {
        self.attempts.load(Ordering::SeqCst)
    }
}

#[test]
fn a_cancelled_load_leaves_nothing_and_the_next_call_loads() {
    let _turn = turn();
    let gateway = gateway();
    let before = gateway.stats();
    let invocation = Invocation::enter();
    {
        let mut typed = pin!(invocation.get_async::<Cancelled>());
        assert!(poll(typed.as_mut()).is_pending());
        assert!(poll(typed.as_mut()).is_pending());
    }
    {
        let mut named = pin!(gateway.execute_operation("cancelled", "answer", b"{}"));
        assert!(poll(named.as_mut()).is_pending());
    }
    assert_eq!((CANCELLED.attempts(), CANCELLED.abandoned.load(Ordering::SeqCst)), (2, 2));
    assert!(!is_resident::<Cancelled>(&gateway));
    assert_eq!((loads::<Cancelled>(&gateway), gateway.stats()), (0, before));

    CANCELLED.open();
    assert_eq!(by_name::<Cancelled>(&gateway).unwrap(), b"42");
    assert!(invocation.resident::<Cancelled>().is_some());
    assert_eq!((CANCELLED.attempts(), loads::<Cancelled>(&gateway)), (3, 1));
}

#[test]
fn who_waits_for_a_cancelled_load_takes_over() {
    struct Woken(AtomicUsize);
    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let _turn = turn();
    let gateway = gateway();
    let (one, two) = (Invocation::enter(), Invocation::enter());
    let mut leader = Box::pin(one.get_async::<TakenOver>());
    assert!(poll(leader.as_mut()).is_pending());

    let woken = Arc::new(Woken(AtomicUsize::new(0)));
    let waker = Waker::from(Arc::clone(&woken));
    let mut typed = pin!(two.get_async::<TakenOver>());
    assert!(typed.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    let mut named = pin!(gateway.execute_operation("taken_over", "answer", b"{}"));
    assert!(named.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    assert_eq!((TAKEN_OVER.attempts(), woken.0.load(Ordering::SeqCst)), (1, 0));

    drop(leader);
    assert_eq!(woken.0.load(Ordering::SeqCst), 2, "both were told");
    assert!(poll(typed.as_mut()).is_pending());
    assert!(poll(named.as_mut()).is_pending());
    assert_eq!(TAKEN_OVER.attempts(), 2, "one of them loads, the other one waits for it");

    TAKEN_OVER.open();
    assert!(matches!(poll(typed.as_mut()), Poll::Ready(Ok(_))));
    assert!(matches!(poll(named.as_mut()), Poll::Ready(Ok(answer)) if answer == b"42"));
    assert_eq!((TAKEN_OVER.attempts(), loads::<TakenOver>(&gateway)), (2, 1));
}

#[test]
fn who_waits_for_a_load_shares_its_failure() {
    let _turn = turn();
    let gateway = gateway();
    let invocations: Vec<_> = (0..100).map(|_| Invocation::enter()).collect();
    SHARED.fails.store(true, Ordering::SeqCst);
    let mut typed: Vec<_> = invocations.iter().map(|invocation| Box::pin(invocation.get_async::<Shared>())).collect();
    let mut named: Vec<_> = (0..100).map(|_| Box::pin(gateway.execute_operation("shared", "answer", b"{}"))).collect();
    for future in &mut typed {
        assert!(poll(future.as_mut()).is_pending());
    }
    for future in &mut named {
        assert!(poll(future.as_mut()).is_pending());
    }
    SHARED.open();

    let causes: BTreeSet<_> = typed
        .iter_mut()
        .map(|future| {
            let Poll::Ready(Err(error)) = poll(future.as_mut()) else { panic!("the load has failed") };
            assert_eq!(error.to_string(), "interface `shared` failed to load: no network");
            std::ptr::from_ref(error.source().unwrap()).addr()
        })
        .collect();
    assert_eq!(causes.len(), 1, "one and the same error");
    for future in &mut named {
        let Poll::Ready(Err(error)) = poll(future.as_mut()) else { panic!("the load has failed") };
        assert_eq!(error.code(), ErrorCode::LoadFailed);
        assert_eq!(error.to_string(), "interface `shared` failed to load: no network");
    }
    assert_eq!(SHARED.attempts(), 1);

    // The failure is theirs alone.
    SHARED.fails.store(false, Ordering::SeqCst);
    SHARED.open();
    assert_eq!(by_name::<Shared>(&gateway).unwrap(), b"42");
    assert_eq!(SHARED.attempts(), 2);
}

#[test]
fn any_error_type_and_its_message_arrive() {
    fn refused<T: lmms::BlockingInterface>(said: impl Display) {
        let error = Invocation::enter().get::<T>().map(drop).unwrap_err();
        assert_eq!(error.to_string(), format!("interface `{}` failed to load: {said}", T::NAME));
        assert_eq!(error.source().unwrap().to_string(), said.to_string());
    }
    refused::<Boxed>("a box");
    refused::<Text>("a text");
}

struct Boxed;

#[lmms::interface]
impl Boxed {
    #[load]
    fn load() -> Result<Self, lmms::BoxError> {
        Err("a box".into())
    }
}

struct Text;

#[lmms::interface]
impl Text {
    #[load]
    fn load() -> Result<Self, String> {
        Err("a text".to_owned())
    }
}
