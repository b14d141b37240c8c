//! What is written for a few representative blocks, to be read in review.
//!
//! `LMMS_BLESS=1 cargo test -p lmms-macros` writes the snapshots anew.

use std::path::Path;
use std::{env, fs};

use proc_macro2::TokenStream;
use quote::quote;

use crate::expand_interface;

#[test]
fn sync() {
    check(
        "sync",
        quote!(name = "tokens", preload, pinned, snapshot = false, grace_period = 30),
        quote! {
            /// Counts tokens.
            impl Tokens {
                #[load]
                fn load() -> Result<Self, TokensError> {
                    Self::read()
                }

                /// Counts the tokens of `text`.
                #[operation(cached)]
                pub fn count(&self, text: &str) -> usize {
                    self.bpe.encode(text).len()
                }

                #[operation(cached(errors, weight = 4, ttl = 60))]
                fn decode(&self, tokens: &[u32]) -> Result<String, DecodeError> {
                    #![allow(clippy::unwrap_used)]
                    use std::str::from_utf8;

                    from_utf8(&self.bpe.decode(tokens).unwrap())
                }

                /// Its body can count nothing.
                #[operation]
                const fn most(&self) -> usize {
                    self.most
                }

                fn read() -> Result<Self, TokensError> {
                    todo!()
                }
            }
        },
    );
}

#[test]
fn hooks_that_are_async() {
    check(
        "async",
        quote!(),
        quote! {
            impl HttpClient {
                #[load]
                async fn load(load: &Load<'_>) -> Self {
                    Self::connect(load.get::<Config>()).await
                }

                #[unload]
                async fn unload(self) -> io::Result<()> {
                    self.close().await
                }

                #[operation]
                async fn fetch(&self, url: &str, invocation: &Invocation) -> Result<String, HttpError> {
                    self.get(url).await
                }

                #[operation]
                fn open_connections(&self) -> usize {
                    self.pool.len()
                }
            }
        },
    );
}

#[test]
fn arguments() {
    check(
        "arguments",
        quote!(crate = crate::framework),
        quote! {
            impl Search {
                #[load]
                fn load() -> Self {
                    Self
                }

                #[operation(name = "find-all")]
                fn find<'a>(
                    &'a self,
                    words: &[&'a str],
                    r#in: Option<Cow<'a, str>>,
                    query: Query<'a>,
                    #[default] near: &Point,
                    #[default = Self::MOST] mut most: usize,
                ) -> Vec<&'a str> {
                    todo!()
                }
            }
        },
    );
}

#[test]
fn cfgs() {
    check(
        "cfgs",
        quote!(),
        quote! {
            #[cfg(feature = "rules")]
            impl Rules {
                #[cfg(unix)]
                #[load]
                fn load() -> Self {
                    Self
                }

                #[cfg(not(unix))]
                #[load]
                async fn load() -> Self {
                    Self
                }

                #[cfg(unix)]
                #[operation]
                fn check(&self) {}

                #[cfg(feature = "flush")]
                #[cfg(unix)]
                #[unload]
                fn unload(self) {}
            }
        },
    );
}

#[test]
fn fallback() {
    check(
        "fallback",
        quote!(pined),
        quote! {
            impl Tokens {
                #[load]
                fn load() -> Self {
                    Self
                }

                #[operation]
                fn clear(&mut self, #[default(1)] least: u8) {}
            }
        },
    );
}

#[track_caller]
fn check(name: &str, args: TokenStream, input: TokenStream) {
    let file = syn::parse2(expand_interface(args, input)).expect("what is written is Rust");
    let expanded = prettyplease::unparse(&file);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/expand/snapshots").join(name).with_extension("rs");
    if env::var_os("LMMS_BLESS").is_some() {
        fs::write(&path, &expanded).expect("the snapshot can be written");
    }
    let snapshot = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        snapshot == expanded,
        "{} is out of date; see `LMMS_BLESS=1 cargo test -p lmms-macros` and `git diff`. It would be:\n{expanded}",
        path.display(),
    );
}
