use std::fmt::Debug;

pub struct Generic<T>(T);

#[lmms::interface]
impl<T: Send> Generic<T>
where
    T: Debug,
{
    #[load]
    fn load() -> Self {
        todo!()
    }
}

pub struct Borrowing<'a>(&'a str);

#[lmms::interface]
impl Borrowing<'_> {
    #[load]
    fn load() -> Self {
        todo!()
    }
}

pub trait Count {
    fn load() -> Self;
    fn count(&self) -> usize;
}

pub struct Tokens;

#[lmms::interface]
impl Count for Tokens {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    fn count(&self) -> usize {
        0
    }
}

pub struct Unsafe;

#[lmms::interface]
unsafe impl Unsafe {
    #[load]
    fn load() -> Self {
        Self
    }
}

#[lmms::interface]
impl (u8, u8) {}

fn main() {}
