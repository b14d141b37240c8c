//! Heat is counted in the operation's body, where every call arrives: a typed one heats as one by name does.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use crate::ast::Interface;
use crate::block::{Block, Member};

/// Has the operations' bodies begin with counting the call. Where one cannot, because it is that of a `const fn` or for the
/// reason that [`Method::begin_with`](crate::block::Method::begin_with) knows, what is to count is left to the shim.
pub(crate) fn count_calls(private: &TokenStream, interface: &Interface, block: &mut Block) -> Vec<Option<TokenStream>> {
    let mut left_to_shims = Vec::new();
    for (index, operation) in interface.operations.iter().enumerate() {
        let in_body = match &mut block.members[operation.member] {
            Member::Method(method) if method.constness.is_none() => {
                method.begin_with(&called(private, &quote!(Self), index))
            }
            _ => false,
        };
        left_to_shims.push((!in_body).then(|| called(private, &interface.ty, index)));
    }
    left_to_shims
}

/// `index` is that of the operation's meter.
fn called(private: &TokenStream, ty: &impl ToTokens, index: usize) -> TokenStream {
    quote!(#private::called::<#ty>(#index);)
}
