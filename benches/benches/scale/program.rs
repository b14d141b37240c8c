//! The program of `scale`, generated once per number of interfaces: `COUNT`, and what registers them, follow below.
//!
//! Each interface has a name, a descriptor, an operation, a meter, a slot and an instance of its own, as `#[lmms::interface]`
//! writes them. What it would also write is code, for each anew: that is shared here, for a type each would keep rustc
//! busy for half an hour.

use std::cell::Cell;
use std::collections::HashMap;
use std::hint::black_box;
use std::io::BufRead;
use std::num::NonZeroU32;
use std::sync::{LazyLock, OnceLock};
use std::time::{Duration, Instant};

use lmms::__private::{
    Answer, Call, CallError, Descriptor, Hook, Infallible as _, Load, Meter, Operation, Options, Parameters, Slot,
    Step, called, drop_instance, list, load_blocking, present, slot,
};
use lmms::{BlockingInterface, BoxError, Config, Gateway, Interface, Invocation};
use lmms_benches::calls::{Numbered, answers, now};
use lmms_benches::shuffled;
use lmms_benches::threads::at_once;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The instance of each interface.
struct Any {
    offset: i64,
}

static SLOTS: [Slot<Any>; COUNT] = [const { Slot::new() }; COUNT];
static METERS: [Meter; COUNT] = [const { Meter::new() }; COUNT];
static NAMES: LazyLock<Vec<String>> =
    LazyLock::new(|| (0..COUNT).map(|number| format!("interface_{number:05}")).collect());

thread_local! {
    /// Which interface is meant, for the code that they share.
    static CURRENT: Cell<usize> = const { Cell::new(0) };
}

impl Any {
    fn add(&self, a: i64, b: i64) -> i64 {
        called::<Self>(0);
        self.offset + a + b
    }
}

impl Interface for Any {
    const NAME: &'static str = "any";
    const __LMMS_OPTIONS: Options = Options {
        pinned: false,
        preload: false,
        snapshot: None,
        grace_period: None,
        fast_path_threshold: None,
        memory_mb: None,
        is_blocking: true,
        has_unload: false,
    };

    #[inline]
    fn __lmms_slot() -> &'static Slot<Self> {
        &SLOTS[CURRENT.get()]
    }

    #[inline]
    fn __lmms_meters() -> &'static [Meter] {
        let current = CURRENT.get();
        &METERS[current..=current]
    }

    fn __lmms_load(_: Load<'_>) -> Hook<'_, Self> {
        Hook::Done(Ok(Self { offset: CURRENT.get() as i64 }))
    }

    fn __lmms_unload(self) -> Hook<'static, ()> {
        drop_instance(self)
    }
}

impl BlockingInterface for Any {}

fn descriptor<const N: usize>() -> Descriptor {
    Descriptor {
        name: &NAMES[N],
        origin: "",
        docs: "",
        options: Any::__LMMS_OPTIONS,
        operations: operations::<N>,
        load: load_blocking::<Any>,
        slot: slot::<Any>,
    }
}

fn operations<const N: usize>() -> Vec<Operation> {
    let (parameters, meter) = (Parameters("a,b"), &METERS[N]);
    list([Operation { name: "add", about: "", parameters, caching: None, meter, call: call::<N> }])
}

