//! What is emitted when the block is wrong: the errors, the user's impl without our attributes, and something that
//! passes for the interface. So everything else still compiles, nothing is said twice, and the IDE knows the methods.

use proc_macro2::TokenStream;
use quote::quote;

use crate::ast::Interface;
use crate::block::Block;

pub(crate) fn expand(block: &Block, interface: Option<&Interface>, error: &syn::Error) -> TokenStream {
    let errors = error.to_compile_error();
    let stand_in = interface.filter(|_| block.is_concrete()).map(stand_in);
    quote! {
        #block
        #errors
        #stand_in
    }
}

/// An interface that cannot load, for those who use it.
fn stand_in(interface: &Interface) -> TokenStream {
    let Interface { ty, name, lmms, cfgs, .. } = interface;
    let private = quote!(#lmms::__private);
    let blocking = interface.is_blocking().then(|| quote!(impl #private::BlockingInterface for #ty {}));
    quote! {
        #(#cfgs)*
        const _: () = {
            impl #private::Interface for #ty {
                const NAME: &'static str = #name;

                fn __lmms_slot() -> &'static #private::Slot<Self> {
                    loop {}
                }

                fn __lmms_load(_: #private::Load<'_>) -> #private::Hook<'_, Self> {
                    loop {}
                }

                fn __lmms_unload(self) -> #private::Hook<'static, ()> {
                    loop {}
                }
            }

            #blocking
        };
    }
}
