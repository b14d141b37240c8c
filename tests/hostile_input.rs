//! Whatever the bytes of a request are, the answer is one stable error, of a size that can be sent, and the next request
//! is answered as if nothing had been (acceptance 25).

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};

use common::{block_on, gateway, watched};
use lmms::{Error, ErrorCode, Gateway, MAX_PAYLOAD};
use serde::Deserialize;
use serde_json::Value;

struct Echo;

static BLOBS: AtomicUsize = AtomicUsize::new(0);

#[derive(Deserialize)]
struct Point {
    lat: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum Unit {
    Metre,
    Foot { survey: bool },
}

#[lmms::interface]
impl Echo {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    fn say(&self, text: &str) -> String {
        text.to_owned()
    }

    #[operation]
    fn count(&self, text: &str) -> usize {
        text.len()
    }

    #[operation]
    fn number(&self, n: i32) -> i32 {
        n
    }

    #[operation]
    fn value(&self, value: Value) -> Value {
        value
    }

    #[operation]
    fn south(&self, points: &[Point]) -> Option<f64> {
        points.iter().map(|point| point.lat).min_by(f64::total_cmp)
    }

    #[operation]
    fn metres(&self, unit: Unit) -> f64 {
        match unit {
            Unit::Metre => 1.0,
            Unit::Foot { survey } => {
                if survey {
                    0.304_800_6
                } else {
                    0.3048
                }
            }
        }
    }

    #[operation]
    fn blob(&self, bytes: usize) -> String {
        BLOBS.fetch_add(1, Ordering::SeqCst);
        "x".repeat(bytes)
    }
}

const VALID: &str = r#"{"interface":"echo","operation":"say","args":{"text":"a \"b\" \u00fc"}}"#;

fn ask(gateway: &Gateway, request: impl AsRef<[u8]>) -> Result<Vec<u8>, Error> {
    let reply = block_on(gateway.execute(request.as_ref()));
    let alive = block_on(gateway.execute(VALID.as_bytes())).unwrap();
    assert_eq!(alive, r#""a \"b\" ü""#.as_bytes(), "right afterwards");
    if let Err(error) = &reply {
        let json = serde_json::to_string(error).unwrap();
        assert!(json.len() < 4096, "an error of {} bytes: {}", json.len(), &json[..200]);
        assert!(error.to_string().len() < 4096);
    }
    reply
}

fn refused(gateway: &Gateway, request: impl AsRef<[u8]>) -> ErrorCode {
    let shown = String::from_utf8_lossy(request.as_ref()).chars().take(80).collect::<String>();
    match ask(gateway, request) {
        Err(error) => error.code(),
        Ok(reply) => panic!("{shown} was answered: {}", String::from_utf8_lossy(&reply)),
    }
}

fn call(operation: &str, args: &str) -> String {
    format!(r#"{{"interface":"echo","operation":"{operation}","args":{args}}}"#)
}

/// xorshift64*: the same bytes in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() >> 33) as usize % end
    }
}

#[test]
fn random_bytes() {
    let gateway = gateway();
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for _ in 0..5_000 {
        let len = random.below(200);
        let bytes: Vec<u8> = (0..len).map(|_| random.next() as u8).collect();
        assert_eq!(refused(&gateway, bytes), ErrorCode::BadRequest);
    }
    // And such as look like JSON.
    const TOKENS: [&str; 22] = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\"interface\"",
        "\"operation\"",
        "\"args\"",
        "\"batch\"",
        "\"echo\"",
        "\"say\"",
        "\"text\"",
        "null",
        "1",
        "-",
        "1e9",
        "\\u00",
        "\n",
        "\u{feff}",
    ];
    for _ in 0..20_000 {
        let len = random.below(24);
        let text: String = (0..len).map(|_| TOKENS[random.below(TOKENS.len())]).collect();
        assert_eq!(refused(&gateway, &text), ErrorCode::BadRequest, "{text}");
    }
}

