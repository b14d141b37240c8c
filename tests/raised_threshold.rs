//! A threshold that is raised while the function runs holds for what was blazing by the old one: its calls count again
//! (acceptance 22). In a program of its own, for the highest threshold of a process leaves its traces.

mod common;

use common::block_on;
use lmms::testing::ManualClock;
use lmms::{Config, Gateway, Invocation, Tier};

struct Plain;

#[lmms::interface]
impl Plain {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    fn typed(&self) {}

    #[operation]
    fn named(&self) {}

    #[operation(cached)]
    fn cached(&self) {}
}

#[test]
fn what_was_blazing_heats_by_a_higher_threshold() {
    let _clock = ManualClock::install();
    let threshold = |calls: u32| Config::default().with_fast_path_threshold(calls.try_into().unwrap());
    let gateway = Gateway::new(threshold(50)).unwrap();
    let call = |operation| block_on(gateway.execute_operation("plain", operation, b"{}")).unwrap();
    let calls: [(&str, &dyn Fn()); 3] = [
        ("plain.typed", &|| Invocation::enter().get::<Plain>().unwrap().typed()),
        ("plain.named", &|| drop(call("named"))),
        ("plain.cached", &|| drop(call("cached"))),
    ];
    let is_blazing = |gateway: &Gateway, names| gateway.check_fast_path(names).unwrap().tier == Tier::Blazing;
    for (names, call) in calls {
        (0..201).for_each(|_| call());
        assert!(is_blazing(&gateway, names));
    }
    gateway.reconfigure(threshold(100));
    let mut still_hot = Vec::new();
    for (names, call) in calls {
        assert!(!is_blazing(&gateway, names));
        (0..200).for_each(|_| call());
        still_hot.extend(gateway.check_fast_path(names).ok().filter(|found| found.tier < Tier::Blazing));
    }
    assert_eq!(still_hot, [], "after 401 calls each");

    // And by that of another gateway, which is as good as any.
    let second = Gateway::new(threshold(1_000)).unwrap();
    for (names, call) in calls {
        (0..3_600).for_each(|_| call());
        still_hot.extend(second.check_fast_path(names).ok().filter(|found| found.tier < Tier::Blazing));
    }
    assert_eq!(still_hot, [], "after 4,001 calls each");
}
