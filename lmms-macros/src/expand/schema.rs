//! The types of an operation, from which the runtime makes schemas if the feature `schema` is on.
//!
//! Here nothing is known of features: all of it is handed to a macro of the runtime, which drops it if nobody asks.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};

use crate::ast::{Argument, Default, Interface, Operation};
use crate::extent::Extent;
use crate::outside::anonymous;

pub(crate) fn types(private: &TokenStream, interface: &Interface, operation: &Operation) -> TokenStream {
    let Interface { ty, .. } = interface;
    let Operation { ident, .. } = operation;
    let arguments = operation.arguments().map(|argument| {
        let ty = anonymous(argument.ty.to_token_stream());
        let default = default(private, argument);
        quote! {
            __lmms_types.argument(#private::Probe::<#ty>::NEW.schema());
            #default
        }
    });
    // What is written as its type may have lifetimes of its method, or be an `impl Trait`: so the type is that of a call.
    let parameters =
        std::iter::once(quote!(#private::any())).chain(operation.params.iter().map(|_| quote!(#private::any())));
    let returned = if operation.is_async { quote!(returned_later) } else { quote!(returned) };
    quote! {
        #private::schema!(|__lmms_types| {
            #(#arguments)*
            __lmms_types.result(#private::#returned(|| <#ty>::#ident(#(#parameters),*)).value().schema());
        })
    }
}

/// What stands for an absent argument.
fn default(private: &TokenStream, argument: &Argument) -> Option<TokenStream> {
    let value = match argument.default.as_ref()? {
        Default::Trait => Extent::of(&argument.ty).place(quote!(#private::Default::default())),
        Default::Expr(expr) if is_left_to_the_call(expr.clone()) => return None,
        Default::Expr(expr) => expr.clone(),
    };
    let ty = anonymous(argument.ty.to_token_stream());
    Some(quote! {
        __lmms_types.absent(|| {
            let __lmms_default: #ty = match #private::Option::None {
                #private::Option::None => #value,
                // Never so; but of an expression that panics, what follows it is no longer unreachable.
                #private::Option::Some(__lmms_default) => __lmms_default,
            };
            #private::Given(&__lmms_default).json()
        });
    })
}

/// Whether an expression may leave or wait for what is around it, which only the operation's own call can.
fn is_left_to_the_call(expr: TokenStream) -> bool {
    expr.into_iter().any(|token| match token {
        TokenTree::Group(group) => is_left_to_the_call(group.stream()),
        TokenTree::Punct(punct) => punct.as_char() == '?',
        TokenTree::Ident(word) => word == "await" || word == "return",
        TokenTree::Literal(_) => false,
    })
}