fn call<const N: usize>(call: Call<'_>) -> Step<'_, Result<(), CallError>> {
    CURRENT.set(N);
    add(call)
}

#[inline(never)]
fn add(call: Call<'_>) -> Step<'_, Result<(), CallError>> {
    let (mut a, mut b) = (None::<i64>, None::<i64>);
    if let Err(error) = call.arguments(Parameters("a,b"), &mut [&mut a, &mut b]) {
        return Step::Ready(Err(error));
    }
    call.run::<Any>(move |instance, _, reply| Answer(Any::add(instance, present(a)?, present(b)?)).write(reply))
}

/// By hand: a table of functions, each with a state of its own that is made when first needed.
type Hand = fn(&RawValue, &mut Vec<u8>) -> Result<(), BoxError>;
type Table = HashMap<(&'static str, &'static str), Hand>;

static HANDS: [OnceLock<Any>; COUNT] = [const { OnceLock::new() }; COUNT];

fn hand<const N: usize>(args: &RawValue, reply: &mut Vec<u8>) -> Result<(), BoxError> {
    add_by_hand(HANDS[N].get_or_init(|| Any { offset: N as i64 }), args, reply)
}

#[inline(never)]
fn add_by_hand(instance: &Any, args: &RawValue, reply: &mut Vec<u8>) -> Result<(), BoxError> {
    let Add { a, b } = serde_json::from_str(args.get())?;
    Ok(serde_json::to_writer(reply, &(instance.offset + a + b))?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request<'a> {
    interface: &'a str,
    operation: &'a str,
    #[serde(borrow)]
    args: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Add {
    a: i64,
    b: i64,
}

fn by_hand(table: &Table, request: &[u8], reply: &mut Vec<u8>) -> Result<(), BoxError> {
    let Request { interface, operation, args } = serde_json::from_slice(request)?;
    let hand = table.get(&(interface, operation)).ok_or("there is no such operation")?;
    hand(args, reply)
}

const REQUEST: &str = r#"{"interface":"interface_#####","operation":"add","args":{"a":2,"b":40}}"#;

struct World {
    gateway: Gateway,
    table: Table,
}

impl World {
    fn in_tier(tier: &str) -> Self {
        let config = Config::default().with_unloading(false);
        let gateway = Gateway::new(match tier {
            "COLD" => config.with_fast_path_threshold(NonZeroU32::new(1_000_000_000).expect("not nought")),
            _ => config,
        });
        let table = NAMES.iter().zip(&HAND).map(|(name, hand)| ((name.as_str(), "add"), *hand)).collect();
        let world = Self { gateway: gateway.expect("they have names of their own"), table };
        assert_eq!((world.gateway.interfaces().count(), world.table.len()), (COUNT, COUNT));
        let mut request = Numbered::new(REQUEST);
        for number in 0..COUNT {
            let (request, mut ours, mut theirs) = (request.with(number as u64), Vec::new(), Vec::new());
            now(world.gateway.execute_in(&Invocation::enter(), request, &mut ours)).expect("the gateway answers");
            by_hand(&world.table, request, &mut theirs).expect("the table answers");
            assert_eq!(ours, theirs, "the two answer differently");
            if tier == "BLAZING" {
                CURRENT.set(number);
                let invocation = Invocation::enter();
                let any = invocation.get::<Any>().expect("it is loaded");
                (0..201).for_each(|_| _ = any.add(1, 2));
            }
            let operation = format!("{}.add", NAMES[number]);
            assert_eq!(world.gateway.check_fast_path(&operation).expect("there is one").tier.as_str(), tier);
        }
        world
    }

    /// Asks for these interfaces one after the other, round and round, each time in an invocation of its own, or in one of
    /// those that are `open`, which are as many as the interfaces. The checksum of the answers.
    fn ask(&self, is_by_hand: bool, numbers: &[u64], open: &[Invocation]) -> u64 {
        let mut request = Numbered::new(REQUEST);
        let mut next = (0..numbers.len()).cycle();
        answers(CALLS, |reply| {
            let index = next.next().expect("it goes round");
            let request = black_box(request.with(numbers[index]));
            if is_by_hand {
                return by_hand(&self.table, request, reply).expect("the table answers");
            }
            let own;
            let invocation = match open.get(index) {
                Some(invocation) => invocation,
                None => {
                    own = Invocation::enter();
                    &own
                }
            };
            now(self.gateway.execute_in(invocation, request, reply)).expect("the gateway answers");
        })
    }
}

/// One thread for each list of interfaces: from when the first begins to when the last is done.
fn from_threads(world: &World, is_by_hand: bool, lists: &[&[u64]]) -> (Duration, u64) {
    let done = at_once(lists.len(), |index| {
        let open: Vec<_> = lists[index].iter().map(|_| Invocation::enter()).collect();
        let started = Instant::now();
        let sum = world.ask(is_by_hand, lists[index], &open);
        (started, Instant::now(), sum)
    });
    let (first, last) = (done.iter().map(|done| done.0).min(), done.iter().map(|done| done.1).max());
    let took = last.zip(first).map_or(Duration::ZERO, |(last, first)| last - first);
    (took, done.iter().fold(0, |sum, done| sum.wrapping_add(done.2)))
}

/// Each line is one turn: who answers, in which order; for `one` and `spread` that is all, for `same` and `different` so many
/// invocations are open on so many threads. The answer is the nanoseconds until each thread has had its calls, by their
/// number, and the checksum.
fn main() {
    let world = World::in_tier(&std::env::args().nth(1).expect("a tier"));
    let shuffled: Vec<u64> = shuffled(0, COUNT).into_iter().map(|number| number as u64).collect();
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("text");
        let words: Vec<_> = line.split(' ').collect();
        let (is_by_hand, order) = (words[0] == "hand", words[1]);
        let mut numbers = words[2..].iter().map(|word| word.parse::<usize>().expect("a number"));
        let (took, sum) = match (numbers.next(), numbers.next()) {
            (Some(open), Some(threads)) => {
                let same = vec![shuffled[0]; open];
                let asked = if order == "same" { &*same } else { &shuffled[..open] };
                from_threads(&world, is_by_hand, &asked.chunks(open / threads).collect::<Vec<_>>())
            }
            _ => {
                let asked = if order == "one" { &shuffled[..1] } else { &shuffled[..] };
                let started = Instant::now();
                let sum = world.ask(is_by_hand, asked, &[]);
                (started.elapsed(), sum)
            }
        };
        println!("{} {sum}", took.as_nanos() as f64 / CALLS as f64);
    }
}
