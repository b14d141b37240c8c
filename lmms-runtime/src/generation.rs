//! Generation: one life of an interface's instance, from load to unload.
//!
//! A generation exists only complete: it is made after its load succeeded, and never changes. So it needs no cell of its
//! own for the instance; the one place that is filled once per life is the slot.

pub(crate) struct Generation<T> {
    pub(crate) value: T,
    /// 1 for the first life of the interface in this process.
    pub(crate) number: u64,
}
