//! Which arguments never share an entry.

use std::collections::BTreeMap;

use super::*;

/// `value` with the members of its objects in order, whatever features `serde_json` was built with.
fn written(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(written).collect::<Vec<_>>().join(",")),
        Value::Object(members) => {
            let sorted: BTreeMap<_, _> = members.iter().collect();
            let member = |(key, value): (&String, &Value)| format!("{}:{}", json!(key), written(value));
            format!("{{{}}}", sorted.into_iter().map(member).collect::<Vec<_>>().join(","))
        }
        scalar => scalar.to_string(),
    }
}

struct Echo;

#[lmms::interface]
impl Echo {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation(cached)]
    fn value(&self, #[default = json!("absent")] value: Value) -> String {
        computing(written(&value))
    }

    #[operation(cached)]
    fn option(&self, value: Option<i8>) -> String {
        computing(format!("{value:?}"))
    }

    #[operation(cached)]
    fn text(&self, text: &str, #[default = ""] other: &str) -> String {
        computing(format!("{} {text} {} {other}", text.len(), other.len()))
    }

    #[operation(cached)]
    fn number(&self, number: u64) -> u64 {
        computing(number)
    }
}

/// Each is computed, and then each is answered with what was computed for it.
#[track_caller]
fn share_nothing(names: &str, all: &[&str]) {
    let (cached, off) = (start(Config::default()), start(bytes(0)));
    let expected: Vec<_> = all.iter().map(|arguments| ask(&off, names, arguments)).collect();
    for round in 0..3 {
        let before = computed();
        for (arguments, expected) in all.iter().zip(&expected) {
            assert!(expected.is_ok(), "{arguments}: {expected:?}");
            assert_eq!(ask(&cached, names, arguments), *expected, "{arguments}");
        }
        assert_eq!(computed() - before, if round == 0 { all.len() } else { 0 }, "{all:?}");
    }
    assert_eq!(entries(&cached), all.len() as u64);
}

