//! Loads and unloads of whole slots, as users race on them.

use std::pin::pin;
use std::task::{Context, Waker};

use loom::future::block_on;
use loom::thread;

use super::interfaces::{Failing, First, Known, Slow};
use super::{check, check_race};
use crate::invocation::Invocation;
use crate::policy::Reason;
use crate::unload::Unload;

#[test]
fn two_first_calls_load_once() {
    check(None, || {
        let get = || Invocation::enter().get::<First>().unwrap().look();
        let other = thread::spawn(get);
        get();
        other.join().unwrap();
        assert_eq!(First::events().counts(), (1, 0));
        First::all_is_given_back();
    });
}

#[test]
fn a_blocking_and_an_async_first_call_load_once() {
    check(None, || {
        let get = || Invocation::enter().get::<First>().unwrap().look();
        let other = thread::spawn(get);
        block_on(Invocation::enter().get_async::<First>()).unwrap().look();
        other.join().unwrap();
        assert_eq!(First::events().counts(), (1, 0));
        First::all_is_given_back();
    });
}

#[test]
fn three_first_calls_load_once() {
    check(Some(1), || {
        let get = || Invocation::enter().get::<First>().unwrap().look();
        let others = [thread::spawn(get), thread::spawn(get)];
        get();
        others.into_iter().for_each(|other| other.join().unwrap());
        assert_eq!(First::events().counts(), (1, 0));
        First::all_is_given_back();
    });
}

#[test]
fn a_failure_is_for_those_who_waited() {
    check(None, || {
        let get = || Invocation::enter().get::<Failing>().map(|failing| failing.look()).is_ok();
        let other = thread::spawn(get);
        let succeeded = usize::from(get()) + usize::from(other.join().unwrap());
        let (loads, _) = Failing::events().counts();
        assert_eq!(succeeded, loads - 1, "{succeeded} of two succeeded with {loads} loads");
        Failing::all_is_given_back();
    });
}

#[test]
fn who_waits_for_a_future_is_woken() {
    check(Some(3), || {
        let get = || block_on(async { Invocation::enter().get_async::<Slow>().await.unwrap().look() });
        let other = thread::spawn(get);
        get();
        other.join().unwrap();
        assert_eq!(Slow::events().counts(), (1, 0));
        Slow::all_is_given_back();
    });
}

#[test]
fn who_waits_for_a_future_that_is_dropped_takes_over() {
    check(None, || {
        let other = thread::spawn(|| {
            let invocation = Invocation::enter();
            let mut abandoned = pin!(invocation.get_async::<Slow>());
            // It leads and is dropped halfway, or it follows, or it finds the instance.
            let _ = abandoned.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        });
        block_on(async { Invocation::enter().get_async::<Slow>().await.unwrap().look() });
        other.join().unwrap();
        assert_eq!(Slow::events().counts(), (1, 0));
        Slow::all_is_given_back();
    });
}

#[test]
fn a_load_and_an_unload() {
    check(None, || {
        drop(Invocation::enter().get::<First>());
        let unload = thread::spawn(|| {
            let unload = First::unload();
            assert!(!matches!(unload, Unload::NotLoaded));
        });
        let invocation = Invocation::enter();
        invocation.get::<First>().unwrap().look();
        unload.join().unwrap();
        invocation.get::<First>().unwrap().look();
        drop(invocation);
        let (loads, unloads) = First::events().counts();
        assert_eq!(loads, unloads + 1);
        First::all_is_given_back();
    });
}

#[test]
fn two_loads_and_an_unload() {
    check(Some(2), || {
        let unload = thread::spawn(|| drop(First::unload()));
        let other = thread::spawn(|| {
            let invocation = Invocation::enter();
            let lease = invocation.lease::<First>().unwrap();
            drop(invocation);
            lease.look();
        });
        Invocation::enter().get::<First>().unwrap().look();
        other.join().unwrap();
        unload.join().unwrap();
        First::all_is_given_back();
    });
}

/// The second one waits for the first: when either returns, the hook has run.
#[test]
fn two_unloads_run_one_hook() {
    check(None, || {
        drop(Invocation::enter().get::<First>());
        let unload = || {
            let unload = First::unload();
            assert_eq!(First::events().counts(), (1, 1));
            matches!(unload, Unload::Unloaded { .. })
        };
        let other = thread::spawn(unload);
        assert!(unload() ^ other.join().unwrap());
        First::all_is_given_back();
    });
}

/// Whoever sees it loaded, be it the moment before the load is over, finds it listed as such.
#[test]
fn what_is_seen_can_be_unloaded() {
    let seen = check_race(|race| {
        let look_and_unload = || {
            let invocation = Invocation::enter();
            let Some(first) = invocation.resident::<First>() else { return false };
            assert!(matches!(First::unload(), Unload::Blocked(Reason::ActiveReference)));
            first.look();
            true
        };
        let ((), seen) = race.of(|| drop(Invocation::enter().get::<First>()), look_and_unload);
        First::all_is_given_back();
        seen
    });
    assert!(seen.into_iter().eq([false, true]));
}
