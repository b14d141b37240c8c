pub struct Empty;

#[lmms::interface(name = "")]
impl Empty {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation(name = "Count Words")]
    fn count(&self) {}
}

pub struct Slash;

#[lmms::interface(name = "a/b")]
impl Slash {
    #[load]
    fn load() -> Self {
        Self
    }
}

pub struct Größe;

#[lmms::interface]
impl Größe {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    fn länge(&self) {}
}

fn main() {}
