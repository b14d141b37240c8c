pub struct Tokens;

#[lmms::interface]
impl Tokens {
    #[load]
    #[operation]
    fn load() -> Self {
        Self
    }

    #[operation]
    #[operation(cached)]
    fn count(&self) {}

    #[unload]
    #[load]
    fn unload(self) {}
}

pub struct Polygons;

#[lmms::interface]
impl Polygons {
    #[load]
    fn load() -> Self {
        Self
    }

    #[cfg_attr(unix, operation(cached))]
    #[cfg_attr(unix, inline)]
    fn count(&self) {}
}

fn main() {}
