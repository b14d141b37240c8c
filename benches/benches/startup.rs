//! What registered interfaces cost a program that starts and uses none of them, against `inventory`, which registers by
//! constructors before `main`, and against a program without any.
#![allow(missing_docs)]

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use lmms_benches::programs::{self, Profile, Programs};
use lmms_benches::table::{self, Target};
use lmms_benches::{contest, is_bench, median, shuffled};

/// Starts of each program in each mode.
const STARTS: usize = 101;
/// Up to here the programs are what a user writes, with the macro. Beyond, they have the descriptors alone, of the same
/// layout and with as many pointers: a start sees no more of an interface than that, and rustc is done in time.
const MOST_WRITTEN_OUT: usize = 100;

struct Program {
    label: String,
    path: PathBuf,
    registered: usize,
}

/// When a program prints its line.
const MODES: [&str; 2] = ["main", "ready"];

/// A program that prints a line in `main`, or when its index of `count` descriptors is built.
fn main_of(ready: &str, items: &str) -> String {
    format!(
        r#"
fn main() {{
    let registered = match std::env::args().nth(1).as_deref() {{
        Some("ready") => ready(),
        _ => 0,
    }};
    println!("{{registered}}");
}}

fn ready() -> usize {{
    {ready}
}}
{items}"#
    )
}

fn with_lmms(count: usize) -> String {
    let mut items = String::new();
    if count > MOST_WRITTEN_OUT {
        items.push_str(DESCRIBED);
    }
    for number in 0..count {
        if count > MOST_WRITTEN_OUT {
            let _ = writeln!(items, "described!(D{number} E{number} \"interface_{number}\");");
        } else {
            items.push_str(&programs::interface(number));
        }
    }
    main_of(
        "let gateway = lmms::Gateway::new(lmms::Config::default()).expect(\"unique names\");
         gateway.interfaces().count()",
        &items,
    )
}

/// What `#[lmms::interface]` registers, with the functions of one interface behind all descriptors.
const DESCRIBED: &str = r#"
use lmms::__private::{Call, CallError, Descriptor, LMMS_INTERFACES, Meter, Operation, Parameters, Step};

static METER: Meter = Meter::new();

pub struct Shared;

#[lmms::interface]
impl Shared {
    #[load]
    fn load() -> Self { Self }
}

fn call(_: Call<'_>) -> Step<'_, Result<(), CallError>> { Step::Ready(Ok(())) }

macro_rules! described {
    ($descriptor:ident $entry:ident $name:literal) => {
        fn $descriptor() -> Descriptor {
            Descriptor {
            name: $name,
            origin: concat!(module_path!(), " (", file!(), ":", line!(), ")"),
            docs: concat!("Interface ", $name),
            options: <Shared as lmms::Interface>::__LMMS_OPTIONS,
            operations: || lmms::__private::list([
                Operation { name: "add", about: concat!("Adds.", $name), parameters: Parameters("a,b"), caching: None, meter: &METER, call },
                Operation { name: "len", about: concat!("Counts.", $name), parameters: Parameters("a,b"), caching: None, meter: &METER, call },
                Operation { name: "join", about: concat!("Joins.", $name), parameters: Parameters("a,b"), caching: None, meter: &METER, call },
            ]),
            load: lmms::__private::load_blocking::<Shared>,
            slot: lmms::__private::slot::<Shared>,
            }
        }

        #[lmms::__private::linkme::distributed_slice(LMMS_INTERFACES)]
        #[linkme(crate = lmms::__private::linkme)]
        static $entry: fn() -> Descriptor = $descriptor;
    };
}
"#;

/// The same data, registered with `inventory`, and an index like the gateway's.
fn with_inventory(count: usize) -> String {
    let mut items = String::from(
        r#"
pub struct Descriptor {
    name: &'static str,
    _origin: &'static str,
    _about: &'static str,
    _options: (bool, Option<u32>, Option<u32>),
    _operations: &'static [Operation],
    _functions: [fn(); 3],
}

pub struct Operation {
    _name: &'static str,
    _about: &'static str,
    _cached: bool,
    _call: fn(),
}

inventory::collect!(Descriptor);

fn call() {}

macro_rules! submit {
    ($name:literal) => {
        inventory::submit! {
            Descriptor {
                name: $name,
                _origin: concat!(module_path!(), " (", file!(), ":", line!(), ")"),
                _about: concat!("Interface ", $name),
                _options: (false, None, None),
                _operations: &[
                    Operation { _name: "add", _about: concat!("Adds.", $name), _cached: false, _call: call },
                    Operation { _name: "len", _about: concat!("Counts.", $name), _cached: false, _call: call },
                    Operation { _name: "join", _about: concat!("Joins.", $name), _cached: false, _call: call },
                ],
                _functions: [call, call, call],
            }
        }
    };
}
"#,
    );
    for number in 0..count {
        let _ = writeln!(items, "submit!(\"interface_{number}\");");
    }
    main_of(
        "let mut index: Vec<_> = inventory::iter::<Descriptor>().map(|item| (item.name, item)).collect();
         index.sort_unstable_by_key(|item| item.0);
         index.len()",
        &items,
    )
}

fn build() -> Vec<Program> {
    let mut programs = Programs::new(Path::new(env!("CARGO_TARGET_TMPDIR")).join("startup"));
    let mut names = vec![("nothing".to_owned(), 0)];
    programs.add("nothing", "", &main_of("0", ""));
    for count in [0, 100, 1_000, 10_000] {
        let lmms = format!("lmms-{count}");
        programs.add(&lmms, "lmms.workspace = true", &with_lmms(count));
        let inventory = format!("inventory-{count}");
        programs.add(&inventory, "inventory.workspace = true", &with_inventory(count));
        let shared = usize::from(count > MOST_WRITTEN_OUT);
        names.extend([(lmms, count + shared), (inventory, count)]);
    }
    programs.finish();
    let build = |(name, registered): (String, usize)| {
        let (path, _) = programs.build(&name, Profile::Release);
        Program { label: name.replace('-', ", "), path, registered }
    };
    names.into_iter().map(build).collect()
}

/// Microseconds from before the start to the program's line, and the line.
fn start(program: &Program, mode: &str) -> (f64, String) {
    let mut command = Command::new(&program.path);
    command.arg(mode).stdin(Stdio::null()).stdout(Stdio::piped());
    let started = Instant::now();
    let mut child = command.spawn().expect("it was built");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut line).expect("it prints text");
    let took = started.elapsed().as_secs_f64() * 1e6;
    assert!(child.wait().expect("it ends").success(), "`{}` failed", program.label);
    (took, line.trim_end().to_owned())
}

