//! `lmms` under another name, and reached through a crate's own module.

extern crate lmms as renamed;

// Whatever says `lmms` by mistake finds this.
pub mod lmms {}

pub mod framework {
    pub use ::renamed::*;
}

pub struct Tokens;

#[renamed::interface(crate = ::renamed)]
impl Tokens {
    #[load]
    fn load(load: &renamed::Load<'_>) -> Result<Self, renamed::LoadError> {
        load.get::<Polygons>()?;
        Ok(Self)
    }

    #[operation(cached(ttl = 60))]
    fn count(&self, text: &str) -> usize {
        text.len()
    }

    #[operation]
    const fn least(&self) -> usize {
        1
    }
}

pub struct Polygons;

#[framework::interface(crate = crate::framework, pinned)]
impl Polygons {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    async fn count(&self, #[default] all: bool) -> bool {
        all
    }
}

fn main() {
    renamed::Invocation::enter().get::<Tokens>().unwrap();
}
