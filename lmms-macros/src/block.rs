//! The user's impl block as syntax: what is needed of it, with method bodies left as tokens.
//!
//! syn's own `ItemImpl` would parse every body, which takes its `full` feature and the compile time of both.
//! **Invariant:** printing a block gives the user's tokens back, in their order, but for the attributes taken out and the
//! statements put in ([`Method::begin_with`]).

mod body;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::token::{Brace, Paren};
use syn::{
    Attribute, Generics, Ident, Lifetime, Path, Result, ReturnType, Token, Type, Visibility, WhereClause, braced,
    bracketed, parenthesized,
};

use self::body::Body;

/// `impl Type { .. }`.
pub(crate) struct Block {
    pub(crate) attrs: Vec<Attribute>,
    unsafety: Option<Token![unsafe]>,
    pub(crate) impl_token: Token![impl],
    pub(crate) generics: Generics,
    /// `Trait for`, which an interface cannot have.
    pub(crate) of_trait: Option<(Path, Token![for])>,
    pub(crate) self_ty: Type,
    pub(crate) where_clause: Option<WhereClause>,
    brace: Brace,
    /// `#![..]`
    inner_attrs: Vec<Attribute>,
    pub(crate) members: Vec<Member>,
}

pub(crate) enum Member {
    Method(Box<Method>),
    /// Constants, types, macro calls.
    Other(TokenStream),
}

pub(crate) struct Method {
    pub(crate) attrs: Vec<Attribute>,
    vis: Visibility,
    pub(crate) constness: Option<Token![const]>,
    pub(crate) asyncness: Option<Token![async]>,
    pub(crate) unsafety: Option<Token![unsafe]>,
    /// `extern "C"`, as it stands.
    pub(crate) abi: TokenStream,
    fn_token: Token![fn],
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    paren: Paren,
    pub(crate) params: Punctuated<Param, Token![,]>,
    pub(crate) output: ReturnType,
    where_clause: Option<WhereClause>,
    body: Body,
}

pub(crate) struct Param {
    pub(crate) attrs: Vec<ParamAttribute>,
    pub(crate) kind: ParamKind,
}

pub(crate) enum ParamKind {
    Receiver(Receiver),
    Typed {
        /// The name, if the pattern is one, with its `mut`.
        name: Option<Ident>,
        pattern: TokenStream,
        colon: Token![:],
        ty: Box<Type>,
    },
}

pub(crate) struct Receiver {
    pub(crate) tokens: TokenStream,
    pub(crate) kind: ReceiverKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReceiverKind {
    /// `&self`
    Ref,
    /// `&mut self`
    RefMut,
    /// `self`, `mut self`
    Value,
    /// `self: Box<Self>` and the like.
    Typed,
}

/// An attribute of a parameter. Not syn's: its value may be any expression.
pub(crate) struct ParamAttribute {
    pound: Token![#],
    pub(crate) content: TokenStream,
    whole: Group,
}

impl Block {
    /// It is the inherent impl of one type.
    pub(crate) fn is_concrete(&self) -> bool {
        self.generics.params.is_empty() && self.of_trait.is_none() && self.where_clause.is_none()
    }
}

impl Method {
    /// Has the body do `statement` before all else. Whether that can be done.
    pub(crate) fn begin_with(&mut self, statement: &TokenStream) -> bool {
        self.body.begin_with(statement)
    }
}

impl Parse for Block {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let unsafety = input.parse()?;
        let impl_token = input.parse().map_err(|error| {
            syn::Error::new(
                error.span(),
                "`#[lmms::interface]` goes on `impl Type { .. }`, the inherent impl of a type",
            )
        })?;
        // `impl <T as Trait>::Out` is no generics, but nor is it a type that could be an interface.
        let generics = input.parse()?;
        let first: Type = input.parse()?;
        let (of_trait, self_ty) = match (input.parse::<Option<Token![for]>>()?, first) {
            (None, ty) => (None, ty),
            (Some(for_token), Type::Path(path)) => (Some((path.path, for_token)), input.parse()?),
            (Some(for_token), _) => {
                return Err(syn::Error::new_spanned(for_token, "expected a trait before `for`"));
            }
        };
        let where_clause = input.parse()?;
        let content;
        let brace = braced!(content in input);
        let inner_attrs = content.call(Attribute::parse_inner)?;
        let mut members = Vec::new();
        while !content.is_empty() {
            members.push(content.parse()?);
        }
        Ok(Self { attrs, unsafety, impl_token, generics, of_trait, self_ty, where_clause, brace, inner_attrs, members })
    }
}

impl Parse for Member {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let ahead = input.fork();
        match ahead.parse::<Method>() {
            Ok(_) => input.parse().map(|method| Self::Method(Box::new(method))),
            // Told apart by the `fn`: a method that does not parse is an error of the user's, and no other item.
            Err(error) if is_method(input) => Err(error),
            Err(_) => other(input).map(Self::Other),
        }
    }
}

