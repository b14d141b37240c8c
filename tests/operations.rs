//! Operations by name: what their arguments may be, how each is refused, and what `describe` tells of them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use lmms::{Config, Error, ErrorCode, Gateway, Invocation};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Default, Deserialize, Serialize)]
struct Point {
    x: i32,
    y: i32,
}

#[derive(Deserialize)]
struct Query<'a> {
    text: &'a str,
    limit: Option<u8>,
}

#[derive(Debug)]
struct Refused(u8);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is refused", self.0)
    }
}

impl std::error::Error for Refused {}

type Fallible<T, E = Refused> = Result<T, E>;
type Boxed<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// As `anyhow::Error`: no error itself, but one that boxes.
struct Anyhow;

impl From<Anyhow> for Box<dyn std::error::Error + Send + Sync> {
    fn from(_: Anyhow) -> Self {
        "anyhow".into()
    }
}

struct Forms {
    prefix: String,
}

/// All forms of arguments.
///
/// A second "paragraph".
#[lmms::interface(pinned, preload, snapshot = true, grace_period = 5, fast_path_threshold = 7)]
impl Forms {
    const LEAST: u8 = 3;

    #[load]
    fn load() -> Self {
        Self { prefix: "p:".to_owned() }
    }

    #[operation]
    fn value(&self, value: u8) -> u8 {
        value
    }

    #[operation]
    fn text(&self, text: &str) -> String {
        format!("{}{text}", self.prefix)
    }

    #[operation]
    fn owned(&self, mut text: String) -> String {
        text.insert_str(0, &self.prefix);
        text
    }

    #[operation]
    fn cow<'a>(&'a self, text: Cow<'a, str>) -> (bool, Cow<'a, str>) {
        (matches!(text, Cow::Borrowed(_)), text)
    }

    #[operation]
    fn slice(&self, items: &[i64]) -> i64 {
        items.iter().sum()
    }

    #[operation]
    fn cow_slice(&self, items: Cow<'_, [i64]>) -> usize {
        items.len()
    }

    #[operation]
    fn reference(&self, point: &Point) -> i32 {
        point.x + point.y
    }

    #[operation]
    fn texts(&self, texts: &[&str]) -> String {
        texts.join("+")
    }

    #[operation]
    fn points(&self, points: BTreeMap<String, Vec<Point>>) -> usize {
        points.values().map(Vec::len).sum()
    }

    #[operation]
    fn borrowing<'a>(&self, query: Query<'a>) -> (&'a str, Option<u8>) {
        (query.text, query.limit)
    }

    #[operation]
    fn option(&self, value: Option<u8>) -> Option<u8> {
        value
    }

    #[operation]
    fn options(
        &self,
        text: Option<&str>,
        items: Option<&[i64]>,
        cow: Option<Cow<'_, str>>,
        cow_items: Option<Cow<'_, [i64]>>,
        point: Option<&Point>,
        query: Option<Query<'_>>,
    ) -> Value {
        json!([text, items, cow, cow_items, point, query.map(|query| query.text.to_owned())])
    }

    #[allow(clippy::too_many_arguments, reason = "one of each form")]
    #[operation]
    fn defaults(
        &self,
        #[default] value: u8,
        #[default = Self::LEAST + 1] least: u8,
        #[default = "none"] text: &str,
        #[default = &[1, 2]] items: &[i64],
        #[default = Cow::Borrowed("cow")] cow: Cow<'_, str>,
        #[default] cow_items: Cow<'_, [i64]>,
        #[default = &Point { x: 1, y: 2 }] point: &Point,
        #[default = vec![0; Self::LEAST.into()]] mut list: Vec<u8>,
    ) -> Value {
        list.push(9);
        json!([value, least, text, items, cow, cow_items, point, list])
    }

    #[operation]
    fn r#match(&self, r#type: &str) -> usize {
        r#type.len()
    }

    #[operation(name = "called-so")]
    fn renamed(&self) {}

    #[operation]
    fn within(&self, before: u8, invocation: &Invocation, after: u8) -> (u8, u64, u8) {
        (before, invocation.id(), after)
    }

    #[operation]
    async fn later(&self, text: &str, #[default = 2] times: usize, invocation: &Invocation) -> Fallible<String> {
        tokio::task::yield_now().await;
        assert!(invocation.resident::<Self>().is_some());
        if text.is_empty() { Err(Refused(0)) } else { Ok(text.repeat(times)) }
    }
}

