//! An impl that a `macro_rules!` writes: what it passes on arrives in invisible groups.
#![deny(warnings)]
#![allow(dead_code)]

use lmms::{Config, Gateway, Invocation};

macro_rules! interface {
    (
        $(#[$attr:meta])*
        $vis:vis struct $name:ident;
        $path:path, $load:expr, $text:ty, $items:ty, $option:ty, $invocation:ty, $default:expr, $result:ty, $body:block
    ) => {
        $(#[$attr])*
        $vis struct $name(u8);

        #[lmms::interface]
        impl $path {
            #[load]
            fn load() -> Self {
                $load
            }

            #[operation]
            $vis fn count(
                &self,
                text: $text,
                items: $items,
                option: $option,
                invocation: $invocation,
                #[default = $default] least: u8,
            ) -> $result {
                let _ = (text, items, option, invocation, least);
                $body
            }
        }
    };
}

interface! {
    /// Counts.
    pub struct Tokens;
    Tokens, Self(1), &str, &[u8], Option<&str>, &Invocation, 1 + 2, Result<usize, std::fmt::Error>, { Ok(1) }
}

/// Names that the macro makes up are its own.
macro_rules! hygienic {
    ($name:ident, $argument:ident) => {
        pub struct $name;

        #[lmms::interface]
        impl $name {
            #[load]
            fn load() -> Self {
                Self
            }

            #[operation]
            fn sum(&self, $argument: u8, other: u8, #[default] last: Vec<u8>) -> u8 {
                $argument + other + last.len() as u8
            }
        }
    };
}

hygienic!(Sums, own);

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let gateway = Gateway::new(Config::default()).unwrap();
    let answer = gateway.execute_operation("tokens", "count", br#"{"text":"\n","items":[1]}"#).await;
    assert_eq!(answer.unwrap(), b"1");
    let answer = gateway.execute_operation("sums", "sum", br#"{"own":1,"other":2}"#).await;
    assert_eq!(answer.unwrap(), b"3");
}
