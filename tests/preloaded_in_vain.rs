//! What `LMMS_PRELOAD` loads and nobody uses makes each cold start slower: `lmms.health` tells, until somebody uses it. In a
//! process of its own: nothing was loaded before.
#![cfg(target_os = "linux")]

mod common;

use common::{block_on, resident};
use lmms::{Config, Finding, FindingCode, Gateway};

macro_rules! interfaces {
    ($($Name:ident $mebibytes:literal)*) => {$(
        struct $Name(Vec<u8>);

        #[lmms::interface]
        impl $Name {
            #[load]
            fn load() -> Self {
                Self(common::block($mebibytes))
            }

            #[operation]
            fn byte(&self, number: usize) -> u8 {
                self.0[number]
            }
        }
    )*};
}

// What holds enough to be told of, and what does not.
interfaces! { Heavy 20 Other 1 }

fn finding(gateway: &Gateway) -> Option<Finding> {
    gateway.health().findings.into_iter().find(|finding| finding.code == FindingCode::PreloadedInVain)
}

fn call(gateway: &Gateway, interface: &str) {
    block_on(gateway.execute_operation(interface, "byte", br#"{"number":0}"#)).unwrap();
}

#[test]
fn what_the_variable_preloads_and_nobody_uses_is_found_until_it_is_used() {
    let config = Config::from_vars(|name| (name == "LMMS_PRELOAD").then(|| "heavy".into())).unwrap();
    let gateway = Gateway::new(config).unwrap();
    block_on(gateway.start()).unwrap();
    assert_eq!(resident(&gateway), ["heavy"]);
    (0..19).for_each(|_| call(&gateway, "other"));
    assert_eq!(finding(&gateway), None, "it has not had its chance");
    call(&gateway, "other");
    let found = finding(&gateway).expect("twenty invocations did not use it");
    assert_eq!(found.concerns, ["heavy"]);
    // To ask is an invocation, too.
    assert_eq!((found.figures["interfaces"], found.figures["at_start"], found.figures["invocations"]), (1, 1, 21));
    // Another setting would not do: it is for the one who chose the list.
    assert_eq!(found.setting, None);
    call(&gateway, "heavy");
    assert_eq!(finding(&gateway), None);
    assert_eq!(resident(&gateway), ["heavy", "other"]);
}
