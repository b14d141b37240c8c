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

// What it makes of a type is documented in `lmms`; rustdoc puts this after it.
/// # Cached operations
///
/// `#[operation(cached)]` declares that an operation is pure. Its answer depends on nothing but the JSON values of its
/// arguments: not on the order of their keys, on white space, or on how a string is escaped; nor on what else happened,
/// unless it is good enough for a `ttl`. A call by name may then be answered with what another one came to, even while the
/// interface is unloaded, and without loading it. A typed call never is: it runs the operation.
///
/// | `cached(..)` | |
/// |---|---|
/// | `ttl = 60` | seconds for which a result is good; wins over `LMMS_RESULT_TTL` |
/// | `weight = 4` | a result counts 4 times its bytes against the bound of the cache; by default once |
/// | `errors` | the errors that the operation returns are cached, too; by default they are not |
///
/// # Heat
///
/// Calls are counted in the operation's body, so that a typed call heats it as one by name does. A `const fn` can count
/// nothing: only calls by name heat it.
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
        (Ok(()), Some(interface)) => expand::interface(block, &interface),
        (Err(error), interface) => fallback::expand(&block, interface.as_ref(), &error),
        (Ok(()), None) => unreachable!("an interface that could not be read has left an error"),
    }
}
