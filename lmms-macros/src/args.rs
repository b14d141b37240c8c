//! The grammar of `#[lmms::interface(..)]`.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Ident, LitBool, LitStr, Path, Result, Token};

use crate::attr::{self, Once};
use crate::check;
use crate::ctxt::Ctxt;

/// The checked arguments.
#[derive(Default)]
pub(crate) struct Args {
    pub(crate) name: Option<String>,
    pub(crate) pinned: bool,
    pub(crate) preload: bool,
    pub(crate) snapshot: Option<bool>,
    pub(crate) crate_path: Option<Path>,
    pub(crate) grace_period: Option<u32>,
    pub(crate) fast_path_threshold: Option<u32>,
    pub(crate) memory_mb: Option<u32>,
}

const EXPECTED: &str = "expected `name = \"..\"`, `pinned`, `preload`, `snapshot = <true|false>`, \
                        `grace_period = <seconds>`, `fast_path_threshold = <calls>`, `memory_mb = <MiB>` or `crate = <path>`";

/// One argument, as it stands.
enum Arg {
    Name(Ident, LitStr),
    Pinned(Ident),
    Preload(Ident),
    Snapshot(Ident, bool),
    Crate(Ident, Path),
    GracePeriod(Ident, u32),
    FastPathThreshold(Ident, u32),
    MemoryMb(Ident, u32),
}

impl Args {
    pub(crate) fn parse(cx: &Ctxt, tokens: TokenStream) -> Self {
        let mut name = Once::new(cx, "name");
        let mut pinned = Once::new(cx, "pinned");
        let mut preload = Once::new(cx, "preload");
        let mut snapshot = Once::new(cx, "snapshot");
        let mut crate_path = Once::new(cx, "crate");
        let mut grace_period = Once::new(cx, "grace_period");
        let mut fast_path_threshold = Once::new(cx, "fast_path_threshold");
        let mut memory_mb = Once::new(cx, "memory_mb");
        for arg in attr::list(cx, tokens) {
            match arg {
                Arg::Name(key, value) => {
                    check::interface_name(cx, &value, &value.value(), check::NAME);
                    name.set(key, value.value());
                }
                Arg::Pinned(key) => pinned.set(key, ()),
                Arg::Preload(key) => preload.set(key, ()),
                Arg::Snapshot(key, may_stay) => snapshot.set(key, may_stay),
                Arg::Crate(key, path) => crate_path.set(key, path),
                Arg::GracePeriod(key, seconds) => grace_period.set(key, seconds),
                Arg::FastPathThreshold(key, calls) => fast_path_threshold.set(key, calls),
                Arg::MemoryMb(key, mebibytes) => memory_mb.set(key, mebibytes),
            }
        }
        Self {
            name: name.get(),
            pinned: pinned.get().is_some(),
            preload: preload.get().is_some(),
            snapshot: snapshot.get(),
            crate_path: crate_path.get(),
            grace_period: grace_period.get(),
            fast_path_threshold: fast_path_threshold.get(),
            memory_mb: memory_mb.get(),
        }
    }
}

impl Parse for Arg {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let key = attr::key(input, EXPECTED)?;
        match key.to_string().as_str() {
            "name" => attr::value(input, &key, "\"..\"").map(|value| Self::Name(key, value)),
            "pinned" => attr::flag(input, &key).map(|()| Self::Pinned(key)),
            "preload" => attr::flag(input, &key).map(|()| Self::Preload(key)),
            "snapshot" => {
                attr::value(input, &key, "<true|false>").map(|value: LitBool| Self::Snapshot(key, value.value))
            }
            "grace_period" => attr::number(input, &key, "<seconds>", 0).map(|seconds| Self::GracePeriod(key, seconds)),
            "fast_path_threshold" => {
                attr::number(input, &key, "<calls>", 1).map(|calls| Self::FastPathThreshold(key, calls))
            }
            "memory_mb" => attr::number(input, &key, "<MiB>", 1).map(|mebibytes| Self::MemoryMb(key, mebibytes)),
            "crate" => {
                let CratePath(path) = attr::value(input, &key, "<path>")?;
                Ok(Self::Crate(key, path))
            }
            unknown => Err(syn::Error::new_spanned(&key, format!("unknown argument `{unknown}`; {EXPECTED}"))),
        }
    }
}

/// A path as it may stand in a `use`, keywords included.
struct CratePath(Path);

impl Parse for CratePath {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if !input.peek(Token![::]) && !input.peek(Ident::peek_any) {
            return Err(input.error("expected a path"));
        }
        Path::parse_mod_style(input).map(Self)
    }
}
