//! `link!` as a function of what the user wrote and of what Cargo passed.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;

use super::expand_with;

fn expand_among(externs: &[&str], input: &str) -> Result<String, Vec<String>> {
    let externs: BTreeSet<String> = externs.iter().map(|&name| name.to_owned()).collect();
    run(input, Ok(Some(externs)))
}

fn run(input: &str, externs: Result<Option<BTreeSet<String>>, String>) -> Result<String, Vec<String>> {
    let input: TokenStream = input.parse().expect("tokens");
    match expand_with(input, || externs) {
        Ok(tokens) => Ok(tokens.to_string().replace("extern crate ", "").replace(" as _ ;", "")),
        Err(errors) => Err(errors.into_iter().map(|error| error.to_string()).collect()),
    }
}

/// The messages for an input that is wrong whatever the externs are.
fn errors(input: &str) -> Vec<String> {
    run(input, Ok(None)).expect_err(input)
}

#[test]
fn every_extern_is_named_raw_and_bound_to_nothing() {
    let tokens = expand_with(TokenStream::new(), || Ok(Some(BTreeSet::from(["b".into(), "a".into()]))));
    assert_eq!(tokens.unwrap().to_string(), "extern crate r#a as _ ; extern crate r#b as _ ;");
}

#[test]
fn keywords_of_every_edition_can_be_crates() {
    let all = ["async", "dyn", "gen", "try", "union", "yield"];
    let expected = "r#async r#dyn r#gen r#try r#union r#yield";
    assert_eq!(expand_among(&all, "").unwrap(), expected);
    assert_eq!(expand_among(&[], "async, r#dyn").unwrap(), "r#async r#dyn");
    assert_eq!(expand_among(&all, "skip(async, r#dyn, gen, try, union)").unwrap(), "r#yield");
}

#[test]
fn names_that_no_source_can_spell_are_reported_all_at_once() {
    let errors = expand_among(&["Self", "a", "crate", "self", "super"], "").unwrap_err();
    assert_eq!(errors.len(), 4, "{errors:#?}");
    assert!(errors[1].starts_with("no source can name a crate called `crate`: rename"), "{errors:?}");
    assert_eq!(expand_among(&["_", "a", "crate"], "skip(crate, _)").unwrap(), "r#a");
    assert_eq!(expand_among(&[], "a, self, _").unwrap_err().len(), 2);
}

#[test]
fn the_explicit_form_needs_no_externs() {
    let unseen = || Err("unseen".to_owned());
    assert_eq!(run("b, a,", unseen()).unwrap(), "r#b r#a");
    assert_eq!(run("", unseen()).unwrap_err(), ["unseen"]);
    assert_eq!(run("skip(a)", unseen()).unwrap_err(), ["unseen"]);
}

#[test]
fn an_ide_links_nothing_but_still_shows_mistakes() {
    assert_eq!(run("", Ok(None)).unwrap(), "");
    assert_eq!(run("skip(anything)", Ok(None)).unwrap(), "");
    assert_eq!(run("a", Ok(None)).unwrap(), "r#a");
    assert_eq!(run("skip()", Ok(None)).unwrap_err().len(), 1);
}

#[test]
fn skip_leaves_out_and_refuses_what_is_not_there() {
    let externs = ["lmms", "time_zones", "tokens"];
    assert_eq!(expand_among(&externs, "skip(tokens)").unwrap(), "r#lmms r#time_zones");
    assert_eq!(expand_among(&externs, "skip(tokens, lmms,),").unwrap(), "r#time_zones");
    assert_eq!(
        expand_among(&externs, "skip(tokns, lmms, quite_other)").unwrap_err(),
        [
            "`tokns` is not among the dependencies passed to this compiler: did you mean `tokens`?",
            "`quite_other` is not among the dependencies passed to this compiler: \
             they are `lmms`, `time_zones`, `tokens`",
        ],
    );
}

#[test]
fn a_mistake_is_answered_with_what_to_write() {
    for (input, expected) in [
        ("\"my-crate\"", "expected the crate's name as source code spells it: write `my_crate`"),
        ("my-long-crate", "in source code a crate's name has underscores: write `my_long_crate`"),
        ("tokens::Tokens", "expected a crate, not a path into it: write `tokens`"),
        ("a b", "expected a comma between two crates: write `a, b`"),
        ("*", "expected the name of a crate: write `lmms::link!(a, b)`"),
        ("7", "expected the name of a crate: write `lmms::link!(a, b)`"),
        ("except(a)", "unknown `except(..)`: write `skip(..)` to leave crates out, or a plain list of crates"),
        ("skip[a]", "expected parentheses: write `skip(a, b)`"),
        ("skip()", "`skip()` names no crate: write `skip(a, b)`, or `lmms::link!()` to link every dependency"),
        (
            "skip(a), b",
            "`skip(..)` leaves crates out of `lmms::link!()`, which links every dependency; a list \
             of crates links nothing else: write the one or the other",
        ),
        ("skip(a), skip(b)", "more than one `skip(..)`: list all crates in the first"),
        ("a, b, a", "`a` is listed twice: remove one"),
        ("skip(a, r#a)", "`r#a` is listed twice: remove one"),
        (",", "expected the name of a crate before this comma: remove the comma"),
        ("a,, b", "expected the name of a crate before this comma: remove the comma"),
    ] {
        assert_eq!(errors(input), [expected], "for `{input}`");
    }
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let errors = errors("\"a\", b c, skip(d-e, f::g), skip()");
    assert_eq!(errors.len(), 6, "{errors:#?}");
}
