//! Helper attributes on methods and parameters: parsed, and stripped from what the compiler sees.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Ident, Lit, LitStr, Meta, Result, Token};

use crate::check;
use crate::ctxt::Ctxt;

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

/// The arguments of `#[operation(..)]`.
#[derive(Default)]
pub(crate) struct OperationArgs {
    pub(crate) name: Option<String>,
    pub(crate) cached: bool,
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

/// One argument of `#[operation(..)]`, as it stands.
enum OperationArg {
    Name(Ident, LitStr),
    Cached(Ident),
}

impl Parse for OperationArg {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let expected = "expected `cached` or `name = \"..\"`";
        let key = key(input, expected)?;
        match key.to_string().as_str() {
            "name" => value(input, &key, "\"..\"").map(|value| Self::Name(key, value)),
            "cached" => flag(input, &key).map(|()| Self::Cached(key)),
            unknown => Err(syn::Error::new_spanned(&key, format!("unknown argument `{unknown}`; {expected}"))),
        }
    }
}

impl OperationArgs {
    fn parse(cx: &Ctxt, attr: &Attribute) -> Self {
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
                OperationArg::Name(key, value) => {
                    check::name(cx, &value, &value.value(), check::NAME);
                    name.set(key, value.value());
                }
                OperationArg::Cached(key) => cached.set(key, ()),
            }
        }
        Self { name: name.get(), cached: cached.get().is_some() }
    }
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
