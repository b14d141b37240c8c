//! Macros of [`lmms`](https://docs.rs/lmms). Depend on `lmms` instead, which re-exports and documents them.
//!
//! `#[lmms::interface]` reads in three steps: `block` parses the impl as syntax, `ast` checks it into a model (with the
//! rules of `check` and the errors of `ctxt`), and `expand` writes code. `lmms::link!` is `link` alone.

mod args;
mod ast;
mod attr;
mod block;
mod check;
mod ctxt;
mod expand;
mod extent;
mod fallback;
mod link;
mod outside;

use proc_macro::TokenStream;

use crate::args::Args;
use crate::ast::Interface;
use crate::block::Block;
use crate::ctxt::Ctxt;

/// Makes a type an interface: one lazily loaded, unloadable instance per process. Documented in `lmms`.
#[proc_macro_attribute]
pub fn interface(args: TokenStream, input: TokenStream) -> TokenStream {
    expand_interface(args.into(), input.into()).into()
}

/// Links every dependency of this crate. Documented in `lmms`.
#[proc_macro]
pub fn link(input: TokenStream) -> TokenStream {
    link::expand(input.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}

fn expand_interface(args: proc_macro2::TokenStream, input: proc_macro2::TokenStream) -> proc_macro2::TokenStream {
    let mut block: Block = match syn::parse2(input.clone()) {
        Ok(block) => block,
        // It is not even an impl: the compiler says more about it than we could.
        Err(error) => return [error.into_compile_error(), input].into_iter().collect(),
    };
    let cx = Ctxt::new();
    let args = Args::parse(&cx, args);
    let interface = Interface::from_block(&cx, args, &mut block);
    match (cx.check(), interface) {
        (Ok(()), Some(interface)) => expand::interface(&block, &interface),
        (Err(error), interface) => fallback::expand(&block, interface.as_ref(), &error),
        (Ok(()), None) => unreachable!("an interface that could not be read has left an error"),
    }
}
