//! Where there is no library to preload.

use std::{ffi::OsString, io, time::Duration};

/// There is none.
#[derive(Debug)]
pub(super) enum Shared {}

impl Shared {
    pub(super) fn new() -> io::Result<Self> {
        let message = "time can be skipped on Linux with glibc alone, on x86-64 or arm64: here it is to be waited for";
        Err(io::Error::new(io::ErrorKind::Unsupported, message))
    }

    pub(super) fn skip(&self, _: Duration) {
        match *self {}
    }

    pub(super) fn skipped(&self) -> Duration {
        match *self {}
    }

    pub(super) fn variables(&self, _: Option<OsString>) -> [(&'static str, OsString); 2] {
        match *self {}
    }

    pub(super) fn is_followed_by(&self, _: u32) -> bool {
        match *self {}
    }
}
