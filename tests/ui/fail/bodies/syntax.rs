//! A syntax error is told once.

pub struct Tokens(usize);

#[lmms::interface]
impl Tokens {
    #[load]
    fn load() -> Self {
        Self(1)
    }

    #[operation]
    fn cut_short(&self) -> usize {
        let all = self.0;
        self.
    }
}

pub struct Polygons(usize);

#[lmms::interface]
impl Polygons {
    #[load]
    fn load() -> Self {
        Self(1)
    }

    #[operation]
    fn without_semicolon(&self) -> usize {
        let all = self.0
    }
}

fn main() {}
