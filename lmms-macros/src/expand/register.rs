//! The function that makes the descriptor, and its entry in the registry.

use proc_macro2::TokenStream;
use quote::quote;

use super::{about, operations, option, schema};
use crate::ast::{Interface, Operation};
use crate::attr::Caching;

pub(crate) fn register(private: &TokenStream, interface: &Interface) -> TokenStream {
    let Interface { ty, name, docs, .. } = interface;
    let load = if interface.is_blocking() { quote!(load_blocking) } else { quote!(load_async) };
    let operations = interface.operations.iter().enumerate().map(|(index, operation)| {
        let Operation { cfgs, name, cached, .. } = operation;
        let about = about::operation(operation);
        let parameters = operations::parameters(operation);
        let caching = caching(private, cached.as_ref());
        let shim = operation.shim();
        let types = schema::types(private, interface, operation);
        quote! {
            #(#cfgs)*
            #private::Operation {
                name: #name,
                about: #about,
                parameters: #private::Parameters(#parameters),
                caching: #caching,
                meter: &__LMMS_METERS[#index],
                call: #shim,
                types: #types,
            }
        }
    });
    quote! {
        fn __lmms_operations() -> #private::Vec<#private::Operation> {
            #private::list([#(#operations),*])
        }

        fn __lmms_descriptor() -> #private::Descriptor {
            #private::Descriptor {
                name: #name,
                origin: #private::concat!(
                    #private::module_path!(), " (", #private::file!(), ":", #private::line!(), ")"
                ),
                docs: #docs,
                options: __LMMS_OPTIONS,
                operations: __lmms_operations,
                load: #private::#load::<#ty>,
                slot: #private::slot::<#ty>,
            }
        }

        #[#private::linkme::distributed_slice(#private::LMMS_INTERFACES)]
        #[linkme(crate = #private::linkme)]
        static __LMMS_ENTRY: fn() -> #private::Descriptor = __lmms_descriptor;
    }
}

fn caching(private: &TokenStream, cached: Option<&Caching>) -> TokenStream {
    let cached = cached.map(|Caching { ttl, weight, errors }| {
        let ttl = option(private, *ttl);
        quote!(#private::Caching { ttl: #ttl, weight: #weight, errors: #errors })
    });
    option(private, cached)
}
