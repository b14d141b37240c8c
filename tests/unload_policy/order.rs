//! The order of the reasons, and what follows an unload (acceptance 12 and 14).

use super::*;

#[test]
fn reasons_are_reported_in_their_order_and_go_away_one_by_one() {
    let turn = Turn::take();
    let gateway = gateway();
    let unloads = gateway.stats().lugs_unloads;
    let cache = Cache::builder(1).build();
    cache.insert_depending_on::<Ordered>("key", "value");
    (0..7).for_each(touch_plain);
    let lease = {
        let invocation = Invocation::enter();
        calls::<Ordered>(&gateway, "number", NUMBER, 51);
        invocation.lease::<Ordered>().unwrap()
    };
    assert_eq!(resident(&gateway).len(), 8);
    blocked::<Ordered>(&gateway, Reason::ActiveReference);
    drop(lease);
    blocked::<Ordered>(&gateway, Reason::CacheDependency);
    cache.clear();
    blocked::<Ordered>(&gateway, Reason::HotPath);
    turn.pass(299_000);
    (0..7).for_each(touch_plain);
    touch::<Ordered>();
    turn.pass(1_000);
    blocked::<Ordered>(&gateway, Reason::GracePeriod);
    turn.pass(29_000);
    blocked::<Ordered>(&gateway, Reason::MinResident);
    assert_eq!(gateway.stats().lugs_unloads, unloads);
    touch_plain(7);
    unloaded::<Ordered>(&gateway);
    assert_eq!(gateway.stats().lugs_unloads, unloads + 1);
}

heated! { Ordered }

/// Holds memory that was written to.
struct Heavy(Vec<u8>);

const HEAVY: usize = 32 << 20;

#[lmms::interface]
impl Heavy {
    #[load]
    fn load() -> Self {
        Self(vec![0xA5; HEAVY])
    }

    #[operation]
    fn sum(&self) -> u64 {
        self.0.iter().step_by(4096).map(|byte| u64::from(*byte)).sum()
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_call_after_an_unload_is_right_and_what_an_unload_gave_back_is_measured() {
    let turn = Turn::take();
    let gateway = start(without_floor());
    let right = (0xA5 * HEAVY / 4096).to_string().into_bytes();
    let least = 30 << 20;
    for round in 0..3 {
        let before = gateway.stats();
        assert_eq!(call(&gateway, "heavy", "sum"), right);
        let after = gateway.stats();
        assert_eq!(after.ligs_loads, before.ligs_loads + 1);
        assert_eq!(after.reloads, before.reloads + u64::from(round > 0));
        let held = gateway.interface("heavy").unwrap().status().bytes;
        assert!(held >= least, "{held}");

        turn.pass(30_000);
        let reported = match round {
            0 => sweep(&gateway).reclaimed_bytes,
            _ => match unload::<Heavy>(&gateway) {
                Unload::Unloaded { bytes, hook_error: None, .. } => bytes,
                unload => panic!("{unload:?}"),
            },
        };
        assert!(reported >= least, "{reported}");
        let done = gateway.stats();
        assert_eq!(done.lugs_unloads, before.lugs_unloads + 1);
        assert_eq!(done.reclaimed_bytes, before.reclaimed_bytes + reported);
    }
}
