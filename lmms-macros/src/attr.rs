//! Helper attributes on methods and parameters: parsed, and stripped from what the compiler sees.

mod operation;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Ident, Lit, LitInt, Meta, Result, Token};

use crate::check;
use crate::ctxt::Ctxt;

pub(crate) use self::operation::{Caching, OperationArgs};

/// The arguments of an attribute, as far as they are right: what is wrong with one is noted, and hides no other.
pub(crate) fn list<T: Parse>(cx: &Ctxt, tokens: TokenStream) -> Vec<T> {
    let list = Punctuated::<OrWrong<T>, Token![,]>::parse_terminated.parse2(tokens);
    cx.ok(list).into_iter().flatten().filter_map(|OrWrong(arg)| cx.ok(arg)).collect()
}

/// An argument, or what is wrong with it.
struct OrWrong<T>(Result<T>);

impl<T: Parse> Parse for OrWrong<T> {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let arg = input.parse();
        // Whatever is left of this argument belongs to what is wrong with it.
        while arg.is_err() && !ends(input) {
            input.parse::<TokenTree>()?;
        }
        Ok(Self(arg))
    }
}

/// Whether an argument ends here.
fn ends(input: ParseStream<'_>) -> bool {
    input.is_empty() || input.peek(Token![,])
}

/// The name of an argument, which may be a keyword.
pub(crate) fn key(input: ParseStream<'_>, expected: &str) -> Result<Ident> {
    input.call(Ident::parse_any).map_err(|error| syn::Error::new(error.span(), expected))
}

/// `= <value>`, and nothing after it.
pub(crate) fn value<T: Parse>(input: ParseStream<'_>, key: &Ident, what: &str) -> Result<T> {
    let wrong = |span| syn::Error::new(span, format!("expected `{key} = {what}`"));
    if input.parse::<Option<Token![=]>>()?.is_none() || ends(input) {
        return Err(wrong(key.span()));
    }
    let span = input.span();
    let value = input.parse().map_err(|_| wrong(span))?;
    if ends(input) { Ok(value) } else { Err(wrong(input.span())) }
}

/// `= <whole number>`, from `least`.
pub(crate) fn number(input: ParseStream<'_>, key: &Ident, what: &str, least: u32) -> Result<u32> {
    let value: LitInt = value(input, key, what)?;
    match value.base10_parse() {
        // A suffix would be ignored, and `2h` be two seconds.
        Ok(number) if number >= least && value.suffix().is_empty() => Ok(number),
        _ => {
            let message = format!("expected `{key} = {what}`, a whole number from {least} to {}", u32::MAX);
            Err(syn::Error::new_spanned(value, message))
        }
    }
}

/// An argument without a value.
pub(crate) fn flag(input: ParseStream<'_>, key: &Ident) -> Result<()> {
    if ends(input) {
        return Ok(());
    }
    Err(input.error(format!("`{key}` takes no value; write `{key}`")))
}

/// A value that may be given once.
pub(crate) struct Once<'c, T> {
    cx: &'c Ctxt,
    name: &'static str,
    value: Option<T>,
}

impl<'c, T> Once<'c, T> {
    pub(crate) fn new(cx: &'c Ctxt, name: &'static str) -> Self {
        Self { cx, name, value: None }
    }

    pub(crate) fn set(&mut self, tokens: impl ToTokens, value: T) {
        if self.value.is_some() {
            self.cx.error(tokens, format!("`{}` is given twice; give it once", self.name));
        } else {
            self.value = Some(value);
        }
    }

    pub(crate) fn get(self) -> Option<T> {
        self.value
    }
}

/// What a method is to the framework.
pub(crate) enum Role {
    Load,
    Unload,
    Operation(OperationArgs),
}

/// Takes the helper attributes out of a method's, and says what role they give it.
pub(crate) fn take_role(cx: &Ctxt, attrs: &mut Vec<Attribute>) -> Option<Role> {
    let mut role = None;
    attrs.retain(|attr| {
        let Some(name) = attr.path().get_ident().map(Ident::to_string) else { return true };
        let found = match name.as_str() {
            "load" => without_arguments(cx, attr, Role::Load),
            "unload" => without_arguments(cx, attr, Role::Unload),
            "operation" => Role::Operation(OperationArgs::parse(cx, attr)),
            "cfg_attr" => return check::cfg_attr(cx, attr),
            _ => return true,
        };
        if role.is_some() {
            let message = "a method is one of `#[load]`, `#[operation]` and `#[unload]`, once; remove this one";
            cx.error(attr, message);
        } else {
            role = Some(found);
        }
        false
    });
    role
}

fn without_arguments(cx: &Ctxt, attr: &Attribute, role: Role) -> Role {
    if !matches!(&attr.meta, Meta::Path(_)) {
        let name = attr.path().to_token_stream();
        cx.error(&attr.meta, format!("`#[{name}]` takes no arguments; write `#[{name}]`"));
    }
    role
}

/// The `#[cfg]`s among attributes.
pub(crate) fn cfgs(attrs: &[Attribute]) -> Vec<Attribute> {
    attrs.iter().filter(|attr| attr.path().is_ident("cfg")).cloned().collect()
}

/// The text of doc comments, one space of indentation taken off.
pub(crate) fn docs(attrs: &[Attribute]) -> String {
    let line = |attr: &Attribute| match &attr.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            Expr::Lit(lit) => match &lit.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            // `include_str!` and the like are not text yet.
            _ => None,
        },
        _ => None,
    };
    let lines: Vec<_> = attrs.iter().filter_map(line).collect();
    let lines = lines.iter().map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end());
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}