struct Results;

#[lmms::interface]
impl Results {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    fn plain(&self, value: u8) -> Result<u8, Refused> {
        if value > 0 { Ok(value) } else { Err(Refused(value)) }
    }

    #[operation]
    fn alias(&self, value: u8) -> Fallible<u8> {
        self.plain(value)
    }

    #[operation]
    fn boxed(&self, value: u8) -> Boxed<u8> {
        Ok(self.plain(value)?)
    }

    #[operation]
    fn anyhow(&self) -> Fallible<(), Anyhow> {
        Err(Anyhow)
    }

    #[operation]
    fn text(&self) -> Result<(), &'static str> {
        Err("in words")
    }

    #[operation]
    fn io(&self) -> std::io::Result<()> {
        Err(std::io::Error::other("disk"))
    }

    #[operation]
    fn unwritable(&self) -> BTreeMap<(u8, u8), u8> {
        BTreeMap::from([((1, 2), 3)])
    }

    #[operation]
    fn unwritable_in_the_middle(&self) -> (String, BTreeMap<(u8, u8), u8>) {
        ("begun".to_owned(), self.unwritable())
    }

    #[operation]
    fn panics(&self) -> u8 {
        panic!("at the disco")
    }

    #[operation]
    async fn panics_later(&self) -> u8 {
        tokio::task::yield_now().await;
        panic!("at {}", "dawn")
    }

    /// Escapes: "quotes", \ and
    ///   an indented line.
    #[operation(cached)]
    fn described(
        &self,
        text: &str,
        limit: Option<&[u8]>,
        #[default = 1 + 2] least: u8,
        #[default] all: bool,
    ) -> Fallible<u8> {
        let _ = (text, limit, least, all);
        Ok(0)
    }

    #[operation]
    async fn silent(&self) {}
}

/// Loads by `await`, so that its sync operations do.
struct Slow;

#[lmms::interface]
impl Slow {
    #[load]
    async fn load() -> Self {
        tokio::task::yield_now().await;
        Self
    }

