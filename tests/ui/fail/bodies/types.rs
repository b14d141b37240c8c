//! What is wrong in the body of an operation is told as of any other method's.

pub struct Tokens(usize);

#[lmms::interface]
impl Tokens {
    #[load]
    fn load() -> Self {
        Self(1)
    }

    #[operation]
    fn without_result(&self) -> usize {
        self.0;
    }

    #[operation]
    fn empty(&self) -> usize {}

    #[operation]
    fn of_another_type(&self) -> usize {
        "1"
    }

    #[operation]
    fn in_a_unit(&self) {
        self.0
    }

    #[operation]
    fn no_result(&self) {
        Some(1)?;
    }

    #[operation]
    fn after_an_item(&self) -> usize {
        const LEAST: usize = 1;
        LEAST.max(self.0);
    }

    #[operation]
    async fn later(&self) -> usize {
        std::future::ready(self.0).await;
    }

    #[operation]
    fn made_up(&self) -> usize {
        called(self.1)
    }
}

fn main() {}
