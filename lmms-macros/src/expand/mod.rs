//! From the checked model to code.
//!
//! Generated code is small: one descriptor, one slot, and a shim of a few lines per operation. All logic is in
//! `lmms-runtime`, where it can be read and stepped through. Everything sits in one `const _`, and every name in it is
//! absolute, so that it means the same in any module, with any prelude.

mod about;
mod hooks;
mod operations;
mod register;

use proc_macro2::TokenStream;
use quote::quote;

use crate::ast::Interface;
use crate::block::Block;

/// The user's impl, and what makes it an interface.
pub(crate) fn interface(block: &Block, interface: &Interface) -> TokenStream {
    let lmms = &interface.lmms;
    let private = quote!(#lmms::__private);
    let cfgs = &interface.cfgs;
    let implementation = hooks::implementation(&private, interface);
    let shims = interface.operations.iter().map(|operation| operations::shim(&private, interface, operation));
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

#[cfg(test)]
mod tests;
