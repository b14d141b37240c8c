//! Spans, without the feature `tracing`: nothing, in as many words.

use std::future::Future;
use std::time::Duration;

use super::Cause;
use crate::dispatch::Target;
use crate::error::Error;
use crate::heat::Tier;
use crate::load_error::{LoadError, UnloadHookError};

pub(crate) fn switch(_: bool) {}

#[derive(Debug, Clone)]
pub(crate) struct Load;

#[inline]
pub(crate) fn load(_: &'static str) -> Load {
    Load
}

impl Load {
    #[inline]
    pub(crate) fn within<R>(&self, act: impl FnOnce() -> R) -> R {
        act()
    }

    #[inline]
    pub(crate) fn around<F: Future>(&self, future: F) -> F {
        future
    }

    pub(crate) fn loaded(&self, _: u64, _: u64, _: Duration) {}

    pub(crate) fn failed(&self, _: &'static str, _: &LoadError, _: Duration) {}
}

#[derive(Debug, Clone)]
pub(crate) struct Unload;

pub(crate) fn unload(_: &'static str, _: u64, _: Cause, _: u64) -> Unload {
    Unload
}

impl Unload {
    pub(crate) fn within<R>(&self, act: impl FnOnce() -> R) -> R {
        act()
    }

    pub(crate) fn around<F: Future>(&self, future: F) -> F {
        future
    }

    pub(crate) fn hook_failed(&self, _: &'static str, _: &UnloadHookError) {}

    pub(crate) fn unloaded(&self, _: Duration, _: bool) {}
}

/// There is none.
#[derive(Debug)]
pub(crate) enum Operation {}

#[inline(always)]
pub(crate) fn operation(_: Target, _: Tier, _: bool) -> Option<Operation> {
    None
}

impl Operation {
    pub(crate) fn around<F: Future>(&self, _: F) -> F {
        match *self {}
    }

    pub(crate) fn cached(&self, _: bool) {
        match *self {}
    }

    pub(crate) fn end(&self, _: &Result<(), Error>) {
        match *self {}
    }
}
