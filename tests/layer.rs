//! `InvocationLayer`: each request of a `tower` service has an invocation of its own, the current one wherever its future is
//! polled, which ends with the response, with its cancellation, or with a panic.
#![cfg(feature = "tower")]

mod common;

use std::convert::Infallible;
use std::future::{Future, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll};
use std::thread::{self, ThreadId};
use std::time::Duration;

use common::{block_on, gateway, poll, resident, unloader};
use lmms::{
    Config, Current, Gateway, Interface, Invocation, InvocationLayer, InvocationService, Reason, Unload, testing,
};
use tokio::sync::Semaphore;
use tower_layer::Layer;
use tower_service::Service;

struct Words(&'static str);

#[lmms::interface]
impl Words {
    #[load]
    fn load() -> Self {
        Self("lima")
    }
}

fn holds<T: Interface>() -> u64 {
    gateway().interface(T::NAME).unwrap().status().holds
}

/// A service made of a function.
#[derive(Clone)]
struct Serve<F>(F);

impl<F, R, Out> Service<R> for Serve<F>
where
    F: FnMut(R) -> Out,
    Out: Future,
{
    type Response = Out::Output;
    type Error = Infallible;
    type Future = Answered<Out>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: R) -> Answered<Out> {
        Answered(Box::pin((self.0)(request)))
    }
}

struct Answered<F>(std::pin::Pin<Box<F>>);

impl<F: Future> Future for Answered<F> {
    type Output = Result<F::Output, Infallible>;

    fn poll(mut self: std::pin::Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(context).map(Ok)
    }
}

fn layered<F>(serve: F) -> InvocationService<Serve<F>> {
    InvocationLayer::new().layer(Serve(serve))
}

fn current_id() -> Option<u64> {
    Invocation::current().map(|current| current.id())
}

#[test]
fn requests_at_once_on_one_thread_have_an_invocation_each_at_every_poll() {
    let gate = Semaphore::new(0);
    let mut service = layered(async |(): ()| {
        let mut seen = vec![current_id().unwrap()];
        for _ in 0..2 {
            gate.acquire().await.unwrap().forget();
            seen.push(current_id().unwrap());
        }
        seen
    });
    let (mut first, mut second) = (Box::pin(service.call(())), Box::pin(service.call(())));
    assert!(poll(first.as_mut()).is_pending());
    assert!(poll(second.as_mut()).is_pending());
    gate.add_permits(2);
    assert!(poll(second.as_mut()).is_pending());
    assert!(poll(first.as_mut()).is_pending());
    assert_eq!(current_id(), None, "between polls there is none");
    gate.add_permits(2);
    // On another thread, as an executor may do.
    let first = thread::scope(|scope| scope.spawn(|| block_on(first)).join().unwrap());
    let (Ok(first), Ok(second)) = (first, block_on(second));
    for seen in [&first, &second] {
        assert_eq!(**seen, [seen[0]; 3]);
    }
    assert_ne!(first[0], second[0]);
}

#[test]
fn it_is_the_current_one_already_when_the_service_is_called() {
    let mut service = layered(|(): ()| {
        let at_call = current_id();
        async move { (at_call, current_id()) }
    });
    let Ok((at_call, at_poll)) = block_on(service.call(()));
    assert!(at_call.is_some());
    assert_eq!(at_call, at_poll);
}

#[test]
fn what_a_request_touched_stays_until_its_response_is_there() {
    let _turn = testing::exclusive();
    let gate = Semaphore::new(0);
    let mut service = layered(async |(): ()| {
        let current = Invocation::current().unwrap();
        let words = current.get::<Words>().unwrap();
        gate.acquire().await.unwrap().forget();
        words.0
    });
    let unload = || block_on(unloader().unload_module("words")).unwrap();
    let mut response = pin!(service.call(()));
    assert!(poll(response.as_mut()).is_pending());
    assert!(matches!(unload(), Unload::Blocked(Reason::ActiveReference)));
    gate.add_permits(1);
    assert_eq!(poll(response.as_mut()), Poll::Ready(Ok("lima")));
    // The future itself lives on.
    assert!(matches!(unload(), Unload::Unloaded { .. }));
}

#[test]
fn a_response_that_is_no_longer_waited_for_ends_its_invocation() {
    let _turn = testing::exclusive();
    let mut service = layered(async |(): ()| {
        Invocation::current().unwrap().get::<Words>().unwrap();
        std::future::pending::<()>().await;
    });
    let mut response = Box::pin(service.call(()));
    assert!(poll(response.as_mut()).is_pending());
    assert_eq!(holds::<Words>(), 1);
    drop(response);
    assert_eq!(holds::<Words>(), 0);
    assert_eq!(current_id(), None);
}

#[test]
fn what_a_cancelled_request_drops_sees_its_invocation() {
    struct Looks(Arc<Mutex<Option<u64>>>);
    impl Drop for Looks {
        fn drop(&mut self) {
            *self.0.lock().unwrap() = current_id();
        }
    }
    let seen = Arc::new(Mutex::new(None));
    let mut service = layered(async |looks: Looks| {
        let id = current_id();
        std::future::pending::<()>().await;
        drop(looks);
        id
    });
    // Before it is polled for the first time, and after.
    for polls in 0..2 {
        let mut response = Box::pin(service.call(Looks(Arc::clone(&seen))));
        for _ in 0..polls {
            assert!(poll(response.as_mut()).is_pending());
        }
        let outer = Current::enter();
        outer.scope(|| drop(response));
        let seen = seen.lock().unwrap().take().expect("its own invocation, while it is dropped");
        assert_ne!(seen, outer.id());
    }
}

