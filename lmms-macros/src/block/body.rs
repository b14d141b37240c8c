//! A method's body: tokens, of which nothing is known but where its first statement is.
//!
//! **Invariant:** with a statement put in, the compiler and clippy say of the user's what they say without it.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::discouraged::Speculative;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Attribute, DeriveInput, Ident, Result, Token, Visibility};

use super::{Block, Method};

/// `{ .. }`
pub(crate) struct Body(Group);

impl Body {
    /// Puts `statement` before the user's, in the same block: if theirs were in one of their own, the compiler would find
    /// less to suggest, and braces to remove. Whether that can be done.
    ///
    /// What a `macro_rules!` passes on loses its invisible group, and `$sum * 2` its meaning, if the tokens that it is
    /// among are taken one by one. So they are not, where there is any.
    pub(crate) fn begin_with(&mut self, statement: &TokenStream) -> bool {
        let (whole, all) = (&self.0, self.0.stream());
        let tokens: Vec<_> = all.clone().into_iter().collect();
        let is_invisible =
            |token: &TokenTree| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::None);
        let begun = match tokens.split_at(end_of_items(all.clone())) {
            _ if is_cut_short(&tokens) => return true,
            ([], _) => quote!(#statement #all),
            (before, after) if !tokens.iter().any(is_invisible) => quote!(#(#before)* #statement #(#after)*),
            _ if !begins_with_inner_attr(&tokens) => quote!(#statement #whole),
            _ => return false,
        };
        let mut begun = Group::new(Delimiter::Brace, begun);
        begun.set_span(self.0.span());
        self.0 = begun;
        true
    }
}

impl Parse for Body {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut token: TokenTree = input.parse()?;
        loop {
            match token {
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return Ok(Self(group)),
                // The `$body:block` of a `macro_rules!`.
                TokenTree::Group(group) if group.delimiter() == Delimiter::None => token = syn::parse2(group.stream())?,
                token => return Err(syn::Error::new_spanned(token, "expected the body of the method")),
            }
        }
    }
}

impl ToTokens for Body {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.0.to_tokens(tokens);
    }
}

/// Whether the closing brace is a syntax error, as far as that is plain to see. The compiler has told it already; in a
/// changed body it would tell it again, for it would not know the brace by its place.
fn is_cut_short(tokens: &[TokenTree]) -> bool {
    let is_let = |token: &TokenTree| matches!(token, TokenTree::Ident(word) if word == "let");
    let last_statement = tokens.rsplit(|token| is_punct(token, ';')).next().unwrap_or_default();
    let ends_amiss = match tokens {
        // `first..`
        [.., dot, last] if is_punct(dot, '.') && is_punct(last, '.') => false,
        // `Type::<T>`
        [.., TokenTree::Punct(last)] => !matches!(last.as_char(), ';' | '?' | '>'),
        _ => false,
    };
    ends_amiss || last_statement.first().is_some_and(is_let)
}

fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

/// How many tokens there are of inner attributes, which have to be first, and of items, of which clippy says that they
/// ought to be (`items_after_statements`).
fn end_of_items(tokens: TokenStream) -> usize {
    let after = |input: ParseStream<'_>| {
        while input.peek(Token![#]) && input.peek2(Token![!]) {
            input.parse::<Token![#]>()?;
            input.parse::<Token![!]>()?;
            input.parse::<TokenTree>()?;
        }
        while takes(input, item) {}
        input.parse::<TokenStream>()
    };
    let count = |tokens: TokenStream| tokens.into_iter().count();
    after.parse2(tokens.clone()).map_or(0, |after| count(tokens) - count(after))
}

fn begins_with_inner_attr(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [pound, bang, ..] if is_punct(pound, '#') && is_punct(bang, '!'))
}

/// An item, of those kinds that are easily told from all else.
fn item(input: ParseStream<'_>) -> Result<()> {
    // An invisible group may be more than the item that it begins with.
    if matches!(input.cursor().token_tree(), Some((TokenTree::Group(_), _))) {
        return Err(input.error("expected an item"));
    }
    if takes(input, Method::parse) || takes(input, Block::parse) || takes(input, DeriveInput::parse) {
        return Ok(());
    }
    input.call(Attribute::parse_outer)?;
    input.parse::<Visibility>()?;
    // `const { .. }` and `static || ..` are expressions.
    let is_named = input.peek2(Ident) || input.peek2(Token![_]) || input.peek2(Token![mut]);
    let is_value = (input.peek(Token![const]) || input.peek(Token![static])) && is_named;
    if !is_value && !input.peek(Token![use]) && !input.peek(Token![type]) {
        return Err(input.error("expected an item"));
    }
    while !is_punct(&input.parse()?, ';') {}
    Ok(())
}

/// Takes what `parser` does, if it does.
fn takes<T>(input: ParseStream<'_>, parser: impl FnOnce(ParseStream<'_>) -> Result<T>) -> bool {
    let ahead = input.fork();
    let taken = parser(&ahead).is_ok();
    if taken {
        input.advance_to(&ahead);
    }
    taken
}
