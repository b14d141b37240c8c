//! The threshold while it runs: followed, switched, protecting, reconfigured.

use super::*;

#[test]
fn it_follows_once_a_second_and_takes_the_hot_set_along() {
    let turn = Turn::take();
    let gateway = start(adaptive().with_heat_half_life(Duration::from_secs(100)));
    play(&turn, &gateway, [1_000, 800, 20, 10, 0, 0, 0, 0]);
    assert_eq!(hot(&gateway), ["a", "b"]);
    // What is called since then is not looked at before a second has passed.
    let before = stats(&gateway)["fast_path_threshold"].clone();
    call(&gateway, "h", 3_000);
    let _ = block_on(gateway.sweep());
    assert_eq!(stats(&gateway)["fast_path_threshold"], before);
    turn.pass(1);
    let _ = block_on(gateway.sweep());
    // The second is not so far behind that it would be hot no longer.
    assert_eq!(hot(&gateway), ["a", "b", "h"]);
    // Eight half-lives later, others are called.
    turn.pass(800);
    play(&turn, &gateway, [0, 0, 900, 700, 0, 0, 0, 0]);
    assert_eq!(hot(&gateway), ["c", "d"]);
}

#[test]
fn switched_on_and_off_while_it_runs() {
    let turn = Turn::take();
    let gateway = start(Config::default());
    play(&turn, &gateway, [600, 480, 480, 80, 0, 0, 0, 0]);
    assert_eq!(hot(&gateway), ["a", "b", "c", "d"]);
    has_threshold(&gateway, 50);
    gateway.reconfigure(adaptive());
    let _ = block_on(gateway.sweep());
    assert_eq!(hot(&gateway), ["a", "b", "c"]);
    // About three quarters of 480: by the fixed threshold, not every call was counted.
    let threshold = check(&gateway, "a").threshold;
    assert!((250..480).contains(&threshold), "{threshold}");
    gateway.reconfigure(adaptive().with_fast_path_threshold(40.try_into().unwrap()).with_fast_path(false));
    let _ = block_on(gateway.sweep());
    assert_eq!(hot(&gateway), [""; 0]);
    gateway.reconfigure(Config::default());
    has_threshold(&gateway, 50);

    let on = Config::from_vars(|name| (name == "LMMS_ADAPTIVE_HEAT").then(|| "true".into())).unwrap();
    assert!(on.adaptive_heat() && !Config::default().adaptive_heat());
}

#[test]
fn what_the_mix_makes_hot_is_protected_and_nothing_else() {
    let turn = Turn::take();
    let gateway = start(adaptive());
    let unload = |interface| block_on(gateway.unload_module(interface)).unwrap();
    let is_blocked = |interface| matches!(unload(interface), Unload::Blocked(Reason::HotPath));
    // By the configured threshold all of these would be hot.
    play(&turn, &gateway, [5_000, 60, 60, 60, 0, 0, 0, 0]);
    turn.pass(30);
    assert!(is_blocked("a"));
    assert_eq!(block_on(gateway.sweep()).unloaded, ["b", "c", "d"]);
    assert_eq!(resident(&gateway), ["a"]);

    // It is not what most calls go to any more.
    play(&turn, &gateway, [0, 0, 0, 0, 50_000, 0, 0, 0]);
    assert_eq!(resident(&gateway), ["e"]);
    turn.pass(30);
    assert!(is_blocked("e"));
}

#[test]
fn a_reconfiguration_is_not_undone_by_who_looks_at_the_mix_meanwhile() {
    let turn = Turn::take();
    let on = adaptive().with_heat_half_life(Duration::ZERO);
    let off = on.clone().with_fast_path(false);
    let gateway = start(on.clone());
    play(&turn, &gateway, [1_000, 0, 0, 0, 0, 0, 0, 0]);
    let undone = watched(move || {
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    let _ = block_on(gateway.sweep());
                }
            });
            let mut undone = 0;
            // On a machine that is busy, to yield takes milliseconds.
            for _ in 0..300 {
                gateway.reconfigure(on.clone());
                thread::yield_now();
                gateway.reconfigure(off.clone());
                thread::yield_now();
                undone += u32::from(check(&gateway, "a").is_fast());
            }
            is_over.store(true, Ordering::Relaxed);
            undone
        })
    });
    assert_eq!(undone, 0, "of 300 times");
}

/// Holds enough to be worth unloading.
#[cfg(target_os = "linux")]
struct Large(Vec<u8>);

#[cfg(target_os = "linux")]
#[lmms::interface]
impl Large {
    #[load]
    fn load() -> Self {
        Self(common::block(16))
    }

    #[operation]
    fn run(&self) -> usize {
        self.0.len()
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_budget_of_another_gateway_stays_as_it_is() {
    let turn = Turn::take();
    let gateway = start(adaptive());
    // A process is never as small as this: whatever nobody uses goes before each load.
    let other = start(Config::default().with_memory_budget(Some(1)));
    play(&turn, &gateway, [1_000, 800, 20, 10, 0, 0, 0, 0]);
    assert_ne!(check(&gateway, "a").threshold, 50);
    call(&gateway, "large", 1);
    call(&other, "h", 1);
    assert!(!resident(&gateway).contains(&"large"), "{:?}", resident(&gateway));
    // A budget is the process's: the next gateway begins without.
    drop(start(Config::default()));
}