#[test]
fn values_of_other_types_share_nothing() {
    let _turn = Turn::take();
    let values = [
        "{}",
        "null",
        "true",
        "false",
        "0",
        "-0",
        "0.0",
        "1",
        "1.0",
        "1.00",
        "1e0",
        "1E0",
        "10e-1",
        "-1",
        r#""1""#,
        r#""1.0""#,
        r#""""#,
        r#"" ""#,
        r#""true""#,
        r#""null""#,
        "[]",
        "[[]]",
        "[null]",
        "[1]",
        "[1,1]",
        r#"["1"]"#,
        r#"{"a":1}"#,
        r#"{"a":"1"}"#,
        r#"{"a":null}"#,
        r#"{"A":1}"#,
        r#"{"":1}"#,
        r#"[{}]"#,
        r#"{"a":{}}"#,
        r#"{"a":[]}"#,
    ];
    let mut all: Vec<_> = values.iter().map(|value| format!(r#"{{"value":{value}}}"#)).collect();
    all.push("{}".to_owned());
    share_nothing("echo.value", &all.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn null_and_absent_share_nothing() {
    let _turn = Turn::take();
    share_nothing("echo.value", &["{}", r#"{"value":null}"#, r#"{"value":"absent"}"#]);
    share_nothing("echo.option", &["{}", r#"{"value":null}"#, r#"{"value":0}"#]);
    share_nothing("echo.text", &[r#"{"text":"a"}"#, r#"{"text":"a","other":""}"#]);
}

#[test]
fn what_is_nested_or_ordered_otherwise_shares_nothing() {
    let _turn = Turn::take();
    share_nothing(
        "echo.value",
        &[
            r#"{"value":[1,2]}"#,
            r#"{"value":[2,1]}"#,
            r#"{"value":[[1],2]}"#,
            r#"{"value":[1,[2]]}"#,
            r#"{"value":[[1,2]]}"#,
            r#"{"value":[12]}"#,
            r#"{"value":{"a":[1,2],"b":3}}"#,
            r#"{"value":{"a":[2,1],"b":3}}"#,
            r#"{"value":{"a":{"b":1},"c":2}}"#,
            r#"{"value":{"a":{"b":1,"c":2}}}"#,
            r#"{"value":{"c":{"b":1},"a":2}}"#,
            r#"{"value":[{"a":1},{"b":2}]}"#,
            r#"{"value":[{"b":2},{"a":1}]}"#,
            r#"{"value":[{"a":1,"b":2}]}"#,
        ],
    );
}

#[test]
fn of_a_member_that_is_there_twice_the_last_counts() {
    let _turn = Turn::take();
    let (cached, off) = (start(Config::default()), start(bytes(0)));
    for arguments in [
        r#"{"value":{"a":1,"a":2}}"#,
        r#"{"value":{"a":2,"a":1}}"#,
        r#"{"value":{"a":1,"b":0,"a":2}}"#,
        r#"{"value":{"b":0,"a":2,"a":1}}"#,
        r#"{"value":{"a":2,"\u0061":1,"b":0}}"#,
        r#"{"value":{"\u0061":1,"a":2,"b":0}}"#,
    ] {
        for _ in 0..2 {
            assert_eq!(ask(&cached, "echo.value", arguments), ask(&off, "echo.value", arguments), "{arguments}");
        }
    }
}

#[test]
fn texts_that_look_alike_share_nothing() {
    let _turn = Turn::take();
    share_nothing(
        "echo.text",
        &[
            // Composed, decomposed, and what only looks like it.
            r#"{"text":"é"}"#,
            r#"{"text":"e\u0301"}"#,
            r#"{"text":"е"}"#,
            r#"{"text":"e"}"#,
            r#"{"text":"E"}"#,
            r#"{"text":"e\u0000"}"#,
            r#"{"text":"e\u200b"}"#,
            r#"{"text":"\u212b"}"#,
            r#"{"text":"\u00c5"}"#,
            r#"{"text":"\\u0065"}"#,
            // What is inside of a text ends none.
            r#"{"text":"a","other":"b"}"#,
            r#"{"text":"a\",\"other\":\"b"}"#,
            r#"{"text":"a\\","other":"b"}"#,
            r#"{"text":"","other":"ab"}"#,
            r#"{"text":"ab","other":""}"#,
            r#"{"text":"b","other":"a"}"#,
            r#"{"text":"a "}"#,
            r#"{"text":" a"}"#,
            r#"{"text":"a\n"}"#,
            r#"{"text":"a\t"}"#,
        ],
    );
}

#[test]
fn large_numbers_that_differ_in_their_last_digit_share_nothing() {
    let _turn = Turn::take();
    share_nothing(
        "echo.number",
        &[
            r#"{"number":18446744073709551615}"#,
            r#"{"number":18446744073709551614}"#,
            r#"{"number":9007199254740993}"#,
            r#"{"number":9007199254740992}"#,
        ],
    );
    share_nothing(
        "echo.value",
        &[
            r#"{"value":18446744073709551616}"#,
            r#"{"value":18446744073709551617}"#,
            r#"{"value":0.1}"#,
            r#"{"value":0.10000000000000001}"#,
            r#"{"value":-9223372036854775808}"#,
            r#"{"value":-9223372036854775809}"#,
            r#"{"value":1e300}"#,
            r#"{"value":1e299}"#,
        ],
    );
}

#[test]
fn operations_and_interfaces_share_nothing() {
    let _turn = Turn::take();
    let gateway = start(Config::default());
    let operations = [("numbers.same", "7"), ("numbers.again", "7"), ("others.same", "8"), ("echo.number", "7")];
    for _ in 0..3 {
        for (names, expected) in operations {
            assert_eq!(ask(&gateway, names, r#"{"number":7}"#), Ok(expected.to_owned()), "{names}");
        }
    }
    assert_eq!((computed(), entries(&gateway)), (4, 4));
}
