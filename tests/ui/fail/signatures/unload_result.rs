pub struct Tokens;

#[lmms::interface]
impl Tokens {
    #[load]
    fn load() -> Self {
        Self
    }

    #[unload]
    fn unload(self) -> usize {
        0
    }
}

pub struct Polygons;

#[lmms::interface]
impl Polygons {
    #[load]
    fn load() -> Self {
        Self
    }

    #[unload]
    async fn unload(self) -> Result<(), u8> {
        Ok(())
    }
}

fn main() {}
