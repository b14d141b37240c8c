use std::sync::Arc;

pub struct Tokens;

#[lmms::interface]
impl Tokens {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    fn without_self(text: &str) {}

    #[operation]
    fn by_value(self) {}

    #[operation]
    fn by_mut(&mut self) {}

    #[operation]
    fn by_arc(self: Arc<Self>) {}

    #[operation]
    fn with_pattern(&self, (a, b): (u8, u8), _: u8) {}

    #[operation]
    fn with_types(&self, out: &mut String, each: impl Fn(), text: &'static str, invocation: &mut lmms::Invocation) {}
}

fn main() {}
