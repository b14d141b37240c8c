use lmms::Invocation;

pub struct Tokens;

#[lmms::interface]
impl Tokens {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    fn malformed(&self, #[default(5)] a: u8, #[default { 5 }] b: u8) {}

    #[operation]
    fn not_an_argument(#[default] &self, #[default] invocation: &Invocation) {}

    #[operation]
    fn may_be_absent_already(&self, #[default] a: Option<u8>, #[default = None] b: std::option::Option<&str>) {}

    #[operation]
    fn comes_and_goes(&self, #[cfg(unix)] a: u8) {}
}

fn main() {}
