//! What stands in the user's impl, as it reads outside of it: shims are functions of their own, in which neither `Self`
//! nor the lifetimes of a method mean anything.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::Type;

/// With `Self` as the type that it is.
pub(crate) fn concrete(tokens: TokenStream, self_ty: &Type) -> TokenStream {
    let is_plain =
        matches!(self_ty, Type::Path(path) if path.path.segments.iter().all(|part| part.arguments.is_none()));
    let mut concrete = TokenStream::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            // `<Type<T>>::ITEM` is right wherever `Type<T>::ITEM` is not.
            TokenTree::Ident(name) if name == "Self" && !is_plain && starts_path(tokens.peek()) => {
                concrete.extend(quote!(<#self_ty>))
            }
            TokenTree::Ident(name) if name == "Self" => self_ty.to_tokens(&mut concrete),
            token => concrete.extend([inside(token, |tokens| self::concrete(tokens, self_ty))]),
        }
    }
    concrete
}

fn starts_path(next: Option<&TokenTree>) -> bool {
    matches!(next, Some(TokenTree::Punct(punct)) if punct.as_char() == ':')
}

/// With every named lifetime as `'_`.
pub(crate) fn anonymous(tokens: TokenStream) -> TokenStream {
    let mut after_quote = false;
    let anonymous = |token| {
        let is_quote = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '\'');
        match (std::mem::replace(&mut after_quote, is_quote), token) {
            (true, TokenTree::Ident(name)) => Ident::new("_", name.span()).into(),
            (_, token) => inside(token, anonymous),
        }
    };
    tokens.into_iter().map(anonymous).collect()
}

/// A group with its inside changed; any other token as it is.
fn inside(token: TokenTree, change: impl FnOnce(TokenStream) -> TokenStream) -> TokenTree {
    match token {
        TokenTree::Group(group) => {
            let mut changed = Group::new(group.delimiter(), change(group.stream()));
            changed.set_span(group.span());
            changed.into()
        }
        token => token,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn self_is_the_type() {
        let self_ty: Type = syn::parse_quote!(Table<u8>);
        let concrete = |tokens| concrete(tokens, &self_ty).to_string().replace(' ', "");
        assert_eq!(concrete(quote!(Vec<Self>)), "Vec<Table<u8>>");
        assert_eq!(concrete(quote!([u8; Self::SIZE])), "[u8;<Table<u8>>::SIZE]");
        assert_eq!(concrete(quote!(self.itself)), "self.itself");
        let plain = super::concrete(quote!(Self::SIZE), &syn::parse_quote!(path::Table));
        assert_eq!(plain.to_string().replace(' ', ""), "path::Table::SIZE");
    }

    #[test]
    fn lifetimes_lose_their_names() {
        let tokens = anonymous(quote!((&'a str, [Query<'query>; 2], &u8))).to_string();
        assert_eq!(tokens.replace(' ', ""), "(&'_str,[Query<'_>;2],&u8)");
    }
}
