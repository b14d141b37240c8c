//! The grace period, declared and configured (acceptance 10).

use super::*;

#[test]
fn the_grace_period_ends_to_the_millisecond_and_a_use_begins_it_anew() {
    let turn = Turn::take();
    let gateway = start(without_floor());
    touch::<A>();
    turn.pass(29_999);
    blocked::<A>(&gateway, Reason::GracePeriod);
    sweeps(&gateway, &[]);
    turn.pass(1);
    unloaded::<A>(&gateway);

    touch::<A>();
    turn.pass(29_999);
    sweeps(&gateway, &[]);
    turn.pass(1);
    sweeps(&gateway, &["a"]);

    touch::<A>();
    turn.pass(29_900);
    sweeps(&gateway, &[]);
    // From here on until 59.9 s. To look whether it is there is no use, to look at it is.
    assert!(gateway.interface("a").unwrap().status().resident);
    assert!(Invocation::enter().resident::<A>().is_some());
    turn.pass(100);
    blocked::<A>(&gateway, Reason::GracePeriod);
    sweeps(&gateway, &[]);
    turn.pass(29_899);
    blocked::<A>(&gateway, Reason::GracePeriod);
    sweeps(&gateway, &[]);
    turn.pass(1);
    sweeps(&gateway, &["a"]);
}

#[test]
fn the_grace_period_is_the_configured_one() {
    let turn = Turn::take();
    for seconds in [0, 15, 60] {
        let gateway = start(without_floor().with_grace_period(Duration::from_secs(seconds)));
        touch::<A>();
        touch::<B>();
        if seconds > 0 {
            turn.pass(seconds * 1_000 - 1);
            blocked::<A>(&gateway, Reason::GracePeriod);
            sweeps(&gateway, &[]);
            turn.pass(1);
        }
        unloaded::<A>(&gateway);
        sweeps(&gateway, &["b"]);
    }
    // As far off as can be told.
    let gateway = start(without_floor().with_grace_period(Duration::MAX));
    touch::<A>();
    turn.pass(u64::from(u32::MAX));
    blocked::<A>(&gateway, Reason::GracePeriod);
    sweeps(&gateway, &[]);
}

macro_rules! declared {
    ($($Name:ident $seconds:literal;)*) => {$(
        struct $Name;

        #[lmms::interface(grace_period = $seconds)]
        impl $Name {
            #[load]
            fn load() -> Self {
                Self
            }
        }
    )*};
}

declared! {
    AtOnce 0;
    Brief 5;
    Long 60;
}

#[test]
fn a_declared_grace_period_wins_over_the_default_and_loses_to_a_configured_one() {
    let turn = Turn::take();
    let load = || {
        touch::<AtOnce>();
        touch::<Brief>();
        touch::<A>();
        touch::<Long>();
    };
    let gateway = start(without_floor());
    load();
    sweeps(&gateway, &["at_once"]);
    for (after, gone) in [(5_000, "brief"), (30_000, "a"), (60_000, "long")] {
        turn.pass(1);
        let before = [0, 5_000, 30_000].into_iter().filter(|before| *before < after).max().unwrap();
        turn.pass(after - before - 2);
        sweeps(&gateway, &[]);
        turn.pass(1);
        sweeps(&gateway, &[gone]);
    }

    let of_environment = |name: &str| (name == "UNLOAD_GRACE_PERIOD").then(|| "15".into());
    let of_environment = Config::from_vars(of_environment).unwrap().with_min_resident(0);
    for config in [of_environment.clone(), of_environment.with_grace_period(Duration::from_secs(20))] {
        let seconds = config.grace_period().as_secs();
        let gateway = start(config);
        load();
        turn.pass(seconds * 1_000 - 1);
        sweeps(&gateway, &[]);
        turn.pass(1);
        sweeps(&gateway, &["at_once", "brief", "a", "long"]);
    }
}