#[test]
fn a_valid_request_with_bytes_changed() {
    let gateway = gateway();
    let mut random = Random(42);
    let batch = format!(r#"{{"batch":[{VALID},{},{VALID}]}}"#, call("value", r#"{"value":{"a":[1,2,{"b":null}]}}"#));
    for original in [VALID, &batch] {
        for _ in 0..10_000 {
            let mut bytes = original.as_bytes().to_vec();
            for _ in 0..=random.below(3) {
                let at = random.below(bytes.len());
                match random.below(3) {
                    0 => bytes[at] = random.next() as u8,
                    1 => drop(bytes.remove(at)),
                    _ => bytes.insert(at, bytes[random.below(bytes.len())]),
                }
            }
            match ask(&gateway, &bytes) {
                Ok(reply) => drop(serde_json::from_slice::<Value>(&reply).unwrap()),
                Err(error) => assert!(
                    matches!(
                        error.code(),
                        ErrorCode::BadRequest
                            | ErrorCode::BadArguments
                            | ErrorCode::UnknownInterface
                            | ErrorCode::UnknownOperation
                    ),
                    "{error}: {}",
                    String::from_utf8_lossy(&bytes)
                ),
            }
        }
    }
}

#[test]
fn a_valid_request_cut_off_anywhere() {
    let gateway = gateway();
    let batch = format!(r#"{{"batch":[{VALID},{VALID}]}}"#);
    for request in [VALID, &batch] {
        for end in 0..request.len() {
            assert_eq!(refused(&gateway, &request[..end]), ErrorCode::BadRequest, "{}", &request[..end]);
        }
        ask(&gateway, request).unwrap();
        ask(&gateway, format!("\r\n\t {request} \n")).unwrap();
        assert_eq!(refused(&gateway, format!("{request}{request}")), ErrorCode::BadRequest);
        assert_eq!(refused(&gateway, format!("{request}\0")), ErrorCode::BadRequest);
    }
}

#[test]
fn deep_nesting() {
    let gateway = gateway();
    let nest = |depth: usize, open: &str, middle: &str, close: &str| {
        format!("{}{middle}{}", open.repeat(depth), close.repeat(depth))
    };
    // A hundred levels are somebody's data.
    for value in [nest(100, "[", "1", "]"), nest(100, r#"{"a":"#, "1", "}")] {
        let reply = ask(&gateway, call("value", &format!(r#"{{"value":{value}}}"#))).unwrap();
        assert_eq!(reply, value.as_bytes());
    }
    for depth in [200, 100_000] {
        for value in [nest(depth, "[", "", "]"), nest(depth, r#"{"a":"#, "1", "}"), r#"[{"a":"#.repeat(depth)] {
            let whole = value.ends_with([']', '}']);
            // As an argument of any type, of another type, and of none.
            for args in [
                format!(r#"{{"value":{value}}}"#),
                format!(r#"{{"other":{value}}}"#),
                format!(r#"[{value}]"#),
                value.clone(),
            ] {
                let expected = if whole { ErrorCode::BadArguments } else { ErrorCode::BadRequest };
                assert_eq!(refused(&gateway, call("value", &args)), expected);
            }
            let expected = if whole { ErrorCode::BadArguments } else { ErrorCode::BadRequest };
            assert_eq!(refused(&gateway, call("number", &format!(r#"{{"n":{value}}}"#))), expected);

            // As a part of the request's own frame.
            for request in [
                value.clone(),
                format!(r#"{{"interface":{value},"operation":"say"}}"#),
                format!(r#"{{"interface":"echo","operation":{value}}}"#),
                format!(r#"{{"other":{value}}}"#),
                format!(r#"{{"batch":{{"a":{value}}}}}"#),
                r#"{"batch":["#.repeat(depth),
            ] {
                assert_eq!(refused(&gateway, request), ErrorCode::BadRequest);
            }
            if whole {
                let reply = ask(&gateway, format!(r#"{{"batch":[{value},{VALID}]}}"#)).unwrap();
                let reply: Value = serde_json::from_slice(&reply).unwrap();
                assert_eq!(reply[0]["error"]["code"], "bad_request");
                assert!(reply[1]["result"].is_string());
                // A field that a type does not know is passed over at any depth.
                let points = format!(r#"{{"points":[{{"lat":1.5,"more":{value}}}]}}"#);
                assert_eq!(ask(&gateway, call("south", &points)).unwrap(), b"1.5");
            }
        }
        let batches = format!(r#"{{"batch":[{}]}}"#, nest(depth, r#"{"batch":["#, "", "]}"));
        let reply = ask(&gateway, batches).unwrap();
        assert!(reply.starts_with(br#"[{"error":{"code":"bad_request""#));
    }
}

#[test]
fn as_large_as_lambda_allows_and_a_byte_more() {
    let gateway = gateway();
    let body = |size: usize| {
        let frame = call("count", r#"{"text":""}"#).len();
        call("count", &format!(r#"{{"text":"{}"}}"#, "x".repeat(size - frame)))
    };
    let largest = body(MAX_PAYLOAD);
    assert_eq!(largest.len(), MAX_PAYLOAD);
    let count: usize = serde_json::from_slice(&ask(&gateway, largest).unwrap()).unwrap();
    assert_eq!(count, MAX_PAYLOAD - call("count", r#"{"text":""}"#).len());

    let error = ask(&gateway, body(MAX_PAYLOAD + 1)).unwrap_err();
    assert_eq!(error.code(), ErrorCode::PayloadTooLarge);
    assert!(error.to_string().contains(&(MAX_PAYLOAD + 1).to_string()), "{error}");
    assert!(error.to_string().contains(&MAX_PAYLOAD.to_string()), "{error}");
    // Refused for its size before a byte of it is read.
    assert_eq!(refused(&gateway, vec![b'x'; MAX_PAYLOAD + 1]), ErrorCode::PayloadTooLarge);
    assert_eq!(refused(&gateway, vec![b' '; MAX_PAYLOAD]), ErrorCode::BadRequest);
}

#[test]
fn answers_larger_than_lambda_allows() {
    let gateway = gateway();
    let blob = |bytes: usize| call("blob", &format!(r#"{{"bytes":{bytes}}}"#));
    // Two for the quotes.
    assert_eq!(ask(&gateway, blob(MAX_PAYLOAD - 2)).unwrap().len(), MAX_PAYLOAD);
    assert_eq!(refused(&gateway, blob(MAX_PAYLOAD - 1)), ErrorCode::PayloadTooLarge);

    // A batch whose answers are too large together keeps those that fit, and calls no more than can be told.
    let batch = format!(r#"{{"batch":[{}]}}"#, vec![blob(1 << 20); 500].join(","));
    let before = BLOBS.load(Ordering::SeqCst);
    let reply = ask(&gateway, batch).unwrap();
    assert!(reply.len() <= MAX_PAYLOAD);
    let items: Vec<serde_json::Value> = serde_json::from_slice(&reply).unwrap();
    let (fit, refused_items) = items.split_at(5);
    assert!(fit.iter().all(|item| item["result"].as_str().is_some_and(|blob| blob.len() == 1 << 20)));
    assert_eq!(refused_items.len(), 495);
    assert!(refused_items.iter().all(|item| item["error"]["code"] == "payload_too_large"));
    let called = BLOBS.load(Ordering::SeqCst) - before;
    assert!(called <= 6, "{called} MB were made for an answer of at most 6");

    // Refusals alone can be too many.
    let batch = format!(r#"{{"batch":[{}]}}"#, vec!["1"; MAX_PAYLOAD / 4].join(","));
    assert_eq!(refused(&gateway, batch), ErrorCode::PayloadTooLarge);
}

/// The usual order is read faster than any other; what is refused, and why, does not depend on it.
#[test]
fn what_follows_the_arguments_is_not_taken_for_them() {
    let gateway = gateway();
    let say = |rest: &str| ask(&gateway, format!(r#"{{"interface":"echo","operation":"say","args":{rest}"#));
    let said = say("{\"text\":\"x\"}}").unwrap();
    assert_eq!(say("{\"text\":\"x\"} } \n").unwrap(), said);
    assert_eq!(ask(&gateway, r#"{"operation":"say","args":{"text":"x"},"interface":"echo"}"#).unwrap(), said);
    for (rest, says) in [
        ("{\"text\":\"x\"},\"args\":{\"text\":\"y\"}}", "field `args` is there twice"),
        ("{\"text\":\"x\"},\"interface\":\"echo\"}", "field `interface` is there twice"),
        ("{\"text\":\"x\"},\"more\":{}}", "unknown field `more` in the request"),
        ("{\"text\":\"x\"},\"batch\":[]}", "`batch` stands alone"),
        ("{\"text\":\"x\"}}}", "expected the end"),
        ("{\"text\":\"x\"}", "expected `,` or `}`"),
        ("{\"text\":\"x\"}} {}", "expected the end"),
    ] {
        let error = say(rest).unwrap_err();
        assert_eq!(error.code(), ErrorCode::BadRequest);
        assert!(error.to_string().contains(says), "{rest}: {error}");
    }
}

#[test]
fn wrong_types() {
    let gateway = gateway();
    for value in ["5", "-1.5", "null", "true", "[]", "{}", r#"["echo"]"#] {
        let error = ask(&gateway, format!(r#"{{"interface":{value},"operation":"say"}}"#)).unwrap_err();
        assert_eq!(error.code(), ErrorCode::BadRequest);
        assert!(error.to_string().starts_with("`interface` is not a name: "), "{error}");
        let error = ask(&gateway, format!(r#"{{"interface":"echo","operation":{value}}}"#)).unwrap_err();
        assert!(error.to_string().starts_with("`operation` is not a name: "), "{error}");
        if value != "{}" {
            assert_eq!(refused(&gateway, call("say", value)), ErrorCode::BadArguments);
        }
        if value != "[]" && !value.starts_with('[') {
            assert_eq!(refused(&gateway, format!(r#"{{"batch":{value}}}"#)), ErrorCode::BadRequest);
        }
        let error = ask(&gateway, call("say", &format!(r#"{{"text":{value}}}"#))).unwrap_err();
        assert_eq!((error.code(), error.path()), (ErrorCode::BadArguments, Some("args.text")), "{error}");
        assert_eq!(error.expected(), Some("echo.say(text: &str) -> String"));
    }
    for value in ["\"1\"", "1.5", "2147483648", "-2147483649", "1e3", "1e400", "null", "[1]", "{}", "true"] {
        let error = ask(&gateway, call("number", &format!(r#"{{"n":{value}}}"#))).unwrap_err();
        assert_eq!((error.code(), error.path()), (ErrorCode::BadArguments, Some("args.n")), "{value}: {error}");
    }
    for value in ["01", "+1", "1.", ".5", "0x10", "NaN", "Infinity", "-", "1e", "'1'", "tru", "nul"] {
        assert_eq!(refused(&gateway, call("number", &format!(r#"{{"n":{value}}}"#))), ErrorCode::BadRequest, "{value}");
    }
    let error = ask(&gateway, call("south", r#"{"points":[{"lat":1},{"lat":"south"}]}"#)).unwrap_err();
    assert_eq!((error.code(), error.path()), (ErrorCode::BadArguments, Some("args.points[1].lat")));
    let error = ask(&gateway, call("south", r#"{"points":[{"lat":1},{"lon":2}]}"#)).unwrap_err();
    assert_eq!((error.code(), error.path()), (ErrorCode::BadArguments, Some("args.points[1]")));
}

#[test]
fn unknown_and_duplicate_fields() {
    let gateway = gateway();
    for (request, said) in [
        (r#"{"interface":"echo","operation":"say","arguments":{}}"#, "unknown field `arguments`"),
        (r#"{"Interface":"echo","operation":"say"}"#, "unknown field `Interface`"),
        (r#"{"interface":"echo","operation":"say","":1}"#, "unknown field ``"),
        (r#"{"interface":"echo","interface":"echo","operation":"say"}"#, "field `interface` is there twice"),
        (r#"{"interface":"echo","int\u0065rface":"echo"}"#, "field `interface` is there twice"),
        (r#"{"interface":"echo","operation":"say","operation":"say"}"#, "field `operation` is there twice"),
        (r#"{"args":{},"args":{}}"#, "field `args` is there twice"),
        (r#"{"interface":"echo"}"#, "the request has no `operation`"),
        (r#"{"operation":"say"}"#, "the request has no `interface`"),
        ("{}", "the request has no `interface`"),
    ] {
        let error = ask(&gateway, request).unwrap_err();
        assert_eq!(error.code(), ErrorCode::BadRequest, "{request}");
        assert!(error.to_string().contains(said), "{request}: {error}");
        assert!(error.expected().unwrap().contains("\"interface\""), "{request}");
    }
    for (args, said) in [
        (r#"{"text":"a","txt":"b"}"#, "there is no argument `txt`; did you mean `text`?"),
        (r#"{"text":"a","zzz":1}"#, "there is no argument `zzz`"),
        (r#"{"text":"a","text":"a"}"#, "argument `text` is there twice"),
        (r#"{"text":"a","t\u0065xt":"a"}"#, "argument `text` is there twice"),
        ("{}", "argument `text` is missing"),
    ] {
        let error = ask(&gateway, call("say", args)).unwrap_err();
        assert_eq!((error.code(), &*error.to_string()), (ErrorCode::BadArguments, said), "{args}");
    }
}

#[test]
fn text_that_is_none() {
    let gateway = gateway();
    let with = |before: &str, bytes: &[u8], after: &str| [before.as_bytes(), bytes, after.as_bytes()].concat();
    for bytes in [&b"\xff"[..], b"\xc3", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"\xc0\xaf", b"\0", b"\x1f", b"\\x"]
    {
        let request = with(r#"{"interface":"ec"#, bytes, r#"ho","operation":"say"}"#);
        assert_eq!(refused(&gateway, request), ErrorCode::BadRequest);
        let request = with(r#"{"interface":"echo","operation":"sa"#, bytes, r#"y"}"#);
        assert_eq!(refused(&gateway, request), ErrorCode::BadRequest);
        let request = with(r#"{"interface":"echo","op"#, bytes, r#"eration":"say"}"#);
        assert_eq!(refused(&gateway, request), ErrorCode::BadRequest);
        // Control characters and false escapes are seen when the frame is read, false UTF-8 when the text is.
        let code =
            refused(&gateway, with(r#"{"interface":"echo","operation":"say","args":{"text":""#, bytes, r#""}}"#));
        assert!(matches!(code, ErrorCode::BadRequest | ErrorCode::BadArguments));
        let code =
            refused(&gateway, with(r#"{"interface":"echo","operation":"say","args":{"te"#, bytes, r#"xt":""}}"#));
        assert!(matches!(code, ErrorCode::BadRequest | ErrorCode::BadArguments));
    }
    let broken = with(r#"{"batch":[{"interface":""#, b"\xff", &format!(r#"","operation":"say"}},{VALID}]}}"#));
    let reply: Value = serde_json::from_slice(&ask(&gateway, broken).unwrap()).unwrap();
    assert_eq!(reply[0]["error"]["code"], "bad_request");
    assert!(reply[1]["result"].is_string());
    assert_eq!(refused(&gateway, format!("\u{feff}{VALID}")), ErrorCode::BadRequest);
    let utf16: Vec<u8> = VALID.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(refused(&gateway, utf16), ErrorCode::BadRequest);
}

#[test]
fn escapes_in_names() {
    let gateway = gateway();
    let escaped =
        r#"{"int\u0065rface":"\u0065cho","\u006fperation":"s\u0061y","args":{"t\u0065xt":"\u00fc\n\ud83d\ude00"}}"#;
    assert_eq!(ask(&gateway, escaped).unwrap(), "\"ü\\n😀\"".as_bytes());
    for name in [r"\ud83d", r"\ude00", r"\ud83d\ud83d", r"\u00", r"\uzzzz", r"\q", "\\"] {
        let request = format!(r#"{{"interface":"{name}","operation":"say"}}"#);
        assert_eq!(refused(&gateway, request), ErrorCode::BadRequest, "{name}");
    }
    for name in [r"\u0000", r"echo\u0000", r"\n", r"\ud83d\ude00", r"\u202eohce", "..", "echo/say", "lmms.echo"] {
        let request = format!(r#"{{"interface":"{name}","operation":"say"}}"#);
        assert_eq!(refused(&gateway, request), ErrorCode::UnknownInterface, "{name}");
    }
}

/// None of them is repeated in full: `ask` checks that the error is small.
#[test]
fn huge_texts_where_something_short_belongs() {
    let gateway = gateway();
    for letter in ["x", "ü", r"\n", r"\u00fc"] {
        let huge = letter.repeat((1 << 18) / letter.len());
        for (request, code) in [
            (format!(r#"{{"interface":"{huge}","operation":"say"}}"#), ErrorCode::UnknownInterface),
            (format!(r#"{{"interface":"echo","operation":"{huge}"}}"#), ErrorCode::UnknownOperation),
            (format!(r#"{{"interface":"lmms","operation":"{huge}"}}"#), ErrorCode::UnknownOperation),
            (format!(r#"{{"{huge}":1}}"#), ErrorCode::BadRequest),
            (call("say", &format!(r#"{{"{huge}":"a"}}"#)), ErrorCode::BadArguments),
            (call("say", &format!(r#""{huge}""#)), ErrorCode::BadArguments),
            (call("number", &format!(r#"{{"n":"{huge}"}}"#)), ErrorCode::BadArguments),
            (call("metres", &format!(r#"{{"unit":"{huge}"}}"#)), ErrorCode::BadArguments),
            (call("metres", &format!(r#"{{"unit":{{"foot":{{"{huge}":1}}}}}}"#)), ErrorCode::BadArguments),
            (call("south", &format!(r#"{{"points":[{{"{huge}":1,"lat":"s"}}]}}"#)), ErrorCode::BadArguments),
            (
                call("value", &format!(r#"{{"value":{{"{huge}":{}}}}}"#, "[".repeat(200) + &"]".repeat(200))),
                ErrorCode::BadArguments,
            ),
        ] {
            assert_eq!(refused(&gateway, &request), code, "{}", &request[..60]);
        }
    }
    let digits = "9".repeat(1 << 20);
    assert_eq!(refused(&gateway, call("number", &format!(r#"{{"n":{digits}}}"#))), ErrorCode::BadArguments);
    assert_eq!(refused(&gateway, format!(r#"{{"interface":{digits}}}"#)), ErrorCode::BadRequest);
}

#[test]
fn a_batch_of_ten_thousand() {
    let gateway = gateway();
    let item = |n: usize| match n % 10 {
        9 => "[]".to_owned(),
        _ => call("number", &format!(r#"{{"n":{n}}}"#)),
    };
    let items: Vec<_> = (0..10_000).map(item).collect();
    let reply = ask(&gateway, format!(r#"{{"batch":[{}]}}"#, items.join(","))).unwrap();
    let reply: Vec<Value> = serde_json::from_slice(&reply).unwrap();
    assert_eq!(reply.len(), 10_000);
    for (n, answer) in reply.iter().enumerate() {
        match n % 10 {
            9 => assert_eq!(answer["error"]["code"], "bad_request"),
            _ => assert_eq!(answer["result"], n),
        }
    }
}

/// Naming the place of an error reads the arguments once more, not once per level: else a few megabytes would keep the
/// function busy for half a minute.
#[test]
fn an_error_deep_inside_megabytes() {
    let long = "1,".repeat(2 << 20);
    let value = |depth: usize, middle: &str| format!("{}{middle}{}", "[".repeat(depth), "]".repeat(depth));
    for (value, path) in [
        // Too deep, in front of them; and a number too large, behind them.
        (value(200, &format!("{long}1")), "args.value"),
        (value(120, &format!("{long}1e999")), "args.value"),
    ] {
        let request = call("value", &format!(r#"{{"value":{value}}}"#));
        let error = watched(move || ask(&gateway(), request).unwrap_err());
        assert_eq!(error.code(), ErrorCode::BadArguments);
        assert!(error.path().unwrap().starts_with(path), "{error:?}");
    }
}