#[test]
fn a_panic_leaves_the_invocation_as_current_that_was_before() {
    let _turn = testing::exclusive();
    let mut at_once = layered(|(): ()| -> std::future::Ready<()> { panic!("on purpose") });
    let mut later = layered(async |(): ()| {
        Invocation::current().unwrap().get::<Words>().unwrap();
        panic!("on purpose")
    });
    let mut panics = || {
        assert!(catch_unwind(AssertUnwindSafe(|| drop(at_once.call(())))).is_err());
        let mut response = Box::pin(later.call(()));
        let polled = catch_unwind(AssertUnwindSafe(|| poll(response.as_mut()).map(|Ok(())| ())));
        assert!(polled.is_err());
        drop(response);
        assert_eq!(holds::<Words>(), 0);
    };
    panics();
    assert_eq!(current_id(), None);
    // Not by way of a request, which would share its invocation.
    let outer = Current::enter();
    let outer_id = outer.id();
    assert!(catch_unwind(AssertUnwindSafe(|| outer.scope(|| panic!("on purpose")))).is_err());
    assert_eq!(current_id(), None);
    outer.scope(|| assert_eq!(current_id(), Some(outer_id)));
}

#[test]
fn a_layer_within_another_keeps_the_requests_invocation() {
    let inner = layered(async |outer: Option<u64>| (outer, current_id()));
    let outer = |(): ()| {
        let mut inner = inner.clone();
        let id = current_id();
        async move { inner.call(id).await }
    };
    let Ok(Ok((outer, inner))) = block_on(layered(outer).call(()));
    assert!(outer.is_some());
    assert_eq!(outer, inner);
}

#[test]
fn a_handle_that_is_kept_keeps_what_the_request_touched() {
    let _turn = testing::exclusive();
    let mut service = layered(async |(): ()| {
        let current = Invocation::current().unwrap();
        current.get::<Words>().unwrap();
        current
    });
    let Ok(kept) = block_on(service.call(()));
    assert_eq!(holds::<Words>(), 1);
    assert_eq!(kept.get::<Words>().unwrap().0, "lima");
    drop(kept);
    assert_eq!(holds::<Words>(), 0);
}

#[tokio::test]
async fn a_task_of_its_own_is_no_part_of_the_request_unless_it_is_given_the_handle() {
    let mut service = layered(async |(): ()| {
        let without = tokio::spawn(async { current_id() }).await.unwrap();
        let current = Invocation::current().unwrap();
        let id = current.id();
        let with = tokio::spawn(current.within(async { current_id() })).await.unwrap();
        (without, with, id)
    });
    let Ok((without, with, id)) = service.call(()).await;
    assert_eq!((without, with), (None, Some(id)));
}

#[test]
fn its_parts_are_what_servers_ask_for() {
    fn is_shared<T: Clone + Send + Sync + 'static>(_: &T) {}
    fn is_send<T: Send + 'static>(_: &T) {}
    let layer = InvocationLayer::with_sweep(Arc::new(gateway()));
    is_shared(&layer);
    let mut service = layer.layer(Serve(|(): ()| ready(())));
    is_shared(&service);
    is_send(&service.call(()));
    is_shared(&Current::enter());
    is_send(&Current::enter().within(ready(())));
}

/// Its unload hook says on which thread it runs, and waits until it may go on.
struct Slow;

static HOOK: Mutex<Option<(mpsc::Sender<ThreadId>, mpsc::Receiver<()>)>> = Mutex::new(None);

#[lmms::interface]
impl Slow {
    #[load]
    fn load() -> Self {
        Self
    }

    #[unload]
    fn unload(self) {
        if let Some((begun, go_on)) = HOOK.lock().unwrap().take() {
            begun.send(thread::current().id()).unwrap();
            go_on.recv_timeout(Duration::from_secs(20)).expect("the response does not wait for this");
        }
    }
}

/// What sweeps at once.
fn eager() -> Arc<Gateway> {
    let config = Config::default().with_grace_period(Duration::ZERO).with_min_resident(0).with_fast_path(false);
    Arc::new(Gateway::new(config).unwrap())
}

#[tokio::test]
async fn a_layer_that_sweeps_does_so_when_the_response_is_there_and_on_another_thread() {
    let _turn = testing::exclusive();
    let (begun, begins) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel();
    *HOOK.lock().unwrap() = Some((begun, may_go_on));
    let touch = |(): ()| async { Invocation::current().unwrap().get::<Slow>().is_ok() };
    let mut service = InvocationLayer::with_sweep(eager()).layer(Serve(touch));
    // The hook is not over, and cannot be before the response is there.
    assert_eq!(service.call(()).await, Ok(true));
    assert_ne!(begins.recv().unwrap(), thread::current().id());
    go_on.send(()).unwrap();
    while resident(&gateway()).contains(&"slow") {
        tokio::task::yield_now().await;
    }
}

#[test]
fn outside_of_tokio_it_serves_without_sweeping() {
    let _turn = testing::exclusive();
    let touch = |(): ()| async { Invocation::current().unwrap().get::<Words>().unwrap().0 };
    let mut service = InvocationLayer::with_sweep(eager()).layer(Serve(touch));
    assert_eq!(block_on(service.call(())), Ok("lima"));
    assert_eq!(resident(&gateway()), ["words"]);
}
