pub struct Tokens;

#[lmms::interface]
impl Tokens {
    #[load]
    fn load() -> Self {
        Self
    }

    #[load]
    fn load_again() -> Self {
        Self
    }

    #[unload]
    fn unload(self) {}

    #[cfg(unix)]
    #[unload]
    fn unload_on_unix(self) {}
}

fn main() {}
