pub struct Opaque;

type Fallible<T> = Result<T, std::fmt::Error>;

pub struct Tokens;

#[lmms::interface]
impl Tokens {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    fn value(&self) -> Opaque {
        Opaque
    }

    #[operation]
    fn inside(&self) -> Vec<Opaque> {
        Vec::new()
    }

    #[operation]
    fn fallible(&self) -> Fallible<Opaque> {
        Ok(Opaque)
    }

    #[operation]
    async fn later(&self) -> Option<&Opaque> {
        None
    }
}

fn main() {}
