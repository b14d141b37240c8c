//! `lmms::link!()`: names the interface crates, so that rustc links them.
//!
//! A registry that assembles itself at link time needs its entries *linked*, and rustc drops a
//! dependency that no source names. So the macro names each: `extern crate tokens as _;`. It binds
//! nothing, and counts as a use, also for the lint `unused_crate_dependencies`.
//!
//! Invariant: nothing is left out in silence. A crate is named, or the user skipped it, or there is
//! an error. The one exception is an IDE, which expands macros but links nothing.

mod externs;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::quote_spanned;
use syn::ext::IdentExt as _;
use syn::{Error, Result};

/// What stands between the parentheses of `link!`.
enum Request {
    /// `link!()`, `link!(skip(a, b))`: every dependency of this crate but those.
    Every { skip: Vec<Ident> },
    /// `link!(a, b)`: these, whatever Cargo passed.
    Exactly(Vec<Ident>),
}

pub(crate) fn expand(input: TokenStream) -> Result<TokenStream> {
    expand_with(input, externs::of_this_process)
}

/// [`expand`], with the source of the externs as a parameter: `None` is an IDE.
fn expand_with(
    input: TokenStream,
    externs: impl FnOnce() -> std::result::Result<Option<BTreeSet<String>>, String>,
) -> Result<TokenStream> {
    let crates = match parse(input)? {
        Request::Exactly(names) => names.iter().map(|name| raw(&name.unraw().to_string(), name.span())).collect(),
        Request::Every { skip } => {
            let here = Span::call_site();
            match externs().map_err(|message| Error::new(here, message))? {
                None => return Ok(TokenStream::new()),
                Some(externs) => every(externs, &skip)?.iter().map(|name| raw(name, here)).collect(),
            }
        }
    };
    // Spanned like the name, so that "can't find crate" lands on it in an explicit list.
    let crates: Vec<Ident> = all(crates)?;
    let items = crates.iter().map(|name| quote_spanned!(name.span()=> extern crate #name as _;));
    Ok(items.collect())
}

/// `externs` without those in `skip`, each of which must be there.
fn every(mut externs: BTreeSet<String>, skip: &[Ident]) -> Result<BTreeSet<String>> {
    let unknown = skip.iter().filter(|name| !externs.contains(&name.unraw().to_string()));
    let errors = unknown.map(|name| Err(unknown_skip(name, &externs))).collect();
    all::<()>(errors)?;
    for name in skip {
        externs.remove(&name.unraw().to_string());
    }
    Ok(externs)
}

fn unknown_skip(name: &Ident, externs: &BTreeSet<String>) -> Error {
    let wanted = name.unraw().to_string();
    let hint = match nearest(&wanted, externs) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("they are {}", list(externs)),
    };
    let message = format!("`{wanted}` is not among the dependencies passed to this compiler: {hint}");
    Error::new(name.span(), message)
}

/// The name as a raw identifier: a dependency may be called `async`, and with every name raw there
/// is no list of each edition's keywords to keep.
fn raw(name: &str, span: Span) -> Result<Ident> {
    match name {
        "crate" | "self" | "super" | "Self" | "_" => Err(Error::new(
            span,
            format!(
                "no source can name a crate called `{name}`: rename the dependency in Cargo.toml, \
                 `other = {{ package = \"..\" }}`, or leave it out with `lmms::link!(skip({name}))`"
            ),
        )),
        _ => Ok(Ident::new_raw(name, span)),
    }
}

fn parse(input: TokenStream) -> Result<Request> {
    let mut names: Vec<Ident> = Vec::new();
    let mut skips: Vec<(Ident, Vec<Ident>)> = Vec::new();
    let mut errors: Vec<Error> = Vec::new();
    for item in split(input, &mut errors) {
        match item.as_slice() {
            [TokenTree::Ident(word), TokenTree::Group(group)] if word == "skip" => {
                skips.push((word.clone(), parse_skip(group, &mut errors)));
            }
            item => names.extend(parse_name(item, &mut errors)),
        }
    }
    for (word, _) in skips.iter().skip(1) {
        errors.push(Error::new(word.span(), "more than one `skip(..)`: list all crates in the first"));
    }
    if let (Some((word, _)), false) = (skips.first(), names.is_empty()) {
        errors.push(Error::new(
            word.span(),
            "`skip(..)` leaves crates out of `lmms::link!()`, which links every dependency; a list \
             of crates links nothing else: write the one or the other",
        ));
    }
    check_repeats(&names, &mut errors);
    for (_, skip) in &skips {
        check_repeats(skip, &mut errors);
    }

    all::<()>(errors.into_iter().map(Err).collect())?;
    Ok(if names.is_empty() {
        let skip = skips.into_iter().flat_map(|(_, skip)| skip).collect();
        Request::Every { skip }
    } else {
        Request::Exactly(names)
    })
}

fn parse_skip(group: &Group, errors: &mut Vec<Error>) -> Vec<Ident> {
    if group.delimiter() != Delimiter::Parenthesis {
        errors.push(Error::new(group.span(), "expected parentheses: write `skip(a, b)`"));
    } else if group.stream().is_empty() {
        errors.push(Error::new(
            group.span(),
            "`skip()` names no crate: write `skip(a, b)`, or `lmms::link!()` to link every dependency",
        ));
    }
    let mut names = Vec::new();
    for item in split(group.stream(), errors) {
        names.extend(parse_name(&item, errors));
    }
    names
}

/// A crate's name, or an error that says how to write what was probably meant.
fn parse_name(item: &[TokenTree], errors: &mut Vec<Error>) -> Option<Ident> {
    let text: String = item.iter().map(ToString::to_string).collect();
    let message = match item {
        [TokenTree::Ident(name)] => return Some(name.clone()),
        [TokenTree::Literal(_)] if text.starts_with('"') => format!(
            "expected the crate's name as source code spells it: write `{}`",
            text.trim_matches('"').replace('-', "_"),
        ),
        [TokenTree::Ident(word), TokenTree::Group(_)] => {
            format!("unknown `{word}(..)`: write `skip(..)` to leave crates out, or a plain list of crates")
        }
        [TokenTree::Ident(_), TokenTree::Punct(dash), ..] if dash.as_char() == '-' => {
            format!("in source code a crate's name has underscores: write `{}`", text.replace('-', "_"),)
        }
        [TokenTree::Ident(name), TokenTree::Punct(colon), ..] if colon.as_char() == ':' => {
            format!("expected a crate, not a path into it: write `{name}`")
        }
        [TokenTree::Ident(first), TokenTree::Ident(second), ..] => {
            format!("expected a comma between two crates: write `{first}, {second}`")
        }
        _ => "expected the name of a crate: write `lmms::link!(a, b)`".to_owned(),
    };
    errors.push(Error::new_spanned(item.iter().cloned().collect::<TokenStream>(), message));
    None
}

fn check_repeats(names: &[Ident], errors: &mut Vec<Error>) {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name.unraw().to_string()) {
            errors.push(Error::new(name.span(), format!("`{name}` is listed twice: remove one")));
        }
    }
}

