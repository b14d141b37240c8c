//! Dispatch: one call by name, from what names it to its answer, by the tier of its operation.
//!
//! COLD and WARM go the whole way: the request is read, its names are looked up, the call is timed. HOT goes from the
//! request's first bytes along a learned route straight to the operation's code, and one call in [`HOT_SAMPLE`] is timed.
//! BLAZING times one in [`BLAZING_SAMPLE`], and heats by that one alone. **Invariant.** Tiers differ in what they spend, never
//! in what they answer.

use std::time::{Duration, Instant};

use crate::call::Call;
use crate::clock::{self, Moment};
use crate::describe::{self, Description};
use crate::descriptor::Operation;
use crate::error::Error;
use crate::flight::Landing;
use crate::gateway::Gateway;
use crate::heat::{Scale, Tier};
use crate::invocation::Invocation;
use crate::json;
use crate::panics::{self, Catch};
use crate::refusal::{self, Failure};
use crate::registry::{BUILT_IN, Entry};
use crate::request::{Guessed, MAX_PAYLOAD, Request};
use crate::results::{Answer, Found, OperationId};
use crate::routes;
use crate::statistics::Statistics;
use crate::step::Step;

/// Of so many calls of a hot operation one is timed, and stands for all: looking at the clock twice and recording what it
/// said takes as long as half of a small call.
const HOT_SAMPLE: u32 = 8;

/// Of so many calls of a blazing operation one is timed, and counted for all.
const BLAZING_SAMPLE: u32 = 64;

/// An operation, found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target {
    pub(crate) entry: &'static Entry,
    pub(crate) operation: &'static Operation,
}

/// How hot the operation is that is about to be called, this call included.
#[derive(Clone, Copy)]
pub(crate) struct Heated {
    tier: Tier,
    now: Moment,
    scale: Scale,
}

