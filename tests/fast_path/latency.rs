//! How long calls took is counted by tier, adds up, and is told (acceptance 18 and 19).

use super::*;
use lmms::Latency;

struct Timed;

#[lmms::interface]
impl Timed {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    fn run(&self) {}

    #[operation]
    fn sleep(&self, millis: u64) {
        std::thread::sleep(Duration::from_millis(millis));
    }

    #[operation]
    fn never(&self) {}
}

#[track_caller]
fn is_ordered(latency: Latency) {
    let Latency { mean, p50, p90, p99, max, .. } = latency;
    assert!(Duration::ZERO < p50 && p50 <= p90 && p90 <= p99 && p99 <= max && mean <= max, "{latency:?}");
}

#[test]
fn times_of_all_tiers_add_up_to_the_calls() {
    let _turn = Turn::take();
    let gateway = start(keeping());
    let run = Operation::new("timed", "run", "{}");
    run.call(&gateway, 5_000);
    let stats = gateway.operation_stats("timed.run").unwrap();
    let [cold, warm, hot, blazing] = TIERS.map(|tier| stats.latency(tier).unwrap());
    assert_eq!((stats.calls, stats.zafp_hits, stats.errors), (5_000, 4_950, 0));
    assert_eq!((cold.count, warm.count), (10, 40));
    // One that is timed stands for eight, or for 64.
    assert!(hot.count % 8 == 0 && hot.count.abs_diff(150) <= 14, "{hot:?}");
    assert!(blazing.count % 64 == 0 && blazing.count.abs_diff(4_800) <= 126, "{blazing:?}");
    [cold, warm, hot, blazing].into_iter().for_each(is_ordered);
    assert!(gateway.stats().fast_path_response_time > Duration::ZERO);
}

#[test]
fn a_time_is_that_of_the_call() {
    let _turn = Turn::take();
    let gateway = start(keeping());
    for _ in 0..9 {
        ask(&gateway, r#"{"interface":"timed","operation":"sleep","args":{"millis":0}}"#).unwrap();
    }
    ask(&gateway, r#"{"interface":"timed","operation":"sleep","args":{"millis":40}}"#).unwrap();
    let cold = gateway.operation_stats("timed.sleep").unwrap().latency(Tier::Cold).unwrap();
    is_ordered(cold);
    // A sleep is never shorter than it was to be.
    let slept = Duration::from_millis(40);
    assert!(cold.count == 10 && cold.max >= slept && cold.mean >= slept / 10, "{cold:?}");
    assert!(cold.p99 >= slept - slept / 16, "{cold:?}");
}

#[test]
fn what_was_not_called_by_name_has_no_times() {
    let _turn = Turn::take();
    let gateway = start(keeping());
    (0..300).for_each(|_| typed(|timed: &Timed| timed.never()));
    let stats = gateway.operation_stats("timed.never").unwrap();
    assert_eq!((stats.calls, TIERS.map(|tier| stats.latency(tier))), (0, [None; 4]));
}

struct Shown;

#[lmms::interface]
impl Shown {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    fn run(&self, number: u32) -> Result<(), String> {
        if number == 0 { Err("on purpose".to_owned()) } else { Ok(()) }
    }

    #[operation]
    fn never(&self) {}
}

#[test]
fn stats_show_calls_hits_errors_heat_and_times_of_what_was_called() {
    let _turn = Turn::take();
    let gateway = start(keeping());
    Operation::new("shown", "run", r#"{"number":1}"#).call(&gateway, 197);
    Operation::new("shown", "run", r#"{"number":0}"#).call(&gateway, 3);
    // Refused, so it does not heat.
    Operation::new("shown", "run", r#"{"number":-1}"#).call(&gateway, 1);
    let answer = ask(&gateway, r#"{"interface":"lmms","operation":"stats"}"#).unwrap();
    let stats: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(stats["fast_path_threshold"], 50);
    assert_eq!(stats["zafp_hits"], gateway.stats().zafp_hits);
    assert!(stats["fast_path_response_time_us"].as_f64().unwrap() > 0.0);

    let interface = stats["interfaces"].as_array().unwrap().iter().find(|known| known["name"] == "shown").unwrap();
    let [run] = &interface["operations"].as_array().unwrap()[..] else { panic!("{interface}") };
    assert_eq!((&run["name"], &run["calls"], &run["errors"]), (&"run".into(), &201.into(), &4.into()));
    assert_eq!((&run["zafp_hits"], &run["tier"], &run["heat"]), (&151.into(), &"HOT".into(), &200.into()));
    let times = run["latency_us"].as_object().unwrap();
    assert_eq!(times["COLD"]["count"], 10);
    assert_eq!(times["WARM"]["count"], 40);
    for (tier, time) in times {
        let of = |name: &str| time[name].as_f64().unwrap();
        assert!(
            0.0 < of("p50") && of("p50") <= of("p90") && of("p90") <= of("p99") && of("p99") <= of("max"),
            "{tier}"
        );
        assert!(of("mean") <= of("max") && time["count"].as_u64().unwrap() > 0, "{tier}");
    }
}