    #[operation]
    fn double(&self, value: &[u8]) -> Vec<u8> {
        value.iter().map(|value| value * 2).collect()
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(future)
}

fn execute(request: &str) -> Result<Vec<u8>, Error> {
    block_on(Gateway::new(Config::default()).expect("names differ").execute(request.as_bytes()))
}

/// The result of `interface.operation` with these arguments, which are JSON text since `Value` has no duplicates.
#[track_caller]
fn ok(operation: &str, arguments: &str) -> Value {
    let (interface, operation) = operation.split_once('.').expect("interface.operation");
    let request = format!(r#"{{"interface":"{interface}","operation":"{operation}","args":{arguments}}}"#);
    let answer = execute(&request).unwrap_or_else(|error| panic!("{error}"));
    serde_json::from_slice(&answer).expect("an answer is JSON")
}

/// Its error: code, message, path and what was expected.
#[track_caller]
fn refused(operation: &str, arguments: &str) -> (ErrorCode, String, String, String) {
    let (interface, name) = operation.split_once('.').expect("interface.operation");
    let request = format!(r#"{{"interface":"{interface}","operation":"{name}","args":{arguments}}}"#);
    let error = match execute(&request) {
        Err(error) => error,
        Ok(answer) => panic!("answered {}", String::from_utf8_lossy(&answer)),
    };
    assert_eq!((error.interface(), error.operation()), (Some(interface), Some(name)));
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    (error.code(), error.to_string(), text(error.path()), text(error.expected()))
}

#[track_caller]
fn bad(operation: &str, arguments: &str) -> (String, String) {
    let (code, message, path, expected) = refused(operation, arguments);
    assert_eq!(code, ErrorCode::BadArguments);
    let name = operation.rsplit('.').next().unwrap_or_default();
    assert!(expected.starts_with(&format!("forms.{name}(")), "expected: {expected}");
    (message, path)
}

fn at(message: &str, path: &str) -> (String, String) {
    (message.to_owned(), path.to_owned())
}

#[test]
fn each_form_is_read() {
    assert_eq!(ok("forms.value", r#"{"value":5}"#), 5);
    assert_eq!(ok("forms.text", r#"{"text":"a"}"#), "p:a");
    assert_eq!(ok("forms.text", r#"{"text":"a\n\u00e4\"\ud83d\ude00"}"#), "p:a\nä\"😀");
    assert_eq!(ok("forms.owned", r#"{"text":"a"}"#), "p:a");
    assert_eq!(ok("forms.slice", r#"{"items":[1,-2,3]}"#), 2);
    assert_eq!(ok("forms.cow_slice", r#"{"items":[1,2]}"#), 2);
    assert_eq!(ok("forms.reference", r#"{"point":{"x":1,"y":2}}"#), 3);
    assert_eq!(ok("forms.texts", r#"{"texts":["a","b"]}"#), "a+b");
    assert_eq!(ok("forms.points", r#"{"points":{"a":[{"x":1,"y":2}],"b":[]}}"#), 1);
    assert_eq!(ok("forms.borrowing", r#"{"query":{"text":"a"}}"#), json!(["a", null]));
    assert_eq!(ok("forms.match", r#"{"type":"abc"}"#), 3);
    assert_eq!(ok("forms.called-so", "{}"), Value::Null);
    assert_eq!(ok("slow.double", r#"{"value":[1,2]}"#), json!([2, 4]));
}

#[test]
fn text_is_borrowed_from_the_request_unless_it_has_escapes() {
    assert_eq!(ok("forms.cow", r#"{"text":"plain"}"#), json!([true, "plain"]));
    assert_eq!(ok("forms.cow", r#"{"text":"a\tb"}"#), json!([false, "a\tb"]));
}

#[test]
fn an_option_may_be_absent_or_null() {
    for absent in ["{}", r#"{"value":null}"#] {
        assert_eq!(ok("forms.option", absent), Value::Null);
    }
    assert_eq!(ok("forms.option", r#"{"value":7}"#), 7);
    assert_eq!(ok("forms.options", "{}"), json!([null, null, null, null, null, null]));
    let all_null = r#"{"text":null,"items":null,"cow":null,"cow_items":null,"point":null,"query":null}"#;
    assert_eq!(ok("forms.options", all_null), json!([null, null, null, null, null, null]));
    let all = r#"{"query":{"text":"q"},"point":{"x":1,"y":2},"cow_items":[3],"cow":"c","items":[1],"text":"\u0074"}"#;
    assert_eq!(ok("forms.options", all), json!(["t", [1], "c", [3], {"x": 1, "y": 2}, "q"]));
}

#[test]
fn a_default_stands_for_what_is_absent() {
    let defaults = json!([0, 4, "none", [1, 2], "cow", [], {"x": 1, "y": 2}, [0, 0, 0, 9]]);
    assert_eq!(ok("forms.defaults", "{}"), defaults);
    let all =
        r#"{"value":1,"least":2,"text":"t","items":[3],"cow":"c","cow_items":[4],"point":{"x":5,"y":6},"list":[]}"#;
    let given = json!([1, 2, "t", [3], "c", [4], {"x": 5, "y": 6}, [9]]);
    assert_eq!(ok("forms.defaults", all), given);
    assert_eq!(ok("forms.later", r#"{"text":"ab"}"#), "abab");
    assert_eq!(ok("forms.later", r#"{"text":"ab","times":1}"#), "ab");
}

#[test]
fn null_is_no_default() {
    let (message, path) = bad("forms.defaults", r#"{"least":null}"#);
    assert_eq!((&*message, &*path), ("argument `least`: invalid type: null, expected u8", "args.least"));
}

#[test]
fn the_invocation_is_passed_in() {
    let [before, id, after] = serde_json::from_value(ok("forms.within", r#"{"after":2,"before":1}"#)).unwrap();
    let (before, id, after): (u64, u64, u64) = (before, id, after);
    assert_eq!((before, after), (1, 2));
    assert!(id > 0);
    let refused = bad("forms.within", r#"{"before":1,"invocation":1,"after":2}"#);
    assert_eq!(refused, at("there is no argument `invocation`", "args"));
}

#[test]
fn a_wrong_type_is_refused_with_its_path() {
    let cases = [
        ("value", r#"{"value":"5"}"#, "argument `value`: invalid type: string \"5\", expected u8", "args.value"),
        ("value", r#"{"value":256}"#, "argument `value`: invalid value: integer `256`, expected u8", "args.value"),
        (
            "value",
            r#"{"value":1.0}"#,
            "argument `value`: invalid type: floating point `1.0`, expected u8",
            "args.value",
        ),
        ("value", r#"{"value":null}"#, "argument `value`: invalid type: null, expected u8", "args.value"),
        ("text", r#"{"text":5}"#, "argument `text`: invalid type: integer `5`, expected a string", "args.text"),
        ("text", r#"{"text":null}"#, "argument `text`: invalid type: null, expected a string", "args.text"),
        ("cow", r#"{"text":[]}"#, "argument `text`: invalid type: sequence, expected a string", "args.text"),
        (
            "slice",
            r#"{"items":[1,"2"]}"#,
            "argument `items`: invalid type: string \"2\", expected i64",
            "args.items[1]",
        ),
        ("option", r#"{"value":-1}"#, "argument `value`: invalid value: integer `-1`, expected u8", "args.value"),
        ("reference", r#"{"point":{"x":1}}"#, "argument `point`: missing field `y`", "args.point"),
        (
            "points",
            r#"{"points":{"a":[{"x":1,"y":2},{"x":1,"y":"2"}]}}"#,
            "argument `points`: invalid type: string \"2\", expected i32",
            "args.points.a[1].y",
        ),
        (
            "later",
            r#"{"text":"a","times":-1}"#,
            "argument `times`: invalid value: integer `-1`, expected usize",
            "args.times",
        ),
    ];
    for (operation, arguments, message, path) in cases {
        assert_eq!(bad(&format!("forms.{operation}"), arguments), at(message, path), "{operation} {arguments}");
    }
}

#[test]
fn an_unknown_argument_is_refused_with_the_nearest() {
    let refused = bad("forms.text", r#"{"text":"a","txet":"b"}"#);
    assert_eq!(refused, at("there is no argument `txet`; did you mean `text`?", "args"));
    let refused = bad("forms.text", r#"{"zzz":null}"#);
    assert_eq!(refused, at("there is no argument `zzz`", "args"));
    let refused = bad("forms.called-so", r#"{"a":1}"#);
    assert_eq!(refused, at("there is no argument `a`", "args"));
    // Neither Rust's spelling of a name nor the marks of our own are arguments.
    for (operation, arguments) in [("match", r#"{"r#type":""}"#), ("option", r#"{"value?":1}"#), ("value", r#"{"":1}"#)]
    {
        assert!(bad(&format!("forms.{operation}"), arguments).0.starts_with("there is no argument"));
    }
}

#[test]
fn an_argument_given_twice_is_refused() {
    let cases = [
        ("value", r#"{"value":1,"value":1}"#, "value"),
        ("option", r#"{"value":null,"value":1}"#, "value"),
        ("defaults", r#"{"text":"a","text":"b"}"#, "text"),
        ("text", r#"{"text":"a","t\u0065xt":"b"}"#, "text"),
    ];
    for (operation, arguments, name) in cases {
        let refused = bad(&format!("forms.{operation}"), arguments);
        assert_eq!(refused, at(&format!("argument `{name}` is there twice"), &format!("args.{name}")));
    }
}

#[test]
fn a_missing_argument_is_named() {
    assert_eq!(bad("forms.value", "{}"), at("argument `value` is missing", "args"));
    assert_eq!(bad("forms.within", r#"{"before":1}"#), at("argument `after` is missing", "args"));
    assert_eq!(bad("forms.later", r#"{"times":1}"#), at("argument `text` is missing", "args"));
    let error = execute(r#"{"interface":"forms","operation":"value"}"#).unwrap_err();
    assert_eq!(error.to_string(), "argument `value` is missing");
}

#[test]
fn arguments_that_are_no_object_are_refused() {
    for arguments in ["[]", "null", "5", r#""value""#] {
        let (message, path) = bad("forms.value", arguments);
        assert_eq!((&*message, &*path), ("the arguments are not valid: expected an object, `{` at byte 0", "args"));
    }
}

#[test]
fn a_refusal_shows_how_it_is_done_right() {
    let (.., expected) = refused("forms.value", "{}");
    assert_eq!(expected, "forms.value(value: u8) -> u8");
    let (.., expected) = refused("forms.cow", "{}");
    assert_eq!(expected, "forms.cow(text: Cow<'a, str>) -> (bool, Cow<'a, str>)");
    let (.., expected) = refused("forms.within", "{}");
    assert_eq!(expected, "forms.within(before: u8, after: u8) -> (u8, u64, u8)");
}

#[test]
fn an_error_is_never_a_result() {
    for operation in ["plain", "alias", "boxed"] {
        let operation = format!("results.{operation}");
        assert_eq!(ok(&operation, r#"{"value":1}"#), 1);
        let (code, message, ..) = refused(&operation, r#"{"value":0}"#);
        assert_eq!(code, ErrorCode::OperationFailed);
        assert_eq!(message, format!("`{operation}` failed: 0 is refused"));
    }
    for (operation, cause) in [("anyhow", "anyhow"), ("text", "in words"), ("io", "disk")] {
        let (code, message, ..) = refused(&format!("results.{operation}"), "{}");
        assert_eq!(code, ErrorCode::OperationFailed);
        assert_eq!(message, format!("`results.{operation}` failed: {cause}"));
    }
    let (code, message, ..) = refused("forms.later", r#"{"text":""}"#);
    assert_eq!((code, &*message), (ErrorCode::OperationFailed, "`forms.later` failed: 0 is refused"));
}

#[test]
fn a_result_that_is_no_json_leaves_nothing_behind() {
    let (code, message, ..) = refused("results.unwritable", "{}");
    assert_eq!(code, ErrorCode::OperationFailed);
    assert_eq!(message, "the result of `results.unwritable` cannot be written as JSON: key must be a string");
    let request = br#"{"interface":"results","operation":"unwritable_in_the_middle"}"#;
    let mut reply = b"before".to_vec();
    let gateway = Gateway::new(Config::default()).unwrap();
    block_on(gateway.execute_in(&Invocation::enter(), request, &mut reply)).unwrap_err();
    assert_eq!(reply, b"before");
}

#[test]
fn a_panic_is_an_error() {
    let (code, message, ..) = refused("results.panics", "{}");
    assert_eq!((code, &*message), (ErrorCode::OperationPanicked, "`results.panics` panicked: at the disco"));
    let (code, message, ..) = refused("results.panics_later", "{}");
    assert_eq!((code, &*message), (ErrorCode::OperationPanicked, "`results.panics_later` panicked: at dawn"));
}

fn described(interface: &str) -> Value {
    let Value::Array(all) = ok("lmms.describe", "{}")["interfaces"].take() else { panic!("no interfaces") };
    all.into_iter().find(|described| described["name"] == interface).expect("it is described")
}

#[test]
fn describe_tells_of_an_interface() {
    let forms = described("forms");
    assert_eq!(forms["docs"], "All forms of arguments.\n\nA second \"paragraph\".");
    assert_eq!((&forms["pinned"], &forms["preload"], &forms["snapshot"]), (&json!(true), &json!(true), &json!(true)));
    assert_eq!(forms["grace_period"], 5);
    assert_eq!(forms["fast_path_threshold"], 7);
    assert!(forms["origin"].as_str().is_some_and(|origin| origin.starts_with("operations (tests/operations.rs:")));
    let names: Vec<_> = forms["operations"].as_array().unwrap().iter().map(|operation| &operation["name"]).collect();
    assert_eq!(names[..3], ["value", "text", "owned"]);
    assert!(names.contains(&&json!("match")) && names.contains(&&json!("called-so")));
    let slow = described("slow");
    assert_eq!((&slow["docs"], &slow["pinned"], slow.get("grace_period")), (&json!(""), &json!(false), None));
    // Whether it may stay in a snapshot is then told by whether it has an `#[unload]`.
    assert_eq!((&slow["preload"], slow.get("snapshot")), (&json!(false), None));
}

#[test]
fn describe_tells_of_an_operation() {
    let results = described("results");
    let find = |name: &str| {
        let operations = results["operations"].as_array().unwrap();
        let mut operation = operations.iter().find(|operation| operation["name"] == name).unwrap().clone();
        // There with the feature `schema` alone, and told of in `tests/schema.rs`.
        operation.as_object_mut().unwrap().remove("schema");
        operation
    };
    assert_eq!(
        find("described"),
        json!({
            "name": "described",
            "signature": "described(text: &str, limit: Option<&[u8]>, least?: u8, all?: bool) -> Fallible<u8>",
            "docs": "Escapes: \"quotes\", \\ and\n  an indented line.",
            "cached": true,
            "async": false,
            "arguments": [
                { "name": "text", "type": "&str", "required": true },
                { "name": "limit", "type": "Option<&[u8]>", "required": false },
                { "name": "least", "type": "u8", "required": false, "default": "1+2" },
                { "name": "all", "type": "bool", "required": false },
            ],
            "returns": "Fallible<u8>",
        })
    );
    assert_eq!(
        find("silent"),
        json!({
            "name": "silent",
            "signature": "silent()",
            "docs": "",
            "cached": false,
            "async": true,
            "arguments": [],
            "returns": "()",
        })
    );
}

/// What clients write with escapes arrives all the same, wherever a `&str` may stand.
#[test]
fn texts_with_escapes_are_read_wherever_they_may_be_borrowed() {
    struct Texts;
    #[lmms::interface]
    impl Texts {
        #![allow(clippy::unused_self)]

        #[load]
        fn load() -> Self {
            Self
        }

        #[operation]
        fn join(&self, words: &[&str], more: Option<&[&str]>, #[default = &["!"]] ends: &[&str]) -> String {
            [words, more.unwrap_or_default(), ends].concat().join(" ")
        }

        #[operation]
        fn raw(&self, value: &serde_json::value::RawValue, path: &std::path::Path) -> String {
            format!("{} {}", value.get(), path.display())
        }
    }
    let gateway = Gateway::new(lmms::Config::default()).unwrap();
    let ask = |operation, arguments: &str| {
        let reply = gateway.execute_operation("texts", operation, arguments.as_bytes());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(reply).map(|reply| String::from_utf8(reply).unwrap()).map_err(|error| error.to_string())
    };
    assert_eq!(ask("join", r#"{"words":["caf\u00e9","b"]}"#).unwrap(), "\"café b !\"");
    assert_eq!(ask("join", r#"{"words":[],"more":["\u0061"],"ends":["\n"]}"#).unwrap(), r#""a \n""#);
    assert_eq!(ask("raw", r#"{"value": [1, 2],"path":"/t\u006dp"}"#).unwrap(), r#""[1, 2] /tmp""#);
}
