//! What an eviction goes by: a last use that may no longer be the last when it is acted on.

use std::sync::atomic::{AtomicUsize, Ordering};

use loom::sync::Arc;
use loom::thread;

use super::{Witness, check_race, evict, generation, new_residency, pass, taken};
use crate::clock::Moment;
use crate::residency::{Holds, Residency};

/// Whoever got a hold after the last use that an eviction goes by keeps the generation in, though it was given back.
fn what_was_used_since_stays(use_it: fn(&'static Residency<Witness>) -> bool) {
    let outcomes = check_race(move |race| {
        let residency = new_residency!();
        drop(residency.publish(generation(1)));
        let (used, evicted) = race.of(move || use_it(residency), || taken(residency.evict(Some(Moment(0)))));
        assert_eq!(residency.header().last_use(), Moment(used.into()));
        let rest = taken(residency.evict(Some(Moment(used.into()))));
        assert!(evicted.is_some() ^ rest.is_some(), "taken exactly once");
        (used, evicted.is_some())
    });
    assert!(outcomes.into_iter().eq([(false, true), (true, false)]), "taken although it was used since");
}

#[test]
fn what_was_held_since_stays() {
    what_was_used_since_stays(|residency| {
        let hold = residency.hold();
        let used = hold.as_ref().map(|hold| hold.value.look()).is_some();
        pass(used.into());
        used
    });
}

#[test]
fn what_an_invocation_touched_since_stays() {
    what_was_used_since_stays(|residency| {
        let holds = Holds::new();
        let used = holds.get(residency).map(Witness::look).is_some();
        pass(used.into());
        used
    });
}

#[test]
fn who_sees_no_hold_sees_the_last_use() {
    let last_use = check_race(|race| {
        let residency = new_residency!();
        let hold = residency.publish(generation(1));
        let end = move || {
            pass(1);
            drop(hold);
        };
        let look = || (residency.header().holds() == 0).then(|| residency.header().last_use().0);
        let ((), last_use) = race.of(end, look);
        assert!(taken(residency.evict(None)).is_some());
        last_use
    });
    assert!(last_use.into_iter().eq([None, Some(1)]));
}

/// Looks first and takes then, as sweeps do, while another comes and goes.
#[test]
fn what_was_used_since_it_was_looked_at_stays() {
    let outcomes = check_race(|race| {
        let residency = new_residency!();
        let uses = Arc::new(AtomicUsize::new(0));
        drop(residency.publish(generation(1)));
        let known = Arc::clone(&uses);
        let use_it = move || {
            let hold = residency.hold()?;
            uses.fetch_add(1, Ordering::SeqCst);
            hold.value.look();
            pass(1);
            Some(())
        };
        let look_and_take = move || {
            if residency.header().holds() > 0 {
                return (None, None);
            }
            let idle_since = residency.header().last_use();
            // What ended before the last use was read is in it.
            let before = known.load(Ordering::SeqCst);
            let evicted = taken(residency.evict(Some(idle_since)));
            assert!(evicted.is_none() || known.load(Ordering::SeqCst) == before, "taken although it was used since");
            (Some(idle_since.0), evicted)
        };
        let (used, (idle_since, evicted)) = race.of(use_it, look_and_take);
        assert!(evicted.is_some() ^ taken(residency.evict(None)).is_some(), "taken exactly once");
        (used.is_some(), idle_since, evicted.is_some())
    });
    let expected = [
        (false, Some(0), true),
        // Held when it was looked at; used after that; about to be given back; used before that.
        (true, None, false),
        (true, Some(0), false),
        (true, Some(1), false),
        (true, Some(1), true),
    ];
    assert!(outcomes.iter().eq(&expected), "{outcomes:?}");
}

/// Who finds it after it was put back sees what was published, although it was not the publisher who let it in.
#[test]
fn what_is_put_back_is_whole() {
    let seen = check_race(|race| {
        let residency = new_residency!();
        let publish = thread::spawn(|| {
            let hold = residency.publish(generation(1));
            pass(1);
            drop(hold);
        });
        let look = || residency.hold().map(|hold| hold.value.look()).is_some();
        let (seen, evicted) = race.of(look, || taken(residency.evict(Some(Moment(0)))));
        publish.join().unwrap();
        assert!(evicted.is_none(), "taken although it was used since");
        assert!(taken(residency.evict(Some(Moment(1)))).is_some());
        seen
    });
    assert!(seen.into_iter().eq([false, true]));
}

/// One that finds it used and puts it back, one that does not care, and one that looks.
#[test]
fn who_puts_back_and_who_takes() {
    let outcomes = check_race(|race| {
        let residency = new_residency!();
        let hold = residency.publish(generation(1));
        pass(1);
        drop(hold);
        let put_back = evict(residency, Some(Moment(0)));
        let look = || residency.hold().map(|hold| hold.value.look()).is_some();
        let (seen, evicted) = race.of(look, || taken(residency.evict(None)));
        assert!(put_back.join().unwrap().is_none(), "taken although it was used since");
        let rest = taken(residency.evict(Some(Moment(1))));
        assert!(evicted.is_some() ^ rest.is_some(), "taken exactly once");
        (seen, evicted.is_some())
    });
    // Neither, while it was put back.
    assert!(outcomes.into_iter().eq([(false, false), (false, true), (true, false), (true, true)]));
}

/// Two that go by different last uses, and one that uses it: only the one that is right takes it.
#[test]
fn only_who_knows_the_last_use_takes() {
    let outcomes = check_race(|race| {
        let residency = new_residency!();
        drop(residency.publish(generation(1)));
        let early = evict(residency, Some(Moment(0)));
        let use_it = || {
            let hold = residency.hold();
            let used = hold.as_ref().map(|hold| hold.value.look()).is_some();
            pass(used.into());
            used
        };
        let (used, late) = race.of(use_it, || taken(residency.evict(Some(Moment(1)))));
        let evicted = [early.join().unwrap(), late, taken(residency.evict(None))];
        assert_eq!(evicted.iter().flatten().count(), 1, "taken exactly once");
        (used, evicted.iter().position(Option::is_some).unwrap())
    });
    let expected = [(false, 0), (false, 2), (true, 1), (true, 2)];
    assert!(outcomes.iter().eq(&expected), "{outcomes:?}");
}
