//! What is decided over several slots, while what it was decided by changes: sweeps, floors, and room for loads.

use std::sync::Arc;

use super::interfaces::{First, Known, Second, Third, rules};
use super::{check_race, pass};
use crate::interface::BlockingInterface;
use crate::invocation::Invocation;
use crate::policy::Reason;
use crate::residents::{Choice, residents, take_chosen};
use crate::step::at_once;
use crate::sweep::Sweeper;
use crate::unload::Unload;

/// Of all sweeps here, in milliseconds.
const GRACE: u64 = 5;

/// So long after their last use the interfaces of a model are due.
const LONG: u64 = 10;

/// Sweeps down to this floor.
fn sweeper(min_resident: usize) -> Arc<Sweeper> {
    Arc::new(Sweeper::new(rules(GRACE, min_resident)))
}

/// A sweep, and what it unloaded.
fn sweep(sweeper: &Sweeper) -> Vec<&'static str> {
    let swept = at_once(sweeper.sweep());
    assert!(swept.hook_errors.is_empty());
    swept.unloaded
}

fn touch<T: BlockingInterface + Known>() {
    let invocation = Invocation::enter();
    invocation.get::<T>().unwrap().look();
    invocation.get::<T>().unwrap().look();
}

/// What is loaded, in the order of loading.
fn resident() -> Vec<&'static str> {
    residents().lock().iter().map(|resident| resident.node.name).collect()
}

fn is_gone(unload: &Unload) -> bool {
    matches!(unload, Unload::Unloaded { hook_error: None, .. })
}

/// It sees what was loaded, or loads it again; and either way it was used just now.
#[test]
fn a_sweep_and_a_first_touch() {
    let unloads = check_race(|race| {
        touch::<First>();
        pass(LONG);
        let sweeper = sweeper(0);
        let sweeps = Arc::clone(&sweeper);
        let ((), swept) = race.of(touch::<First>, move || sweep(&sweeps));
        assert_eq!(First::events().counts(), (1 + swept.len(), swept.len()));

        assert_eq!(sweep(&sweeper), [""; 0], "its last use counts");
        assert!(!sweeper.is_due());
        pass(GRACE);
        assert!(sweeper.is_due());
        assert_eq!(sweep(&sweeper), ["First"]);
        First::all_is_given_back();
        swept.len()
    });
    assert!(unloads.into_iter().eq([0, 1]));
}

/// The lease keeps it, and then its end does. A sweep that saw the lease comes back in time for its end.
#[test]
fn a_sweep_and_the_end_of_a_lease() {
    let looked_again_after = check_race(|race| {
        let lease = Invocation::enter().lease::<First>().unwrap();
        pass(LONG);
        let sweeper = sweeper(0);
        let sweeps = Arc::clone(&sweeper);
        let end = move || {
            lease.look();
            pass(1);
            drop(lease);
        };
        let ((), swept) = race.of(end, move || sweep(&sweeps));
        assert_eq!(swept, [""; 0]);

        let mut waited = 0;
        while !sweeper.is_due() {
            pass(1);
            waited += 1;
        }
        assert_eq!(sweep(&sweeper).len(), usize::from(waited == GRACE), "its last use counts");
        pass(GRACE - waited);
        sweep(&sweeper);
        assert_eq!(resident(), [""; 0]);
        First::all_is_given_back();
        waited
    });
    // What the sweep saw: its end half way through the look; the lease; its end.
    assert!(looked_again_after.iter().eq(&[0, GRACE - 1, GRACE]), "{looked_again_after:?}");
}

/// Of two that are due, one may go. It is the other one if the first is used at the last moment.
#[test]
fn a_sweep_and_a_touch_of_the_one_that_would_go() {
    let outcomes = check_race(|race| {
        touch::<First>();
        pass(1);
        touch::<Second>();
        pass(LONG);
        let ((), swept) = race.of(touch::<First>, || sweep(&sweeper(1)));
        let stayed = resident();
        First::all_is_given_back();
        Second::all_is_given_back();
        (swept, stayed)
    });
    let expected: [(&[_], &[_]); 3] = [
        (&["First"], &["Second", "First"]),
        // Loaded again before the sweep was over.
        (&["First", "Second"], &["First"]),
        (&["Second"], &["First"]),
    ];
    assert!(outcomes.iter().map(|(swept, stayed)| (&**swept, &**stayed)).eq(expected), "{outcomes:?}");
}

