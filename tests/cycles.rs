//! A load that needs itself is an error that names the way round, on one thread or on two, sync or async, and never a
//! deadlock (acceptance 4).

mod common;

use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::task::Poll;
use std::thread;

use common::{block_on, gateway, poll, unloader, watched};
use lmms::{BlockingInterface, ErrorCode, Interface, Invocation, Load, LoadError, LoadErrorKind, Unload};

fn way(error: &LoadError) -> String {
    match error.kind() {
        LoadErrorKind::Cycle(path) => path.join(" -> "),
        kind => panic!("not a cycle: {kind:?}: {error}"),
    }
}

fn get<T: BlockingInterface>() -> LoadError {
    Invocation::enter().get::<T>().map(drop).unwrap_err()
}

fn get_async<T: Interface>() -> LoadError {
    block_on(Invocation::enter().get_async::<T>()).map(drop).unwrap_err()
}

/// The error of a call by name has the code and the way.
fn by_name<T: Interface>(way: &str) {
    let error = block_on(gateway().execute_operation(T::NAME, "nothing", b"{}")).unwrap_err();
    assert_eq!(error.code(), ErrorCode::LoadCycle);
    assert_eq!(error.interface(), Some(T::NAME));
    // What the load made of it may follow.
    let told = format!("interface `{}` needs itself to load: {way}", T::NAME);
    let rest = error.to_string().strip_prefix(&told).map(str::to_owned);
    assert!(rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("; its load failed with: ")), "{error}");
}

/// A load may try another interface and do without: what it then failed for is not lost.
#[test]
fn a_cycle_that_was_not_the_cause_does_not_hide_it() {
    struct Tolerant;
    #[lmms::interface(crate = ::lmms)]
    impl Tolerant {
        #[load]
        fn load(load: &lmms::Load<'_>) -> Result<Self, String> {
            assert!(load.get::<Self>().is_err());
            Err("file missing".to_owned())
        }
    }
    let error = Invocation::enter().get::<Tolerant>().map(drop).unwrap_err();
    assert!(error.to_string().ends_with("; its load failed with: file missing"), "{error}");
}

fn no_need_is_left<T: Interface>() {
    let status = gateway().interface(T::NAME).unwrap().status();
    assert!(!status.resident && status.loads == 0 && status.holds == 0);
}

macro_rules! cycle {
    ($($name:literal $Name:ident needs $Other:ident;)*) => {$(
        struct $Name;

        #[lmms::interface(name = $name)]
        impl $Name {
            #[load]
            fn load(load: &Load<'_>) -> Result<Self, LoadError> {
                load.get::<$Other>().map(|_| Self)
            }

            #[operation]
            fn nothing(&self) {}
        }
    )*};
    (async $($name:literal $Name:ident needs $Other:ident;)*) => {$(
        struct $Name;

        #[lmms::interface(name = $name)]
        impl $Name {
            #[load]
            async fn load(load: &Load<'_>) -> Result<Self, LoadError> {
                tokio::task::yield_now().await;
                load.get_async::<$Other>().await.map(|_| Self)
            }

            #[operation]
            async fn nothing(&self) {}
        }
    )*};
}

cycle! {
    "narcissus" Narcissus needs Narcissus;
    "a" A needs B;
    "b" B needs A;
    "one" One needs Two;
    "two" Two needs Three;
    "three" Three needs One;
    "before" Before needs One;
}
cycle! { async
    "echo" Echo needs Echo;
    "x" X needs Y;
    "y" Y needs X;
    "un" Un needs Deux;
    "deux" Deux needs Trois;
    "trois" Trois needs Un;
}

#[test]
fn on_one_thread() {
    watched(|| {
        assert_eq!(way(&get::<Narcissus>()), "narcissus -> narcissus");
        assert_eq!(way(&get_async::<Narcissus>()), "narcissus -> narcissus");
        by_name::<Narcissus>("narcissus -> narcissus");
        assert_eq!(way(&get::<One>()), "one -> two -> three -> one");
        assert_eq!(way(&get::<Three>()), "three -> one -> two -> three");
        by_name::<Two>("two -> three -> one -> two");
        no_need_is_left::<One>();
    });
}

#[test]
fn in_one_task() {
    watched(|| {
        assert_eq!(way(&get_async::<Echo>()), "echo -> echo");
        by_name::<Echo>("echo -> echo");
        assert_eq!(way(&get_async::<Un>()), "un -> deux -> trois -> un");
        by_name::<Deux>("deux -> trois -> un -> deux");
        no_need_is_left::<Un>();
    });
}

