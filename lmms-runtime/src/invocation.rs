//! Invocation: the scope of one request, in which typed access costs next to nothing.
//!
//! **Invariant.** What is borrowed from an invocation cannot outlive it, and as long as it lives, what it touched stays
//! loaded. [`Lease`] is the way to keep an instance for longer; [`Load`] is an invocation as a load sees it.

use std::fmt;
use std::ops::Deref;

use crate::cycle::Node;
use crate::history;
use crate::interface::{BlockingInterface, Interface};
use crate::load_error::LoadError;
use crate::residency::{Hold, Holds};

/// The scope of one request.
///
/// References to interfaces are borrowed from it. What an invocation touched is not unloaded before it ends, so that a
/// hit after the first costs one atomic load and one comparison. It is `Send` and `Sync` and may be held across `await`.
///
/// ```
/// use lmms_runtime::Invocation;
///
/// let invocation = Invocation::enter();
/// assert!(invocation.id() > 0);
/// ```
pub struct Invocation {
    pub(crate) holds: Holds,
}

impl Invocation {
    /// Enters an invocation. It ends when it is dropped.
    #[must_use]
    pub fn enter() -> Self {
        Self { holds: Holds::new() }
    }

    /// A number that no other invocation of this process has.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.holds.id()
    }

    /// The instance of `T`, loaded on this thread if need be.
    ///
    /// If another thread is loading `T`, this one waits for it.
    ///
    /// # Errors
    /// [`LoadError`] if the load fails, panics, or needs itself. The next call tries again.
    #[inline]
    pub fn get<T: BlockingInterface>(&self) -> Result<&T, LoadError> {
        let slot = T::__lmms_slot();
        match slot.peek(self) {
            Some(value) => Ok(value),
            None => slot.load_blocking(self, None),
        }
    }

    /// The instance of `T`, loaded in this future if need be.
    ///
    /// Needed for interfaces with async hooks; works for all. If another task is loading `T`, this one waits without
    /// holding up its thread. Dropping the future cancels the load: another caller takes over. Like a lock that it holds,
    /// a future that has begun to load is to be polled to its end or dropped: others wait for it.
    ///
    /// # Errors
    /// [`LoadError`] if the load fails, panics, or needs itself. The next call tries again.
    pub async fn get_async<T: Interface>(&self) -> Result<&T, LoadError> {
        let slot = T::__lmms_slot();
        match slot.peek(self) {
            Some(value) => Ok(value),
            None => slot.load_async(self, None).await,
        }
    }

    /// The instance of `T` if it is loaded. Never loads.
    #[must_use]
    pub fn resident<T: Interface>(&self) -> Option<&T> {
        T::__lmms_slot().peek(self)
    }

    /// An owned handle on the instance of `T`, loaded if need be, which may outlive the invocation.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn lease<T: BlockingInterface>(&self) -> Result<Lease<T>, LoadError> {
        self.get::<T>()?;
        Ok(self.lease_touched())
    }

    /// As [`lease`](Self::lease), for interfaces with async hooks.
    ///
    /// # Errors
    /// As [`get_async`](Self::get_async).
    pub async fn lease_async<T: Interface>(&self) -> Result<Lease<T>, LoadError> {
        self.get_async::<T>().await?;
        Ok(self.lease_touched())
    }

    fn lease_touched<T: Interface>(&self) -> Lease<T> {
        history::leased(Node::of::<T>());
        T::__lmms_slot().lease().expect("what an invocation has touched stays resident while it runs")
    }
}

impl fmt::Debug for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invocation").field("id", &self.id()).finish_non_exhaustive()
    }
}

/// An owned handle that keeps an instance loaded, beyond the invocation that took it.
///
/// As long as it lives, unloading the interface is `Blocked(ActiveReference)`: hold it for as short as possible. A clone
/// is another handle on the same instance.
pub struct Lease<T: Send + Sync + 'static>(Hold<T>);

impl<T: Send + Sync + 'static> Lease<T> {
    pub(crate) fn new(hold: Hold<T>) -> Self {
        Self(hold)
    }

    /// The number of the generation it holds: 1 for the first load of the interface in this process.
    #[must_use]
    pub fn generation(lease: &Self) -> u64 {
        lease.0.number
    }
}

impl<T: Send + Sync + 'static> Deref for Lease<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.value
    }
}

impl<T: Send + Sync + 'static> Clone for Lease<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Send + Sync + 'static + fmt::Debug> fmt::Debug for Lease<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lease").field(&**self).finish()
    }
}

/// What a `#[load]` gets when it asks for `&Load<'_>`: the way to other interfaces.
///
/// What a load reaches through it stays loaded until the invocation that caused the load ends. To keep another
/// interface for longer, store a [`Lease`]; then that interface stays loaded as long as this one.
#[derive(Clone, Copy)]
pub struct Load<'a> {
    invocation: &'a Invocation,
    interface: Node,
}

impl<'a> Load<'a> {
    pub(crate) fn new(invocation: &'a Invocation, interface: Node) -> Self {
        Self { invocation, interface }
    }

    /// The instance of `T`, loaded on this thread if need be.
    ///
    /// # Errors
    /// As [`Invocation::get`]; a load that needs itself, directly or through others, is an error that names the cycle.
    pub fn get<T: BlockingInterface>(&self) -> Result<&'a T, LoadError> {
        let slot = T::__lmms_slot();
        match slot.peek(self.invocation) {
            Some(value) => Ok(value),
            None => slot.load_blocking(self.invocation, Some(self.interface)),
        }
    }

    /// The instance of `T`, loaded in this future if need be.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn get_async<T: Interface>(&self) -> Result<&'a T, LoadError> {
        let slot = T::__lmms_slot();
        match slot.peek(self.invocation) {
            Some(value) => Ok(value),
            None => slot.load_async(self.invocation, Some(self.interface)).await,
        }
    }

    /// An owned handle on the instance of `T`, to be stored.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn lease<T: BlockingInterface>(&self) -> Result<Lease<T>, LoadError> {
        self.get::<T>()?;
        Ok(self.invocation.lease_touched())
    }

    /// As [`lease`](Self::lease), for interfaces with async hooks.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn lease_async<T: Interface>(&self) -> Result<Lease<T>, LoadError> {
        self.get_async::<T>().await?;
        Ok(self.invocation.lease_touched())
    }

    /// The invocation that caused the load.
    #[must_use]
    pub fn invocation(&self) -> &'a Invocation {
        self.invocation
    }
}

impl fmt::Debug for Load<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Load").field("interface", &self.interface.name).finish_non_exhaustive()
    }
}
