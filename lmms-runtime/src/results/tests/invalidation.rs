//! What was computed before an invalidation is not for who asks after it.

use super::*;

#[test]
fn results_of_what_is_meant_go() {
    let (results, one, other) = (new_results(1 << 20), new_operation(), new_operation());
    for text in ["a", "b"] {
        put(&results, one, text, "one");
    }
    put(&results, other, "a", "other");
    assert_eq!(results.invalidate(|operation| operation == one), 2);
    assert!(look_up(&results, one, "a").hit().is_none());
    assert_eq!(look_up(&results, other, "a").hit().as_deref(), Some("other"));
    assert_eq!(results.invalidate(|_| true), 1);
    assert_eq!(results.stats().held, Held::default());
    assert_eq!((results.stats().evictions, results.stats().expirations), (0, 0));
}

#[test]
fn what_began_before_is_for_those_alone_who_waited_by_then() {
    let (results, operation) = (new_results(1 << 20), new_operation());
    let before = look_up(&results, operation, "a").lead();
    let mut joined = look_up(&results, operation, "a").follow();
    assert_eq!(results.invalidate(|_| true), 0);
    let after = look_up(&results, operation, "a").lead();
    before.land(Ok(b"old"));
    assert_eq!(served(&mut joined), "old");
    let mut newcomer = look_up(&results, operation, "a").follow();
    assert!(poll(&mut newcomer, Waker::noop()).is_pending());
    assert_eq!(results.stats().held.entries, 0);
    after.land(Ok(b"new"));
    assert_eq!(served(&mut newcomer), "new");
    assert_eq!(look_up(&results, operation, "a").hit().as_deref(), Some("new"));
}

#[test]
fn a_leader_that_goes_after_it_leaves_the_next_one_alone() {
    let (results, operation) = (new_results(1 << 20), new_operation());
    let before = look_up(&results, operation, "a").lead();
    let mut joined = look_up(&results, operation, "a").follow();
    results.invalidate(|_| true);
    let after = look_up(&results, operation, "a").lead();
    drop(before);
    assert!(matches!(settled(&mut joined), Err(None)), "somebody computes it, and it has waited once");
    after.land(Ok(b"new"));
    assert_eq!(look_up(&results, operation, "a").hit().as_deref(), Some("new"));
}

#[test]
fn another_operation_goes_on() {
    let (results, one, other) = (new_results(1 << 20), new_operation(), new_operation());
    let lead = look_up(&results, one, "a").lead();
    results.invalidate(|operation| operation == other);
    let mut following = look_up(&results, one, "a").follow();
    lead.land(Ok(b"one"));
    assert_eq!(served(&mut following), "one");
    assert_eq!(results.stats().held.entries, 1);
}

/// To switch it off empties it, and so does to switch it off and on again.
#[test]
fn what_began_before_it_was_switched_off_is_not_kept() {
    let (results, operation) = (new_results(1 << 20), new_operation());
    let lead = look_up(&results, operation, "a").lead();
    results.reconfigure(Limits { max_bytes: 0, ttl: None });
    results.reconfigure(Limits { max_bytes: 1 << 20, ttl: None });
    lead.land(Ok(b"one"));
    assert_eq!(results.stats().held.entries, 0);
}
