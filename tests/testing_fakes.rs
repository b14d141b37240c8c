//! `lmms::testing`: fakes are what every way to an interface leads to, and leave nothing behind; turns keep tests apart, and
//! know what was loaded.

mod common;

use std::any::Any;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use common::{block_on, gateway, resident};
use lmms::testing::{self, Turn};
use lmms::{Config, ErrorCode, Gateway, Interface, Invocation, Lease, Load, LoadError, LoadErrorKind, Tier};

struct Words(Vec<&'static str>);

static HOOKS: AtomicUsize = AtomicUsize::new(0);

#[lmms::interface]
impl Words {
    #[load]
    fn load() -> Self {
        Self(vec!["real"])
    }

    #[operation]
    fn first(&self) -> &'static str {
        self.0[0]
    }

    #[operation(cached)]
    fn first_cached(&self) -> &'static str {
        self.0[0]
    }

    #[unload]
    fn unload(self) {
        HOOKS.fetch_add(1, Ordering::Relaxed);
    }
}

/// Takes what it needs from the words when it is loaded.
struct Longest(&'static str);

#[lmms::interface]
impl Longest {
    #[load]
    fn load(load: &Load<'_>) -> Result<Self, LoadError> {
        Ok(Self(load.get::<Words>()?.first()))
    }
}

/// Keeps the words loaded.
struct Keeper(Lease<Words>);

#[lmms::interface]
impl Keeper {
    #[load]
    fn load(load: &Load<'_>) -> Result<Self, LoadError> {
        load.lease().map(Self)
    }
}

/// Needs a runtime, to load and to unload.
struct Client(u8);

#[lmms::interface]
impl Client {
    #[load]
    async fn load() -> Self {
        tokio::task::yield_now().await;
        Self(1)
    }

    #[unload]
    async fn unload(self) {
        tokio::spawn(async {}).await.unwrap();
    }
}

struct Pinned;

#[lmms::interface(pinned)]
impl Pinned {
    #[load]
    fn load() -> Self {
        Self
    }
}

struct HeldFirst;

#[lmms::interface]
impl HeldFirst {
    #[load]
    fn load() -> Self {
        Self
    }
}

struct HeldLast;

#[lmms::interface]
impl HeldLast {
    #[load]
    fn load() -> Self {
        Self
    }
}

fn first() -> &'static str {
    Invocation::enter().get::<Words>().unwrap().first()
}

fn by_name(gateway: &Gateway, operation: &str) -> String {
    String::from_utf8(block_on(gateway.execute_operation("words", operation, b"{}")).unwrap()).unwrap()
}

fn message(panic: Box<dyn Any + Send>) -> String {
    match panic.downcast::<String>() {
        Ok(message) => *message,
        Err(panic) => (*panic.downcast::<&str>().expect("a message")).to_owned(),
    }
}

#[track_caller]
fn panics(f: impl FnOnce()) -> String {
    message(catch_unwind(AssertUnwindSafe(f)).expect_err("it panics"))
}

#[test]
fn every_way_leads_to_the_fake_and_to_the_real_one_before_and_after() {
    let _turn = testing::exclusive();
    let gateway = gateway();
    let everywhere = || {
        let invocation = Invocation::enter();
        let found = [
            invocation.get::<Words>().unwrap().first(),
            invocation.resident::<Words>().unwrap().first(),
            invocation.lease::<Words>().unwrap().first(),
            block_on(invocation.get_async::<Words>()).unwrap().first(),
            invocation.get::<Longest>().unwrap().0,
            invocation.get::<Keeper>().unwrap().0.first(),
        ];
        assert_eq!(found, [found[0]; 6]);
        assert_eq!(by_name(&gateway, "first"), format!("{:?}", found[0]));
        assert_eq!(by_name(&gateway, "first_cached"), format!("{:?}", found[0]));
        found[0]
    };
    assert_eq!(everywhere(), "real");
    let fake = testing::fake(|| Words(vec!["fake"]));
    assert_eq!(resident(&gateway), [""; 0], "nor is there what was made from the real one");
    assert_eq!(everywhere(), "fake");
    assert_eq!(fake.asked(), 1);
    drop(fake);
    assert_eq!(resident(&gateway), [""; 0], "nor is there what was made from the fake");
    assert_eq!(everywhere(), "real");
}

