//! Who may look at what is in a slot, and who may take it.

use loom::sync::Arc;
use loom::thread;

use super::{Witness, check, evict, generation, new_residency, taken};
use crate::residency::{Holds, Residency};

#[test]
fn who_holds_sees_what_was_published() {
    check(None, || {
        let residency = new_residency!();
        let other = thread::spawn(|| residency.hold().map(|hold| hold.value.look()));
        residency.publish(generation(1)).ok().unwrap().value.look();
        residency.hold().unwrap().value.look();
        other.join().unwrap();
        assert!(taken(residency.evict(None)).is_some());
    });
}

#[test]
fn an_empty_slot_gives_no_hold() {
    check(None, || {
        let residency = new_residency!();
        let other = thread::spawn(|| residency.hold().is_none() && Holds::new().get(residency).is_none());
        assert!(residency.hold().is_none() && taken(residency.evict(None)).is_none());
        assert!(other.join().unwrap());
        assert!(!residency.header().is_resident() && residency.header().holds() == 0);
    });
}

#[test]
fn only_one_of_two_publishes() {
    check(None, || {
        let residency = new_residency!();
        let publish = || residency.publish(generation(1)).map(|hold| hold.value.look()).is_ok();
        let other = thread::spawn(publish);
        let (one, two) = (publish(), other.join().unwrap());
        assert!(one ^ two);
        assert!(taken(residency.evict(None)).is_some());
        assert_eq!(residency.header().holds(), 0);
    });
}

#[test]
fn who_holds_sees_nothing_that_was_taken() {
    check(None, || {
        let residency = new_residency!();
        drop(residency.publish(generation(1)));
        let evict = evict(residency, None);
        let other = thread::spawn(|| residency.hold().map(|hold| hold.value.look()));
        if let Some(hold) = residency.hold() {
            hold.value.look();
            hold.value.look();
        }
        other.join().unwrap();
        let evicted = evict.join().unwrap();
        let rest = taken(residency.evict(None));
        assert!(evicted.is_some() ^ rest.is_some(), "taken exactly once");
    });
}

#[test]
fn the_last_hold_that_goes_comes_before_the_eviction() {
    check(None, || {
        let residency = new_residency!();
        let hold = residency.publish(generation(1)).ok().unwrap();
        let clone = hold.clone();
        let evict = evict(residency, None);
        let other = thread::spawn(move || clone.value.look());
        hold.value.look();
        drop(hold);
        other.join().unwrap();
        let evicted = evict.join().unwrap();
        let rest = taken(residency.evict(None));
        assert!(evicted.is_some() ^ rest.is_some(), "taken exactly once");
    });
}

#[test]
fn only_one_of_two_evicts() {
    check(None, || {
        let residency = new_residency!();
        drop(residency.publish(generation(1)));
        let evicts = [evict(residency, None), evict(residency, None)];
        let seen = residency.hold().map(|hold| hold.value.look());
        let evicted: Vec<_> = evicts.into_iter().filter_map(|evict| evict.join().unwrap()).collect();
        match evicted.len() {
            0 => assert!(seen.is_some() && taken(residency.evict(None)).is_some()),
            1 => assert!(taken(residency.evict(None)).is_none()),
            _ => panic!("taken twice"),
        }
        assert!(!residency.header().is_resident() && residency.header().holds() == 0);
    });
}

#[test]
fn the_next_generation_is_a_whole_one() {
    check(None, || {
        let residency = new_residency!();
        drop(residency.publish(generation(1)));
        let next = thread::spawn(|| {
            let evicted = taken(residency.evict(None));
            if evicted.is_some() {
                residency.publish(generation(2)).ok().unwrap().value.look();
            }
            evicted
        });
        let number = residency.hold().map(|hold| {
            hold.value.look();
            hold.number
        });
        let evicted = next.join().unwrap();
        match number {
            Some(2) => assert!(evicted.is_some()),
            Some(number) => assert_eq!(number, 1),
            None => assert!(evicted.is_some()),
        }
        assert_eq!(taken(residency.evict(None)).unwrap().number, if evicted.is_some() { 2 } else { 1 });
    });
}

#[test]
fn who_publishes_comes_after_who_evicted() {
    check(None, || {
        let residency = new_residency!();
        drop(residency.publish(generation(1)));
        let evict = evict(residency, None);
        let published = residency.publish(generation(2)).map(|hold| {
            hold.value.look();
            assert_eq!(hold.number, 2);
        });
        let evicted = evict.join().unwrap();
        let rest = taken(residency.evict(None)).map(|generation| generation.number);
        match (evicted.map(|generation| generation.number), published.is_ok()) {
            (Some(number), true) => assert_eq!((number, rest), (1, Some(2))),
            (Some(number), false) => assert_eq!((number, rest), (1, None)),
            (None, _) => panic!("nobody held it"),
        }
    });
}

/// One thread of an invocation loads, and two others find what it loaded: by its stamp, in the list if a second
/// invocation has written over that, or by the stamp that one of them took back.
#[test]
fn a_hold_that_another_thread_of_the_invocation_got() {
    check(Some(2), || {
        let residency = new_residency!();
        let holds = Arc::new(Holds::new());
        let loads = Arc::clone(&holds);
        let loads = thread::spawn(move || {
            loads.keep(residency.publish(generation(1)).ok().unwrap()).look();
            assert!(Holds::new().get(residency).map(Witness::look).is_some());
        });
        let finds = Arc::clone(&holds);
        let finds = thread::spawn(move || finds.get(residency).map(Witness::look));
        if let Some(value) = holds.get(residency) {
            value.look();
        }
        loads.join().unwrap();
        finds.join().unwrap();
        drop(holds);
        assert!(taken(residency.evict(None)).is_some(), "all holds were given back");
    });
}

/// Threads of one invocation, a second invocation that writes over its stamp, and an eviction.
fn invocations_cross(preemptions: Option<usize>, touched_before: usize) {
    check(preemptions, move || {
        loom::lazy_static! {
            static ref BEFORE: [Residency<Witness>; 6] = std::array::from_fn(|_| Residency::new());
        }
        let before: &'static [Residency<Witness>; 6] = &BEFORE;
        let residency = new_residency!();
        drop(residency.publish(generation(1)));
        let holds = Arc::new(Holds::new());
        for residency in &before[..touched_before] {
            holds.keep(residency.publish(generation(1)).ok().unwrap());
        }

        let evict = evict(residency, None);
        let same = Arc::clone(&holds);
        let same = thread::spawn(move || match same.get(residency) {
            Some(value) => {
                value.look();
                same.get(residency).expect("what it touched stays").look();
                true
            }
            None => false,
        });
        let other = Holds::new();
        let seen = other.get(residency).map(Witness::look).is_some();
        if let Some(value) = holds.get(residency) {
            value.look();
            assert!(!seen || other.get(residency).is_some());
            holds.get(residency).expect("what it touched stays").look();
        }
        drop(other);
        drop(holds);
        let seen = same.join().unwrap() || seen;
        let evicted = evict.join().unwrap();
        assert_eq!(residency.header().holds(), 0, "all holds were given back");
        let rest = taken(residency.evict(None));
        assert!(evicted.is_some() ^ rest.is_some(), "taken exactly once");
        assert!(seen || evicted.is_some());
        for residency in &before[..touched_before] {
            assert!(taken(residency.evict(None)).is_some(), "all holds were given back");
        }
    });
}

#[test]
fn invocations_that_cross_on_one_slot() {
    invocations_cross(Some(3), 0);
}

#[test]
fn invocations_that_cross_beyond_their_inline_places() {
    invocations_cross(Some(2), 6);
}
