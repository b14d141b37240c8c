use std::collections::HashMap;

pub struct Opaque;

pub struct Tokens;

#[lmms::interface]
impl Tokens {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    fn value(&self, first: u8, opaque: Opaque) {}

    #[operation]
    fn inside(&self, opaque: HashMap<String, Vec<Opaque>>) {}

    #[operation]
    fn reference(&self, opaque: &Opaque, slice: &[Opaque]) {}

    #[operation]
    async fn option(&self, opaque: Option<&Opaque>) {}
}

fn main() {}
