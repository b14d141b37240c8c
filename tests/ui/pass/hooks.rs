//! Each form of `#[load]` and `#[unload]`.
#![deny(warnings)]

use std::error::Error;

use lmms::{Config, Gateway, Invocation, Lease, Load, LoadError, Unload};

type BoxError = Box<dyn Error + Send + Sync>;
type Loaded<T> = Result<T, BoxError>;

/// As `anyhow::Error`: not an error itself.
#[derive(Debug)]
pub struct Anyhow;

impl From<Anyhow> for BoxError {
    fn from(_: Anyhow) -> Self {
        "anyhow".into()
    }
}

macro_rules! interfaces {
    ($($name:ident { $($hooks:tt)* })*) => {$(
        #[derive(Debug)]
        pub struct $name;

        #[lmms::interface]
        impl $name { $($hooks)* }
    )*
        const ALL: &[&str] = &[$(stringify!($name)),*];
    };
}

interfaces! {
    Plain { #[load] fn load() -> Self { Self } }
    ByName { #[load] fn make() -> ByName { Self } #[unload] pub fn end(mut self) { self = Self; let Self = self; } }
    Later { #[load] async fn load() -> Self { Self } #[unload] async fn unload(self) {} }
    Fails { #[load] fn load() -> Result<Self, std::fmt::Error> { Ok(Self) } #[unload] fn unload(self) -> Loaded<()> { Ok(()) } }
    Boxed { #[load] fn load() -> Loaded<Self> { Ok(Self) } #[unload] async fn unload(self) -> Result<(), Anyhow> { Ok(()) } }
    Plainly { #[load] fn load() -> Result<Self, Anyhow> { Ok(Self) } }
    Texted { #[load] fn load() -> Result<Self, String> { Ok(Self) } #[unload] fn unload(self) -> Result<(), &'static str> { Ok(()) } }
    Takes { #[load] fn load(load: &Load<'_>) -> Result<Self, LoadError> { load.get::<Plain>().map(|_| Self) } }
    TakesLater { #[load] async fn load(load: &Load<'_>) -> Result<Self, LoadError> { load.get_async::<Later>().await.map(|_| Self) } }
    TakesIt { #[load] async fn load<'a>(_: &'a lmms::Load<'a>) -> Self { Self } }
    Constant { #[load] const fn load() -> Self { Self } }
}

pub struct Keeps {
    plain: Lease<Plain>,
}

#[lmms::interface]
impl Keeps {
    #[load]
    fn load(load: &Load<'_>) -> Result<Self, LoadError> {
        Ok(Self { plain: load.lease()? })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let config = Config::default().with_grace_period(std::time::Duration::ZERO).with_min_resident(0);
    let gateway = Gateway::new(config).unwrap();
    assert_eq!(gateway.interfaces().count(), ALL.len() + 1);
    assert_eq!(*Invocation::enter().get::<Keeps>().unwrap().plain, Plain);
    let _ = gateway.unload_module("keeps").await.unwrap();
    Invocation::enter().get_async::<TakesLater>().await.unwrap();
    Invocation::enter().get::<Takes>().unwrap();
    for name in ["takes_later", "takes", "later", "plain"] {
        let unload = gateway.unload_module(name).await.unwrap();
        assert!(matches!(unload, Unload::Unloaded { hook_error: None, .. }), "{name}: {unload:?}");
    }
}

impl PartialEq for Plain {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
