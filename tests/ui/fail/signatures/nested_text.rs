use std::collections::HashMap;

pub struct Texts;

#[lmms::interface]
impl Texts {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    fn nested(&self, pairs: Vec<(&str, u8)>, map: HashMap<&'_ str, u8>, fine: &[&str]) {
        drop((pairs, map, fine));
    }
}

fn main() {}
