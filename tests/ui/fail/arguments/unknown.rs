pub struct Typo;

#[lmms::interface(pined, name = "typo", grace = 3)]
impl Typo {
    #[load]
    fn load() -> Self {
        Self
    }
}

pub struct Literal;

#[lmms::interface("literal", fast::path, pinned)]
impl Literal {
    #[load]
    fn load() -> Self {
        Self
    }
}

fn main() {}
