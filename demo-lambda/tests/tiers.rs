//! Every operation of the demo answers the same in each tier, what is right and what is wrong, with a cache of results and
//! without one (acceptance 19).

use std::collections::BTreeSet;
use std::time::Duration;

use demo_lambda::requests;
use lmms::testing::ManualClock;
use lmms::{Config, Gateway, Tier};
use serde_json::{Value, json};

lmms::link!();

/// Of each operation one request: the demo's own, and for what it does not play, these.
fn all() -> Vec<Value> {
    let played = requests::all().expect("the requests").into_iter().map(|request| request.event);
    let mut all: Vec<_> = played.map(|event| serde_json::from_slice(&event).expect("JSON")).collect();
    all.extend([
        json!({"interface": "highlight", "operation": "languages", "args": {}}),
        json!({"interface": "schema", "operation": "names", "args": {}}),
        json!({"interface": "lexicon", "operation": "contains", "args": {"word": "anfractuous"}}),
    ]);
    all
}

/// The same operation, asked for what it does not take.
fn wrong(request: &Value) -> impl Iterator<Item = Value> {
    let [interface, operation] = ["interface", "operation"].map(|name| request[name].clone());
    [json!({"there is none": 1}), json!([]), Value::Null]
        .map(move |args| json!({"interface": interface, "operation": operation, "args": args}))
        .into_iter()
}

struct Tiers {
    gateway: Gateway,
    config: Config,
}

impl Tiers {
    /// With all loaded: what a load calls heats, too. It stays, for to load all takes longest.
    async fn start(config: Config) -> Self {
        let config = config.with_lazy_loading(false).with_heat_half_life(Duration::from_secs(1));
        let gateway = Gateway::new(config.clone()).expect("a gateway");
        gateway.start().await.expect("all load");
        Self { gateway, config }
    }

    async fn ask(&self, request: &Value) -> Result<String, String> {
        let answer = self.gateway.execute(request.to_string().as_bytes()).await;
        answer
            .map(|answer| String::from_utf8(answer).expect("text"))
            .map_err(|error| serde_json::to_string(&error).expect("an error is text"))
    }

    /// From here on, so many calls make an operation hot.
    fn set_threshold(&self, calls: u32) {
        self.gateway.reconfigure(self.config.clone().with_fast_path_threshold(calls.try_into().expect("not nought")));
    }

    /// The answers in each tier to a request whose operations are cold, and two more where there are routes to be learned.
    /// It takes a call to heat, so those that are refused come along with one that is not.
    async fn in_each_tier(&self, request: &Value, more: &[Value]) {
        let mut cold = Vec::new();
        for (threshold, tier) in [(50, Tier::Cold), (2, Tier::Warm), (1, Tier::Hot), (1, Tier::Hot), (1, Tier::Blazing)]
        {
            self.set_threshold(threshold);
            let mut answers = Vec::new();
            for wrong in more {
                answers.push(self.ask(wrong).await);
            }
            answers.push(self.ask(request).await);
            // The tier of the call that was just made, if it is one.
            if let (Some(interface), Some(operation)) = (request["interface"].as_str(), request["operation"].as_str()) {
                let found = self.gateway.check_fast_path(&format!("{interface}.{operation}")).expect("it is there");
                assert_eq!(found.tier, tier, "{request}");
            }
            if tier == Tier::Cold {
                cold = answers;
            } else {
                assert_eq!(answers, cold, "{tier}: {request}");
            }
        }
        let right = cold.pop().expect("at least one");
        assert!(right.as_ref().is_ok_and(|answer| !answer.contains(r#"{"error":"#)), "{request}: {right:?}");
        assert!(cold.iter().all(Result::is_err), "{request}: {cold:?}");
    }
}

#[tokio::test]
async fn every_operation_answers_the_same_in_each_tier() {
    let clock = ManualClock::install();
    let all = all();
    for (index, config) in (0..).zip([Config::default().with_result_cache(0), Config::default()]) {
        let tiers = Tiers::start(config).await;
        for request in &all {
            // Cold again: those of a batch were asked for before.
            clock.advance(Duration::from_secs(60));
            let wrong: Vec<_> = wrong(request).collect();
            tiers.in_each_tier(request, if request.get("batch").is_some() { &[] } else { &wrong }).await;
        }
        let asked: BTreeSet<_> =
            all.iter().map(|request| (request["interface"].as_str(), request["operation"].as_str())).collect();
        for interface in tiers.gateway.interfaces() {
            for operation in interface.operations() {
                let names = format!("{}.{operation}", interface.name());
                assert!(asked.contains(&(Some(interface.name()), Some(operation))), "{names} was not asked");
                let stats = tiers.gateway.operation_stats(&names).expect("it is there");
                assert!(stats.zafp_hits > 0 && stats.calls > stats.zafp_hits, "{names}: {stats:?}");
                // Three that are refused, in each of five rounds. What is counted is the process's.
                assert_eq!(stats.errors, 15 * (index + 1), "{names}: {stats:?}");
            }
        }
    }
}
