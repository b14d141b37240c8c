//! Where an interface may be declared, and what else may stand in its impl.
#![deny(warnings)]
#![allow(dead_code)]

use lmms::{Config, Gateway, Interface, Invocation};

mod outer {
    pub mod inner {
        pub struct Tokens;

        // Two in one module, one of them of a type that is elsewhere.
        #[lmms::interface]
        impl Tokens {
            #[load]
            fn load() -> Self {
                Self
            }

            #[operation]
            pub(in crate::outer) fn count(&self) {}
        }

        #[lmms::interface(name = "of-the-parent")]
        impl super::Parent {
            #[load]
            fn load() -> Self {
                super::Parent
            }

            #[operation]
            fn count(&self) {}
        }
    }

    pub struct Parent;
}

pub struct Generic<T>(T);

#[lmms::interface]
impl Generic<u8> {
    const LEAST: u8 = 1;

    #[load]
    fn load() -> Self {
        Self(Self::LEAST)
    }

    #[operation]
    fn least(&self, #[default = Self::LEAST] least: u8) -> u8 {
        least
    }
}

pub enum Choice {
    One,
}

#[lmms::interface]
#[allow(clippy::unused_self)]
impl Choice {
    pub const fn not_an_operation<T>(self) -> Self
    where
        T: Sized,
    {
        self
    }

    /// # Safety
    /// None is needed.
    pub unsafe fn neither(&mut self, (_a, _b): (u8, u8)) -> impl Fn() -> u8 {
        || 0
    }

    pub extern "C" fn nor_this(&mut self) {}

    #[load]
    fn load() -> Self {
        Self::One
    }
}

pub struct r#Type;

#[lmms::interface]
impl r#Type {
    #[load]
    fn load() -> Self {
        Self
    }
}

fn local() -> &'static str {
    struct InFunction;

    #[lmms::interface]
    impl InFunction {
        #[load]
        fn load() -> Self {
            Self
        }

        #[operation]
        fn count(&self, least: u8) -> u8 {
            least
        }
    }

    assert!(Invocation::enter().get::<InFunction>().is_ok());
    InFunction::NAME
}

fn main() {
    let gateway = Gateway::new(Config::default()).unwrap();
    let names: Vec<_> = gateway.interfaces().map(|interface| interface.name()).collect();
    assert_eq!(names, ["choice", "generic", "in_function", "of-the-parent", "tokens", "type"]);
    assert_eq!(local(), "in_function");
}
