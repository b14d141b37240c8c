//! The grammar of `#[operation(..)]`.

use proc_macro2::TokenStream;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Ident, LitStr, Meta, Result, parenthesized, token};

use super::{Once, ends, flag, key, list, number, value};
use crate::check;
use crate::ctxt::Ctxt;

/// The checked arguments.
#[derive(Default)]
pub(crate) struct OperationArgs {
    pub(crate) name: Option<String>,
    pub(crate) cached: Option<Caching>,
}

/// The arguments of `cached(..)`.
pub(crate) struct Caching {
    pub(crate) ttl: Option<u32>,
    pub(crate) weight: u32,
    pub(crate) errors: bool,
}

const EXPECTED: &str = "expected `cached`, `cached(..)` or `name = \"..\"`";
const IN_CACHED: &str = "expected `ttl = <seconds>`, `weight = <n>` or `errors`";

/// One argument, as it stands.
enum Arg {
    Name(Ident, LitStr),
    Cached(Ident, TokenStream),
}

impl OperationArgs {
    pub(super) fn parse(cx: &Ctxt, attr: &Attribute) -> Self {
        let tokens = match &attr.meta {
            Meta::Path(_) => return Self::default(),
            Meta::List(list) => list.tokens.clone(),
            Meta::NameValue(value) => {
                cx.error(value, "expected `#[operation]` or `#[operation(cached, name = \"..\")]`");
                return Self::default();
            }
        };
        let mut name = Once::new(cx, "name");
        let mut cached = Once::new(cx, "cached");
        for arg in list(cx, tokens) {
            match arg {
                Arg::Name(key, value) => {
                    check::name(cx, &value, &value.value(), check::NAME);
                    name.set(key, value.value());
                }
                Arg::Cached(key, arguments) => cached.set(key, Caching::parse(cx, arguments)),
            }
        }
        Self { name: name.get(), cached: cached.get() }
    }
}

impl Parse for Arg {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let key = key(input, EXPECTED)?;
        match key.to_string().as_str() {
            "name" => value(input, &key, "\"..\"").map(|value| Self::Name(key, value)),
            "cached" => in_parentheses(input).map(|arguments| Self::Cached(key, arguments)),
            "ttl" => Err(misplaced(&key, "ttl = <seconds>")),
            "weight" => Err(misplaced(&key, "weight = <n>")),
            "errors" => Err(misplaced(&key, "errors")),
            unknown => Err(syn::Error::new_spanned(&key, format!("unknown argument `{unknown}`; {EXPECTED}"))),
        }
    }
}

/// It stands beside `cached`, and not in it.
fn misplaced(key: &Ident, argument: &str) -> syn::Error {
    syn::Error::new_spanned(key, format!("`{key}` is an argument of `cached`; write `cached({argument})`"))
}

/// What `cached` has in its parentheses, which it need not have.
fn in_parentheses(input: ParseStream<'_>) -> Result<TokenStream> {
    let mut arguments = TokenStream::new();
    if input.peek(token::Paren) {
        let content;
        parenthesized!(content in input);
        arguments = content.parse()?;
    }
    if ends(input) {
        return Ok(arguments);
    }
    let message = "`cached` takes no value; write `cached` or `cached(ttl = <seconds>, weight = <n>, errors)`";
    Err(input.error(message))
}

/// One argument of `cached(..)`, as it stands.
enum CachedArg {
    Ttl(Ident, u32),
    Weight(Ident, u32),
    Errors(Ident),
}

impl Caching {
    fn parse(cx: &Ctxt, tokens: TokenStream) -> Self {
        let mut ttl = Once::new(cx, "ttl");
        let mut weight = Once::new(cx, "weight");
        let mut errors = Once::new(cx, "errors");
        for arg in list(cx, tokens) {
            match arg {
                CachedArg::Ttl(key, seconds) => ttl.set(key, seconds),
                CachedArg::Weight(key, times) => weight.set(key, times),
                CachedArg::Errors(key) => errors.set(key, ()),
            }
        }
        Self { ttl: ttl.get(), weight: weight.get().unwrap_or(1), errors: errors.get().is_some() }
    }
}

impl Parse for CachedArg {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let key = key(input, IN_CACHED)?;
        match key.to_string().as_str() {
            "ttl" => number(input, &key, "<seconds>", 1).map(|seconds| Self::Ttl(key, seconds)),
            "weight" => number(input, &key, "<n>", 1).map(|times| Self::Weight(key, times)),
            "errors" => flag(input, &key).map(|()| Self::Errors(key)),
            unknown => {
                let message = format!("unknown argument `{unknown}` of `cached`; {IN_CACHED}");
                Err(syn::Error::new_spanned(&key, message))
            }
        }
    }
}
