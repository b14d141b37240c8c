//! Nothing loads before its first use; then what is used loads, alone and once (acceptance 1).

mod common;

use std::sync::Mutex;

use common::{block_on, gateway, resident};
use lmms::Invocation;

static LOADED: Mutex<Vec<&str>> = Mutex::new(Vec::new());

macro_rules! interfaces {
    ($($Name:ident)*) => {$(
        struct $Name(&'static str);

        #[lmms::interface]
        impl $Name {
            #[load]
            fn load() -> Self {
                LOADED.lock().unwrap().push(stringify!($Name));
                Self(stringify!($Name))
            }

            #[operation]
            fn name(&self) -> &str {
                self.0
            }
        }
    )*};
}

interfaces!(Alpha Bravo Charlie Delta Echo Foxtrot Golf Hotel India Juliett Kilo Lima);

// One test: the figures are those of the process.
#[test]
fn what_is_used_loads_once_and_nothing_else_does() {
    let gateway = gateway();
    let loads = || (gateway.stats().ligs_loads, LOADED.lock().unwrap().clone());

    assert_eq!(gateway.interfaces().count(), 12);
    block_on(gateway.start()).unwrap();
    block_on(gateway.execute(br#"{"interface":"lmms","operation":"describe"}"#)).unwrap();
    block_on(gateway.execute(br#"{"interface":"lmms","operation":"stats"}"#)).unwrap();
    assert!(Invocation::enter().resident::<Delta>().is_none());
    assert!(resident(&gateway).is_empty());
    assert_eq!(loads(), (0, vec![]));

    let delta = || block_on(gateway.execute(br#"{"interface":"delta","operation":"name"}"#)).unwrap();
    assert_eq!(delta(), br#""Delta""#);
    assert_eq!(resident(&gateway), ["delta"]);
    assert_eq!(loads(), (1, vec!["Delta"]));

    assert_eq!(delta(), br#""Delta""#);
    assert_eq!(Invocation::enter().get::<Delta>().unwrap().0, "Delta");
    assert_eq!(loads(), (1, vec!["Delta"]));

    assert_eq!(Invocation::enter().get::<Kilo>().unwrap().name(), "Kilo");
    assert_eq!(block_on(gateway.execute_operation("kilo", "name", b"{}")).unwrap(), br#""Kilo""#);
    assert_eq!(resident(&gateway), ["delta", "kilo"]);
    assert_eq!(loads(), (2, vec!["Delta", "Kilo"]));
    assert_eq!(gateway.stats().reloads, 0);
}
