use serde::Serialize;

#[derive(Serialize)]
pub enum Refusal {
    TooLong,
}

pub struct Tokens;

#[lmms::interface]
impl Tokens {
    #[load]
    fn load() -> Self {
        Self
    }

    // Were it not refused, it would be answered as `{"Err": ..}`, with success.
    #[operation]
    fn count(&self) -> Result<usize, Refusal> {
        Err(Refusal::TooLong)
    }

    #[operation]
    async fn sum(&self) -> Result<usize, Refusal> {
        Err(Refusal::TooLong)
    }
}

fn main() {}
