//! When sweeps happen, and what they survive (acceptance 16).

use super::*;

#[test]
fn what_became_due_while_nothing_ran_goes_at_the_end_of_the_next_request() {
    let turn = Turn::take();
    let gateway = start(Config::default().with_min_resident(1));
    for number in [3, 1, 2] {
        call(&gateway, PLAIN[number], "name");
        turn.pass(1);
    }
    assert_eq!(resident(&gateway), ["b", "c", "d"]);
    // Frozen.
    turn.pass(10 * MINUTE);
    assert_eq!(resident(&gateway), ["b", "c", "d"]);
    assert_eq!(call(&gateway, "a", "name"), br#""a""#);
    assert_eq!(resident(&gateway), ["a"]);

    touch::<B>();
    turn.pass(10 * MINUTE);
    block_on(gateway.execute(br#"{"interface":"c","operation":"name"}"#)).unwrap();
    assert_eq!(resident(&gateway), ["c"]);

    // A request that fails ends as well.
    touch::<B>();
    turn.pass(10 * MINUTE);
    block_on(gateway.execute(br#"{"interface":"none","operation":"name"}"#)).unwrap_err();
    assert_eq!(resident(&gateway), ["b"]);
}

#[test]
fn within_an_invocation_nothing_is_swept() {
    let turn = Turn::take();
    let gateway = start(without_floor());
    touch::<B>();
    turn.pass(10 * MINUTE);
    let mut reply = Vec::new();
    {
        let invocation = Invocation::enter();
        let request = br#"{"interface":"a","operation":"name"}"#;
        block_on(gateway.execute_in(&invocation, request, &mut reply)).unwrap();
    }
    assert_eq!(resident(&gateway), ["a", "b"]);
    sweeps(&gateway, &["b"]);
}

#[test]
fn what_is_switched_off_never_goes_even_if_memory_is_short() {
    let turn = Turn::take();
    let gateway = start(without_floor().with_unloading(false).with_memory_budget(Some(1)));
    for (number, name) in PLAIN.iter().enumerate() {
        call(&gateway, name, "name");
        turn.pass(60 * MINUTE);
        sweeps(&gateway, &[]);
        assert_eq!(resident(&gateway).len(), number + 1);
    }
    blocked::<A>(&gateway, Reason::Disabled);
}

macro_rules! hooked {
    ($($Name:ident $hook:expr;)*) => {$(
        struct $Name;

        #[lmms::interface]
        impl $Name {
            #[load]
            fn load() -> Self {
                Self
            }

            #[unload]
            fn unload(self) -> io::Result<()> {
                HOOKS.fetch_add(1, Ordering::SeqCst);
                $hook
            }
        }
    )*};
}

static HOOKS: AtomicUsize = AtomicUsize::new(0);

hooked! {
    Fails Err(io::Error::other("disk full"));
    Panics panic!("lost the file");
    Works Ok(());
}

#[test]
fn a_sweep_tells_what_it_did_and_no_hook_stops_it() {
    let turn = Turn::take();
    let gateway = start(without_floor());
    let before = HOOKS.load(Ordering::SeqCst);
    touch::<Fails>();
    turn.pass(1);
    touch::<A>();
    turn.pass(1);
    touch::<Panics>();
    turn.pass(1);
    touch::<Works>();
    turn.pass(30_000);
    let swept = sweep(&gateway);
    assert_eq!(swept.unloaded, ["fails", "a", "panics", "works"]);
    let said: Vec<_> = swept.hook_errors.iter().map(|error| (error.interface(), error.to_string())).collect();
    assert_eq!(
        said,
        [
            ("fails", "the unload hook of interface `fails` failed: disk full".to_owned()),
            ("panics", "the unload hook of interface `panics` panicked: lost the file".to_owned()),
        ]
    );
    assert_eq!(HOOKS.load(Ordering::SeqCst), before + 3);
    assert_eq!(resident(&gateway), [""; 0]);
    sweeps(&gateway, &[]);
}

#[test]
fn gateways_of_one_process_sweep_each_by_its_own_rules() {
    let turn = Turn::take();
    let patient = start(without_floor().with_grace_period(Duration::from_secs(60)));
    let eager = start(Config::default().with_grace_period(Duration::ZERO).with_min_resident(1));
    touch::<A>();
    touch::<B>();
    touch::<C>();
    sweeps(&patient, &[]);
    sweeps(&eager, &["a", "b"]);
    sweeps(&patient, &[]);
    touch::<D>();
    turn.pass(60_000);
    // The other one's floor is nothing to it, and what it took is not looked for again.
    sweeps(&patient, &["c", "d"]);
    sweeps(&eager, &[]);
    touch::<A>();
    sweeps(&eager, &[]);
    turn.pass(60_000);
    sweeps(&eager, &[]);
    sweeps(&patient, &["a"]);
}

/// An async unload hook that waits.
struct Slow;

static SLOW: Semaphore = Semaphore::const_new(0);

#[lmms::interface]
impl Slow {
    #[load]
    async fn load() -> Self {
        Self
    }

    #[unload]
    async fn unload(self) {
        SLOW.acquire().await.unwrap().forget();
    }
}

#[test]
fn one_sweep_goes_on_at_a_time_and_one_given_up_is_made_good_by_the_next() {
    let turn = Turn::take();
    let (gateway, other) = (start(without_floor()), start(without_floor()));
    touch::<Slow>();
    turn.pass(1);
    touch::<A>();
    turn.pass(30_000);
    {
        let mut sweeping = pin!(gateway.sweep());
        assert!(poll(sweeping.as_mut()).is_pending());
        sweeps(&gateway, &[]);
        sweeps(&other, &[]);
        assert_eq!(resident(&gateway), ["a"]);
    }
    sweeps(&gateway, &["a"]);
    assert_eq!(resident(&gateway), [""; 0]);
}

/// Two that load each other when they go, so often that nobody waits for the end.
struct Ping;
struct Pong;

static ROUNDS: AtomicUsize = AtomicUsize::new(0);

fn instead<T: BlockingInterface>() -> Result<(), LoadError> {
    match ROUNDS.fetch_add(1, Ordering::SeqCst) {
        0..1_000 => Invocation::enter().get::<T>().map(drop),
        _ => Ok(()),
    }
}

#[lmms::interface]
impl Ping {
    #[load]
    fn load() -> Self {
        Self
    }

    #[unload]
    fn unload(self) -> Result<(), LoadError> {
        instead::<Pong>()
    }
}

#[lmms::interface]
impl Pong {
    #[load]
    fn load() -> Self {
        Self
    }

    #[unload]
    fn unload(self) -> Result<(), LoadError> {
        instead::<Ping>()
    }
}

#[test]
fn a_sweep_ends_although_hooks_load_what_is_due_at_once() {
    let _turn = Turn::take();
    touch::<Ping>();
    assert_eq!(sweep(&unloader()).unloaded[0], "ping");
    assert!(ROUNDS.swap(1_000, Ordering::SeqCst) < 10);
}

/// Its load calls by name, which sweeps, on this very thread.
struct Caller;

#[lmms::interface]
impl Caller {
    #[load]
    fn load() -> Self {
        call(&unloader(), "a", "name");
        Self
    }
}

/// Its unload hook asks for the one that is being loaded.
struct Needy;

#[lmms::interface]
impl Needy {
    #[load]
    fn load() -> Self {
        Self
    }

    #[unload]
    fn unload(self) -> Result<(), LoadError> {
        Invocation::enter().get::<Caller>().map(drop)
    }
}

#[test]
fn a_hook_that_a_load_swept_cannot_wait_for_that_load() {
    let _turn = Turn::take();
    watched(|| {
        touch::<Needy>();
        // The error is the hook's: the load goes on.
        touch::<Caller>();
        assert!(resident(&gateway()).contains(&"caller"));
    });
}
