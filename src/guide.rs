//! The guide. There is nothing in these modules but their text.
//!
//! - [`recipes`]: what functions do every day, each as a program that runs.
//! - [`lambda`]: a function, its handler, its end.
//! - [`memory`]: what is unloaded and when, the budget, and how memory returns.
//! - [`fast_path`]: heat, tiers, and cached results.
//! - [`testing`]: interfaces and their handlers under test, with a clock of one's own.
//! - [`telemetry`]: what a function tells of itself.
//! - [`troubleshooting`]: what `lmms.health` finds, code by code.
//! - [`comparison`]: `LazyLock`, `shaku`, Spring, SnapStart, provisioned concurrency; and when not to use this crate.
//! - [`faq`]: frequently asked questions.

macro_rules! chapters {
    ($($name:ident = $file:literal,)*) => {$(
        #[doc = include_str!($file)]
        pub mod $name {}
    )*};
}

chapters! {
    recipes = "guide/recipes.md",
    lambda = "guide/lambda.md",
    memory = "guide/memory.md",
    fast_path = "guide/fast_path.md",
    testing = "guide/testing.md",
    telemetry = "guide/telemetry.md",
    troubleshooting = "guide/troubleshooting.md",
    comparison = "guide/comparison.md",
    faq = "guide/faq.md",
}
