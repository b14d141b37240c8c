//! A sweep over what is loaded, none of which is due yet, and one that need not even look.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use lmms::{Config, Gateway, Invocation};
use lmms_benches::contest::Contest;
use lmms_benches::table::Target::{AtMost, Told};
use parking_lot::RwLock;

use super::sweep;

/// Longer than a bench runs: what has it as its grace period is not due.
const DAY: Duration = Duration::from_secs(86_400);
/// More than any process has: there is a budget to look after, and it is met.
const BUDGET: u64 = 1 << 50;

macro_rules! residents {
    ($($name:ident)*) => {
        $(
            pub struct $name(u64);

            #[lmms::interface(grace_period = 86_400)]
            impl $name {
                #[load]
                fn load() -> Self {
                    Self(1)
                }

                #[operation]
                pub fn add(&self, x: u64) -> u64 {
                    self.0.wrapping_add(x)
                }

                #[operation]
                pub fn multiply(&self, x: u64) -> u64 {
                    self.0.wrapping_mul(x)
                }

                #[operation]
                pub fn rotate(&self, x: u32) -> u64 {
                    self.0.rotate_left(x)
                }
            }
        )*

        const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

residents! {
    R00 R01 R02 R03 R04 R05 R06 R07 R08 R09 R10 R11 R12 R13 R14 R15 R16 R17 R18 R19 R20 R21 R22 R23 R24 R25 R26 R27 R28 R29
    R30 R31 R32 R33 R34 R35 R36 R37 R38 R39 R40 R41 R42 R43 R44 R45 R46 R47 R48 R49 R50 R51 R52 R53 R54 R55 R56 R57 R58 R59
    R60 R61
}

/// Due whenever a sweep looks, but in use: so that the next sweep has to look again.
pub struct Held;

#[lmms::interface(grace_period = 0)]
impl Held {
    #[load]
    fn load() -> Self {
        Self
    }
}

/// What is called while sweeps are timed.
pub struct Tiny(u64);

#[lmms::interface(grace_period = 86_400)]
impl Tiny {
    #[load]
    fn load() -> Self {
        Self(1)
    }

    #[operation]
    pub fn add(&self, x: u64) -> u64 {
        self.0.wrapping_add(x)
    }
}

const TINY: &[u8] = br#"{"interface":"tiny","operation":"add","args":{"x":41}}"#;

/// All that is loaded.
const RESIDENTS: usize = NAMES.len() + 2;

/// The same by hand: each place with the time of its last use, and a pass that empties those idle for a day.
struct Place {
    last_use: AtomicU64,
    state: RwLock<Option<Arc<u64>>>,
}

struct Places {
    start: Instant,
    places: Vec<Place>,
}

impl Places {
    fn new(count: usize) -> Self {
        let place = |_| Place { last_use: AtomicU64::new(0), state: RwLock::new(Some(Arc::new(1))) };
        Self { start: Instant::now(), places: (0..count).map(place).collect() }
    }

    fn sweep(&self) -> u64 {
        let now = self.start.elapsed();
        let mut emptied = 0;
        for place in &self.places {
            let mut state = place.state.write();
            // Relaxed: nobody else is here.
            let last_use = Duration::from_millis(place.last_use.load(Ordering::Relaxed));
            if state.is_some() && now.saturating_sub(last_use) >= DAY {
                *state = None;
                emptied += 1;
            }
        }
        emptied
    }
}

/// Gateways to the same interfaces.
struct Gateways {
    /// Goes by what the interfaces declare. One is due and held, so that each sweep is a pass over all.
    passing: Gateway,
    /// For which nothing can be due for a day.
    quiet: Gateway,
    /// That never sweeps.
    keeping: Gateway,
    _held: Invocation,
}

/// Nothing has to stay because there are few.
fn config() -> Config {
    Config::default().with_min_resident(0).with_memory_budget(None)
}

fn gateway(config: Config) -> Gateway {
    Gateway::new(config).expect("unique names")
}

impl Gateways {
    fn new() -> Self {
        let gateways = Self {
            passing: gateway(config()),
            quiet: gateway(config().with_grace_period(DAY)),
            keeping: gateway(config().with_unloading(false)),
            _held: Invocation::enter(),
        };
        gateways._held.get::<Held>().expect("it loads");
        // As after some use: counted, and not hot.
        for name in NAMES {
            for operation in ["add", "multiply", "rotate"] {
                let request =
                    format!(r#"{{"interface":"{}","operation":"{operation}","args":{{"x":2}}}}"#, name.to_lowercase());
                for _ in 0..5 {
                    execute(&gateways.keeping, request.as_bytes());
                }
            }
        }
        execute(&gateways.keeping, TINY);
        gateways
    }
}

fn execute(gateway: &Gateway, request: &[u8]) -> u64 {
    match pin!(gateway.execute(request)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(reply) => reply.expect("an answer").len() as u64,
        Poll::Pending => unreachable!("nothing here waits"),
    }
}

/// One sweep, which unloads nothing.
fn vain(gateway: &Gateway) -> u64 {
    sweep(gateway).unloaded.len() as u64
}

/// The loop that all rivals share.
fn sum(calls: u64, mut call: impl FnMut() -> u64) -> u64 {
    (0..calls).fold(0, |sum, _| sum.wrapping_add(call()))
}

pub(super) fn contests() -> [Contest<'static>; 3] {
    const { assert!(RESIDENTS == 64, "the titles say so") };
    // They live as long as the process, as a function's does.
    let Gateways { passing, quiet, keeping, .. } = &*Box::leak(Box::new(Gateways::new()));
    let places: &Places = Box::leak(Box::new(Places::new(RESIDENTS)));
    let start = Instant::now();
    [
        Contest::new(
            "a sweep over 64 residents, none of which may go",
            "63 are not due, one is in use; each sweep looks at all",
        )
        .rival("lmms", |calls| sum(calls, || vain(passing)))
        .rival("a pass by hand over 64 locks", |calls| sum(calls, || places.sweep()))
        .rival("lmms, under a memory budget", |calls| {
            // The budget is the process's. To make a gateway sets it.
            let bounded = gateway(config().with_memory_budget(Some(BUDGET)));
            let sum = sum(calls, || vain(&bounded));
            let _unbounded = gateway(config());
            sum
        })
        .promise("lmms", AtMost(2000.0))
        .promise("lmms, under a memory budget", Told)
        .claim("lmms", "a pass by hand over 64 locks", Told),
        Contest::new("a sweep while nothing can be due", "what nearly every invocation pays")
            .rival("lmms", |calls| sum(calls, || vain(quiet)))
            .rival("lmms, ENABLE_MODULE_UNLOADING=false", |calls| sum(calls, || vain(keeping)))
            .rival("a look at the clock by hand", move |calls| sum(calls, || u64::from(start.elapsed() >= DAY)))
            .promise("lmms", AtMost(50.0))
            .claim("lmms", "a look at the clock by hand", Told),
        Contest::new("execute, a tiny operation by name", "request to answer, the sweep that follows included")
            .rival("no sweep", |calls| sum(calls, || execute(keeping, TINY)))
            .rival("a sweep while nothing can be due", |calls| sum(calls, || execute(quiet, TINY)))
            .rival("a sweep that looks at all 64", |calls| sum(calls, || execute(passing, TINY)))
            .claim("a sweep while nothing can be due", "no sweep", Told)
            .claim("a sweep that looks at all 64", "no sweep", Told),
    ]
}