/// It is not in the cycle, but needs one that is.
#[test]
fn behind_one_that_is_not_part_of_it() {
    let error = watched(get::<Before>);
    assert_eq!((error.interface(), &*way(&error)), ("before", "one -> two -> three -> one"));
}

/// Starts `left` and `right` on two threads at once, many times over.
fn at_once(left: impl Fn() -> LoadError + Send + 'static, right: impl Fn() -> LoadError + Send + 'static) {
    const ROUNDS: usize = 500;
    watched(|| {
        let start = Arc::new(Barrier::new(2));
        let run = |get: Box<dyn Fn() -> LoadError + Send>| {
            let start = Arc::clone(&start);
            thread::spawn(move || {
                let round = |_| {
                    start.wait();
                    get()
                };
                (0..ROUNDS).map(round).collect::<Vec<_>>()
            })
        };
        let threads = [run(Box::new(left)), run(Box::new(right))];
        for error in threads.into_iter().flat_map(|thread| thread.join().unwrap()) {
            let way = way(&error);
            assert!(["a -> b -> a", "b -> a -> b", "x -> y -> x", "y -> x -> y"].contains(&&*way), "{way}");
            assert_eq!(error.code(), ErrorCode::LoadCycle);
        }
    });
}

#[test]
fn on_two_threads_at_once() {
    at_once(get::<A>, get::<B>);
    by_name::<A>("a -> b -> a");
    by_name::<B>("b -> a -> b");
    no_need_is_left::<A>();
    no_need_is_left::<B>();
}

#[test]
fn in_two_tasks_at_once() {
    at_once(get_async::<X>, get_async::<Y>);
    by_name::<X>("x -> y -> x");
    no_need_is_left::<X>();
    no_need_is_left::<Y>();
}

/// Both loads have begun before either asks for the other: the case that a lock per interface dies of.
static BOTH: Barrier = Barrier::new(2);
static ENTERED: AtomicUsize = AtomicUsize::new(0);

fn meet() {
    if ENTERED.fetch_add(1, Ordering::SeqCst) < 2 {
        BOTH.wait();
    }
}

struct Left;

#[lmms::interface]
impl Left {
    #[load]
    fn load(load: &Load<'_>) -> Result<Self, LoadError> {
        meet();
        load.get::<Right>().map(|_| Self)
    }

    #[operation]
    fn nothing(&self) {}
}

struct Right;

#[lmms::interface]
impl Right {
    #[load]
    fn load(load: &Load<'_>) -> Result<Self, LoadError> {
        meet();
        load.get::<Left>().map(|_| Self)
    }

    #[operation]
    fn nothing(&self) {}
}

#[test]
fn on_two_threads_that_are_both_halfway() {
    watched(|| {
        for round in 0..200 {
            ENTERED.store(0, Ordering::SeqCst);
            let left = thread::spawn(move || match round % 2 {
                0 => way(&get::<Left>()),
                _ => {
                    let error = block_on(gateway().execute_operation("left", "nothing", b"{}")).unwrap_err();
                    assert_eq!(error.code(), ErrorCode::LoadCycle);
                    error.to_string()
                }
            });
            let right = way(&get::<Right>());
            for way in [left.join().unwrap(), right] {
                assert!(way.contains("left -> right -> left") || way.contains("right -> left -> right"), "{way}");
            }
        }
    });
}

/// Two async loads on one thread, of which each waits for the other: nothing ever blocks, and still nothing would move.
#[test]
fn in_two_tasks_of_one_thread() {
    watched(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let tasks = [
                tokio::spawn(async { Invocation::enter().get_async::<X>().await.map(drop).unwrap_err() }),
                tokio::spawn(async { Invocation::enter().get_async::<Y>().await.map(drop).unwrap_err() }),
            ];
            for task in tasks {
                let way = way(&task.await.unwrap());
                assert!(way == "x -> y -> x" || way == "y -> x -> y", "{way}");
            }
        });
    });
}

/// Loads that go another way than through their `Load`.
macro_rules! hidden {
    ($($Name:ident: $name:literal, |$load:ident| $body:expr;)*) => {$(
        struct $Name;

        #[lmms::interface(name = $name)]
        impl $Name {
            #[load]
            #[allow(unused_variables)]
            fn load($load: &Load<'_>) -> Result<Self, lmms::BoxError> {
                $body
            }

            #[operation]
            fn nothing(&self) {}
        }
    )*};
}