impl Gateway {
    /// What a request asks for, if it is written the usual way.
    ///
    /// It is a guess, for the arguments are not read over to find their end: see [`Guessed`].
    pub(crate) fn guess<'a>(&self, request: &'a [u8]) -> Option<Guess<'a>> {
        // Along a route that was learned, if its operation is hot.
        if let Some((target, names)) = routes::find(request) {
            let heated = self.heated(target);
            if heated.tier.is_fast() {
                let arguments = Guessed::arguments(&request[names..])?;
                return Some(Guess { target, heated, arguments });
            }
        }
        let guessed = Guessed::read(request)?;
        let entry = self.registry.find(guessed.interface)?;
        let target = Target { entry, operation: entry.operation(guessed.operation)? };
        let heated = self.heated(target);
        if heated.tier.is_fast() {
            routes::learn(guessed.names, target);
        }
        Some(Guess { target, heated, arguments: guessed.arguments })
    }

    fn heated(&self, target: Target) -> Heated {
        let (rules, now) = (self.heat.get(), clock::now());
        let options = &target.entry.descriptor.options;
        let scale = rules.scale_of(options);
        let Operation { meter, caching, .. } = *target.operation;
        // What is never answered from the cache was counted by its body alone.
        let calls = if caching.is_some() { meter.calls(now, scale) } else { meter.heat.calls(now, scale) };
        Heated { tier: rules.tier(calls.saturating_add(1), options), now, scale }
    }

    /// Finds an operation by its names.
    pub(crate) fn resolve(&self, interface: &str, operation: &str) -> Result<Target, Error> {
        let Some(entry) = self.registry.find(interface) else {
            return Err(self.unknown_interface(interface).about(interface, operation));
        };
        let Some(operation) = entry.operation(operation.as_bytes()) else {
            let known = entry.operations().iter().map(|known| known.name);
            return Err(refusal::unknown_operation(interface, operation, known).about(interface, operation));
        };
        Ok(Target { entry, operation })
    }

    /// Learns what a request begins with that is not written the usual way, if it is for a hot operation.
    pub(crate) fn learn(&self, names: Option<&[u8]>, interface: &str, operation: &str) {
        let target = names.and_then(|_| self.resolve(interface, operation).ok());
        if let (Some(names), Some(target)) = (names, target)
            && self.heated(target).tier.is_fast()
        {
            routes::learn(names, target);
        }
    }

    /// Calls by names, the whole way.
    pub(crate) async fn call(
        &self,
        invocation: &Invocation,
        interface: &str,
        operation: &str,
        arguments: &[u8],
        reply: &mut Vec<u8>,
    ) -> Result<(), Error> {
        if interface == BUILT_IN {
            return self.call_built_in(operation, arguments, reply);
        }
        let target = self.resolve(interface, operation)?;
        let heated = self.heated(target);
        let outcome = self.dispatch(invocation, target, heated, arguments, reply).await;
        if is_refused(&outcome) {
            count_refused(target, heated);
        }
        outcome
    }

    /// Calls an operation, meters the call, and says whose its error is. One that is refused is for the caller to count: the
    /// request may have been for another.
    pub(crate) async fn dispatch(
        &self,
        invocation: &Invocation,
        target: Target,
        heated: Heated,
        arguments: &[u8],
        reply: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let metered = Metered::start(target, heated, reply.len());
        let outcome = match self.look_up(target, arguments) {
            Found::Compute(None) => run(target, invocation, arguments, reply).await,
            Found::Hit(answer) => metered.serve(answer, reply),
            // In a box, so that the usual future is not as large as the one for this.
            found => Box::pin(metered.compute(found, invocation, arguments, reply)).await,
        };
        metered.end(outcome, reply.len())
    }

    /// What the cache of results has for a call.
    #[inline]
    fn look_up(&self, Target { operation, .. }: Target, arguments: &[u8]) -> Found<'_> {
        let Operation { meter, parameters, caching, .. } = *operation;
        let Some(caching) = caching else { return Found::Compute(None) };
        self.results.look_up(OperationId::of(meter), parameters, caching, arguments)
    }

    fn call_built_in(&self, operation: &str, arguments: &[u8], reply: &mut Vec<u8>) -> Result<(), Error> {
        let refused = match operation {
            "describe" => describe::answer(arguments, &Description(self.registry), reply),
            "health" => describe::answer(arguments, &self.health(), reply),
            "stats" => describe::answer(arguments, &Statistics(self), reply),
            _ => Err(refusal::unknown_operation(BUILT_IN, operation, describe::OPERATIONS.into_iter())),
        };
        refused.map_err(|error| error.about(BUILT_IN, operation))
    }

    pub(crate) fn unknown_interface(&self, interface: &str) -> Error {
        if interface == BUILT_IN {
            return refusal::built_in();
        }
        let known = self.registry.iter().map(|known| known.descriptor.name);
        refusal::unknown_interface(interface, known.chain([BUILT_IN]))
    }
}

/// What a request written the usual way asks for.
#[derive(Clone, Copy)]
pub(crate) struct Guess<'a> {
    pub(crate) target: Target,
    pub(crate) heated: Heated,
    pub(crate) arguments: &'a [u8],
}

impl Guess<'_> {
    /// Whether it is what the request asks for.
    pub(crate) fn is_of(&self, request: &Request<'_>) -> bool {
        let Target { entry, operation } = self.target;
        *request.interface == *entry.descriptor.name
            && *request.operation == *operation.name
            && std::ptr::eq(request.arguments, json::trimmed(self.arguments))
    }

    /// It was, and was refused.
    pub(crate) fn count_refused(&self) {
        count_refused(self.target, self.heated);
    }
}

fn count_refused(target: Target, heated: Heated) {
    target.operation.meter.call(heated.tier);
    target.operation.meter.failed();
}

/// A call being metered.
#[derive(Clone, Copy)]
struct Metered {
    target: Target,
    heated: Heated,
    /// How many calls its time stands for.
    stands_for: u32,
    started: Option<Instant>,
    /// Where in the reply its answer begins.
    start: usize,
}

impl Metered {
    #[inline]
    fn start(target: Target, heated: Heated, start: usize) -> Self {
        let number = || target.operation.meter.number(heated.tier);
        let stands_for = match heated.tier {
            Tier::Cold | Tier::Warm => 1,
            Tier::Hot => sample::<HOT_SAMPLE>(number()),
            Tier::Blazing => sample::<BLAZING_SAMPLE>(number()),
        };
        Self { target, heated, stands_for, started: (stands_for > 0).then(Instant::now), start }
    }

