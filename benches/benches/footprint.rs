//! What interfaces cost in compile time and in the size of the program, against hand-written code that does the same:
//! a `LazyLock` each, a `match` over names, and a struct with serde's derive for the arguments of each operation.
#![allow(missing_docs)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use lmms_benches::programs::{self, Profile, Programs};
use lmms_benches::table::{self, Target};
use lmms_benches::{is_bench, median};

const INTERFACES: usize = 100;
/// The profiles, and how often each program is built in them: a dev build is over so soon that one says little.
const BUILDS: [(Profile, usize); 2] = [(Profile::Release, 2), (Profile::Dev, 7)];

/// What both programs are asked, before anything is measured.
const REQUESTS: [&str; 3] = [
    r#"{"interface":"interface_7","operation":"add","args":{"a":2,"b":40}}"#,
    r#"{"interface":"interface_99","operation":"len","args":{"text":"how long is this"}}"#,
    r#"{"interface":"interface_0","operation":"join","args":{"parts":["a","b"],"separator":"-"}}"#,
];

fn with_lmms(count: usize) -> String {
    let mut source = String::from(
        r#"
use std::future::Future;
use std::task::{Context, Poll, Waker};

fn main() {
    let gateway = lmms::Gateway::new(lmms::Config::default()).expect("unique names");
    for request in std::env::args().skip(1) {
        let answer = std::pin::pin!(gateway.execute(request.as_bytes()));
        match answer.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(reply)) => println!("{}", String::from_utf8_lossy(&reply)),
            Poll::Ready(Err(error)) => println!("{error}"),
            Poll::Pending => unreachable!("nothing here waits"),
        }
    }
}
"#,
    );
    source.extend((0..count).map(programs::interface));
    source
}

fn by_hand(count: usize) -> String {
    let mut source = String::from(
        r#"
use std::error::Error;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::value::RawValue;

fn main() {
    for request in std::env::args().skip(1) {
        let mut reply = Vec::new();
        match answer(request.as_bytes(), &mut reply) {
            Ok(()) => println!("{}", String::from_utf8_lossy(&reply)),
            Err(error) => println!("{error}"),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request<'a> {
    interface: &'a str,
    operation: &'a str,
    #[serde(borrow)]
    args: &'a RawValue,
}

fn answer(request: &[u8], reply: &mut Vec<u8>) -> Result<(), Box<dyn Error + Send + Sync>> {
    let Request { interface, operation, args } = serde_json::from_slice(request)?;
    let (_args, _reply) = (args.get(), reply);
    match (interface, operation) {
"#,
    );
    for n in 0..count {
        let _ = write!(
            source,
            r#"
        ("interface_{n}", "add") => {{
            let Add{n} {{ a, b }} = serde_json::from_str(_args)?;
            serde_json::to_writer(_reply, &S{n}.add(a, b))?;
        }}
        ("interface_{n}", "len") => {{
            let Len{n} {{ text }} = serde_json::from_str(_args)?;
            serde_json::to_writer(_reply, &S{n}.len(text))?;
        }}
        ("interface_{n}", "join") => {{
            let Join{n} {{ parts, separator }} = serde_json::from_str(_args)?;
            serde_json::to_writer(_reply, &S{n}.join(parts, separator))?;
        }}
"#
        );
    }
    source.push_str("        _ => return Err(format!(\"there is no {interface}.{operation}\").into()),\n    }\n");
    source.push_str("    #[allow(unreachable_code)]\n    Ok(())\n}\n");
    for n in 0..count {
        let _ = write!(
            source,
            r#"
pub struct I{n} {{ offset: i64 }}

static S{n}: LazyLock<I{n}> = LazyLock::new(I{n}::load);

impl I{n} {{
    fn load() -> Self {{ Self {{ offset: {n} }} }}
    pub fn add(&self, a: i64, b: i64) -> i64 {{ self.offset + a + b }}
    pub fn len(&self, text: &str) -> usize {{ text.len() + {n} }}
    pub fn join(&self, parts: Vec<String>, separator: &str) -> String {{ parts.join(separator) + "{n}" }}
}}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Add{n} {{ a: i64, b: i64 }}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Len{n}<'a> {{ text: &'a str }}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Join{n}<'a> {{ parts: Vec<String>, separator: &'a str }}
"#
        );
    }
    source
}

fn answers(program: &Path) -> String {
    let output = Command::new(program).args(REQUESTS).output().expect("it was built");
    assert!(output.status.success(), "{} failed", program.display());
    String::from_utf8(output.stdout).expect("it prints text")
}

fn main() {
    if !is_bench() {
        return;
    }
    // In pairs: without interfaces and with them, so that what a pair differs by is theirs.
    let names = ["hand-0", "hand-100", "lmms-0", "lmms-100"];
    let serde = "serde.workspace = true\nserde_json.workspace = true";
    let mut programs = Programs::new(Path::new(env!("CARGO_TARGET_TMPDIR")).join("footprint"));
    programs.add(names[0], serde, &by_hand(0));
    programs.add(names[1], serde, &by_hand(INTERFACES));
    programs.add(names[2], "lmms.workspace = true", &with_lmms(0));
    programs.add(names[3], "lmms.workspace = true", &with_lmms(INTERFACES));
    programs.finish();

    // Those without interfaces first, and untimed: they build what all depend on.
    for (profile, _) in BUILDS {
        programs.build(names[0], profile);
        programs.build(names[2], profile);
    }
    let check = |profile| {
        let [hand, lmms] = [names[1], names[3]].map(|name| answers(&programs.build(name, profile).0));
        assert_eq!(hand, lmms, "the two answer differently");
    };
    // Of the release builds only afterwards: to build them is what takes the time.
    check(Profile::Dev);

    // seconds[profile][program][build]
    let mut seconds = vec![vec![Vec::new(); names.len()]; BUILDS.len()];
    for ((profile, builds), seconds) in BUILDS.iter().zip(&mut seconds) {
        for _ in 0..*builds {
            for (name, seconds) in names.iter().zip(&mut *seconds) {
                seconds.push(programs.rebuild(name, *profile).as_secs_f64());
            }
        }
    }
    let built = names.map(|name| programs.build(name, Profile::Release).0);
    check(Profile::Release);
    let bytes = built.map(|program| fs::metadata(program).expect("it was built").len() as f64);

    let seconds = |profile: usize, program: usize| median(seconds[profile][program].iter().copied());

    let rows: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let mut row = vec![name.replace('-', ", "), format!("{:.0}", bytes[index])];
            row.extend((0..BUILDS.len()).map(|profile| format!("{:.2}", seconds(profile, index))));
            row
        })
        .collect();
    table::print(
        "footprint",
        "interfaces of three operations in one program: its stripped release file, and seconds to build it alone (median)",
        &["interfaces", "bytes", "release s", "dev s"],
        &rows,
    );
    let each = |with: usize, without: usize| (bytes[with] - bytes[without]) / INTERFACES as f64;
    let (hand, lmms) = (each(1, 0), each(3, 2));
    table::claim("bytes per interface, by hand", hand, "B", Target::Told);
    table::claim("bytes per interface, lmms", lmms, "B", Target::AtMost(3.0 * 1024.0));
    table::claim("bytes, lmms / by hand", lmms / hand, "x", Target::Told);
    for (profile, name) in ["release", "dev"].iter().enumerate() {
        let adds = |with: usize, without: usize| seconds(profile, with) - seconds(profile, without);
        let text = format!("what 100 add to a {name} build, lmms / by hand");
        table::claim(&text, adds(3, 2) / adds(1, 0), "x", Target::Told);
    }
}
