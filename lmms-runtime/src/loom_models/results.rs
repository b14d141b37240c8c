//! Calls that would compute the same: one for all, but not for who comes after an invalidation.

use loom::future::block_on;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicU8, Ordering};
use loom::thread;

use super::check;
use crate::call::Parameters;
use crate::descriptor::Caching;
use crate::error::Error;
use crate::meter::Meter;
use crate::results::{Answer, Found, Lead, Limits, OperationId, Results};

static METER: Meter = Meter::new();

const CACHING: Caching = Caching { ttl: None, weight: 1, errors: false };
const ON: Limits = Limits { max_bytes: 1 << 20, ttl: None };
const OFF: Limits = Limits { max_bytes: 0, ttl: None };

/// A cache, and what the operation computes from.
struct Model {
    results: Results,
    source: AtomicU8,
    computed: AtomicU8,
}

impl Model {
    fn new() -> Arc<Self> {
        Arc::new(Self { results: Results::new(ON), source: AtomicU8::new(0), computed: AtomicU8::new(0) })
    }

    /// What there is in the end, when nobody waits or leads any more.
    fn found(&self) -> Result<Answer, Option<Lead<'_>>> {
        match self.look_up() {
            Found::Hit(answer) => Ok(answer),
            Found::Compute(lead) => Err(lead),
            Found::Follow(following) => block_on(following),
        }
    }

    fn look_up(&self) -> Found<'_> {
        self.results.look_up(OperationId::of(&METER), Parameters(""), CACHING, b"{}")
    }

    fn compute(&self) -> u8 {
        self.computed.fetch_add(1, Ordering::SeqCst);
        self.source.load(Ordering::SeqCst)
    }

    fn call(&self) -> u8 {
        match self.found() {
            Ok(answer) => read(answer),
            Err(lead) => {
                let answer = self.compute();
                if let Some(lead) = lead {
                    lead.land(Ok(&[answer]));
                }
                answer
            }
        }
    }

    /// A call that comes to nothing. Whether it computed.
    fn give_up(&self) -> bool {
        match self.found() {
            Ok(_) => false,
            Err(_lead) => {
                self.compute();
                true
            }
        }
    }
}

fn read(answer: Answer) -> u8 {
    let mut reply = Vec::new();
    answer.write(&mut reply).map_err(|error: Error| error.to_string()).unwrap();
    reply[0]
}

#[test]
fn two_calls_compute_once() {
    check(None, || {
        let model = Model::new();
        let same = Arc::clone(&model);
        let other = thread::spawn(move || same.call());
        model.call();
        other.join().unwrap();
        assert_eq!(model.computed.load(Ordering::SeqCst), 1);
        assert!(model.found().is_ok());
    });
}

#[test]
fn three_calls_compute_once() {
    check(Some(3), || {
        let model = Model::new();
        let others = [(); 2].map(|()| {
            let model = Arc::clone(&model);
            thread::spawn(move || model.call())
        });
        model.call();
        others.into_iter().for_each(|other| assert_eq!(other.join().unwrap(), 0));
        assert_eq!(model.computed.load(Ordering::SeqCst), 1);
    });
}

/// Nobody waits for ever, and the right to compute is not lost.
#[test]
fn who_waits_for_a_call_that_comes_to_nothing_computes() {
    let outcomes = check(None, || {
        let model = Model::new();
        let same = Arc::clone(&model);
        let other = thread::spawn(move || same.give_up());
        model.call();
        let gave_up = other.join().unwrap();
        assert_eq!(model.computed.load(Ordering::SeqCst), 1 + u8::from(gave_up));
        // It computed beside one that gave up, and so without telling.
        (gave_up, model.found().is_ok())
    });
    assert!(outcomes.contains(&(true, true)) && outcomes.contains(&(false, true)), "{outcomes:?}");
    assert!(!outcomes.contains(&(false, false)), "{outcomes:?}");
}

#[test]
fn two_wait_for_a_call_that_comes_to_nothing() {
    check(Some(3), || {
        let model = Model::new();
        let others = [(); 2].map(|()| {
            let model = Arc::clone(&model);
            thread::spawn(move || model.call())
        });
        model.give_up();
        others.into_iter().for_each(|other| assert_eq!(other.join().unwrap(), 0));
        drop(model.found());
        assert!(matches!(model.look_up(), Found::Hit(_) | Found::Compute(Some(_))), "no flight is left");
    });
}

#[test]
fn nothing_old_is_served_after_an_invalidation() {
    let outcomes = check(None, || {
        let model = Model::new();
        let same = Arc::clone(&model);
        let other = thread::spawn(move || same.call());
        model.source.store(1, Ordering::SeqCst);
        model.results.invalidate(|_| true);
        assert_eq!(model.call(), 1, "old");
        let before = other.join().unwrap();
        assert_eq!(model.found().ok().map(read), Some(1));
        (before, model.computed.load(Ordering::SeqCst))
    });
    // It came after the invalidation; before, and too late to be kept; and that with what was new.
    let expected = [(0, 2), (1, 1), (1, 2)];
    assert!(outcomes.iter().eq(&expected), "{outcomes:?}");
}

#[test]
fn nothing_is_left_when_it_is_switched_off() {
    check(None, || {
        let model = Model::new();
        let same = Arc::clone(&model);
        let other = thread::spawn(move || same.call());
        model.results.reconfigure(OFF);
        other.join().unwrap();
        assert_eq!(model.results.stats().held.entries, 0);
        assert!(matches!(model.look_up(), Found::Compute(None)));
    });
}
