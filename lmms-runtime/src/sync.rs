//! The primitives of everything that threads race on: parking_lot and std, or loom's under `--cfg lmms_loom`.
//!
//! The cfg is our own: `--cfg loom` would switch every dependency that knows it as well.

#[cfg(not(lmms_loom))]
mod imp {
    pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard};
    pub(crate) use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};
    pub(crate) use std::thread_local;

    pub(crate) fn wait<'a, T>(condvar: &Condvar, mut guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        condvar.wait(&mut guard);
        guard
    }
}

#[cfg(lmms_loom)]
mod imp {
    pub(crate) use loom::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};
    pub(crate) use loom::sync::{Condvar, MutexGuard};
    pub(crate) use loom::thread_local;

    /// loom's mutex with parking_lot's `lock`: a model that panics has failed anyway.
    pub(crate) struct Mutex<T>(loom::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(loom::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().expect("a loom model does not go on after a panic")
        }
    }

    pub(crate) fn wait<'a, T>(condvar: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
        condvar.wait(guard).expect("a loom model does not go on after a panic")
    }
}

pub(crate) use imp::*;

/// Declares a constructor that is `const`, so that a slot can be a `static`, except under loom, whose types
/// register themselves with the running model when they are made.
macro_rules! const_unless_loom {
    ($(#[$attr:meta])* $vis:vis fn $name:ident($($arg:ident: $ty:ty),*) -> $ret:ty $body:block) => {
        #[cfg(not(lmms_loom))]
        $(#[$attr])*
        $vis const fn $name($($arg: $ty),*) -> $ret $body

        #[cfg(lmms_loom)]
        $(#[$attr])*
        $vis fn $name($($arg: $ty),*) -> $ret $body
    };
}
pub(crate) use const_unless_loom;

/// Declares a `static`, and a function that gives it: each run of a model has one of its own.
macro_rules! static_unless_loom {
    ($(#[$attr:meta])* $vis:vis fn $name:ident() -> &'static $Type:ty = $value:expr;) => {
        $(#[$attr])*
        $vis fn $name() -> &'static $Type {
            #[cfg(not(lmms_loom))]
            static IT: $Type = $value;
            #[cfg(lmms_loom)]
            loom::lazy_static! {
                static ref IT: $Type = $value;
            }
            &IT
        }
    };
}
pub(crate) use static_unless_loom;
