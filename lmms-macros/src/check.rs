//! Rules: what an interface cannot be, each told on the user's own tokens with what to write instead.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Attribute, GenericParam, Ident, ReturnType, Type};

use crate::ast::{self, Load, Operation, Unload, inner_of, is_reference_to, ungroup};
use crate::block::{Block, Method, Param, ParamKind};
use crate::ctxt::Ctxt;

/// The frame: an inherent, plain impl.
pub(crate) fn block(cx: &Ctxt, block: &Block) {
    if !block.generics.params.is_empty() {
        cx.error(
            &block.generics,
            "an interface has one instance per process, so its impl cannot be generic; \
             write `impl Type` with concrete types",
        );
    }
    if let Some((path, for_token)) = &block.of_trait {
        cx.error(
            quote!(#path #for_token),
            "`#[lmms::interface]` goes on the inherent impl, not on that of a trait; write `impl Type { .. }`",
        );
    }
    if let Some(clause) = &block.where_clause {
        cx.error(clause, "an interface is concrete; remove the `where` clause");
    }
}

/// The last segment of the type's path, from which the interface has its name.
pub(crate) fn type_name<'a>(cx: &Ctxt, ty: &'a Type) -> Option<&'a Ident> {
    if let Some(lifetime) = find_lifetime(ty.to_token_stream(), |name| name == "_") {
        cx.error(
            lifetime,
            "an interface outlives every request, so it owns its state; write a type that borrows nothing",
        );
        return None;
    }
    let name = match ungroup(ty) {
        Type::Path(path) if path.qself.is_none() => path.path.segments.last().map(|segment| &segment.ident),
        _ => None,
    };
    if name.is_none() {
        cx.error(ty, "an interface is a struct or enum of yours; write `impl Type`");
    }
    name
}

/// What a name is made of.
pub(crate) const NAME: &str = "expected lower case letters, digits, `_` and `-`";

/// A name that requests can carry in JSON and in the path of a URL.
pub(crate) fn name(cx: &Ctxt, tokens: impl ToTokens, name: &str, help: &str) {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    if name.is_empty() || !name.chars().all(plain) {
        cx.error(tokens, format!("`{name}` cannot be a name; {help}"));
    }
}

/// The name of an interface, which one is taken of.
pub(crate) fn interface_name(cx: &Ctxt, tokens: impl ToTokens, name: &str, help: &str) {
    if name == "lmms" {
        cx.error(tokens, "`lmms` is the built-in interface; choose another name with `name = \"..\"`");
    } else {
        self::name(cx, tokens, name, help);
    }
}

/// What no hook and no operation may be.
fn plain(cx: &Ctxt, method: &Method, what: &str) {
    if let Some(unsafety) = &method.unsafety {
        cx.error(unsafety, format!("the framework calls {what}, so it has to be safe; remove `unsafe`"));
    }
    if !method.abi.is_empty() {
        cx.error(&method.abi, format!("{what} is a Rust function; remove `extern`"));
    }
    for param in &method.generics.params {
        if !matches!(param, GenericParam::Lifetime(_)) {
            cx.error(param, format!("{what} is called by the framework, so it cannot be generic; name a type"));
        }
    }
}

pub(crate) fn load(cx: &Ctxt, method: &Method) {
    plain(cx, method, "`#[load]`");
    if matches!(method.output, ReturnType::Default) {
        cx.error(
            &method.ident,
            "`#[load]` makes the instance; write `fn load() -> Self` or `fn load() -> Result<Self, E>`",
        );
    }
    for (index, param) in method.params.iter().enumerate() {
        match &param.kind {
            ParamKind::Receiver(receiver) => {
                cx.error(&receiver.tokens, "`#[load]` makes the instance, so there is no `self` yet; remove it");
            }
            ParamKind::Typed { ty, .. } if is_reference_to(ty, "Load") && index == 0 => {}
            ParamKind::Typed { ty, .. } => cx.error(
                ty,
                "`#[load]` takes nothing, or `load: &Load<'_>` to reach other interfaces; \
                 read configuration from the environment",
            ),
        }
    }
}

