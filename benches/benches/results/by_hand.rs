//! The rivals: the `match` of `by_name` with a cache put in by hand in front of what is expensive, the counting.
//!
//! Each cache is one that a good engineer would take, used as its documentation has it: concurrent, bounded by 16 MiB or as
//! many entries of this size, looked up by the borrowed text, keyed by the whole of it.

use std::borrow::Cow;
use std::hash::BuildHasher;
use std::sync::{Arc, LazyLock};

use cached::ShardedLruCache;
use demo_tokens::Tokens;
use lmms::{BoxError, Invocation, Lease};
use quick_cache::Weighter;
use serde::Deserialize;
use serde_json::value::RawValue;

/// The tokenizer, loaded when it is first needed: the same instance that the gateway uses, reached as through a `LazyLock`.
static TOKENS: LazyLock<Lease<Tokens>> =
    LazyLock::new(|| Invocation::enter().lease().expect("the vocabulary is there"));

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request<'a> {
    interface: &'a str,
    operation: &'a str,
    #[serde(borrow)]
    args: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text<'a> {
    /// Borrowed, unless there is an escape in it.
    #[serde(borrow)]
    text: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Numbers {
    tokens: Vec<u32>,
}

/// Answers a request.
pub(super) fn answer(request: &[u8], reply: &mut Vec<u8>, cache: &impl Counts) -> Result<(), BoxError> {
    let Request { interface, operation, args } = serde_json::from_slice(request)?;
    match (interface, operation) {
        ("tokens", "count") => {
            let Text { text } = serde_json::from_str(args.get())?;
            serde_json::to_writer(reply, &cache.count(&text, || TOKENS.count(&text)))?;
        }
        ("tokens", "encode") => {
            let Text { text } = serde_json::from_str(args.get())?;
            serde_json::to_writer(reply, &TOKENS.encode(&text))?;
        }
        ("tokens", "decode") => {
            let Numbers { tokens } = serde_json::from_str(args.get())?;
            serde_json::to_writer(reply, &TOKENS.decode(&tokens)?)?;
        }
        _ => return Err(format!("there is no {interface}.{operation}").into()),
    }
    Ok(())
}

/// What is kept of counts: nothing, or some cache.
pub(super) trait Counts: Sync {
    /// The count of a text, computed if it is not known.
    fn count(&self, text: &str, compute: impl FnOnce() -> usize) -> usize;
}

pub(super) struct Uncached;

impl Counts for Uncached {
    fn count(&self, _: &str, compute: impl FnOnce() -> usize) -> usize {
        compute()
    }
}

/// By default with std's hash, which is keyed against collisions on purpose.
pub(super) fn moka(bytes: usize) -> moka::sync::Cache<String, usize> {
    moka_with(bytes, std::hash::RandomState::new())
}

pub(super) fn moka_with<S>(bytes: usize, hasher: S) -> moka::sync::Cache<String, usize, S>
where
    S: BuildHasher + Clone + Send + Sync + 'static,
{
    moka::sync::Cache::builder()
        .max_capacity(bytes as u64)
        .weigher(|text: &String, _| u32::try_from(text.len()).unwrap_or(u32::MAX))
        .build_with_hasher(hasher)
}

impl<S: BuildHasher + Clone + Send + Sync + 'static> Counts for moka::sync::Cache<String, usize, S> {
    fn count(&self, text: &str, compute: impl FnOnce() -> usize) -> usize {
        self.get_with_by_ref(text, compute)
    }
}

/// The store behind `#[concurrent_cached(max_size = ..)]`. Not the macro itself, which would make a `String` of the text at
/// each call.
pub(super) fn cached(bytes: usize, text: usize) -> ShardedLruCache<String, usize> {
    ShardedLruCache::new((bytes / text).max(1))
}

impl Counts for ShardedLruCache<String, usize> {
    fn count(&self, text: &str, compute: impl FnOnce() -> usize) -> usize {
        self.get(text).unwrap_or_else(|| {
            let count = compute();
            self.set(text.to_owned(), count);
            count
        })
    }
}

pub(super) type Quick = quick_cache::sync::Cache<String, usize, Bytes>;

#[derive(Clone)]
pub(super) struct Bytes;

impl<K: AsRef<[u8]>, V> Weighter<K, V> for Bytes {
    fn weight(&self, key: &K, _: &V) -> u64 {
        key.as_ref().len() as u64
    }
}

pub(super) fn quick(bytes: usize, text: usize) -> Quick {
    Quick::with_weighter((bytes / text).max(1), bytes as u64, Bytes)
}

impl Counts for Quick {
    fn count(&self, text: &str, compute: impl FnOnce() -> usize) -> usize {
        self.get_or_insert_with(text, || Ok::<_, std::convert::Infallible>(compute()))
            .unwrap_or_else(|never| match never {})
    }
}

/// The least that one can do: the answer by the bytes of the whole request, before anything is read. It takes one that is
/// spaced differently for another one, and what is cached must be chosen by who calls it.
pub(super) type Whole = quick_cache::sync::Cache<Vec<u8>, Arc<[u8]>, Bytes>;

pub(super) fn whole(bytes: usize, text: usize) -> Whole {
    Whole::with_weighter((bytes / text).max(1), bytes as u64, Bytes)
}

pub(super) fn answer_whole(request: &[u8], reply: &mut Vec<u8>, cache: &Whole) -> Result<(), BoxError> {
    let known = cache.get_or_insert_with(request, || {
        let mut reply = Vec::new();
        answer(request, &mut reply, &Uncached).map(|()| reply.into())
    })?;
    reply.extend_from_slice(&known);
    Ok(())
}
