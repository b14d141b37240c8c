pub struct Tokens;

#[lmms::interface]
impl Tokens {
    #[load(eager)]
    fn load() -> Self {
        Self
    }

    #[unload = "last"]
    fn unload(self) {}

    #[operation(cache, name = count)]
    fn count(&self) {}

    #[operation(cached = true, name)]
    fn clear(&self) {}

    #[operation = "sum"]
    fn sum(&self) {}
}

fn main() {}
