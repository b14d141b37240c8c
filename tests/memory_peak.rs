//! The most that a process ever holds stays below its memory budget, whatever is called in whatever order (acceptance 15).
//!
//! A file of its own, since a peak is one of a process; each test is a process of its own.
#![cfg(target_os = "linux")]

mod common;

use std::env;
use std::hint::black_box;
use std::process::Command;

use common::{block, block_on, peak_rss, resident, rss, unloader};
use lmms::{Config, Gateway, Interface, Invocation, Load, LoadError};

const MIB: u64 = 1 << 20;

/// Runs a test again, in a process of its own.
fn in_a_process_of_its_own(name: &str, test: impl FnOnce()) {
    const CHILD: &str = "LMMS_TEST_CHILD";
    if env::var_os(CHILD).is_some() {
        return test();
    }
    // What a parent holds is nothing to its child: no peak of the child's, above all.
    let parents = block(64);
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    drop(black_box(parents));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn budget_with_room_for(mib: u64) -> (u64, Gateway) {
    let budget = rss() + mib * MIB;
    (budget, Gateway::new(Config::default().with_memory_budget(Some(budget))).unwrap())
}

fn touch<T: Interface>() {
    block_on(Invocation::enter().get_async::<T>()).unwrap();
}

macro_rules! blocks {
    ($($Name:ident $mib:literal $(needs $Other:ident)? $(declares $declared:literal)?;)*) => {
        $(
            struct $Name(Vec<u8>);

            #[lmms::interface($(memory_mb = $declared)?)]
            impl $Name {
                #[load]
                fn load(_load: &Load<'_>) -> Result<Self, LoadError> {
                    $(_load.get::<$Other>()?;)?
                    Ok(Self(block($mib)))
                }

                #[operation]
                fn sum(&self) -> usize {
                    self.0.iter().step_by(1 << 20).map(|byte| usize::from(*byte)).sum()
                }
            }
        )*

        const ALL: &[(&str, usize)] = &[$(($Name::NAME, $mib)),*];
    };
}

// 88 MiB in all.
blocks! {
    A 4;
    B 6 declares 6;
    C 8;
    D 10 declares 10;
    E 12 declares 12;
    F 4 needs A;
    G 6 needs F declares 16;
    H 8 declares 8;
    I 10;
    J 12;
    K 8 declares 8;
}

#[test]
fn hundreds_of_mixed_requests_stay_below_the_budget() {
    in_a_process_of_its_own("hundreds_of_mixed_requests_stay_below_the_budget", || {
        let (budget, gateway) = budget_with_room_for(44);
        let mut random = 1_u64;
        for request in 0..600 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (name, mib) = ALL[usize::try_from(random >> 33).unwrap() % ALL.len()];
            let answer = block_on(gateway.execute_operation(name, "sum", b"{}")).unwrap();
            assert_eq!(answer, (mib * 0xA5).to_string().into_bytes());
            assert!(peak_rss() <= budget, "request {request}, {name}: {} of {budget} bytes", peak_rss());
        }
        let stats = gateway.stats();
        assert_eq!(stats.over_budget_loads, 0);
        // Else it would have shown nothing.
        assert!(stats.reloads > 100, "{stats:?}");
        assert!(resident(&gateway).len() > 2);
    });
}

/// Needs more on its way than it holds in the end.
struct Peaky(#[allow(dead_code, reason = "it is held")] Vec<u8>);

#[lmms::interface]
impl Peaky {
    #[load]
    fn load() -> Self {
        drop(black_box(block(32)));
        Self(block(2))
    }
}

#[test]
fn what_a_load_needs_only_on_its_way_is_learned_too() {
    in_a_process_of_its_own("what_a_load_needs_only_on_its_way_is_learned_too", || {
        // Peaks are learned where there is a budget to keep.
        let _roomy = budget_with_room_for(500);
        touch::<Peaky>();
        let _ = block_on(unloader().sweep());
        let (budget, gateway) = budget_with_room_for(50);
        touch::<J>();
        touch::<E>();
        assert_eq!(resident(&gateway), ["e", "j"]);
        touch::<Peaky>();
        assert_eq!(resident(&gateway).len(), 2, "{:?}", resident(&gateway));
        assert!(peak_rss() <= budget, "{} of {budget} bytes", peak_rss());
    });
}
