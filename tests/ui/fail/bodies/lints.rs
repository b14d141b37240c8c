//! The user's lints say of a body what they say without us.
#![deny(unconditional_recursion, unreachable_code)]

pub struct Tokens(usize);

#[lmms::interface]
impl Tokens {
    #[load]
    fn load() -> Self {
        Self(1)
    }

    #[operation]
    fn unused(&self) {
        #![deny(unused)]
        use std::mem;
        let mut all = 1;
    }

    #[operation]
    fn unreachable(&self) -> usize {
        return self.0;
        1
    }

    #[operation]
    fn endless(&self) -> usize {
        self.endless()
    }
}

fn main() {}
