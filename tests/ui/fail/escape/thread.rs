use std::thread;

use lmms::Invocation;

pub struct Tokens(Vec<u32>);

#[lmms::interface]
impl Tokens {
    #[load]
    fn load() -> Self {
        Self(vec![1, 2])
    }

    #[operation]
    fn count(&self, invocation: &Invocation) -> usize {
        let tokens = invocation.get::<Tokens>().unwrap();
        thread::spawn(move || tokens.0.len()).join().unwrap()
    }
}

fn main() {}
