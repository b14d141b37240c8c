pub struct Tokens;

#[lmms::interface]
impl Tokens {
    #[operation]
    fn count(&self) {}
}

fn main() {}
