//! Loads, unloads and operations have spans, within that of the request; what fails is an event within them.
#![cfg(feature = "tracing")]

mod common;

use std::collections::BTreeMap;
use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use common::{block_on, gateway, poll, unloader};
use lmms::testing::ManualClock;
use lmms::{Config, Gateway, Invocation};
use tokio::sync::Semaphore;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};

struct Words;

#[lmms::interface]
impl Words {
    #[load]
    fn load() -> Self {
        tracing::info!("reading the words");
        Self
    }

    #[operation(cached)]
    fn count(&self, text: &str) -> usize {
        text.split(' ').count()
    }

    #[operation]
    fn call(&self) {
        tracing::debug!("called");
    }

    #[operation]
    fn fail(&self) -> Result<(), std::io::Error> {
        Err(std::io::Error::other("no"))
    }
}

static GATE: Semaphore = Semaphore::const_new(0);

struct Slow;

#[lmms::interface]
impl Slow {
    #[load]
    async fn load() -> Result<Self, std::io::Error> {
        GATE.acquire().await.map_err(std::io::Error::other)?.forget();
        tracing::info!("loaded slowly");
        Ok(Self)
    }

    #[operation]
    async fn wait(&self) -> Result<(), std::io::Error> {
        GATE.acquire().await.map_err(std::io::Error::other)?.forget();
        tracing::info!("waited");
        Ok(())
    }

    #[unload]
    async fn unload(self) -> Result<(), std::io::Error> {
        GATE.acquire().await.map_err(std::io::Error::other)?.forget();
        tracing::info!("unloaded slowly");
        Err(std::io::Error::other("the disk is full"))
    }
}

struct Broken;

#[lmms::interface]
impl Broken {
    #[load]
    fn load() -> Result<Self, std::io::Error> {
        Err(std::io::Error::other("no such file"))
    }

    #[operation]
    fn call(&self) {}
}

/// A span that has ended, or an event.
#[derive(Debug, Clone)]
struct Seen {
    /// The names of the spans that it is in, outermost first, and its own.
    path: String,
    fields: BTreeMap<&'static str, String>,
}

impl Seen {
    #[track_caller]
    fn has(&self, fields: &[(&str, &str)]) {
        for (name, value) in fields {
            assert_eq!(self.fields.get(name).map(String::as_str), Some(*value), "{name} of {self:?}");
        }
    }

    fn number(&self, name: &str) -> f64 {
        self.fields[name].parse().unwrap()
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<Seen>>>);

struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}").trim_matches('"').to_owned());
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Log {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields(BTreeMap::new());
        attributes.record(&mut fields);
        context.span(id).unwrap().extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let span = context.span(id).unwrap();
        values.record(span.extensions_mut().get_mut::<Fields>().unwrap());
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields(BTreeMap::new());
        event.record(&mut fields);
        fields.0.insert("level", event.metadata().level().to_string());
        let path: Vec<_> = context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()).collect();
        let path: Vec<_> = path.iter().map(|span| span.name()).chain(["event"]).collect();
        self.0.lock().unwrap().push(Seen { path: path.join("/"), fields: fields.0 });
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let span = context.span(&id).unwrap();
        let path: Vec<_> = span.scope().from_root().map(|span| span.name()).collect();
        let fields = span.extensions_mut().remove::<Fields>().unwrap().0;
        self.0.lock().unwrap().push(Seen { path: path.join("/"), fields });
    }
}

impl Log {
    fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    /// What was seen since this was asked last.
    fn paths(&self) -> Vec<String> {
        self.take().into_iter().map(|seen| seen.path).collect()
    }
}

/// Tests take turns, each with a log of its own, nothing loaded and nothing hot.
struct Turn {
    log: Log,
    _subscriber: DefaultGuard,
    _clock: ManualClock,
    _turn: MutexGuard<'static, ()>,
}