#[test]
fn what_goes_for_a_fake_is_unloaded_with_its_hook() {
    let _turn = testing::exclusive();
    let before = HOOKS.load(Ordering::Relaxed);
    let hooks = || HOOKS.load(Ordering::Relaxed) - before;
    first();
    let fake = testing::fake(|| Words(vec!["fake"]));
    assert_eq!(hooks(), 1);
    first();
    drop(fake);
    assert_eq!(hooks(), 2);
}

#[test]
fn of_two_fakes_the_younger_counts_whichever_goes_first() {
    let _turn = testing::exclusive();
    let old = testing::fake(|| Words(vec!["old"]));
    assert_eq!(first(), "old");
    let young = testing::fake(|| Words(vec!["young"]));
    assert_eq!(first(), "young");
    drop(young);
    assert_eq!(first(), "old");
    let young = testing::fake(|| Words(vec!["young"]));
    drop(old);
    assert_eq!(first(), "young");
    drop(young);
    assert_eq!(first(), "real");
}

#[test]
fn a_fake_may_hold_the_guard_of_another() {
    let _turn = testing::exclusive();
    let words = testing::fake(|| Words(vec!["fake"]));
    let client = testing::fake(move || Client(u8::try_from(words.asked()).unwrap()));
    assert_eq!(first(), "fake");
    drop(client);
    assert_eq!(first(), "real");
}

#[test]
fn a_fake_may_fail_and_is_asked_again() {
    let turn = testing::exclusive();
    let get = || Invocation::enter().get::<Words>().map(|words| words.first());
    {
        let failing = testing::failing::<Words>("no network");
        for asked in 1..4 {
            assert_eq!(get().unwrap_err().to_string(), "interface `words` failed to load: no network");
            assert_eq!(failing.asked(), asked);
        }
        let error = block_on(gateway().execute_operation("words", "first", b"{}")).unwrap_err();
        assert_eq!(error.code(), ErrorCode::LoadFailed);
        let error = Invocation::enter().get::<Longest>().err().unwrap();
        assert!(error.to_string().contains("no network"), "{error}");
    }
    assert_eq!(turn.loads::<Words>(), 0);
    {
        let times = AtomicUsize::new(0);
        let _fake = testing::try_fake::<Words, _>(move || match times.fetch_add(1, Ordering::Relaxed) {
            0 => Err("not yet".to_owned()),
            _ => Ok(Words(vec!["at last"])),
        });
        assert!(get().is_err());
        assert_eq!(get().unwrap(), "at last");
    }
    let _fake = testing::fake::<Words>(|| panic!("on purpose"));
    assert_eq!(*get().unwrap_err().kind(), LoadErrorKind::Panicked("on purpose".to_owned()));
}

#[test]
fn what_is_in_use_is_waited_for() {
    let _turn = testing::exclusive();
    let (held, is_held) = mpsc::channel();
    let user = thread::spawn(move || {
        let invocation = Invocation::enter();
        invocation.get::<Words>().unwrap();
        held.send(()).unwrap();
        // Long enough for the fake to find it in use, most of the time.
        (0..1_000).for_each(|_| thread::yield_now());
    });
    is_held.recv().unwrap();
    let _fake = testing::fake(|| Words(vec!["fake"]));
    assert_eq!(first(), "fake");
    user.join().unwrap();
}

#[test]
fn what_stays_in_use_fails_the_test() {
    let _turn = testing::exclusive();
    // At once, for each takes the whole patience.
    let at_first = thread::spawn(|| {
        let invocation = Invocation::enter();
        invocation.get::<HeldFirst>().unwrap();
        let said = panics(|| drop(testing::fake(|| HeldFirst)));
        (said, testing::loads::<HeldFirst>())
    });
    let at_last = thread::spawn(|| {
        let fake = testing::fake(|| HeldLast);
        let lease = Invocation::enter().lease::<HeldLast>().unwrap();
        let said = panics(|| drop(fake));
        drop(lease);
        (said, testing::loads::<HeldLast>())
    });
    let is_about = |said: &str, when: &str, name: &str| {
        assert!(said.starts_with(&format!("{when}, `{name}` should be unloaded, but is in use")), "{said}");
    };
    let (said, before) = at_first.join().unwrap();
    is_about(&said, "before a fake is put in", "held_first");
    let (said, _) = at_last.join().unwrap();
    is_about(&said, "when a fake is taken out", "held_last");
    // The one that was not put in is not there.
    let own = testing::fake(|| HeldFirst);
    Invocation::enter().get::<HeldFirst>().unwrap();
    assert_eq!((own.asked(), testing::loads::<HeldFirst>()), (1, before + 1));
}

