use lmms::{Invocation, Load, LoadError};

pub struct LoadsLater;

#[lmms::interface]
impl LoadsLater {
    #[load]
    async fn load() -> Self {
        Self
    }
}

pub struct UnloadsLater;

#[lmms::interface]
impl UnloadsLater {
    #[load]
    fn load(load: &Load<'_>) -> Result<Self, LoadError> {
        load.get::<LoadsLater>()?;
        Ok(Self)
    }

    #[unload]
    async fn unload(self) {}
}

pub struct Stranger;

fn main() {
    let invocation = Invocation::enter();
    let _ = invocation.get::<LoadsLater>();
    let _ = invocation.lease::<UnloadsLater>();
    let _ = invocation.resident::<Stranger>();
}
