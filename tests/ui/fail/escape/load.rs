use lmms::Load;

pub struct Tokens;

#[lmms::interface]
impl Tokens {
    #[load]
    fn load() -> Self {
        Self
    }
}

pub struct Rules {
    tokens: &'static Tokens,
}

#[lmms::interface]
impl Rules {
    #[load]
    fn load(load: &Load<'_>) -> Result<Self, lmms::LoadError> {
        Ok(Self { tokens: load.get()? })
    }
}

pub struct Words {
    load: Load<'static>,
}

#[lmms::interface]
impl Words {
    #[load]
    async fn load(load: &Load<'_>) -> Self {
        Self { load: *load }
    }
}

fn main() {}