impl Turn {
    fn take() -> Self {
        static TURN: Mutex<()> = Mutex::new(());
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let clock = ManualClock::install();
        clock.advance(Duration::from_secs(24 * 3_600));
        GATE.add_permits(1);
        let _ = block_on(unloader().shutdown(Duration::from_secs(3_600)));
        while let Ok(permit) = GATE.try_acquire() {
            permit.forget();
        }
        let log = Log::default();
        let subscriber = tracing::subscriber::set_default(Registry::default().with(log.clone()));
        Self { log, _subscriber: subscriber, _clock: clock, _turn: turn }
    }
}

fn call(gateway: &Gateway, request: &str) -> bool {
    let mut reply = Vec::new();
    block_on(gateway.execute_in(&Invocation::enter(), request.as_bytes(), &mut reply)).is_ok()
}

const CALL: &str = r#"{"interface":"words","operation":"call","args":{}}"#;

#[test]
fn a_request_reaches_the_load_that_it_causes() {
    let turn = Turn::take();
    let gateway = gateway();
    tracing::info_span!("request", id = "8f3a").in_scope(|| assert!(call(&gateway, CALL)));
    let seen = turn.log.take();
    let paths: Vec<_> = seen.iter().map(|seen| &*seen.path).collect();
    assert_eq!(
        paths,
        [
            "request/lmms.operation/lmms.load/event",
            "request/lmms.operation/lmms.load",
            "request/lmms.operation/event",
            "request/lmms.operation",
            "request",
        ]
    );
    seen[1].has(&[("interface", "words")]);
    assert!(seen[1].number("generation") >= 1.0);
    assert!(seen[1].number("duration_ms") > 0.0);
    assert!(seen[1].number("bytes") >= 0.0);
    seen[3].has(&[("interface", "words"), ("operation", "call"), ("tier", "COLD")]);
    assert!(seen[3].number("duration_ms") >= seen[1].number("duration_ms"));
    assert!(!seen[3].fields.contains_key("cached") && !seen[3].fields.contains_key("error"));
}

#[test]
fn the_cache_of_results_says_whether_it_had_one() {
    let turn = Turn::take();
    let gateway = gateway();
    let request = r#"{"interface":"words","operation":"count","args":{"text":"to be or not to be"}}"#;
    for _ in 0..2 {
        assert!(call(&gateway, request));
    }
    let seen: Vec<_> = turn.log.take().into_iter().filter(|seen| seen.path == "lmms.operation").collect();
    seen[0].has(&[("cached", "miss")]);
    seen[1].has(&[("cached", "hit")]);
    // Counted as calls that are not traced are.
    let stats = gateway.operation_stats("words.count").unwrap();
    assert_eq!((stats.calls, stats.cache_hits, stats.cache_misses), (2, 1, 1));
}

