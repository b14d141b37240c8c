use serde::Deserialize;

#[derive(Deserialize)]
pub struct Level(u8);

pub struct Tokens;

#[lmms::interface]
impl Tokens {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    fn has_no_default(&self, #[default] level: Level) -> u8 {
        level.0
    }

    #[operation]
    fn of_another_type(&self, #[default = "5"] level: u8) -> u8 {
        level
    }
}

fn main() {}
