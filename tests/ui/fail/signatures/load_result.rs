pub struct Nothing;

#[lmms::interface]
impl Nothing {
    #[load]
    fn load() -> () {}
}

pub struct Maybe;

#[lmms::interface]
impl Maybe {
    #[load]
    fn load() -> Option<Self> {
        None
    }
}

pub struct Foreign;

#[lmms::interface]
impl Foreign {
    #[load]
    async fn load() -> Result<u8, std::fmt::Error> {
        Ok(0)
    }
}

fn main() {}
