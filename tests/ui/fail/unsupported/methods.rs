pub struct Tokens;

#[lmms::interface]
impl Tokens {
    #[load]
    unsafe fn load<T>() -> Self {
        Self
    }

    #[operation]
    unsafe fn count(&self) {}

    #[operation]
    extern "C" fn sum(&self) {}

    #[operation]
    fn of<T: Copy, const N: usize>(&self, _items: [T; N]) {}

    #[unload]
    extern "C" fn unload(self) {}
}

fn main() {}