    /// Answers with what an equal call was answered.
    fn serve(&self, answer: Answer, reply: &mut Vec<u8>) -> Result<(), Error> {
        let Heated { now, scale, .. } = self.heated;
        let meter = self.target.operation.meter;
        meter.cache_hit(now, scale);
        answer.write(reply)
    }

    /// Waits for what an equal call comes to, or computes it, for all who wait for this one.
    async fn compute(
        self,
        found: Found<'_>,
        invocation: &Invocation,
        arguments: &[u8],
        reply: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let found = match found {
            Found::Hit(answer) => Ok(answer),
            Found::Compute(lead) => Err(lead),
            Found::Follow(following) => following.await,
        };
        let lead = match found {
            Ok(answer) => return self.serve(answer, reply),
            Err(lead) => lead,
        };
        let outcome = run(self.target, invocation, arguments, reply).await;
        if !is_refused(&outcome) {
            self.target.operation.meter.cache_missed();
        }
        if let Some(lead) = lead {
            lead.land(outcome.as_ref().map(|()| &reply[self.start..]));
        }
        outcome
    }

    #[inline]
    fn end(self, outcome: Result<(), Error>, end: usize) -> Result<(), Error> {
        let Target { entry, operation } = self.target;
        let took = self.started.map(|started| started.elapsed());
        let size = end - self.start;
        let outcome = match outcome {
            Ok(()) if size > MAX_PAYLOAD => Err(refusal::too_large("answer", size)),
            // What was refused was no call.
            Err(error) if error.code().is_refusal() => return Err(error.of(entry.descriptor.name, operation.name)),
            outcome => outcome,
        };
        operation.meter.call(self.heated.tier);
        if let Some(took) = took {
            self.record(took);
        }
        match outcome {
            Ok(()) => {
                operation.meter.template.note_size(size);
                Ok(())
            }
            Err(error) => {
                operation.meter.failed();
                Err(error.of(entry.descriptor.name, operation.name))
            }
        }
    }

    fn record(&self, took: Duration) {
        let Heated { tier, now, scale } = self.heated;
        let meter = self.target.operation.meter;
        meter.latencies.record(tier, took, self.stands_for);
        if tier == Tier::Blazing {
            meter.heat_by_sample(self.stands_for, now, scale);
        }
    }
}

/// How many calls this one stands for, of each so many one: as good as drawn by lot, so that of calls that alternate both
/// kinds are looked at.
#[inline]
fn sample<const OF: u32>(number: u64) -> u32 {
    let (block, place) = (number / u64::from(OF), number % u64::from(OF));
    let drawn = (block ^ block >> 32).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40;
    if place == drawn % u64::from(OF) { OF } else { 0 }
}

/// Whether the operation was not called at all.
fn is_refused(outcome: &Result<(), Error>) -> bool {
    outcome.as_ref().is_err_and(|error| error.code().is_refusal())
}

/// Calls an operation, and again for as long as somebody else is loading or unloading its interface.
async fn run(
    Target { entry, operation }: Target,
    invocation: &Invocation,
    arguments: &[u8],
    reply: &mut Vec<u8>,
) -> Result<(), Error> {
    let failed = |failure| refusal::failed(failure, entry.descriptor.name, operation, arguments);
    operation.meter.template.make_room(reply);
    loop {
        let call = Call { invocation, arguments, reply: &mut *reply };
        let step = panics::catch(|| (operation.call)(call)).map_err(|panic| failed(Failure::Panicked(panic)))?;
        let outcome = match step {
            Step::Ready(outcome) => outcome,
            Step::Pending(future) => Catch(future).await.map_err(|panic| failed(Failure::Panicked(panic)))?,
            Step::Busy(busy) => match busy.landing().await {
                Landing::Failed(error) => Err(error.into()),
                Landing::LookAgain => continue,
            },
        };
        return outcome.map_err(|failure| failed(Failure::Call(failure)));
    }
}
