//! Helper attributes on methods and parameters: parsed, and stripped from what the compiler sees.

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Ident, Lit, LitStr, Meta, Result, Token};

use crate::ctxt::Ctxt;

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
            _ => return true,
        };
        if role.is_some() {
            let message =
                "a method is one of `#[load]`, `#[operation]` and `#[unload]`, once; remove this one";
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
        cx.error(attr, format!("`#[{name}]` takes no arguments; write `#[{name}]`"));
    }
    role
}

impl OperationArgs {
    fn parse(cx: &Ctxt, attr: &Attribute) -> Self {
        let list = match &attr.meta {
            Meta::Path(_) => return Self::default(),
            Meta::List(list) => list,
            Meta::NameValue(value) => {
                cx.error(value, "expected `#[operation]` or `#[operation(cached, name = \"..\")]`");
                return Self::default();
            }
        };
        let mut name = Once::new(cx, "name");
        let mut cached = Once::new(cx, "cached");
        let args = Punctuated::<(Ident, Option<LitStr>), Token![,]>::parse_terminated_with;
        let parsed = (|input: ParseStream<'_>| args(input, operation_arg)).parse2(list.tokens.clone());
        for (key, value) in cx.ok(parsed).into_iter().flatten() {
            match (key.to_string().as_str(), value) {
                ("cached", None) => cached.set(key, ()),
                ("name", Some(value)) => name.set(key, check_name(cx, &value)),
                (unknown, _) => {
                    cx.error(
                        &key,
                        format!("unknown argument `{unknown}`; expected `cached` or `name = \"..\"`"),
                    );
                }
            }
        }
        Self { name: name.get(), cached: cached.get().is_some() }
    }
}

fn operation_arg(input: ParseStream<'_>) -> Result<(Ident, Option<LitStr>)> {
    let key = input.call(Ident::parse_any)?;
    let equals: Option<Token![=]> = input.parse()?;
    let value = equals.map(|_| input.parse()).transpose()?;
    Ok((key, value))
}

/// A name that requests can carry in JSON and in the path of a URL.
pub(crate) fn check_name(cx: &Ctxt, name: &LitStr) -> String {
    let value = name.value();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    if value.is_empty() || !value.chars().all(plain) {
        cx.error(
            name,
            format!("`{value}` cannot be a name; expected lower case letters, digits, `_` and `-`"),
        );
    } else if value == "lmms" {
        cx.error(name, "`lmms` is the built-in interface; choose another name");
    }
    value
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