fn main() {
    if !is_bench() {
        return;
    }
    let programs = build();
    for program in &programs {
        assert_eq!(start(program, "ready").1, program.registered.to_string(), "`{}`", program.label);
    }

    // times[mode][program][round]
    let mut times = vec![vec![Vec::with_capacity(STARTS); programs.len()]; MODES.len()];
    for round in 0..STARTS {
        for index in shuffled(round, programs.len()) {
            for (mode, times) in MODES.iter().zip(&mut times) {
                times[index].push(start(&programs[index], mode).0);
            }
        }
    }

    let more = |mode: usize, this: usize, other: usize| {
        median(times[mode][this].iter().zip(&times[mode][other]).map(|(this, other)| this - other))
    };
    let mut rows = Vec::new();
    for (index, program) in programs.iter().enumerate() {
        let mut row = vec![program.label.clone()];
        for (mode, name) in MODES.iter().enumerate() {
            let count = contest::count(Command::new("valgrind"), &program.path, &[name]);
            row.push(format!("{:.0}", median(times[mode][index].iter().copied())));
            row.push(format!("{:+.0}", more(mode, index, 0)));
            row.push(count.map_or_else(|| "-".to_owned(), |count| format!("{:.0}", count / 1e3)));
        }
        rows.push(row);
    }
    table::print(
        "startup",
        &format!(
            "from before the process is made to its first line, printed in `main` or when its index is built; \
             {STARTS} starts each"
        ),
        &["registered", "main us", "over nothing", "k instr.", "ready us", "over nothing", "k instr."],
        &rows,
    );
    let find = |label: &str| programs.iter().position(|program| program.label == label).expect("it was built");
    let (none, lmms, inventory) = (find("lmms, 0"), find("lmms, 1000"), find("inventory, 1000"));
    table::claim("1,000 interfaces add to the start, main", more(0, lmms, none) / 1e3, "ms", Target::AtMost(0.1));
    table::claim("1,000 interfaces add to the start, ready", more(1, lmms, none) / 1e3, "ms", Target::Told);
    let ratio = |mode: usize| more(mode, inventory, find("inventory, 0")) / more(mode, lmms, none);
    table::claim("what inventory adds / what lmms adds, main", ratio(0), "x", Target::Told);
    table::claim("what inventory adds / what lmms adds, ready", ratio(1), "x", Target::Told);
}
