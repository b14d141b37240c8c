use std::sync::Arc;

pub struct Tokens;

#[lmms::interface]
impl Tokens {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    fn without_self(_text: &str) {}

    #[operation]
    fn by_value(self) {}

    #[operation]
    fn by_mut(&mut self) {}

    #[operation]
    fn by_arc(self: Arc<Self>) {}

    #[operation]
    fn with_pattern(&self, (_a, _b): (u8, u8), _: u8) {}

    #[operation]
    fn with_types(&self, _out: &mut String, _each: impl Fn(), _text: &'static str, _invocation: &mut lmms::Invocation) {}
}

fn main() {}
