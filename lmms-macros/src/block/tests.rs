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

/// The body, with `HERE;` put in, in which `HERE;` is where it belongs.
#[track_caller]
fn check_begun(expected: TokenStream) {
    let is_here = |token: &TokenTree| matches!(token, TokenTree::Ident(name) if name == "HERE");
    let mut rest = expected.clone().into_iter().peekable();
    let mut body = TokenStream::new();
    while let Some(token) = rest.next() {
        if is_here(&token) { drop(rest.next()) } else { body.append(token) }
    }
    let mut method: Method = syn::parse2(quote!(fn method() { #body })).expect("a method");
    assert!(method.begin_with(&quote!(HERE;)));
    assert_eq!(text(&method), text(&quote!(fn method() { #expected })));
}

#[test]
fn a_statement_comes_first() {
    check_begun(quote!(HERE;));
    check_begun(quote!(HERE; self.a));
    check_begun(quote!(HERE; let a = 1; use b;));
    check_begun(quote!(HERE; ..));
    check_begun(quote!(HERE; { use a; }));
}

#[test]
fn inner_attributes_stay_before_it() {
    check_begun(quote! {
        #![allow(unused)]
        #![doc = include_str!("a")]
        HERE;
        #[allow(unused)]
        let a = 1;
    });
}

#[test]
fn items_stay_before_it() {
    check_begun(quote! {
        #![allow(unused)]
        use a::{b, c as _};
        #[doc = "d"]
        pub(crate) const D: [u8; { 1 + 2 }] = { [1, 2, 3] };
        const _: () = ();
        static mut E: u8 = 1;
        type F<T> = Option<T>;
        #[cfg(g)]
        struct G<const N: usize = { 1 }>(u8);
        enum H { I }
        union J { k: u8 }
        impl L for G<{ 2 }> { fn m() {} }
        const unsafe extern "C" fn n(o: u8) -> G<{ 3 }> where u8: Copy { o }
        async fn p() {}
        HERE;
        q();
        use r;
    });
}

#[test]
fn expressions_that_begin_as_items_do_are_none() {
    check_begun(quote!(HERE; const { 1 }; use a;));
    check_begun(quote!(HERE; unsafe { a() }));
    check_begun(quote!(HERE; async move { use a; }));
    check_begun(quote!(HERE; static || 1; use a;));
    check_begun(quote!(HERE; union.a(b); use a;));
    check_begun(quote!(HERE; a! { use b; } use c;));
}

#[test]
fn a_body_that_is_cut_short_is_left_alone() {
    check_begun(quote!(self.));
    check_begun(quote!(a(); b +));
    check_begun(quote!(a(); let b = c));
    // These are not.
    check_begun(quote!(HERE; let a = 1; a..));
    check_begun(quote!(HERE; let a = 1; A::<B>));
    check_begun(quote!(HERE; a?));
}

/// What a `macro_rules!` passes on.
fn invisible(tokens: TokenStream) -> TokenTree {
    Group::new(Delimiter::None, tokens).into()
}

#[test]
fn what_a_macro_passes_on_is_not_taken_from_among_its_tokens() {
    let sum = invisible(quote!(1 + 2));
    check_begun(quote!(HERE; #sum * 2));
    let mut method: Method = syn::parse2(quote!(fn method() { use a; #sum * 2 })).expect("a method");
    assert!(method.begin_with(&quote!(HERE;)));
    assert_eq!(text(&method), text(&quote!(fn method() { HERE; { use a; #sum * 2 } })));
    // An inner attribute can be in no block but the function's.
    let mut method: Method = syn::parse2(quote!(fn method() { #![a] #sum * 2 })).expect("a method");
    assert!(!method.begin_with(&quote!(HERE;)));
    assert_eq!(text(&method), text(&quote!(fn method() { #![a] #sum * 2 })));
}

#[test]
fn a_block_that_a_macro_passes_on_is_a_body() {
    let mut body: TokenTree = Group::new(Delimiter::Brace, quote!(1)).into();
    for _ in 0..2 {
        body = invisible(body.into());
    }
    let method: Method = syn::parse2(quote!(fn method() #body)).expect("a method");
    assert_eq!(
        text(&method),
        text(&quote!(
            fn method() {
                1
            }
        ))
    );
}
