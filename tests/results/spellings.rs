//! Arguments that say the same share what was computed, however they are written.

use super::*;

/// The first is computed for all.
#[track_caller]
fn share(names: &str, all: &[&str]) {
    let (cached, off) = (start(Config::default()), start(bytes(0)));
    let expected = ask(&off, names, all[0]);
    assert!(expected.is_ok(), "{expected:?}");
    // Whichever comes first.
    for first in 0..all.len() {
        cached.invalidate_results("echo").unwrap();
        let before = computed();
        for arguments in all.iter().cycle().skip(first).take(all.len()) {
            assert_eq!(ask(&cached, names, arguments), expected, "{arguments}");
        }
        assert_eq!((computed() - before, entries(&cached)), (1, 1), "{all:?}");
    }
}

#[test]
fn order_of_keys_white_space_and_escapes_make_no_difference() {
    let _turn = Turn::take();
    share("echo.number", &[r#"{"number":7}"#, " {\t\"number\" :\r\n7 } ", r#"{"\u006eumb\u0065r":7}"#]);
    share(
        "echo.text",
        &[
            r#"{"text":"a/ä😀\n","other":"b"}"#,
            r#"{"other":"b","text":"a/ä😀\n"}"#,
            r#"{ "other" : "b" , "text" : "a/ä😀\n" }"#,
            r#"{"text":"\u0061\/\u00E4\ud83d\uDE00\u000a","other":"\u0062"}"#,
            r#"{"te\u0078t":"a\/ä😀\n","\u006fther":"b"}"#,
        ],
    );
    share(
        "echo.value",
        &[
            r#"{"value":{"a":{"x":1,"y":[2,{"p":3,"q":4}]},"b":null}}"#,
            r#"{"value":{"b":null,"a":{"y":[2,{"q":4,"p":3}],"x":1}}}"#,
            "{\"value\" : { \"b\":null,\n\"a\":{ \"y\" :[ 2 , {\"q\":4,\"p\":3} ],\"x\":1}}}",
            r#"{"value":{"\u0062":null,"a":{"\u0079":[2,{"q":4,"\u0070":3}],"x":1}}}"#,
        ],
    );
}

/// Values that were not thought of, each written in two ways.
#[test]
fn whatever_is_asked_is_answered_as_without_a_cache() {
    let _turn = Turn::take();
    let (cached, off) = (start(bytes(64 << 10)), start(bytes(0)));
    let mut random = 7_u64;
    let mut next = |bound: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % bound
    };
    for _ in 0..3_000 {
        // Of few kinds, so that many are equal.
        let (value, respelled) = any(&mut next, 3);
        for value in [value, respelled] {
            let arguments = format!(r#"{{"value":{value}}}"#);
            assert_eq!(ask(&cached, "echo.value", &arguments), ask(&off, "echo.value", &arguments), "{arguments}");
        }
    }
    let stats = cached.stats();
    assert!(stats.cache_hits > 3_500 && stats.cache_misses > 200, "{stats:?}");
}

/// A value, and the same value written in another way.
fn any(next: &mut dyn FnMut(u64) -> u64, depth: u64) -> (String, String) {
    let scalars =
        [("0", "0"), ("1", "1"), ("-1", " -1"), ("null", "null "), (r#""""#, r#""""#), (r#""a""#, r#""\u0061""#)];
    match next(if depth == 0 { 6 } else { 9 }) {
        scalar @ 0..6 => {
            let (value, respelled) = scalars[scalar as usize];
            (value.to_owned(), respelled.to_owned())
        }
        6 => {
            let items: Vec<_> = (0..next(3)).map(|_| any(next, depth - 1)).collect();
            let joined = |items: Vec<&str>, comma| format!("[{}]", items.join(comma));
            let (values, respelled) = items.iter().map(|(value, respelled)| (&**value, &**respelled)).unzip();
            (joined(values, ","), joined(respelled, " , "))
        }
        _ => {
            let keys = ["a", "b", "ab", ""];
            let count = next(4) as usize;
            let members: Vec<_> = keys[..count].iter().map(|key| (key, any(next, depth - 1))).collect();
            let value: Vec<_> = members.iter().map(|(key, (value, _))| format!("\"{key}\":{value}")).collect();
            let respelled = members.iter().rev().map(|(key, (_, respelled))| format!(" \"{key}\" : {respelled}"));
            (format!("{{{}}}", value.join(",")), format!("{{{}}}", respelled.collect::<Vec<_>>().join(" ,")))
        }
    }
}
