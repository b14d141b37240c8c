//! What is emitted when the block is wrong: the errors, and the user's impl without our attributes, so that everything
//! else about it still compiles and the IDE still knows the methods.

use proc_macro2::TokenStream;
use quote::quote;

use crate::block::Block;

pub(crate) fn expand(block: &Block, error: &syn::Error) -> TokenStream {
    let errors = error.to_compile_error();
    quote! {
        #block
        #errors
    }
}
