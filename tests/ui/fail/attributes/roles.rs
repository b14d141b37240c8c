pub struct Tokens;

#[lmms::interface]
impl Tokens {
    #[load]
    #[operation]
    fn load() -> Self {
        Self
    }

    #[operation]
    #[operation(cached)]
    fn count(&self) {}

    #[unload]
    #[load]
    fn unload(self) {}
}

fn main() {}
