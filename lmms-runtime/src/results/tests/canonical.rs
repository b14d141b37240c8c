//! The canonical form: what is one, and what is none.

use serde_json::Value;

use super::super::canonical::{NotCanonical, canonical};
use super::random::Random;
use crate::call::{self, Parameters, Place};
use crate::json::trimmed;

const PARAMETERS: Parameters = Parameters("text,near?,count");

fn of(arguments: impl AsRef<[u8]>) -> Result<Vec<u8>, NotCanonical> {
    canonical(arguments.as_ref(), PARAMETERS, usize::MAX)
}

fn form(arguments: impl AsRef<[u8]>) -> String {
    String::from_utf8(of(arguments).unwrap()).unwrap()
}

/// Whether the call's own reader takes it.
fn is_read(arguments: &[u8]) -> bool {
    let mut places = [None::<Value>, None, None];
    let [text, near, count] = &mut places;
    let optional = Parameters("text?,near?,count?");
    call::read(arguments, optional, &mut [text as &mut dyn Place<'_>, near, count]).is_ok()
}

#[test]
fn arguments_that_say_the_same_have_one_form() {
    let same = [
        (r#"{}"#, r#"{}"#),
        (" {\n} ", r#"{}"#),
        (r#"{"text":"a","count":1}"#, r#"{"text":"a","count":1}"#),
        (r#"{"count":1,"text":"a"}"#, r#"{"text":"a","count":1}"#),
        ("\t{ \"count\" : 1 ,\r\n\"text\":\"a\" }\n", r#"{"text":"a","count":1}"#),
        (r#"{"count":1,"near":null,"text":"a"}"#, r#"{"text":"a","near":null,"count":1}"#),
        (r#"{"te\u0078t":"\u0061\/b"}"#, r#"{"text":"a/b"}"#),
        (r#"{"text":"\u000a\u000A\n\""}"#, r#"{"text":"\n\n\n\""}"#),
        (r#"{"text":"\u0001\u00e9\uD83D\uDE00"}"#, r#"{"text":"\u0001é😀"}"#),
        (r#"{"text":{"b":1,"a":{"d":[ ],"c":{ }}}}"#, r#"{"text":{"a":{"c":{},"d":[]},"b":1}}"#),
        (r#"{"text":[{"b":1,"a":2},[ 1 , 2 ]]}"#, r#"{"text":[{"a":2,"b":1},[1,2]]}"#),
        // Of two members of one key, the last is the one that a map keeps.
        (r#"{"text":{"b":1,"a":2,"\u0062":0}}"#, r#"{"text":{"a":2,"b":1,"b":0}}"#),
        (r#"{"text":{"ab":1,"a":2,"":3,"a\"":4,"B":5}}"#, r#"{"text":{"":3,"B":5,"a":2,"a\"":4,"ab":1}}"#),
        (r#"{"text":123456789012345678901234567890}"#, r#"{"text":123456789012345678901234567890}"#),
        (r#"{"text":[-0,1e5,1E+5,true,false,null]}"#, r#"{"text":[-0,1e5,1E+5,true,false,null]}"#),
    ];
    for (written, wanted) in same {
        assert_eq!(form(written), wanted, "{written}");
        assert_eq!(form(wanted), wanted, "its own");
    }
}

#[test]
fn arguments_that_differ_differ_in_form() {
    let all = [
        r#"{}"#,
        r#"{"text":null}"#,
        r#"{"text":"null"}"#,
        r#"{"text":1}"#,
        r#"{"text":1.0}"#,
        r#"{"text":"1"}"#,
        r#"{"text":-1}"#,
        r#"{"text":[1]}"#,
        r#"{"text":[[1]]}"#,
        r#"{"text":9007199254740993}"#,
        r#"{"text":9007199254740992}"#,
        r#"{"near":1}"#,
        r#"{"text":"a","near":"b"}"#,
        r#"{"text":"b","near":"a"}"#,
        r#"{"text":"a\",\"near\":\"b"}"#,
        r#"{"text":[1,2]}"#,
        r#"{"text":[2,1]}"#,
        r#"{"text":[12]}"#,
        r#"{"text":"é"}"#,
        r#"{"text":"e\u0301"}"#,
        r#"{"text":"\\u00e9"}"#,
        r#"{"text":{"a":1,"b":2}}"#,
        r#"{"text":{"a":2,"b":1}}"#,
        r#"{"text":{"a":1,"a":2}}"#,
        r#"{"text":{"a":2,"a":1}}"#,
        r#"{"text":{"a":{"b":1}}}"#,
        r#"{"text":{"a":{},"b":1}}"#,
        r#"{"text":""}"#,
        r#"{"text":" "}"#,
        r#"{"text":" \n"}"#,
        r#"{"text":"\\n"}"#,
    ];
    let forms: std::collections::BTreeSet<_> = all.iter().map(form).collect();
    assert_eq!(forms.len(), all.len());
}

#[test]
fn what_is_not_the_arguments_of_the_operation_has_none() {
    let wrong: [&[u8]; 38] = [
        b"",
        b" ",
        b"5",
        b"[]",
        b"null",
        b"{",
        b"}",
        b"{}}",
        b"{} {}",
        b"\x0c{}",
        b"{}\x0c",
        b"{}\0",
        b"\xef\xbb\xbf{}",
        br#"{"text"}"#,
        br#"{"text":}"#,
        br#"{"text":1,}"#,
        br#"{"text":1 "near":2}"#,
        br#"{"text":1},"batch":[]"#,
        br#"{"text":1},"interface":"other""#,
        br#"{"text":[1,]}"#,
        br#"{"text":[1 2]}"#,
        br#"{"text":{"a":1,}}"#,
        br#"{"text":{a:1}}"#,
        br#"{"text":{"a":1]}"#,
        br#"{"text":nul}"#,
        br#"{"text":truefalse}"#,
        br#"{"text":01}"#,
        br#"{"text":1.}"#,
        br#"{"text":-}"#,
        br#"{"text":+1}"#,
        br#"{"text":NaN}"#,
        br#"{"text":"a"#,
        b"{\"text\":\"a\nb\"}",
        br#"{"text":"\ud83d"}"#,
        br#"{"text":"\x61"}"#,
        b"{\"text\":\"\xff\"}",
        b"{\"text\":{\"\xff\":1}}",
        b"{\"text\":\"\xed\xa0\xbd\\n\"}",
    ];
    for arguments in wrong {
        assert_eq!(of(arguments), Err(NotCanonical::Invalid), "{}", arguments.escape_ascii());
        assert!(!is_read(arguments), "{}", arguments.escape_ascii());
    }
    for arguments in
        [r#"{"tex":1}"#, r#"{"text?":1}"#, r#"{"":1}"#, r#"{"text":1,"text":1}"#, r#"{"text":1,"te\u0078t":2}"#]
    {
        assert_eq!(of(arguments), Err(NotCanonical::Invalid), "{arguments}");
        assert!(!is_read(arguments.as_bytes()), "{arguments}");
    }
}

#[test]
fn it_is_as_deep_as_the_reader_goes() {
    let nested =
        |open: &str, close: &str, depth| format!(r#"{{"text":{}{}}}"#, open.repeat(depth), close.repeat(depth));
    for (open, close) in [("[", "]"), (r#"{"a":[{"b":"#, "}]}")] {
        for depth in 1..150 {
            let arguments = nested(open, close, depth).replace(":}", ":1}");
            assert_eq!(of(&arguments).is_ok(), is_read(arguments.as_bytes()), "{depth}");
        }
        assert_eq!(of(nested(open, close, 1_000_000)), Err(NotCanonical::Invalid));
        assert_eq!(of(format!(r#"{{"text":{}"#, open.repeat(1_000_000))), Err(NotCanonical::Invalid));
    }
    assert_eq!(nested("[", "]", 127).len(), form(nested("[", "]", 127)).len());
    assert_eq!(of(nested("[", "]", 128)), Err(NotCanonical::Invalid));
}

/// Each object is out of order, and holds all the others.
#[test]
fn objects_are_sorted_on_every_level() {
    let core = format!("[{}1]", "1,".repeat(10_000));
    let nested = |open: &str, close: &str| format!(r#"{{"text":{}{core}{}}}"#, open.repeat(126), close.repeat(126));
    let sorted = nested(r#"{"a":0,"b":"#, "}");
    assert_eq!(form(nested(r#"{"b":"#, r#","a":0}"#)), sorted);
    assert_eq!(form(&sorted), sorted);
}

#[test]
fn long_strings() {
    let plain = "ä text. ".repeat(130_000);
    let written = format!(r#"{{"text":"{plain}"}}"#);
    assert_eq!(form(&written), written);
    let escaped = plain.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect::<String>();
    assert_eq!(form(format!(r#"{{"text":"{escaped}"}}"#)), written);
    let differs = written.replacen("text. \"}", "text! \"}", 1);
    assert_ne!(form(differs), written);
}

#[test]
fn it_is_no_longer_than_is_wanted() {
    let arguments = r#" { "count" : [1, {"a":"bcd"}] , "text" : "\u0061" } "#;
    let length = form(arguments).len();
    for most in 0..length {
        assert_eq!(canonical(arguments.as_bytes(), PARAMETERS, most), Err(NotCanonical::TooLong), "{most}");
    }
    assert_eq!(canonical(arguments.as_bytes(), PARAMETERS, length).unwrap().len(), length);
}

#[test]
fn only_the_white_space_of_json_is_trimmed() {
    assert_eq!(trimmed(b" \t\r\n{ }\n \t\r"), b"{ }");
    assert_eq!(trimmed(b" \n"), b"");
    assert_eq!(trimmed(b""), b"");
    assert_eq!(trimmed(b"\x0c{}\x0b"), b"\x0c{}\x0b");
}

#[test]
fn two_spellings_have_one_form_and_two_values_have_two() {
    let mut random = Random(21);
    let mut equal = 0;
    for _ in 0..20_000 {
        let (one, other) = (random.arguments(), random.arguments());
        let forms = [random.written(&one), random.written(&one), random.written(&other)].map(form);
        assert_eq!(forms[0], forms[1]);
        assert_eq!(forms[0] == forms[2], one == other, "{one} {other}");
        assert_eq!(serde_json::from_str::<Value>(&forms[0]).unwrap(), one);
        assert_eq!(form(&forms[0]), forms[0]);
        equal += usize::from(one == other);
    }
    assert!(equal > 100, "{equal} of two values were the same by chance");
}

/// One byte of valid arguments changed: what is then read as something else has another form, or none.
#[test]
fn a_changed_byte_is_seen() {
    let mut random = Random(4);
    let mut still_valid = 0;
    for _ in 0..20_000 {
        let value = random.arguments();
        let mut written = random.written(&value).into_bytes();
        let before = form(&written);
        let index = random.below(written.len());
        written[index] = b"{}[]\",:\\ 01atu\x00\xff\x0c"[random.below(17)];
        match of(&written) {
            Ok(after) => {
                let read = serde_json::from_slice::<Value>(&written).unwrap();
                assert_eq!(before.as_bytes() == after, value == read, "{}", written.escape_ascii());
                still_valid += 1;
            }
            Err(error) => {
                assert_eq!(error, NotCanonical::Invalid);
                assert!(!is_read(&written), "{}", written.escape_ascii());
            }
        }
    }
    assert!(still_valid > 1000, "{still_valid}");
}