hidden! {
    Fresh: "fresh", |load| Ok(Invocation::enter().get::<Refreshed>().map(|_| Self)?);
    Refreshed: "refreshed", |load| Ok(Invocation::enter().get::<Fresh>().map(|_| Self)?);
    Mute: "mute", |load| match load.get::<Deaf>() {
        Ok(_) => Ok(Self),
        Err(_) => Err("something went wrong".into()),
    };
    Deaf: "deaf", |load| Ok(load.get::<Mute>().map(|_| Self).map_err(|error| error.to_string())?);
    Caller: "caller", |load| {
        block_on(gateway().execute_operation("called", "nothing", b"{}")).map_err(|_| "the call failed")?;
        Ok(Self)
    };
    Called: "called", |load| {
        block_on(gateway().execute(br#"{"interface":"caller","operation":"nothing"}"#)).map_err(|_| "no")?;
        Ok(Self)
    };
    Panicking: "panicking", |load| Ok(load.get::<Panicking>().map(|_| Self).unwrap());
}

struct FreshAsync;

#[lmms::interface]
impl FreshAsync {
    #[load]
    async fn load() -> Result<Self, LoadError> {
        tokio::task::yield_now().await;
        Invocation::enter().get_async::<FreshAsync>().await.map(|_| Self)
    }

    #[operation]
    fn nothing(&self) {}
}

#[test]
fn through_an_invocation_of_its_own() {
    watched(|| {
        assert_eq!(way(&get::<Fresh>()), "fresh -> refreshed -> fresh");
        by_name::<Refreshed>("refreshed -> fresh -> refreshed");
        assert_eq!(way(&get_async::<FreshAsync>()), "fresh_async -> fresh_async");
        by_name::<FreshAsync>("fresh_async -> fresh_async");
    });
}

#[test]
fn through_the_gateway() {
    watched(|| {
        assert_eq!(way(&get::<Caller>()), "caller -> called -> caller");
        by_name::<Called>("called -> caller -> called");
    });
}

#[test]
fn behind_errors_that_hide_their_cause() {
    watched(|| {
        assert_eq!(way(&get::<Mute>()), "mute -> deaf -> mute");
        by_name::<Deaf>("deaf -> mute -> deaf");
    });
}

#[test]
fn behind_a_panic() {
    watched(|| {
        assert_eq!(way(&get::<Panicking>()), "panicking -> panicking");
        by_name::<Panicking>("panicking -> panicking");
    });
}

/// `Near` asks for `Far` by name, which another thread is loading, and hides why that fails.
struct Near;

#[lmms::interface]
impl Near {
    #[load]
    async fn load() -> Result<Self, &'static str> {
        gateway().execute_operation("far", "nothing", b"{}").await.map_err(|_| "the call failed")?;
        Ok(Self)
    }
}

struct Far;

static FAR: [Barrier; 2] = [const { Barrier::new(2) }; 2];

#[lmms::interface]
impl Far {
    #[load]
    fn load(load: &Load<'_>) -> Result<Self, LoadError> {
        FAR[0].wait();
        FAR[1].wait();
        block_on(load.get_async::<Near>()).map(|_| Self)
    }

    #[operation]
    fn nothing(&self) {}
}

#[test]
fn behind_a_call_that_waited_for_another_thread() {
    watched(|| {
        let far = thread::spawn(get::<Far>);
        FAR[0].wait();
        let invocation = Invocation::enter();
        let mut near = pin!(invocation.get_async::<Near>());
        assert!(poll(near.as_mut()).is_pending());
        FAR[1].wait();
        assert_eq!(way(&far.join().unwrap()), "near -> far -> near");
        let Poll::Ready(Err(error)) = poll(near.as_mut()) else { panic!("what it waited for has failed") };
        assert_eq!(way(&error), "near -> far -> near");
    });
}

macro_rules! diamond {
    ($($Name:ident needs $($Other:ident)*;)*) => {$(
        struct $Name;

        #[lmms::interface]
        impl $Name {
            #[load]
            fn load(load: &Load<'_>) -> Result<Self, LoadError> {
                $(load.get::<$Other>()?;)*
                let _ = load;
                Ok(Self)
            }
        }
    )*};
    (async $($Name:ident needs $($Other:ident)*;)*) => {$(
        struct $Name;

        #[lmms::interface]
        impl $Name {
            #[load]
            async fn load(load: &Load<'_>) -> Result<Self, LoadError> {
                $(load.get_async::<$Other>().await?;)*
                tokio::task::yield_now().await;
                let _ = load;
                Ok(Self)
            }
        }
    )*};
}

diamond! {
    Base needs;
    Port needs Base;
    Starboard needs Base Port;
    Top needs Port Starboard Base;
}
diamond! { async
    BaseAsync needs;
    PortAsync needs BaseAsync;
    StarboardAsync needs BaseAsync PortAsync;
    TopAsync needs PortAsync StarboardAsync BaseAsync;
}

#[test]
fn what_several_need_is_no_cycle() {
    const THREADS: usize = 4;
    watched(|| {
        let gateway = gateway();
        for round in 1..=200 {
            let start = Arc::new(Barrier::new(THREADS));
            let threads: Vec<_> = (0..THREADS)
                .map(|thread| {
                    let start = Arc::clone(&start);
                    thread::spawn(move || {
                        let invocation = Invocation::enter();
                        start.wait();
                        match thread {
                            0 => invocation.get::<Top>().map(drop),
                            1 => invocation.get::<Starboard>().map(drop),
                            2 => block_on(invocation.get_async::<TopAsync>()).map(drop),
                            _ => block_on(invocation.get_async::<StarboardAsync>()).map(drop),
                        }
                    })
                })
                .collect();
            for thread in threads {
                thread.join().unwrap().unwrap();
            }
            for name in
                ["top", "starboard", "port", "base"].into_iter().flat_map(|n| [n.to_owned(), n.to_owned() + "_async"])
            {
                assert_eq!(gateway.interface(&name).unwrap().status().loads, round, "{name}");
                let unload = block_on(unloader().unload_module(&name)).unwrap();
                assert!(matches!(unload, Unload::Unloaded { .. }), "{name}: {unload:?}");
            }
        }
    });
}

/// It asks for itself, does without, and so is no failure; whatever fails later is not the cycle's fault.
struct Modest;

static DISK_FULL: AtomicBool = AtomicBool::new(false);

#[lmms::interface]
impl Modest {
    #[load]
    fn load(load: &Load<'_>) -> io::Result<Self> {
        if DISK_FULL.load(Ordering::SeqCst) {
            return Err(io::Error::other("disk full"));
        }
        assert_eq!(way(&load.get::<Modest>().map(drop).unwrap_err()), "modest -> modest");
        Ok(Self)
    }

    #[unload]
    fn unload(self) {
        assert_eq!(way(&get::<Modest>()), "modest -> modest");
    }
}

#[test]
fn in_an_unload_hook_and_forgotten_afterwards() {
    watched(|| {
        Invocation::enter().get::<Modest>().unwrap();
        match block_on(unloader().unload_module("modest")).unwrap() {
            Unload::Unloaded { hook_error, .. } => assert!(hook_error.is_none(), "{hook_error:?}"),
            unload => panic!("{unload:?}"),
        }
        DISK_FULL.store(true, Ordering::SeqCst);
        assert_eq!(get::<Modest>().to_string(), "interface `modest` failed to load: disk full");
    });
}

struct Fickle;

static ATTEMPTS: AtomicUsize = AtomicUsize::new(0);

#[lmms::interface]
impl Fickle {
    #[load]
    async fn load(load: &Load<'_>) -> Result<Self, String> {
        if ATTEMPTS.fetch_add(1, Ordering::SeqCst) == 0 {
            assert_eq!(way(&load.get_async::<Fickle>().await.map(drop).unwrap_err()), "fickle -> fickle");
            std::future::pending::<()>().await;
        }
        Err("disk full".to_owned())
    }
}

#[test]
fn in_a_load_that_was_cancelled_and_is_forgotten() {
    let invocation = Invocation::enter();
    {
        let mut cancelled = pin!(invocation.get_async::<Fickle>());
        assert!(poll(cancelled.as_mut()).is_pending());
    }
    let mut next = pin!(invocation.get_async::<Fickle>());
    let Poll::Ready(Err(error)) = poll(next.as_mut()) else { panic!("the second attempt fails at once") };
    assert_eq!(error.to_string(), "interface `fickle` failed to load: disk full");
}