#[test]
fn errors_have_their_code() {
    let turn = Turn::take();
    assert!(!call(&gateway(), r#"{"interface":"words","operation":"fail","args":{}}"#));
    let seen = turn.log.take();
    seen.last().unwrap().has(&[("operation", "fail"), ("error", "operation_failed")]);
}

#[test]
fn a_load_that_fails_is_an_event_within_its_span() {
    let turn = Turn::take();
    assert!(!call(&gateway(), r#"{"interface":"broken","operation":"call","args":{}}"#));
    let seen = turn.log.take();
    assert_eq!(seen[0].path, "lmms.operation/lmms.load/event");
    seen[0].has(&[
        ("level", "WARN"),
        ("interface", "broken"),
        ("code", "load_failed"),
        ("message", "interface `broken` failed to load: no such file"),
    ]);
    seen[1].has(&[("interface", "broken"), ("error", "load_failed")]);
    seen[2].has(&[("interface", "broken"), ("error", "load_failed")]);
}

/// Two that wait at once are not in each other's spans, and nothing else on their thread is in theirs.
#[test]
fn a_span_is_entered_only_while_its_future_is_polled() {
    let turn = Turn::take();
    let gateway = gateway();
    let request = br#"{"interface":"slow","operation":"wait","args":{}}"#;
    let (invocations, mut replies) = ([Invocation::enter(), Invocation::enter()], [Vec::new(), Vec::new()]);
    let [first_reply, second_reply] = &mut replies;
    let mut first = pin!(gateway.execute_in(&invocations[0], request, first_reply));
    let mut second = pin!(gateway.execute_in(&invocations[1], request, second_reply));
    assert!(poll(first.as_mut()).is_pending());
    assert!(tracing::Span::current().is_none());
    assert!(poll(second.as_mut()).is_pending());
    assert!(tracing::Span::current().is_none());
    // The first loads, and both work.
    GATE.add_permits(3);
    while poll(first.as_mut()).is_pending() {
        assert!(tracing::Span::current().is_none());
    }
    block_on(second).unwrap();
    assert_eq!(
        turn.log.paths(),
        [
            "lmms.operation/lmms.load/event",
            "lmms.operation/lmms.load",
            "lmms.operation/event",
            "lmms.operation",
            "lmms.operation/event",
            "lmms.operation",
        ]
    );
}

#[test]
fn an_unload_has_its_reason_and_its_hooks_error() {
    let turn = Turn::take();
    GATE.add_permits(1);
    block_on(Invocation::enter().get_async::<Slow>()).unwrap();
    turn.log.take();
    let unloader = unloader();
    let mut sweep = pin!(unloader.sweep());
    assert!(poll(sweep.as_mut()).is_pending());
    assert!(tracing::Span::current().is_none());
    GATE.add_permits(1);
    let swept = block_on(sweep);
    assert_eq!(swept.hook_errors.len(), 1);
    let seen = turn.log.take();
    let paths: Vec<_> = seen.iter().map(|seen| &*seen.path).collect();
    assert_eq!(paths, ["lmms.unload/event", "lmms.unload/event", "lmms.unload"]);
    seen[1].has(&[
        ("level", "ERROR"),
        ("interface", "slow"),
        ("message", "the unload hook of interface `slow` failed: the disk is full"),
    ]);
    seen[2].has(&[("interface", "slow"), ("reason", "sweep"), ("hook_error", "true")]);
    assert!(seen[2].number("generation") >= 1.0 && seen[2].number("duration_ms") > 0.0);
}

/// All calls have one, until looking at each would cost more than the call.
#[test]
fn of_blazing_calls_those_that_are_timed_have_a_span() {
    let turn = Turn::take();
    let gateway = gateway();
    let tiers = |calls: usize| {
        for _ in 0..calls {
            assert!(call(&gateway, CALL));
        }
        let mut tiers = BTreeMap::<_, usize>::new();
        for seen in turn.log.take().into_iter().filter(|seen| seen.path == "lmms.operation") {
            *tiers.entry(seen.fields["tier"].clone()).or_default() += 1;
        }
        tiers.into_iter().collect::<Vec<_>>()
    };
    let of = |tier: &str, calls| (tier.to_owned(), calls);
    assert_eq!(tiers(200), [of("COLD", 10), of("HOT", 150), of("WARM", 40)]);
    let blazing = tiers(6_400);
    // One in 64, give or take one at either end.
    assert!(matches!(&blazing[..], [(tier, 99..=101)] if tier == "BLAZING"), "{blazing:?}");
    assert_eq!(gateway.operation_stats("words.call").unwrap().zafp_hits, 6_550);
}

#[test]
fn switched_off_there_is_none_and_switched_on_again_there_are() {
    let turn = Turn::take();
    let off = Config::from_vars(|name| (name == "LMMS_TRACING").then(|| "false".into())).unwrap();
    let gateway = Gateway::new(off).unwrap();
    assert!(call(&gateway, CALL));
    assert!(!call(&gateway, r#"{"interface":"broken","operation":"call","args":{}}"#));
    // What users log is theirs.
    assert_eq!(turn.log.paths(), ["event", "event"]);
    gateway.reconfigure(gateway.config().with_tracing(true));
    assert!(call(&gateway, CALL));
    assert_eq!(turn.log.paths(), ["lmms.operation/event", "lmms.operation"]);
}
