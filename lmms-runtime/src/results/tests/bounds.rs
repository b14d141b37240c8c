//! What is kept, for how long, and what has to go.

use super::super::key::Asked;
use super::*;

/// What `arguments("a")` and an answer of four bytes weigh.
const WEIGHT: usize = 12 + 4 + OVERHEAD;

fn bytes(results: &Results) -> (usize, usize) {
    let Held { entries, bytes } = results.stats().held;
    (entries, bytes)
}

#[test]
fn a_result_is_found_by_all_spellings_of_its_arguments() {
    let (results, operation) = (new_results(1 << 20), new_operation());
    let two = Parameters("text,count");
    let find = |arguments: &str| results.look_up(operation, two, CACHING, arguments.as_bytes());
    find(r#"{"text":"a","count":1}"#).lead().land(Ok(b"one"));
    let same = [
        r#"{"text":"a","count":1}"#,
        r#" {"text":"a","count":1} "#,
        r#"{"count":1, "text":"a"}"#,
        r#"{"text":"\u0061","count":1}"#,
    ];
    for arguments in same {
        assert_eq!(find(arguments).hit().as_deref(), Some("one"), "{arguments}");
    }
    for arguments in [r#"{"text":"a","count":1.0}"#, r#"{"text":"b","count":1}"#, r#"{"text":"a"}"#] {
        drop(find(arguments).lead());
    }
    let not_keyed =
        ["", "5", r#"{"text":"a","count":1}}"#, "{\"text\":\"a\",\"count\":1}\x0c", r#"{"text":"a","count":1},"x":2"#];
    for arguments in not_keyed {
        assert!(find(arguments).is_alone(), "{arguments}");
    }
    let stats = results.stats();
    assert_eq!((stats.hits, stats.misses, stats.refusals), (4, 4, 0));
}

#[test]
fn no_two_operations_share_a_result() {
    let (results, one, other) = (new_results(1 << 20), new_operation(), new_operation());
    put(&results, one, "a", "of one");
    put(&results, other, "a", "of the other");
    put(&results, other, "b", "too");
    assert_eq!(look_up(&results, one, "a").hit().as_deref(), Some("of one"));
    assert_eq!(look_up(&results, other, "a").hit().as_deref(), Some("of the other"));
    let held = results.held_by_operation();
    assert_eq!(held[&one], Held { entries: 1, bytes: 12 + 6 + OVERHEAD });
    assert_eq!(held[&other], Held { entries: 2, bytes: 24 + 12 + 3 + 2 * OVERHEAD });
    assert_eq!(held.len(), 2);
}

/// All hashes are the same.
#[test]
fn a_hash_alone_is_no_key() {
    let operation = new_operation();
    let flight = |arguments: &[u8]| Flight::new(Asked { operation, arguments, hash: 7 }.to_key());
    let mut store = Store::new(Limits { max_bytes: 1 << 20, ttl: None });
    for (index, arguments) in [b"{\"a\":1}", b"{\"a\":2}", b"{\"b\":1}"].into_iter().enumerate() {
        let flight = flight(arguments);
        assert!(matches!(store.board(&flight, CACHING, true, Moment(0)), Boarding::Lead));
        let answer = Answer::Reply([index as u8].into());
        store.land(&flight, Some(&answer), 100, CACHING, Moment(0), &mut Gone::new());
    }
    for (index, arguments) in [b"{\"a\":1}", b"{\"a\":2}", b"{\"b\":1}"].into_iter().enumerate() {
        let found = store.hit(Asked { operation, arguments, hash: 7 });
        assert!(matches!(found, Some(Answer::Reply(bytes)) if *bytes == [index as u8]));
    }
    assert!(store.hit(Asked { operation, arguments: b"{\"b\":2}", hash: 7 }).is_none());
}

#[test]
fn the_least_used_gives_way_by_the_byte() {
    let (results, operation) = (new_results(8 * WEIGHT), new_operation());
    for text in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        put(&results, operation, text, "four");
    }
    assert_eq!(bytes(&results), (8, 8 * WEIGHT));
    assert_eq!(look_up(&results, operation, "a").hit().as_deref(), Some("four"));
    put(&results, operation, "i", "4");
    assert_eq!(bytes(&results), (8, 8 * WEIGHT - 3));
    assert!(look_up(&results, operation, "a").hit().is_some());
    drop(look_up(&results, operation, "b").lead());
    // Three bytes are left, and this takes four.
    put(&results, operation, "j", "four");
    assert!(look_up(&results, operation, "c").hit().is_none());
    assert_eq!((results.stats().evictions, results.stats().refusals), (2, 0));
}

#[test]
fn what_is_heavier_than_an_eighth_is_not_kept() {
    let (results, operation) = (new_results(8 * WEIGHT), new_operation());
    put(&results, operation, "a", "five!");
    assert_eq!((bytes(&results), results.stats().refusals), ((0, 0), 1));
    put(&results, operation, "a", "four");
    assert_eq!((bytes(&results), results.stats().refusals), ((1, WEIGHT), 1));
    // Arguments that are too heavy by themselves are not even looked for.
    assert!(look_up(&results, operation, &"a".repeat(WEIGHT)).is_alone());
    assert_eq!((results.stats().refusals, results.stats().misses), (2, 2));
    // But white space weighs nothing.
    let arguments = format!("{}{}", " ".repeat(WEIGHT), arguments("a"));
    assert!(results.look_up(operation, TEXT, CACHING, arguments.as_bytes()).hit().is_some());
}

#[test]
fn a_weight_multiplies() {
    let (results, operation) = (new_results(24 * WEIGHT), new_operation());
    let put = |text: &str, weight| {
        let caching = Caching { weight, ..CACHING };
        results.look_up(operation, TEXT, caching, arguments(text).as_bytes()).lead().land(Ok(b"four"));
    };
    put("a", 3);
    assert_eq!(bytes(&results), (1, 3 * WEIGHT));
    put("b", 4);
    put("c", u32::MAX);
    assert_eq!((bytes(&results), results.stats().refusals), ((1, 3 * WEIGHT), 2));
    put("d", 0);
    assert_eq!(bytes(&results), (2, 4 * WEIGHT));
}

#[test]
fn results_expire_by_their_own_age_or_the_default() {
    let operation = new_operation();
    let seed = Seed::random();
    let flight = |arguments: &'static str| Flight::new(seed.ask(operation, arguments.as_bytes()).to_key());
    let find = |store: &mut Store, arguments: &'static str, now: u64| {
        store.expire(Moment(now), &mut Gone::new());
        store.hit(seed.ask(operation, arguments.as_bytes())).is_some()
    };
    let mut store = Store::new(Limits { max_bytes: 1 << 20, ttl: Some(Duration::from_millis(1_500)) });
    for (arguments, ttl) in [("default", None), ("own", Some(2))] {
        let (flight, caching) = (flight(arguments), Caching { ttl, ..CACHING });
        assert!(matches!(store.board(&flight, caching, true, Moment(10)), Boarding::Lead));
        let answer = Answer::Reply([1].into());
        store.land(&flight, Some(&answer), 300, caching, Moment(10), &mut Gone::new());
    }
    // A new age is not for what is in.
    store.reconfigure(Limits { max_bytes: 1 << 20, ttl: None }, &mut Gone::new());
    assert!(find(&mut store, "default", 1_509) && find(&mut store, "own", 1_509));
    assert!(!find(&mut store, "default", 1_510) && find(&mut store, "own", 1_510));
    assert_eq!((store.held(), store.counts.expirations), (Held { entries: 1, bytes: 300 }, 1));
    assert!(find(&mut store, "own", 2_009));
    assert!(!find(&mut store, "own", 2_010));
    assert_eq!((store.held(), store.counts.expirations), (Held::default(), 2));
    // What would live for no time is not for others.
    let none = Caching { ttl: Some(0), ..CACHING };
    assert!(matches!(store.board(&flight("own"), none, true, Moment(3_000)), Boarding::Alone));
    let ever = flight("own");
    assert!(matches!(store.board(&ever, CACHING, true, Moment(3_000)), Boarding::Lead));
    store.land(&ever, Some(&Answer::Reply([1].into())), 300, CACHING, Moment(3_000), &mut Gone::new());
    assert!(find(&mut store, "own", u64::MAX - 1));
}

#[test]
fn a_smaller_bound_holds_at_once() {
    let (results, operation) = (new_results(80 * WEIGHT), new_operation());
    let texts = (b'a'..=b'z').map(|text| char::from(text).to_string()).collect::<Vec<_>>();
    for text in &texts {
        put(&results, operation, text, "four");
    }
    put(&results, operation, "A", &"heavy".repeat(100));
    let limits = |max_bytes| Limits { max_bytes, ttl: None };
    results.reconfigure(limits(16 * WEIGHT));
    assert_eq!((bytes(&results), results.stats().evictions), ((16, 16 * WEIGHT), 11));
    assert!(look_up(&results, operation, "A").hit().is_none(), "more than an eighth of it");
    assert!(look_up(&results, operation, "j").hit().is_none() && look_up(&results, operation, "k").hit().is_some());
    results.reconfigure(limits(0));
    assert_eq!((bytes(&results), results.stats().evictions), ((0, 0), 27));
    assert!(look_up(&results, operation, "k").is_alone());
    results.reconfigure(limits(16 * WEIGHT));
    put(&results, operation, "k", "four");
    assert_eq!(look_up(&results, operation, "k").hit().as_deref(), Some("four"));
}