/// One goes on at a time, however often another one is tried meanwhile.
#[test]
fn two_sweeps_leave_the_floor() {
    let swept = check_race(|race| {
        touch::<First>();
        touch::<Second>();
        touch::<Third>();
        pass(LONG);
        let sweep = || sweep(&sweeper(1)).len();
        let swept = race.of(sweep, move || sweep() + sweep());
        // Of one age, so in the order of loading.
        assert_eq!(resident(), ["Third"]);
        First::all_is_given_back();
        Second::all_is_given_back();
        Third::all_is_given_back();
        swept
    });
    assert!(swept.iter().eq(&[(0, 2), (2, 0)]), "{swept:?}");
}

#[test]
fn a_sweep_and_an_unload_leave_the_floor() {
    let outcomes = check_race(|race| {
        touch::<First>();
        touch::<Second>();
        pass(LONG);
        let (swept, unloaded) = race.of(|| sweep(&sweeper(1)).len(), || is_gone(&Second::unload_by(&rules(GRACE, 1))));
        let stayed = resident();
        First::all_is_given_back();
        Second::all_is_given_back();
        (swept, unloaded, stayed)
    });
    assert!(outcomes.into_iter().eq([(0, true, vec!["First"]), (1, false, vec!["Second"])]));
}

#[test]
fn two_unloads_leave_the_floor() {
    let outcomes = check_race(|race| {
        touch::<First>();
        touch::<Second>();
        pass(LONG);
        let unloaded =
            race.of(|| is_gone(&First::unload_by(&rules(GRACE, 1))), || is_gone(&Second::unload_by(&rules(GRACE, 1))));
        let stayed = resident();
        First::all_is_given_back();
        Second::all_is_given_back();
        (unloaded, stayed)
    });
    assert!(outcomes.into_iter().eq([((false, true), vec!["First"]), ((true, false), vec!["Second"])]));
}

/// One of them runs the hook, and the other finds it gone.
#[test]
fn a_sweep_and_an_unload_of_one() {
    let swept = check_race(|race| {
        touch::<First>();
        pass(LONG);
        let (swept, unload) = race.of(|| sweep(&sweeper(0)).len(), First::unload);
        match swept {
            0 => assert!(is_gone(&unload), "{unload:?}"),
            _ => assert!(matches!(unload, Unload::NotLoaded), "{unload:?}"),
        }
        assert_eq!(First::events().counts(), (1, 1));
        First::all_is_given_back();
        swept
    });
    assert!(swept.into_iter().eq([0, 1]));
}

/// As a sweep, it goes by the last use that it saw, and looks again if that was not the last.
#[test]
fn an_unload_and_a_first_touch() {
    let counts = check_race(|race| {
        touch::<First>();
        pass(LONG);
        let (unload, ()) = race.of(|| First::unload_by(&rules(GRACE, 0)), touch::<First>);
        let counts = First::events().counts();
        match unload {
            Unload::Blocked(Reason::ActiveReference | Reason::GracePeriod) => assert_eq!(counts, (1, 0)),
            unload => assert!(is_gone(&unload) && counts == (2, 1), "{unload:?} {counts:?}"),
        }
        First::all_is_given_back();
        counts
    });
    assert!(counts.into_iter().eq([(1, 0), (2, 1)]));
}

/// The load of another one makes it due. A sweep that came too early for that is told.
#[test]
fn a_sweep_and_a_load_that_lifts_above_the_floor() {
    let swept = check_race(|race| {
        touch::<First>();
        pass(LONG);
        let sweeper = sweeper(1);
        let sweeps = Arc::clone(&sweeper);
        let (swept, ()) = race.of(move || sweep(&sweeps).len(), touch::<Second>);
        if swept == 0 {
            assert!(sweeper.is_due());
            assert_eq!(sweep(&sweeper), ["First"]);
        }
        assert_eq!(sweep(&sweeper), [""; 0]);
        assert_eq!(resident(), ["Second"]);
        First::all_is_given_back();
        Second::all_is_given_back();
        swept
    });
    assert!(swept.into_iter().eq([0, 1]));
}

/// At a shutdown, and when memory is short, it does not matter how lately it was used, but whether it is.
#[test]
fn what_goes_if_it_is_not_in_use_and_a_touch() {
    let counts = check_race(|race| {
        touch::<First>();
        let take_what_nobody_holds = || {
            let departure = take_chosen(|residents| {
                let index = residents.iter().position(|resident| resident.parts.header.holds() == 0)?;
                Some(Choice { index, idle_since: None, even_if_needed: false })
            })?;
            at_once(departure.see_through(crate::telemetry::Cause::Shutdown))
        };
        let (hook_error, ()) = race.of(take_what_nobody_holds, touch::<First>);
        assert!(hook_error.is_none());
        let counts = First::events().counts();
        First::all_is_given_back();
        counts
    });
    // In use; after it was used; before.
    assert!(counts.into_iter().eq([(1, 0), (1, 1), (2, 1)]));
}
