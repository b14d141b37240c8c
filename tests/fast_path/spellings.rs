//! However a request is written, it is answered when hot as it is when cold, byte for byte (acceptance 20).

use super::*;

struct Spelled;

#[lmms::interface]
impl Spelled {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    fn join(&self, text: Option<&str>, #[default = 3] number: u32) -> String {
        format!("{}+{number}", text.unwrap_or("none"))
    }
}

const JOIN: Operation = Operation::new("spelled", "join", r#"{"text":"a","number":5}"#);

const INTERFACE: &str = r#""interface":"spelled""#;
const OPERATION: &str = r#""operation":"join""#;
const ARGS: &str = r#""args":{"text":"a","number":5}"#;

/// A field of a request and its value, spelled with escapes in a few ways.
fn escaped() -> Vec<String> {
    let names = [
        [r#""\u0069nterface":"spelled""#, OPERATION],
        [r#""interf\u0061ce":"spelled""#, r#""\u006fperation":"join""#],
        [r#""interface":"\u0073pelled""#, OPERATION],
        [r#""interface":"spelle\u0064""#, r#""operation":"\u006aoin""#],
        [INTERFACE, r#""operatio\u006E":"joi\u006E""#],
    ];
    let args = [
        ARGS,
        r#""\u0061rgs":{"text":"a","number":5}"#,
        r#""args":{"t\u0065xt":"\u0061","number":5}"#,
        r#""args":{"text":"\"}{\\\/\b\f\n\r\t\u00e4\ud83d\ude00","number":5}"#,
        r#""args":{"text":"ä😀","number":4294967295}"#,
    ];
    names
        .iter()
        .flat_map(|[interface, operation]| args.map(|args| format!("{{{interface},{operation},{args}}}")))
        .collect()
}

fn orders() -> Vec<[&'static str; 3]> {
    let fields = [INTERFACE, OPERATION, ARGS];
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    orders.map(|order| order.map(|field| fields[field])).to_vec()
}

/// `request` with `space` wherever JSON allows it, which is around all that is not inside of a text.
fn spaced(request: &str, space: &str) -> String {
    let (mut spaced, mut in_text) = (space.to_owned(), false);
    for char in request.chars() {
        in_text ^= char == '"';
        let is_before = !in_text && "{}:,\"".contains(char) && char != '"';
        if is_before {
            spaced.push_str(space);
        }
        spaced.push(char);
        if is_before || (char == '"' && !in_text) {
            spaced.push_str(space);
        }
    }
    spaced
}

fn valid() -> Vec<String> {
    let mut all = escaped();
    for [first, second, third] in orders() {
        let request = format!("{{{first},{second},{third}}}");
        for space in ["", " ", "\t", "\n", "\r", "\r\n \t", "        "] {
            all.push(spaced(&request, space));
        }
        // And in one place at a time.
        for (at, _) in request.match_indices(['{', '}', ':', ',']) {
            all.push(format!("{} {}", &request[..at], &request[at..]));
            all.push(format!("{}\n\t{}", &request[..=at], &request[at + 1..]));
        }
    }
    for args in ["", r#","args":{}"#, r#","args": { } "#, r#","args":{"number":5}"#, r#","args":{"text":null}"#] {
        all.push(format!("{{{INTERFACE},{OPERATION}{args}}}"));
        all.push(format!("{{{OPERATION}{args},{INTERFACE}}}"));
    }
    all
}

/// Not to be answered: not JSON, or not a request, or not the operation's arguments.
fn invalid() -> Vec<Vec<u8>> {
    let request = JOIN.request();
    let mut all: Vec<Vec<u8>> = Vec::new();
    // Cut short anywhere, with a byte less anywhere, with one too many, and with another one.
    all.extend((0..request.len()).map(|end| request.as_bytes()[..end].to_vec()));
    for at in 0..request.len() {
        let without: Vec<_> = [&request.as_bytes()[..at], &request.as_bytes()[at + 1..]].concat();
        all.push(without);
        for byte in [0, b'\x0b', b'\x0c', b',', b'{', b'}', b'"', b'\\', b'\'', 0x80, 0xA0, 0xFF] {
            all.push([&request.as_bytes()[..at], &[byte], &request.as_bytes()[at..]].concat());
            all.push([&request.as_bytes()[..at], &[byte], &request.as_bytes()[at + 1..]].concat());
        }
    }
    for byte in ["\0", "\x0b", "\x0c", "\u{a0}", "\u{feff}", "\u{2028}", ",", "}", "{}", "null", "//"] {
        all.push(format!("{request}{byte}").into());
        all.push(format!("{byte}{request}").into());
        all.push(format!("{request} {byte} ").into());
        all.push(spaced(&request, byte).into());
    }
    let fields = [
        format!(r#"{INTERFACE},{OPERATION},{ARGS},"extra":1"#),
        format!(r#"{INTERFACE},{OPERATION},{ARGS},"args":{{}}"#),
        format!(r#"{INTERFACE},{OPERATION},{ARGS},{ARGS}"#),
        format!(r"{INTERFACE},{OPERATION},{ARGS},{OPERATION}"),
        format!(r#"{INTERFACE},{OPERATION},{ARGS},"batch":[]"#),
        format!(r#"{INTERFACE},{OPERATION},{ARGS},"x":{{"y":{{}}}}"#),
        format!(r"{INTERFACE},{INTERFACE},{OPERATION},{ARGS}"),
        format!(r#"{INTERFACE},"interface":"plain",{OPERATION},{ARGS}"#),
        format!(r"{INTERFACE},{OPERATION},{OPERATION},{ARGS}"),
        format!(r"{OPERATION},{ARGS}"),
        format!(r"{INTERFACE},{ARGS}"),
        format!(r"{INTERFACE},{OPERATION},{ARGS},"),
        format!(r"{INTERFACE},,{OPERATION},{ARGS}"),
        format!(r#"{INTERFACE},{OPERATION},"args":[{{}}]"#),
        format!(r#"{INTERFACE},{OPERATION},"args":null"#),
        format!(r#"{INTERFACE},{OPERATION},"args":"{{}}""#),
        format!(r#"{INTERFACE},{OPERATION},"args":{{"text":5}}"#),
        format!(r#"{INTERFACE},{OPERATION},"args":{{"number":-1}}"#),
        format!(r#"{INTERFACE},{OPERATION},"args":{{"text":"\ud83d"}}"#),
        format!(r#"{INTERFACE},{OPERATION},"args":{{"text":"a","text":"b"}}"#),
        format!(r#"{INTERFACE},{OPERATION},"args":{{"texd":"a"}}"#),
        format!(r#"{INTERFACE},"operation":"joi",{ARGS}"#),
        format!(r#"{INTERFACE},"operation":"joinn",{ARGS}"#),
        format!(r#"{INTERFACE},"operation":"join\u0000",{ARGS}"#),
        format!(r#""interface":"spelled ",{OPERATION},{ARGS}"#),
        format!(r#""interface":"Spelled",{OPERATION},{ARGS}"#),
        format!(r#""interface":5,{OPERATION},{ARGS}"#),
        format!(r#""Interface":"spelled",{OPERATION},{ARGS}"#),
        format!(r#"{INTERFACE},{OPERATION},"Args":{{}}"#),
    ];
    all.extend(fields.map(|fields| format!("{{{fields}}}").into()));
    all
}

/// Asks what is written in so many ways when the operation is in that tier, three times each: so that there are routes to
/// learn and to take.
fn in_tier(turn: &Turn, gateway: &Gateway, tier: Tier, requests: &[Vec<u8>]) -> Vec<Answer> {
    let ask = |request: &Vec<u8>| {
        let calls = gateway.check_fast_path(&JOIN.names()).unwrap().calls;
        if tier_of(calls + 1) != tier || tier_of(calls + 3) != tier {
            turn.bring(gateway, &JOIN, tier);
        }
        let [first, second, third] = [(); 3].map(|()| ask(gateway, request));
        assert!(first == second && second == third, "{}", String::from_utf8_lossy(request));
        first
    };
    requests.iter().map(ask).collect()
}

#[track_caller]
fn answered_alike(turn: &Turn, requests: &[Vec<u8>]) -> Vec<Answer> {
    // Without the fast path there are no routes.
    let off = start(keeping().with_fast_path(false));
    let expected: Vec<_> = requests.iter().map(|request| ask(&off, request)).collect();
    let gateway = start(keeping());
    for tier in TIERS {
        let found = in_tier(turn, &gateway, tier, requests);
        for ((request, expected), found) in requests.iter().zip(&expected).zip(found) {
            assert_eq!(found, *expected, "{tier}: {}", String::from_utf8_lossy(request));
        }
    }
    expected
}

#[test]
fn every_spelling_of_a_request_is_answered_hot_as_it_is_cold() {
    let turn = Turn::take();
    let requests: Vec<Vec<u8>> = valid().into_iter().map(Into::into).collect();
    let answers = answered_alike(&turn, &requests);
    for (request, answer) in requests.iter().zip(answers) {
        let text = String::from_utf8_lossy(request);
        let value: Value = serde_json::from_slice(request).unwrap_or_else(|error| panic!("{error}: {text}"));
        let number = value["args"]["number"].as_u64().unwrap_or(3);
        let expected = format!("{}+{number}", value["args"]["text"].as_str().unwrap_or("none"));
        assert_eq!(answer, Ok(serde_json::to_string(&expected).unwrap()), "{text}");
    }
}

#[test]
fn what_is_wrong_with_a_request_is_told_hot_as_it_is_cold() {
    let turn = Turn::take();
    let requests = invalid();
    let answers = answered_alike(&turn, &requests);
    let mut answered = Vec::new();
    for (request, answer) in requests.iter().zip(answers) {
        let parsed = serde_json::from_slice::<Value>(request).ok();
        // A byte less, or one more, may be another request that is right.
        let is_right = parsed.is_some_and(|value| value["interface"] == "spelled" && value["operation"] == "join");
        if answer.is_ok() && !is_right {
            answered.push(String::from_utf8_lossy(request).into_owned());
        }
    }
    assert_eq!(answered, [""; 0], "answered, though no requests");
}

#[test]
fn what_is_no_call_is_not_counted_in_any_tier() {
    let turn = Turn::take();
    let gateway = start(keeping());
    let no_calls =
        ["extra", "args", "batch"].map(|field| format!(r#"{{{INTERFACE},{OPERATION},{ARGS},"{field}":[]}}"#));
    for tier in TIERS {
        turn.bring(&gateway, &JOIN, tier);
        let (counted, hits) = (Counted::from_now(&gateway, &JOIN), gateway.stats().zafp_hits);
        for request in no_calls.iter().cycle().take(300) {
            assert!(ask(&gateway, request).unwrap_err().contains("bad_request"));
        }
        assert_eq!(counted.so_far(), Counted::from_now(&gateway, &JOIN).so_far(), "{tier}");
        assert_eq!(gateway.stats().zafp_hits, hits);
        let calls = gateway.check_fast_path("spelled.join").unwrap().calls;
        assert_eq!(tier_of(calls + 1), tier, "{calls} calls");
    }
}