pub(crate) fn unload(cx: &Ctxt, method: &Method) {
    plain(cx, method, "`#[unload]`");
    if !ast::takes_self(method) {
        let message = "`#[unload]` ends the instance, so it takes `self`; write `fn unload(self)`";
        cx.error(ast::receiver_tokens(method), message);
    }
    for param in &method.params {
        if let ParamKind::Typed { pattern, colon, ty, .. } = &param.kind {
            cx.error(quote!(#pattern #colon #ty), "`#[unload]` takes nothing but `self`; store what it needs");
        }
    }
}

pub(crate) fn operation(cx: &Ctxt, method: &Method) {
    plain(cx, method, "an operation");
    if !ast::takes_ref_self(method) {
        cx.error(
            ast::receiver_tokens(method),
            "an operation shares its interface with others; write `&self`, \
             and a `Mutex` or an atomic around what it changes",
        );
    }
}

/// Whether a `cfg_attr` can stay. What is behind it is not known yet when the block is read.
pub(crate) fn cfg_attr(cx: &Ctxt, attr: &Attribute) -> bool {
    let Ok(list) = attr.meta.require_list() else { return true };
    let mut is_ours = false;
    let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
    for token in list.tokens.clone().into_iter().skip_while(|token| !is_comma(token)) {
        if let TokenTree::Ident(name) = &token
            && ["load", "operation", "unload"].iter().any(|helper| name == helper)
        {
            let message = format!("`#[{name}]` cannot be behind a `cfg_attr`; write two methods, each with a `#[cfg]`");
            cx.error(token, message);
            is_ours = true;
        }
    }
    !is_ours
}

/// A parameter that comes and goes would have to take its argument along.
pub(crate) fn no_cfg(cx: &Ctxt, param: &Param) {
    for attribute in &param.attrs {
        if attribute.name().is_some_and(|name| name == "cfg" || name == "cfg_attr") {
            cx.error(
                &attribute.content,
                "the arguments of an operation are fixed; put the `#[cfg]` on the method, and write two",
            );
        }
    }
}

/// One argument of an operation.
pub(crate) fn argument(cx: &Ctxt, name: Option<&Ident>, pattern: &TokenStream, ty: &Type, has_default: bool) {
    if name.is_none() {
        cx.error(pattern, "an argument is found by its name; write `name: Type` and take it apart in the body");
    }
    if has_default && inner_of(ty, "Option").is_some() {
        cx.error(ty, "an `Option` may be absent already; remove `#[default]`, or write the type without `Option`");
    }
    match ungroup(ty) {
        Type::ImplTrait(_) => {
            cx.error(ty, "an argument is read from JSON, so its type has to be named; write the type");
        }
        Type::Reference(reference) if reference.mutability.is_some() => {
            cx.error(ty, "an argument is read from the request; take it by value or by `&`");
        }
        _ => {}
    }
    if let Some(lifetime) = find_lifetime(ty.to_token_stream(), |name| name == "static") {
        cx.error(lifetime, "an argument lives as long as the request; remove `'static`");
    }
    if let Some(text) = nested_text(ty) {
        cx.error(text, "text with escapes cannot be borrowed from JSON in here; write `String` or `Cow<'_, str>`");
    }
}

/// The first `&str` in a type that is not the whole of it (or of what is in its `Option`), nor the item of its slice.
fn nested_text(ty: &Type) -> Option<TokenStream> {
    let inner = inner_of(ty, "Option").unwrap_or(ty);
    let is_whole = |ty: &Type| ast::is_borrowed_text(ty);
    let is_slice = |ty: &Type| match ungroup(ty) {
        Type::Reference(reference) => matches!(ungroup(&reference.elem), Type::Slice(slice) if is_whole(&slice.elem)),
        _ => false,
    };
    if is_whole(inner) || is_slice(inner) { None } else { find_text(inner.to_token_stream()) }
}

/// The first `&str` among tokens, with or without a lifetime.
fn find_text(tokens: TokenStream) -> Option<TokenStream> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is_punct = |token: Option<&TokenTree>, wanted: char| matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted);
    for (index, token) in tokens.iter().enumerate() {
        if let TokenTree::Group(group) = token
            && let Some(found) = find_text(group.stream())
        {
            return Some(found);
        }
        let after = if is_punct(tokens.get(index + 1), '\'') { index + 3 } else { index + 1 };
        if is_punct(Some(token), '&') && matches!(tokens.get(after), Some(TokenTree::Ident(name)) if name == "str") {
            return Some(tokens[index..=after].iter().cloned().collect());
        }
    }
    None
}

/// The first lifetime in a type whose name `wanted` says to find.
fn find_lifetime(tokens: TokenStream, wanted: impl Fn(&Ident) -> bool + Copy) -> Option<TokenStream> {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match (&token, tokens.peek()) {
            (TokenTree::Punct(quote), Some(TokenTree::Ident(name))) if quote.as_char() == '\'' && wanted(name) => {
                let name = name.clone();
                return Some(quote!(#token #name));
            }
            (TokenTree::Group(group), _) => {
                if let Some(found) = find_lifetime(group.stream(), wanted) {
                    return Some(found);
                }
            }
            _ => {}
        }
    }
    None
}

pub(crate) fn loads(cx: &Ctxt, ty: &Type, loads: &[Load]) {
    if loads.is_empty() {
        let ty = ty.to_token_stream();
        cx.error(
            &ty,
            format!("interface `{ty}` has no `#[load]`; add `#[load] fn load() -> Self` or `-> Result<Self, E>`"),
        );
    }
    twice(cx, loads.iter().map(|load| (&load.ident, load.cfgs.is_empty())), "`#[load]`");
}

pub(crate) fn unloads(cx: &Ctxt, unloads: &[Unload]) {
    twice(cx, unloads.iter().map(|unload| (&unload.ident, unload.cfgs.is_empty())), "`#[unload]`");
}

/// Several of one kind are alternatives, which only `#[cfg]`s can make them.
fn twice<'a>(cx: &Ctxt, all: impl Iterator<Item = (&'a Ident, bool)>, what: &str) {
    let all: Vec<_> = all.collect();
    if all.len() > 1 {
        for (ident, _) in all.iter().skip(1).filter(|(_, unconditional)| *unconditional) {
            cx.error(ident, format!("a second {what}; keep one, or give each a `#[cfg]` of its own"));
        }
        if let Some((first, true)) = all.first()
            && all.iter().skip(1).all(|(_, unconditional)| !unconditional)
        {
            cx.error(first, format!("there are several {what}, and this one has no `#[cfg]`; give it one"));
        }
    }
}

pub(crate) fn operations(cx: &Ctxt, operations: &[Operation]) {
    for (index, operation) in operations.iter().enumerate() {
        let same =
            |other: &&Operation| other.name == operation.name && (other.cfgs.is_empty() || operation.cfgs.is_empty());
        if operations[..index].iter().any(|other| same(&other)) {
            cx.error(
                &operation.ident,
                format!("a second operation named `{}`; rename it with `#[operation(name = \"..\")]`", operation.name),
            );
        }
    }
}