/// Whether `fn` comes before any `:`, `=`, `;`, `!` or brace.
fn is_method(input: ParseStream<'_>) -> bool {
    let mut cursor = input.cursor();
    while let Some((token, next)) = cursor.token_tree() {
        match token {
            TokenTree::Ident(ident) if ident == "fn" => return true,
            TokenTree::Punct(punct) if matches!(punct.as_char(), ':' | ';' | '=' | '!') => return false,
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return false,
            _ => cursor = next,
        }
    }
    false
}

/// Any other item: up to `;`, or to the braces of a macro call.
fn other(input: ParseStream<'_>) -> Result<TokenStream> {
    let mut tokens = TokenStream::new();
    let mut is_macro = false;
    while !input.is_empty() {
        let token: TokenTree = input.parse()?;
        let ends = match &token {
            TokenTree::Punct(punct) if punct.as_char() == ';' => true,
            TokenTree::Group(group) => is_macro && group.delimiter() == Delimiter::Brace,
            _ => false,
        };
        is_macro = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '!');
        tokens.append(token);
        if ends {
            break;
        }
    }
    Ok(tokens)
}

impl Parse for Method {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let constness = input.parse()?;
        let asyncness = input.parse()?;
        let unsafety = input.parse()?;
        let mut abi = TokenStream::new();
        if input.peek(Token![extern]) {
            abi.append(input.parse::<TokenTree>()?);
            if !input.peek(Token![fn]) {
                abi.append(input.parse::<TokenTree>()?);
            }
        }
        let fn_token = input.parse()?;
        let ident = input.parse()?;
        let generics = input.parse()?;
        let content;
        let paren = parenthesized!(content in input);
        let params = content.parse_terminated(Param::parse, Token![,])?;
        Ok(Self {
            attrs,
            vis,
            constness,
            asyncness,
            unsafety,
            abi,
            fn_token,
            ident,
            generics,
            paren,
            params,
            output: input.parse()?,
            where_clause: input.parse()?,
            body: input.parse()?,
        })
    }
}

impl Parse for Param {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut attrs = Vec::new();
        while input.peek(Token![#]) {
            attrs.push(input.parse()?);
        }
        let kind = match receiver(&input.fork()) {
            Some(_) => ParamKind::Receiver(input.parse()?),
            None => typed(input)?,
        };
        Ok(Self { attrs, kind })
    }
}

impl Parse for Receiver {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let start = input.cursor();
        let kind = receiver(input).ok_or_else(|| input.error("expected `self`"))?;
        let mut tokens = TokenStream::new();
        let mut cursor = start;
        while cursor != input.cursor() {
            let Some((token, next)) = cursor.token_tree() else { break };
            tokens.append(token);
            cursor = next;
        }
        Ok(Self { tokens, kind })
    }
}

