pub struct Named;

#[lmms::interface(name = "lmms")]
impl Named {
    #[load]
    fn load() -> Self {
        Self
    }
}

pub struct Lmms;

#[lmms::interface]
impl Lmms {
    #[load]
    fn load() -> Self {
        Self
    }

    // An operation may be called so.
    #[operation]
    fn lmms(&self) {}
}

fn main() {}