#[tokio::test]
async fn async_hooks_have_their_runtime_when_a_guard_is_ended() {
    let turn = testing::exclusive();
    let client = async || Invocation::enter().get_async::<Client>().await.unwrap().0;
    let fake = testing::fake(|| Client(2));
    assert_eq!(client().await, 2);
    fake.end().await;
    assert!(!testing::is_loaded::<Client>());
    assert_eq!(client().await, 1);
    turn.end().await;
    assert!(!testing::is_loaded::<Client>());
}

#[test]
fn a_turn_begins_and_ends_with_nothing_loaded_hot_or_cached() {
    let config = Config::default().with_fast_path_threshold(NonZero::new(5).unwrap());
    // One gateway for all, as functions have.
    let gateway = Gateway::new(config).unwrap();
    for word in ["one", "two"] {
        let turn = testing::exclusive();
        assert_eq!(resident(&gateway), [""; 0]);
        assert_eq!(gateway.check_fast_path("words.first").unwrap().tier, Tier::Cold);
        turn.fake(move || Words(vec![word]));
        for _ in 0..20 {
            assert_eq!(by_name(&gateway, "first"), format!("{word:?}"));
            assert_eq!(by_name(&gateway, "first_cached"), format!("{word:?}"));
        }
        assert_eq!(gateway.check_fast_path("words.first").unwrap().tier, Tier::Hot);
        Invocation::enter().get::<Pinned>().unwrap();
        assert_eq!(turn.loaded(), ["pinned", "words"]);
        assert_eq!((turn.loads::<Words>(), turn.is_loaded::<Pinned>()), (1, true));
    }
    let _turn = testing::exclusive();
    assert_eq!(resident(&gateway), [""; 0]);
    assert_eq!(by_name(&gateway, "first_cached"), r#""real""#);
}

#[test]
fn a_turn_says_what_was_loaded_instead() {
    let turn = testing::exclusive();
    turn.assert_loaded([]);
    assert_eq!(
        panics(|| turn.assert_loaded(["words"])),
        "what was loaded in this turn\n  expected: `words`\n     found: nothing"
    );
    first();
    Invocation::enter().get::<Pinned>().unwrap();
    turn.assert_loaded(["words", "pinned"]);
    let fake = testing::fake(|| Words(vec!["fake"]));
    first();
    drop(fake);
    // Also when it is no longer loaded.
    turn.assert_loaded(["words", "pinned"]);
    assert_eq!(
        panics(|| turn.assert_loaded(["wrds"])),
        "what was loaded in this turn\n  expected: `wrds`\n     found: `pinned`, `words` (2 times)\n  \
         note: there is no interface `wrds`; did you mean `words`?"
    );
}

#[test]
fn one_test_at_a_time_has_a_turn_and_hands_it_on_when_it_fails() {
    fn is_send<T: Send>(_: &T) {}
    static AT_ONCE: AtomicUsize = AtomicUsize::new(0);
    let take_turn = |number: usize| {
        let turn = testing::exclusive();
        is_send(&turn);
        assert_eq!(AT_ONCE.fetch_add(1, Ordering::SeqCst), 0);
        turn.fake(move || Words(vec!["fake"]));
        assert_eq!(first(), "fake");
        AT_ONCE.fetch_sub(1, Ordering::SeqCst);
        assert!(number.is_multiple_of(2), "on purpose");
    };
    let threads: Vec<_> = (0..8).map(|number| thread::spawn(move || take_turn(number))).collect();
    let failed = threads.into_iter().map(|thread| thread.join()).filter(Result::is_err).count();
    assert_eq!(failed, 4);
    let _turn = testing::exclusive();
    assert_eq!(first(), "real");
}

#[test]
fn a_second_turn_on_the_same_thread_is_refused() {
    let _turn = testing::exclusive();
    assert!(panics(|| drop(testing::exclusive())).starts_with("this test has a turn already"));
}

#[test]
fn the_clock_of_a_turn_stands_still_until_it_is_advanced_and_goes_on_after_it() {
    let gateway = Gateway::new(Config::default().with_min_resident(0)).unwrap();
    for _ in 0..2 {
        let turn: Turn = testing::exclusive();
        turn.clock();
        first();
        let unloaded_after = |millis| {
            turn.clock().advance(Duration::from_millis(millis));
            block_on(gateway.sweep()).unloaded
        };
        assert_eq!(unloaded_after(29_999), [""; 0]);
        assert_eq!(unloaded_after(1), [Words::NAME]);
    }
    drop(testing::ManualClock::install());
}
