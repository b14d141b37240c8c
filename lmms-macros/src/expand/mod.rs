//! From the checked model to code.
//!
//! Generated code is small: one slot, one function that makes the descriptor, a shim of a few lines per operation, and one
//! statement in its body. All logic is in `lmms-runtime`, where it can be read and stepped through. Everything but the
//! statements sits in one `const _`, and every name is absolute, so that it means the same in any module, with any prelude.

mod about;
mod heat;
mod hooks;
mod operations;
mod register;
mod schema;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Ident;

use crate::ast::Interface;
use crate::block::Block;
use crate::extent::Extent;

/// The user's impl, and what makes it an interface.
pub(crate) fn interface(mut block: Block, interface: &Interface) -> TokenStream {
    let lmms = &interface.lmms;
    let private = quote!(#lmms::__private);
    let left_to_shims = heat::count_calls(&private, interface, &mut block);
    let cfgs = &interface.cfgs;
    let implementation = hooks::implementation(&private, interface);
    let shims = interface.operations.iter().zip(left_to_shims);
    let shims = shims.map(|(operation, count)| operations::shim(&private, interface, operation, count.as_ref()));
    let register = register::register(&private, interface);
    quote! {
        #block

        #(#cfgs)*
        const _: () = {
            #implementation
            #(#shims)*
            #register
        };
    }
}

/// `body` as a future on the heap. That it cannot be sent between threads is told on the name of the async fn.
fn future(private: &TokenStream, ident: &Ident, body: &TokenStream) -> TokenStream {
    Extent::of(ident).place(quote!(#private::Box::pin(async move { #body })))
}

fn option(private: &TokenStream, value: Option<impl ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote!(#private::Option::Some(#value)),
        None => quote!(#private::Option::None),
    }
}

#[cfg(test)]
mod tests;
