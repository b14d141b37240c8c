//! Cycles: a load that needs itself, on one thread or across several, is an error and never a deadlock.
//!
//! Each load that asks for another interface adds an edge `from -> to` to one graph of the process, for as long as it
//! asks. **Invariant:** the graph never has a cycle: the edge that would close one is refused, and names it. Nested
//! loads on one thread and loads that wait for each other across threads are the same case. Only loads that start or
//! wait come here; a hit never does.

use std::cell::Cell;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::interface::Interface;
use crate::load_error::LoadError;
use crate::residents::Parts;
use crate::sync::thread_local;

/// Who needs whom, now. Short: as many edges as loads are nested or waiting.
static NEEDS: Mutex<Vec<(Node, Node)>> = Mutex::new(Vec::new());

/// Loads that met a cycle, until they end: their own error may have hidden the cause, in a string or behind `anyhow`.
static NOTES: Mutex<Vec<(Node, Path)>> = Mutex::new(Vec::new());

/// The names along a cycle, the first one repeated at the end.
pub(crate) type Path = Arc<[&'static str]>;

/// One interface in the graph: told apart by the place of its slot, for two could have one name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node {
    pub(crate) name: &'static str,
    place: usize,
}

impl Node {
    pub(crate) fn of<T: Interface>() -> Self {
        Self::new(T::NAME, T::__lmms_slot().parts())
    }

    pub(crate) fn new(name: &'static str, slot: Parts) -> Self {
        Self { name, place: std::ptr::from_ref(slot.header).addr() }
    }
}

pub(crate) fn same(a: Node, b: Node) -> bool {
    a.place == b.place
}

/// An edge of the graph, as long as it lives.
pub(crate) struct Need(Option<(Node, Node)>);

impl Need {
    /// Notes that the load of `from` needs `to`. Without `from`, nobody can be waiting for the caller.
    ///
    /// # Errors
    /// A cycle, if `to` needs `from` already.
    pub(crate) fn new(from: Option<Node>, to: Node) -> Result<Self, LoadError> {
        let Some(from) = from else { return Ok(Self(None)) };
        let mut needs = NEEDS.lock();
        if let Some(path) = path(&needs, to, from) {
            let names = path.iter().map(|node| node.name).chain([to.name]);
            let path = Path::from_iter(names);
            NOTES.lock().push((from, Arc::clone(&path)));
            return Err(LoadError::cycle(to.name, path));
        }
        needs.push((from, to));
        Ok(Self(Some((from, to))))
    }

    /// Remembers that what the load needed failed for a cycle, if it did.
    pub(crate) fn note<T>(&self, outcome: Result<T, LoadError>) -> Result<T, LoadError> {
        if let Err(error) = &outcome {
            self.note_failure(error);
        }
        outcome
    }

    pub(crate) fn note_failure(&self, error: &LoadError) {
        if let (Some((from, _)), Some(path)) = (self.0, error.cycle_path()) {
            NOTES.lock().push((from, path));
        }
    }
}

/// Ends what is remembered of a load, and tells whether it met a cycle.
pub(crate) fn forget_note(node: Node) -> Option<Path> {
    let mut notes = NOTES.lock();
    let path = notes.iter().find(|(from, _)| same(*from, node)).map(|(_, path)| Arc::clone(path));
    if path.is_some() {
        notes.retain(|(from, _)| !same(*from, node));
    }
    path
}

impl Drop for Need {
    fn drop(&mut self) {
        let Some((from, to)) = self.0 else { return };
        let mut needs = NEEDS.lock();
        // One of several equal edges, if a load asks twice at once: any will do.
        if let Some(index) = needs.iter().position(|(f, t)| same(*f, from) && same(*t, to)) {
            needs.swap_remove(index);
        }
    }
}

/// The way from `start` to `end` along the edges, both included.
fn path(needs: &[(Node, Node)], start: Node, end: Node) -> Option<Vec<Node>> {
    let mut paths = vec![vec![start]];
    let mut seen = vec![start];
    while let Some(path) = paths.pop() {
        let last = *path.last()?;
        if same(last, end) {
            return Some(path);
        }
        for (_, next) in needs.iter().filter(|(from, _)| same(*from, last)) {
            if !seen.iter().any(|node| same(*node, *next)) {
                seen.push(*next);
                paths.push(path.iter().copied().chain([*next]).collect());
            }
        }
    }
    None
}

thread_local! {
    #[cfg_attr(not(lmms_loom), allow(clippy::missing_const_for_thread_local, reason = "loom's has no `const`"))]
    static LOADING: Cell<Option<Node>> = Cell::new(None);
}

/// The interface whose load or unload hook runs on this thread: it may enter an invocation of its own instead of going
/// through its `Load`, and would then wait for itself unseen.
pub(crate) fn loading() -> Option<Node> {
    LOADING.with(Cell::get)
}

/// Runs `f` (a hook, or one poll of an async one) as part of the load of `node`.
pub(crate) fn within<R>(node: Node, f: impl FnOnce() -> R) -> R {
    struct Restore(Option<Node>);
    impl Drop for Restore {
        fn drop(&mut self) {
            LOADING.with(|cell| cell.set(self.0));
        }
    }
    let _restore = Restore(LOADING.with(|cell| cell.replace(Some(node))));
    f()
}
