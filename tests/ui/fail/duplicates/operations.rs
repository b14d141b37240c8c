pub struct Tokens;

#[lmms::interface]
impl Tokens {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    fn count(&self) {}

    #[operation(name = "count")]
    fn count_words(&self) {}

    #[cfg(unix)]
    #[operation(name = "count")]
    fn count_on_unix(&self) {}
}

fn main() {}
