//! The grammar of `#[lmms::interface(..)]`.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Ident, LitInt, LitStr, Path, Result, Token};

use crate::attr::{Once, check_name};
use crate::ctxt::Ctxt;

/// The checked arguments.
#[derive(Default)]
pub(crate) struct Args {
    pub(crate) name: Option<String>,
    pub(crate) pinned: bool,
    pub(crate) crate_path: Option<Path>,
    pub(crate) grace_period: Option<u32>,
    pub(crate) fast_path_threshold: Option<u32>,
}

const EXPECTED: &str = "expected `name = \"..\"`, `pinned`, `grace_period = <seconds>`, \
                        `fast_path_threshold = <calls>` or `crate = <path>`";

/// One argument, as it stands.
enum Arg {
    Name(Ident, LitStr),
    Pinned(Ident),
    Crate(Ident, Path),
    GracePeriod(Ident, LitInt),
    FastPathThreshold(Ident, LitInt),
    /// Noted instead of returned, so that the arguments after it are looked at too.
    Wrong(syn::Error),
}

impl Args {
    pub(crate) fn parse(cx: &Ctxt, tokens: TokenStream) -> Self {
        let list = Punctuated::<Arg, Token![,]>::parse_terminated.parse2(tokens);
        let mut name = Once::new(cx, "name");
        let mut pinned = Once::new(cx, "pinned");
        let mut crate_path = Once::new(cx, "crate");
        let mut grace_period = Once::new(cx, "grace_period");
        let mut fast_path_threshold = Once::new(cx, "fast_path_threshold");
        for arg in cx.ok(list).into_iter().flatten() {
            match arg {
                Arg::Name(key, value) => name.set(key, check_name(cx, &value)),
                Arg::Pinned(key) => pinned.set(key, ()),
                Arg::Crate(key, path) => crate_path.set(key, path),
                Arg::GracePeriod(key, value) => grace_period.set(key, cx.ok(value.base10_parse())),
                Arg::FastPathThreshold(key, value) => {
                    let calls = cx.ok(value.base10_parse());
                    if calls == Some(0) {
                        cx.error(
                            &value,
                            "a threshold of 0 calls would make everything hot; expected 1 or more",
                        );
                    }
                    fast_path_threshold.set(key, calls);
                }
                Arg::Wrong(error) => cx.push(error),
            }
        }
        Self {
            name: name.get(),
            pinned: pinned.get().is_some(),
            crate_path: crate_path.get(),
            grace_period: grace_period.get().flatten(),
            fast_path_threshold: fast_path_threshold.get().flatten(),
        }
    }
}

impl Parse for Arg {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let key = input.call(Ident::parse_any)?;
        let arg = match key.to_string().as_str() {
            "pinned" => Ok(Self::Pinned(key)),
            "name" => value(input, &key, "a name in quotes").map(|value| Self::Name(key, value)),
            "grace_period" => {
                value(input, &key, "a whole number of seconds").map(|v| Self::GracePeriod(key, v))
            }
            "fast_path_threshold" => {
                value(input, &key, "a whole number of calls").map(|v| Self::FastPathThreshold(key, v))
            }
            "crate" => path(input, &key).map(|path| Self::Crate(key, path)),
            unknown => {
                Err(syn::Error::new_spanned(&key, format!("unknown argument `{unknown}`; {EXPECTED}")))
            }
        };
        // Whatever is left of this argument belongs to what is wrong with it.
        Ok(arg.unwrap_or_else(|error| {
            while !input.is_empty() && !input.peek(Token![,]) {
                let _ = input.parse::<proc_macro2::TokenTree>();
            }
            Self::Wrong(error)
        }))
    }
}

fn value<T: Parse>(input: ParseStream<'_>, key: &Ident, what: &str) -> Result<T> {
    let wrong = |span: &dyn ToTokens| {
        syn::Error::new_spanned(span.to_token_stream(), format!("expected {what}: `{key} = ..`"))
    };
    if !input.peek(Token![=]) {
        return Err(wrong(key));
    }
    input.parse::<Token![=]>()?;
    let span = input.span();
    input.parse().map_err(|_| syn::Error::new(span, format!("expected {what}: `{key} = ..`")))
}

fn path(input: ParseStream<'_>, key: &Ident) -> Result<Path> {
    if !input.peek(Token![=]) {
        return Err(syn::Error::new_spanned(key, "expected the path of the crate: `crate = ..`"));
    }
    input.parse::<Token![=]>()?;
    Path::parse_mod_style(input)
}
