//! What compiles and what does not, and what is said about it.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/fail/*/*.rs");
    cases.pass("tests/ui/pass/*.rs");
    // What the compiler calls types and traits depends on what this crate exports: the same with and without it cannot be
    // expected.
    #[cfg(all(feature = "axum", feature = "schema"))]
    cases.compile_fail("tests/ui/with_features/*.rs");
}
