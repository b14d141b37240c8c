//! Each form of parameter and result. What they read and write is in `tests/operations.rs`.
#![deny(warnings)]
#![allow(clippy::ptr_arg, clippy::too_many_arguments, clippy::needless_lifetimes)]

use std::borrow::Cow;
use std::collections::BTreeMap;

use lmms::Invocation;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Deserialize, Serialize)]
pub struct Query<'a> {
    text: &'a str,
}

#[derive(Default, Deserialize, Serialize)]
pub struct Point {
    x: i32,
}

pub struct Tokens {
    name: String,
}

#[lmms::interface]
impl Tokens {
    const SIZE: usize = 2;

    #[load]
    fn load() -> Self {
        Self { name: String::new() }
    }

    #[operation]
    pub fn borrowed(&self, text: &str, items: &[u8], point: &Point, list: &Vec<u8>, pair: &(u8, u8)) {
        let _ = (text, items, point, list, pair);
    }

    #[operation]
    pub fn cows(&self, text: Cow<'_, str>, items: std::borrow::Cow<'_, [u8]>, whole: Cow<'_, Point>)
    where
        Point: Copyable,
    {
        let _ = (text, items, whole);
    }

    #[operation]
    pub fn options(
        &self,
        value: Option<u8>,
        text: Option<&str>,
        items: Option<&[u8]>,
        cow: Option<Cow<'_, str>>,
        cows: Option<Cow<'_, [Point]>>,
        point: Option<&Point>,
        query: Option<Query<'_>>,
        nested: Option<Option<u8>>,
    ) -> bool {
        let _ = (text, items, cow, cows, point, query, nested);
        value.is_some()
    }

    #[operation]
    pub fn defaults(
        &self,
        #[default] a: u8,
        #[default = 1 + 2] b: u8,
        #[default] c: &str,
        #[default = "d"] d: &str,
        #[default] e: &[u8],
        #[default = &[1, 2]] f: &[u8],
        #[default = Cow::Borrowed("g")] g: Cow<'_, str>,
        #[default] h: Cow<'_, [u8]>,
        #[default = &Point { x: 1 }] i: &Point,
        #[default = Query { text: "j" }] j: Query<'_>,
        #[default = { let mut all = vec![2]; all.reverse(); all }] k: Vec<u8>,
        #[default = vec![String::from("l"); Self::SIZE]] mut l: Vec<String>,
        #[default = if cfg!(unix) { 'u' } else { 'w' }] m: char,
        #[default = [0; Self::SIZE]] n: [u8; Self::SIZE],
    ) {
        l.clear();
        let _ = (a, b, c, d, e, f, g, h, i, j, k, l, m, n);
    }

    #[operation]
    pub fn lifetimes<'a, 'b: 'a>(
        &'a self,
        text: &'b str,
        query: Query<'b>,
        #[default] more: &'a [&'b str],
    ) -> Cow<'a, str> {
        if more.is_empty() { Cow::Borrowed(&self.name) } else { Cow::Borrowed([text, query.text][0]) }
    }

    #[operation]
    pub fn r#match(&self, r#type: &str, mut r#in: u8) -> u8 {
        r#in += 1;
        r#in + r#type.len() as u8
    }

    #[operation]
    pub fn invocation<'i>(&self, first: u8, invocation: &'i Invocation, last: u8) -> Result<&'i str, lmms::LoadError> {
        let _ = (first, last);
        Ok(&invocation.get::<Tokens>()?.name)
    }

    #[operation]
    pub async fn later(
        &self,
        text: &str,
        _: &lmms::Invocation,
        #[default] items: &[u8],
        cow: Option<Cow<'_, str>>,
    ) -> String {
        let () = std::future::ready(()).await;
        format!("{text}{items:?}{cow:?}")
    }

    #[operation]
    fn private(&self, #[allow(unused)] ignored: u8, _unused: BTreeMap<String, serde_json::Value>) {}

    #[operation]
    const fn constant(&self) -> usize {
        Self::SIZE
    }
}

pub trait Copyable {}
impl<T> Copyable for T {}

impl Clone for Point {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

fn main() {}
