use quote::quote;

use super::*;
use crate::ctxt::Ctxt;
use crate::{args::Args, ast::Interface};

/// The block, printed after it was read in full, errors or not.
fn printed(input: TokenStream) -> String {
    let mut block: Block = syn::parse2(input).expect("an impl");
    let cx = Ctxt::new();
    Interface::from_block(&cx, Args::default(), &mut block);
    let _ = cx.check();
    text(&block)
}

/// Without spaces, which tell `>>` from `> >`: to rustc it is the same.
fn text(tokens: &impl ToTokens) -> String {
    tokens.to_token_stream().to_string().replace(' ', "")
}

#[test]
fn what_is_read_is_printed() {
    let input = quote! {
        #[doc = "Docs."]
        #[cfg(all(unix, feature = "a"))]
        unsafe impl<'a, T: Copy + ?Sized, const N: usize> path::Trait<u8> for Type<'a, [T; N]>
        where
            T: Into<Option<u8>>,
        {
            const A: usize = { 1 + 2 };
            pub const fn_like: fn() -> u8 = || 3;
            type B = dyn Fn(u8) -> u8 + 'static;
            macro_call! { fn not_a_method() }
            other::macro_call!(fn neither());

            #[inline]
            #[must_use = "why"]
            pub(in crate::path) const async unsafe extern "C" fn all<'b, U>(
                self: &'b mut Pin<Box<Self>>,
                #[allow(unused)] mut a: &'b mut [U],
                (b, _): (u8, u8),
                Point { x, y: path::CONST }: Point,
                _: impl Fn(&str) -> Option<u8>,
                r#type: path::to::r#type,
            ) -> Result<(), impl Trait + 'b>
            where
                U: 'b,
            {
                if a < b { return c as u8 } 'label: loop { break 'label #[attr] x.await? }
            }

            extern fn plain(mut self, &a: &u8) {}
            fn by_ref(&'a self) -> ! { loop {} }
            fn by_mut(&mut self,) {}
            fn empty() {}
        }
    };
    assert_eq!(printed(input.clone()), text(&input));
}

#[test]
fn helper_attributes_are_taken_out_and_no_others() {
    let input = quote! {
        impl Type {
            #[a] #[load] #[b(load)]
            fn load() -> Self { #[load] let x; }
            #[operation(name = "x", cached)] #[operation]
            fn both(&self, #[default] #[a] x: u8, #[default = 1 + 2] y: u8, #[b = 1] z: u8) {}
            #[cfg(x)] #[unload] #[path::operation]
            fn unload(self, x: u8) {}
            #[default] fn not_ours(#[load] x: u8) {}
        }
    };
    let output = quote! {
        impl Type {
            #[a] #[b(load)]
            fn load() -> Self { #[load] let x; }
            fn both(&self, #[a] x: u8, y: u8, #[b = 1] z: u8) {}
            #[cfg(x)] #[path::operation]
            fn unload(self, x: u8) {}
            #[default] fn not_ours(#[load] x: u8) {}
        }
    };
    assert_eq!(printed(input), text(&output));
}
