//! Dependencies: what an entry says it needs.

use crate::interface::Interface;
use crate::residents::Parts;

/// What a cache entry can depend on: an interface, or a tuple of up to four.
///
/// See [`Cache::insert_depending_on`](crate::Cache::insert_depending_on). Never implemented by hand: the hidden method is
/// not part of the public interface and changes without notice.
#[diagnostic::on_unimplemented(
    message = "a cache entry cannot depend on `{Self}`",
    label = "not an interface, nor a tuple of up to four"
)]
pub trait Dependencies {
    #[doc(hidden)]
    fn __lmms_slots() -> Vec<Parts>;
}

impl<T: Interface> Dependencies for T {
    fn __lmms_slots() -> Vec<Parts> {
        vec![T::__lmms_slot().parts()]
    }
}

macro_rules! tuples {
    ($(($($T:ident),+);)*) => {$(
        impl<$($T: Interface),+> Dependencies for ($($T,)+) {
            fn __lmms_slots() -> Vec<Parts> {
                vec![$($T::__lmms_slot().parts()),+]
            }
        }
    )*};
}

tuples! {
    (A, B);
    (A, B, C);
    (A, B, C, D);
}
