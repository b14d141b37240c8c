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
    fn value(&self, _first: u8, _opaque: Opaque) {}

    #[operation]
    fn inside(&self, _opaque: HashMap<String, Vec<Opaque>>) {}

    #[operation]
    fn reference(&self, _opaque: &Opaque, _slice: &[Opaque]) {}

    #[operation]
    async fn option(&self, _opaque: Option<&Opaque>) {}
}

fn main() {}
