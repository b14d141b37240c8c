use super::*;

#[test]
fn text_borrows_unless_it_has_escapes() {
    let mut cursor = Cursor::new(br#""plain" "a\nb""#);
    assert!(matches!(cursor.value::<Text<'_>>().unwrap().0, Cow::Borrowed("plain")));
    assert!(matches!(cursor.value::<Text<'_>>().unwrap().0, Cow::Owned(text) if text == "a\nb"));
    cursor.end().unwrap();
}

#[test]
fn an_object_is_read_key_by_key_in_any_white_space() {
    let mut cursor = Cursor::new(b" { \"a\" : 1 , \"b\":\n[ 2 ] }\r\n");
    cursor.open_object().unwrap();
    assert_eq!(&*cursor.next_key(true).unwrap().unwrap(), "a");
    assert_eq!(cursor.value::<u8>().unwrap(), 1);
    assert_eq!(&*cursor.next_key(false).unwrap().unwrap(), "b");
    assert_eq!(cursor.skip().unwrap(), b"[ 2 ]");
    assert!(cursor.next_key(false).unwrap().is_none());
    cursor.end().unwrap();
}

#[test]
fn what_is_no_object_is_refused_with_its_place() {
    let refused = |text: &'static str| {
        let mut cursor = Cursor::new(text.as_bytes());
        let mut read = || -> Result<(), JsonError> {
            cursor.open_object()?;
            let mut first = true;
            while cursor.next_key(first)?.is_some() {
                first = false;
                cursor.skip()?;
            }
            cursor.end()
        };
        let error = read().unwrap_err();
        (error.at, error.message)
    };
    assert_eq!(refused("[]"), (0, "expected an object, `{`".to_owned()));
    assert_eq!(refused(r#"{"a":1,}"#), (7, "trailing comma".to_owned()));
    assert_eq!(refused(r#"{"a" 1}"#), (5, "expected `:`".to_owned()));
    assert_eq!(refused(r#"{"a":1 "b":2}"#), (7, "expected `,` or `}`".to_owned()));
    assert_eq!(refused(r#"{"a":1} x"#), (8, "expected the end".to_owned()));
    assert_eq!(refused(r#"{a:1}"#), (1, "expected a key in double quotes".to_owned()));
    assert_eq!(refused(r#"{"a":"#), (5, "unexpected end, expected a value".to_owned()));
}

#[test]
fn an_error_inside_a_value_is_placed_in_the_whole_text() {
    let text = br#"{"p":[{"x":1},{"x":"no"}]}"#;
    let mut cursor = Cursor::new(text);
    cursor.open_object().unwrap();
    cursor.next_key(true).unwrap();
    let error = cursor.value::<Vec<std::collections::BTreeMap<String, u8>>>().unwrap_err();
    assert!(error.is_type);
    assert_eq!(error.message, "invalid type: string \"no\", expected u8");
    assert_eq!(path("args", text, error.at), "args.p[1].x");
}

#[test]
fn a_path_leads_to_what_is_open_at_a_byte() {
    let text = r#"{"p":[{"x":1} , [2, "s"]], "q" : {"r":{}}, "t":"u"}"#;
    let at = |part: &str| path("args", text.as_bytes(), text.find(part).unwrap() + part.len());
    assert_eq!(at("{\"p\""), "args");
    assert_eq!(at("{\"x\""), "args.p[0]");
    assert_eq!(at("1"), "args.p[0].x");
    assert_eq!(at("{\"x\":1}"), "args.p[0]");
    assert_eq!(at("2"), "args.p[1][0]");
    assert_eq!(at("\"s"), "args.p[1][1]");
    assert_eq!(at("\"s\"]"), "args.p[1]");
    assert_eq!(at("\"s\"]]"), "args.p");
    assert_eq!(at("{\"r\":{}"), "args.q.r");
    assert_eq!(at("{\"r\":{}}"), "args.q");
    assert_eq!(at("\"u\""), "args.t");
    assert_eq!(at("\"u\"}"), "args");
    assert_eq!(path("args", b"5", 1), "args");
    assert_eq!(path("args", br#"{"a":[1,]}"#, 8), "args.a");
    assert_eq!(path("args", b"", 0), "args");
}
