pub struct Tokens;

pub struct NoError;

#[lmms::interface]
impl Tokens {
    #[load]
    fn load() -> Result<Self, NoError> {
        Err(NoError)
    }
}

pub struct Polygons;

#[lmms::interface]
impl Polygons {
    #[load]
    async fn load() -> Result<Self, Box<dyn std::error::Error>> {
        Ok(Self)
    }
}

fn main() {}