/// Splits at commas, of which one may trail; a comma with nothing before it is an error.
fn split(tokens: TokenStream, errors: &mut Vec<Error>) -> Vec<Vec<TokenTree>> {
    let mut items = Vec::new();
    let mut item = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Punct(comma) if comma.as_char() == ',' => {
                if item.is_empty() {
                    let message = "expected the name of a crate before this comma: remove the comma";
                    errors.push(Error::new(comma.span(), message));
                } else {
                    items.push(std::mem::take(&mut item));
                }
            }
            // What a `macro_rules!` fragment such as `$krate:path` arrives in.
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
                item.extend(group.stream());
            }
            token => item.push(token),
        }
    }
    if !item.is_empty() {
        items.push(item);
    }
    items
}

/// All values, or all errors in one.
fn all<T>(results: Vec<Result<T>>) -> Result<Vec<T>> {
    let mut values = Vec::new();
    let mut errors = Vec::new();
    for result in results {
        match result {
            Ok(value) => values.push(value),
            Err(error) => errors.push(error),
        }
    }
    match errors.into_iter().reduce(|mut all, error| {
        all.combine(error);
        all
    }) {
        Some(error) => Err(error),
        None => Ok(values),
    }
}

fn list(names: &BTreeSet<String>) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// The name that fewest edits turn `wanted` into, if a third of its letters suffice.
fn nearest<'a>(wanted: &str, names: &'a BTreeSet<String>) -> Option<&'a str> {
    let (edits, name) = names.iter().map(|name| (strsim::levenshtein(wanted, name), name)).min()?;
    (edits <= wanted.len().max(3) / 3).then_some(name)
}
