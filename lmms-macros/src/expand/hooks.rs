//! The slot, and the `Interface` impl through which the runtime loads and unloads.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Attribute;

use super::{future, option};
use crate::ast::{Interface, Load, Unload};
use crate::extent::Extent;

pub(crate) fn implementation(private: &TokenStream, interface: &Interface) -> TokenStream {
    let Interface { ty, name, pinned, preload, .. } = interface;
    let grace_period = option(private, interface.grace_period);
    let fast_path_threshold = option(private, interface.fast_path_threshold);
    let snapshot = option(private, interface.snapshot);
    let memory_mb = option(private, interface.memory_mb);
    let is_blocking = interface.is_blocking();
    let has_unload = !interface.unloads.is_empty();
    // One for each operation, even if its `#[cfg]`s leave it out: nothing is known of those here.
    let operations = interface.operations.len();
    let loads = interface.loads.iter().map(|hook| load(private, interface, hook));
    let unloads = interface.unloads.iter().map(|hook| unload(private, interface, hook));
    let no_unload = no_unload(private, &interface.unloads);
    let blocking = interface.is_blocking().then(|| {
        quote! {
            #[automatically_derived]
            impl #private::BlockingInterface for #ty {}
        }
    });
    let slot = Extent::of(ty).place(quote!(#private::Slot<#ty>));
    quote! {
        static __LMMS_SLOT: #slot = #private::Slot::new();
        const __LMMS_OPTIONS: #private::Options = #private::Options {
            pinned: #pinned,
            preload: #preload,
            snapshot: #snapshot,
            grace_period: #grace_period,
            fast_path_threshold: #fast_path_threshold,
            memory_mb: #memory_mb,
            is_blocking: #is_blocking,
            has_unload: #has_unload,
        };
        static __LMMS_METERS: [#private::Meter; #operations] = [const { #private::Meter::new() }; #operations];

        #[automatically_derived]
        impl #private::Interface for #ty {
            const NAME: &'static str = #name;

            const __LMMS_OPTIONS: #private::Options = __LMMS_OPTIONS;

            #[inline]
            fn __lmms_slot() -> &'static #private::Slot<Self> {
                &__LMMS_SLOT
            }

            #[inline]
            fn __lmms_meters() -> &'static [#private::Meter] {
                &__LMMS_METERS
            }

            #(#loads)*
            #(#unloads)*
            #no_unload
        }

        #blocking
    }
}

fn load(private: &TokenStream, interface: &Interface, load: &Load) -> TokenStream {
    let ty = &interface.ty;
    let Load { cfgs, ident, is_async, takes_load, output } = load;
    let argument = takes_load.then(|| quote!(&__lmms_load));
    let call = quote!(<#ty>::#ident(#argument));
    // On the user's return type, where a type that cannot be loaded is to be seen.
    let loaded = output.place(quote!(__lmms_loaded));
    let loaded = output.place(quote!(#private::IntoLoaded::<Self>::into_loaded(#loaded)));
    let body = if *is_async {
        let future = future(private, ident, &quote!(let __lmms_loaded = #call.await; #loaded));
        quote!(#private::Hook::Running(#future))
    } else {
        quote!(let __lmms_loaded = #call; #private::Hook::Done(#loaded))
    };
    let parameter = if *takes_load { quote!(__lmms_load) } else { quote!(_) };
    quote! {
        #(#cfgs)*
        fn __lmms_load(#parameter: #private::Load<'_>) -> #private::Hook<'_, Self> {
            #body
        }
    }
}

fn unload(private: &TokenStream, interface: &Interface, unload: &Unload) -> TokenStream {
    let ty = &interface.ty;
    let Unload { cfgs, ident, is_async, output } = unload;
    let call = quote!(<#ty>::#ident(self));
    let unloaded = output.place(quote!(__lmms_unloaded));
    let unloaded = output.place(quote!(#private::IntoUnloaded::into_unloaded(#unloaded)));
    let body = if *is_async {
        let future = future(private, ident, &quote!(let __lmms_unloaded = #call.await; #unloaded));
        quote!(#private::Hook::Running(#future))
    } else {
        quote!(let __lmms_unloaded = #call; #private::Hook::Done(#unloaded))
    };
    quote! {
        #(#cfgs)*
        fn __lmms_unload(self) -> #private::Hook<'static, ()> {
            #body
        }
    }
}

/// For when there is no `#[unload]`, or its `#[cfg]`s leave none.
fn no_unload(private: &TokenStream, unloads: &[Unload]) -> Option<TokenStream> {
    if unloads.iter().any(|unload| unload.cfgs.is_empty()) {
        return None;
    }
    let none = (!unloads.is_empty()).then(|| {
        let each = unloads.iter().map(|unload| all(&unload.cfgs));
        quote!(#[cfg(not(any(#(#each),*)))])
    });
    Some(quote! {
        #none
        fn __lmms_unload(self) -> #private::Hook<'static, ()> {
            #private::drop_instance(self)
        }
    })
}

/// Several `#[cfg]`s as one predicate.
fn all(cfgs: &[Attribute]) -> TokenStream {
    let each = cfgs.iter().filter_map(|cfg| cfg.meta.require_list().ok()).map(|list| &list.tokens);
    quote!(all(#(#each),*))
}