/// Takes a receiver, if there is one.
fn receiver(input: ParseStream<'_>) -> Option<ReceiverKind> {
    let reference = input.parse::<Option<Token![&]>>().ok()?;
    if reference.is_some() {
        input.parse::<Option<Lifetime>>().ok()?;
    }
    let mutable = input.parse::<Option<Token![mut]>>().ok()?;
    input.parse::<Token![self]>().ok()?;
    if input.parse::<Option<Token![:]>>().ok()?.is_some() {
        input.parse::<Type>().ok()?;
        return Some(ReceiverKind::Typed);
    }
    Some(match (reference, mutable) {
        (Some(_), None) => ReceiverKind::Ref,
        (Some(_), Some(_)) => ReceiverKind::RefMut,
        (None, _) => ReceiverKind::Value,
    })
}

fn typed(input: ParseStream<'_>) -> Result<ParamKind> {
    let mut pattern = Vec::new();
    while !input.peek(Token![:]) || input.peek(Token![::]) {
        if input.is_empty() {
            return Err(input.error("expected `:` and the type of the parameter"));
        }
        pattern.push(input.parse::<TokenTree>()?);
    }
    let name = match &*pattern {
        [TokenTree::Ident(name)] if name != "_" => Some(name.clone()),
        [TokenTree::Ident(mutable), TokenTree::Ident(name)] if mutable == "mut" => Some(name.clone()),
        _ => None,
    };
    Ok(ParamKind::Typed {
        name,
        pattern: pattern.into_iter().collect(),
        colon: input.parse()?,
        ty: Box::new(input.parse()?),
    })
}

impl Parse for ParamAttribute {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let pound = input.parse()?;
        let ahead = input.fork();
        let content;
        bracketed!(content in ahead);
        let content = content.parse()?;
        match input.parse()? {
            TokenTree::Group(whole) => Ok(Self { pound, content, whole }),
            token => Err(syn::Error::new_spanned(token, "expected an attribute")),
        }
    }
}

impl ParamAttribute {
    /// The name, if it is a single one.
    pub(crate) fn name(&self) -> Option<Ident> {
        let name = |input: ParseStream<'_>| {
            let name = input.call(Ident::parse_any)?;
            input.parse::<TokenStream>()?;
            Ok(name)
        };
        syn::parse::Parser::parse2(name, self.content.clone()).ok()
    }
}

impl ToTokens for Block {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self {
            attrs,
            unsafety,
            impl_token,
            generics,
            of_trait,
            self_ty,
            where_clause,
            brace,
            inner_attrs,
            members,
        } = self;
        let of_trait = of_trait.as_ref().map(|(path, for_token)| quote!(#path #for_token));
        tokens.extend(quote!(#(#attrs)* #unsafety #impl_token #generics #of_trait #self_ty #where_clause));
        brace.surround(tokens, |tokens| {
            tokens.append_all(inner_attrs);
            tokens.append_all(members);
        });
    }
}

impl ToTokens for Member {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Method(method) => method.to_tokens(tokens),
            Self::Other(other) => other.to_tokens(tokens),
        }
    }
}

impl ToTokens for Method {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { attrs, vis, constness, asyncness, unsafety, abi, fn_token, ident, generics, .. } = self;
        tokens.extend(quote!(#(#attrs)* #vis #constness #asyncness #unsafety #abi #fn_token #ident #generics));
        self.paren.surround(tokens, |tokens| self.params.to_tokens(tokens));
        self.output.to_tokens(tokens);
        self.where_clause.to_tokens(tokens);
        self.body.to_tokens(tokens);
    }
}

impl ToTokens for Param {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.append_all(&self.attrs);
        match &self.kind {
            ParamKind::Receiver(receiver) => receiver.tokens.to_tokens(tokens),
            ParamKind::Typed { pattern, colon, ty, .. } => tokens.extend(quote!(#pattern #colon #ty)),
        }
    }
}

impl ToTokens for ParamAttribute {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.pound.to_tokens(tokens);
        self.whole.to_tokens(tokens);
    }
}

#[cfg(test)]
mod tests;
