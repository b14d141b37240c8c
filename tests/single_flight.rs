//! However many first calls come at once, by type or by name, on threads or in tasks, an interface loads once
//! (acceptance 3).

mod common;

use std::collections::BTreeSet;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::task::Poll;
use std::thread;

use common::{block_on, gateway, watched};
use lmms::{Interface, Invocation};

/// Has a hundred callers, and a load that goes on until all of them are about to call.
struct Crowd {
    arrived: AtomicUsize,
    loads: AtomicUsize,
}

const CALLERS: usize = 100;

impl Crowd {
    const fn new() -> Self {
        Self { arrived: AtomicUsize::new(0), loads: AtomicUsize::new(0) }
    }

    fn is_there(&self) -> bool {
        self.arrived.load(Ordering::SeqCst) == CALLERS
    }

    fn arrive(&self) {
        self.arrived.fetch_add(1, Ordering::SeqCst);
    }

    fn load(&self) {
        self.loads.fetch_add(1, Ordering::SeqCst);
        while !self.is_there() {
            thread::yield_now();
        }
    }

    async fn load_async(&self) {
        self.loads.fetch_add(1, Ordering::SeqCst);
        poll_fn(|context| match self.is_there() {
            true => Poll::Ready(()),
            false => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
        })
        .await;
    }
}

macro_rules! crowded {
    ($($Name:ident, $CROWD:ident, $load:ident $(, $async:tt, $await:tt)?;)*) => {$(
        struct $Name(#[allow(dead_code)] u64);
        static $CROWD: Crowd = Crowd::new();

        #[lmms::interface]
        impl $Name {
            #[load]
            $($async)? fn load() -> Self {
                $CROWD.$load()$(.$await)?;
                Self(1)
            }

            #[operation]
            fn address(&self) -> usize {
                std::ptr::from_ref(self).addr()
            }

            #[operation]
            async fn address_async(&self) -> usize {
                std::ptr::from_ref(self).addr()
            }
        }
    )*};
}

// A field, so that each instance has an address of its own.
crowded! {
    OnThreads, ON_THREADS, load;
    OnThreadsAsync, ON_THREADS_ASYNC, load_async, async, await;
    InTasks, IN_TASKS, load;
    InTasksAsync, IN_TASKS_ASYNC, load_async, async, await;
}

type Called = Result<usize, Box<dyn std::error::Error + Send + Sync>>;

fn number(answer: Result<Vec<u8>, lmms::Error>) -> Called {
    Ok(serde_json::from_slice(&answer?)?)
}

fn address<T>(instance: &T) -> usize {
    std::ptr::from_ref(instance).addr()
}

/// The kinds of callers, in turns.
fn call_async<T: Interface>(kind: usize) -> Pin<Box<dyn Future<Output = Called> + Send>> {
    match kind % 4 {
        0 => Box::pin(async { Ok(address(Invocation::enter().get_async::<T>().await?)) }),
        1 => Box::pin(async { Ok(address(&*Invocation::enter().lease_async::<T>().await?)) }),
        2 => Box::pin(async { number(gateway().execute_operation(T::NAME, "address", b"{}").await) }),
        _ => Box::pin(async { number(gateway().execute_operation(T::NAME, "address_async", b"{}").await) }),
    }
}

fn one_load<T: Interface>(crowd: &Crowd, called: Vec<Called>) {
    let addresses: BTreeSet<_> = called.into_iter().map(Result::unwrap).collect();
    assert_eq!(addresses.len(), 1, "all see one instance");
    assert_eq!(crowd.loads.load(Ordering::SeqCst), 1);
    assert_eq!(gateway().interface(T::NAME).unwrap().status().loads, 1);
}

fn on_threads<T: Interface>(crowd: &'static Crowd, call: impl Fn(usize) -> Called + Copy + Send + 'static) {
    watched(move || {
        let start = Arc::new(Barrier::new(CALLERS));
        let spawn = |caller| {
            let start = Arc::clone(&start);
            thread::spawn(move || {
                start.wait();
                crowd.arrive();
                call(caller)
            })
        };
        let threads: Vec<_> = (0..CALLERS).map(spawn).collect();
        one_load::<T>(crowd, threads.into_iter().map(|thread| thread.join().unwrap()).collect());
    });
}

fn in_tasks<T: Interface>(crowd: &'static Crowd) {
    watched(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
        let spawn = |caller| {
            runtime.spawn(async move {
                crowd.arrive();
                call_async::<T>(caller).await
            })
        };
        let tasks: Vec<_> = (0..CALLERS).map(spawn).collect();
        one_load::<T>(crowd, tasks.into_iter().map(|task| runtime.block_on(task).unwrap()).collect());
    });
}

#[test]
fn a_hundred_threads_load_a_sync_interface_once() {
    on_threads::<OnThreads>(&ON_THREADS, |caller| match caller % 3 {
        0 => Ok(address(Invocation::enter().get::<OnThreads>()?)),
        1 => Ok(address(&*Invocation::enter().lease::<OnThreads>()?)),
        _ => block_on(call_async::<OnThreads>(caller)),
    });
}

#[test]
fn a_hundred_threads_load_an_async_interface_once() {
    on_threads::<OnThreadsAsync>(&ON_THREADS_ASYNC, |caller| block_on(call_async::<OnThreadsAsync>(caller)));
}

#[test]
fn a_hundred_tasks_load_a_sync_interface_once() {
    in_tasks::<InTasks>(&IN_TASKS);
}

#[test]
fn a_hundred_tasks_load_an_async_interface_once() {
    in_tasks::<InTasksAsync>(&IN_TASKS_ASYNC);
}
