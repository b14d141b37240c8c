//! What a `#[cfg]` takes away may be about types that do not exist.
#![deny(warnings)]
#![allow(unexpected_cfgs)]

use lmms::{Config, Gateway, Invocation};

pub struct Tokens(u8);

#[lmms::interface]
impl Tokens {
    #[cfg(missing)]
    #[load]
    async fn load() -> Result<Self, missing::Error> {
        missing::load().await
    }

    #[cfg(not(missing))]
    #[load]
    fn load() -> Self {
        Self(1)
    }

    #[cfg(missing)]
    #[operation]
    fn count(&self, text: missing::Text) -> missing::Count {
        missing::count(text)
    }

    #[operation]
    #[cfg(all(not(missing), not(also_missing)))]
    fn count(&self, text: &str) -> usize {
        text.len()
    }

    #[cfg(missing)]
    #[operation]
    fn sum(&self, numbers: missing::Numbers) {}

    #[cfg(missing)]
    #[cfg(not(missing))]
    #[unload]
    fn unload(self) -> missing::Result {}

    #[cfg(missing)]
    #[unload]
    async fn unload(self) {
        missing::unload().await
    }
}

pub struct Polygons(Flag);

static UNLOADED: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

struct Flag;

#[lmms::interface]
impl Polygons {
    #[load]
    fn load() -> Self {
        Self(Flag)
    }

    #[cfg(not(missing))]
    #[unload]
    fn unload(self) {
        let Self(Flag) = self;
        UNLOADED.store(true, std::sync::atomic::Ordering::Relaxed);
    }
}

#[cfg(missing)]
pub struct Rules;

#[lmms::interface]
#[cfg(missing)]
impl Rules {
    #[load]
    fn load() -> missing::Rules {}
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let config = Config::default().with_grace_period(std::time::Duration::ZERO).with_min_resident(0);
    let gateway = Gateway::new(config).unwrap();
    let known: Vec<_> = gateway.interfaces().map(|i| (i.name(), i.operations().collect::<Vec<_>>())).collect();
    assert_eq!(known, [("polygons", vec![]), ("tokens", vec!["count"])]);
    let _ = Invocation::enter().get_async::<Tokens>().await.unwrap().0;
    let _ = Invocation::enter().get::<Polygons>().unwrap();
    let _ = gateway.unload_module("polygons").await.unwrap();
    assert!(UNLOADED.load(std::sync::atomic::Ordering::Relaxed));
}
