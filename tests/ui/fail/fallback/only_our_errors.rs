//! What uses an interface that is wrong is not wrong itself.

use lmms::{Invocation, Lease};

pub struct Tokens(usize);

#[lmms::interface(pined)]
impl Tokens {
    const LEAST: usize = 1;

    #[load(now)]
    fn load() -> Self {
        Self(Self::LEAST)
    }

    /// Counts.
    #[operation(cashed)]
    pub fn count(&self, text: &str, #[default(3)] least: usize) -> usize {
        text.len().max(least)
    }

    #[operation]
    pub fn clear(&mut self) {}

    #[unload]
    fn unload(&self) {}

    pub fn size(&self) -> usize {
        self.0
    }
}

fn main() {
    let invocation = Invocation::enter();
    let tokens: &Tokens = invocation.get().unwrap();
    let _lease: Lease<Tokens> = invocation.lease().unwrap();
    let _ = tokens.count("text", 3) + tokens.size();
    let mut tokens = Tokens::load();
    tokens.clear();
    tokens.unload();
}
