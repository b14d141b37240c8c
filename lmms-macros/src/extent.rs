//! Extent: where generated code says it stands, so that a type error in it is told on the user's tokens.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// From one of the user's tokens to another. Stable Rust cannot join their spans; but the compiler joins those of an
/// expression's first and last token.
#[derive(Clone, Copy)]
pub(crate) struct Extent {
    first: Span,
    last: Span,
}

impl Extent {
    pub(crate) fn of(tokens: &impl ToTokens) -> Self {
        // The place alone: what names mean is not the user's business.
        let mut spans = tokens.to_token_stream().into_iter().map(|token| token.span().resolved_at(Span::call_site()));
        let first = spans.next().unwrap_or_else(Span::call_site);
        Self { first, last: spans.last().unwrap_or(first) }
    }

    /// `tokens`, as an expression that stands here. What is inside its groups stays where it was.
    pub(crate) fn place(self, tokens: TokenStream) -> TokenStream {
        let mut tokens = tokens.into_iter().peekable();
        let mut placed = Vec::new();
        while let Some(mut token) = tokens.next() {
            let is_last = tokens.peek().is_none() && !placed.is_empty();
            token.set_span(if is_last { self.last } else { self.first });
            placed.push(token);
        }
        TokenStream::from_iter(placed)
    }
}
