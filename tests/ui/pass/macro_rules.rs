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

/// What it passes on into bodies means what it did.
macro_rules! bodies {
    ($name:ident, $ttl:expr, $weight:literal, $body:block, $item:item, $sum:expr, $($tokens:tt)*) => {
        pub struct $name;

        #[lmms::interface]
        impl $name {
            #[load]
            fn load() -> Self {
                Self
            }

            #[operation(cached(ttl = $ttl, weight = $weight))]
            fn whole(&self) -> u8 $body

            #[operation]
            fn product(&self) -> u8 {
                $sum * 2
            }

            #[operation]
            fn product_after_an_item(&self) -> u8 {
                use std::convert::identity;
                identity($sum) + $sum * 2
            }

            #[operation]
            fn product_after_an_attribute(&self) -> u8 {
                #![allow(unused)]
                $sum * 2
            }

            #[operation]
            async fn item(&self) -> u8 {
                $item
                item()
            }

            #[operation]
            fn tokens(&self) -> u8 {
                $($tokens)*
            }
        }
    };
}

bodies! {
    Bodies, 60, 4, { 1 }, fn item() -> u8 { 2 }, 1 + 2, const MORE: u8 = 4; MORE
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let gateway = Gateway::new(Config::default()).unwrap();
    let answer = gateway.execute_operation("tokens", "count", br#"{"text":"\n","items":[1]}"#).await;
    assert_eq!(answer.unwrap(), b"1");
    let answer = gateway.execute_operation("sums", "sum", br#"{"own":1,"other":2}"#).await;
    assert_eq!(answer.unwrap(), b"3");
    let results = [
        ("whole", "1"),
        ("product", "6"),
        ("product_after_an_item", "9"),
        ("product_after_an_attribute", "6"),
        ("item", "2"),
        ("tokens", "4"),
    ];
    for (operation, result) in results {
        let answer = gateway.execute_operation("bodies", operation, b"{}").await;
        assert_eq!(String::from_utf8(answer.unwrap()).unwrap(), result);
    }
}
