//! Generated code means the same with no prelude, and with all names that it could mean taken.
#![no_implicit_prelude]
#![forbid(unsafe_code)]
#![deny(warnings)]
#![allow(dead_code, unused_macros)]

pub struct Option;
pub struct Result;
pub struct Box;
pub struct Vec;
pub struct String;
pub struct Invocation;
pub struct Interface;
pub struct Load;
pub struct Default;
pub trait Send {}
pub trait Sync {}
pub struct Some;
pub struct None;
pub struct Ok;
pub struct Err;
pub fn drop() {}
pub mod core {}
pub mod std {}
pub mod alloc {}
pub mod serde {}
pub mod linkme {}
pub mod lmms {}
pub mod lmms_macros {}
pub mod lmms_runtime {}

macro_rules! concat {
    () => {};
}
macro_rules! line {
    () => {};
}

pub struct Tokens {
    least: usize,
}

#[::lmms::interface]
impl Tokens {
    #[load]
    fn load(_load: &::lmms::Load<'_>) -> ::std::result::Result<Self, ::lmms::LoadError> {
        ::std::result::Result::Ok(Self { least: 1 })
    }

    #[operation(cached)]
    fn count(&self, text: &str, #[default] more: &[u8], #[default = 3] least: usize) -> usize {
        text.len() + more.len() + least
    }

    #[operation]
    async fn find(
        &self,
        invocation: &::lmms::Invocation,
        at: ::std::option::Option<usize>,
        name: ::std::borrow::Cow<'_, str>,
    ) -> ::std::result::Result<::std::option::Option<u64>, ::std::fmt::Error> {
        let _ = (at, name);
        ::std::result::Result::Ok(::std::option::Option::Some(invocation.id()))
    }

    #[operation(cached(ttl = 1, errors))]
    fn shadowed(&self, called: usize) -> usize {
        pub struct Tokens;
        pub mod lmms {}
        pub mod __private {}
        fn called_before() {}

        let _ = (Tokens, called_before);
        called
    }

    #[operation]
    const fn constant(&self) -> usize {
        self.least
    }

    #[unload]
    fn unload(self) -> ::std::result::Result<(), ::std::fmt::Error> {
        ::std::result::Result::Ok(())
    }
}

pub struct Polygons;

#[::lmms::interface]
impl Polygons {
    #[load]
    async fn load() -> Self {
        Self
    }

    #[operation]
    fn count(&self) {}

    #[unload]
    async fn unload(self) {}
}

fn main() {
    let invocation = ::lmms::Invocation::enter();
    ::std::assert_eq!(invocation.get::<Tokens>().unwrap().least, 1);
}
