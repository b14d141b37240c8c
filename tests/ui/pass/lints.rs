//! Generated code gives nobody's lints anything to say. (`cargo clippy` says so of the pedantic ones.)
#![forbid(unsafe_code)]
#![deny(
    warnings,
    future_incompatible,
    nonstandard_style,
    rust_2018_idioms,
    absolute_paths_not_starting_with_crate,
    elided_lifetimes_in_paths,
    let_underscore_drop,
    meta_variable_misuse,
    missing_copy_implementations,
    missing_debug_implementations,
    missing_docs,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unnameable_types,
    unreachable_pub,
    unused_lifetimes,
    unused_import_braces,
    unused_qualifications,
    unused_results,
    variant_size_differences
)]
#![deny(clippy::all, clippy::pedantic)]

use std::fmt::Error;

use lmms::{Gateway, Invocation, Load};

#[derive(Debug)]
struct Tokens {
    least: usize,
}

/// Counts.
#[lmms::interface(name = "tokens", preload, pinned, snapshot = true, grace_period = 0, fast_path_threshold = 1)]
impl Tokens {
    #[load]
    fn load(_: &Load<'_>) -> Result<Self, Error> {
        std::env::args().next().map(|_| Self { least: 1 }).ok_or(Error)
    }

    /// Counts.
    #[operation(cached)]
    fn count(&self, mut text: String, #[default = 3] more: usize, others: Option<&[u8]>) -> usize {
        text.push('x');
        text.len() + self.least + more + others.map_or(0, <[u8]>::len)
    }

    #[operation]
    fn clear(&self) {
        let _ = self.least;
    }

    #[operation(cached(ttl = 60, weight = 4, errors))]
    fn most(&self) -> usize {
        use std::cmp::max;

        const MOST: usize = 2;

        fn of(least: usize) -> usize {
            max(least, MOST)
        }

        of(self.least)
    }

    #[operation]
    #[must_use]
    fn half(&self) -> usize {
        #![allow(clippy::integer_division)]
        //! Rounded down.

        #[derive(Debug)]
        struct Half(usize);

        impl Half {
            fn of(whole: usize) -> Self {
                Self(whole / 2)
            }
        }

        let Half(half) = Half::of(self.least);
        half
    }

    #[operation]
    fn never(&self) -> usize {
        unimplemented!("{}", self.least)
    }

    #[operation]
    const fn constant(&self) -> usize {
        self.least
    }

    #[operation]
    #[must_use]
    fn least<'a>(&'a self, _invocation: &'a Invocation) -> &'a usize {
        &self.least
    }

    #[operation]
    #[deprecated = "count"]
    fn sum(&self, _: &Invocation) -> usize {
        self.least
    }

    #[unload]
    fn unload(self) {
        let _ = self.least;
    }
}

#[derive(Debug)]
struct Polygons;

#[lmms::interface]
impl Polygons {
    #[load]
    async fn load() -> Self {
        std::future::ready(Self).await
    }

    #[operation]
    async fn count(&self, text: &str) -> Result<usize, Error> {
        std::future::ready(Ok(text.len())).await
    }

    #[operation]
    async fn clear(&self) {
        std::future::ready(()).await;
    }

    #[unload]
    async fn unload(self) {
        std::future::ready(()).await;
    }
}

fn main() {
    let gateway = Gateway::new(lmms::Config::default()).expect("two names");
    assert_eq!(gateway.interfaces().count(), 2);
}
