pub struct WithoutSelf;

#[lmms::interface]
impl WithoutSelf {
    #[load]
    fn load() -> Self {
        Self
    }

    #[unload]
    fn unload() {}
}

pub struct Borrowed;

#[lmms::interface]
impl Borrowed {
    #[load]
    fn load() -> Self {
        Self
    }

    #[unload]
    fn unload(&mut self, _force: bool) {}
}

fn main() {}
