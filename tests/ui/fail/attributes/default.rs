use lmms::Invocation;

pub struct Tokens;

#[lmms::interface]
impl Tokens {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    fn malformed(&self, #[default(5)] _a: u8, #[default { 5 }] _b: u8) {}

    #[operation]
    fn not_an_argument(#[default] &self, #[default] _invocation: &Invocation) {}

    #[operation]
    fn may_be_absent_already(&self, #[default] _a: Option<u8>, #[default = None] _b: std::option::Option<&str>) {}

    #[operation]
    fn comes_and_goes(&self, #[cfg(unix)] _a: u8) {}
}

fn main() {}
