//! One computation for all who ask for it meanwhile, and what becomes of them when it fails.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Barrier;
use std::thread;

use super::*;
use crate::error::{Error, ErrorCode};

fn failed() -> Error {
    let cause = std::io::Error::other("the cause");
    Error::new(ErrorCode::OperationFailed, "no such word").about("words", "find").caused_by(cause.into())
}

/// Waits on this thread.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(thread::current())).into();
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// The whole of a call, as the gateway makes it.
fn call(
    results: &Results,
    operation: OperationId,
    compute: impl FnOnce() -> Result<Vec<u8>, Error>,
) -> Result<Vec<u8>, Error> {
    let mut reply = Vec::new();
    let lead = match look_up(results, operation, "a") {
        Found::Hit(answer) => return answer.write(&mut reply).map(|()| reply),
        Found::Follow(following) => match block_on(following) {
            Ok(answer) => return answer.write(&mut reply).map(|()| reply),
            Err(lead) => lead,
        },
        Found::Compute(lead) => lead,
    };
    let outcome = compute();
    if let Some(lead) = lead {
        lead.land(outcome.as_deref());
    }
    outcome
}

#[test]
fn a_hundred_calls_compute_once() {
    for _ in 0..20 {
        let (results, operation) = (new_results(1 << 20), new_operation());
        let (computed, start) = (AtomicUsize::new(0), Barrier::new(100));
        thread::scope(|scope| {
            for _ in 0..100 {
                scope.spawn(|| {
                    start.wait();
                    let reply = call(&results, operation, || {
                        computed.fetch_add(1, Ordering::SeqCst);
                        thread::yield_now();
                        Ok(b"one".to_vec())
                    });
                    assert_eq!(reply.unwrap(), b"one");
                });
            }
        });
        assert_eq!(computed.into_inner(), 1);
        assert_eq!((results.stats().hits, results.stats().misses), (99, 1));
    }
}

#[test]
fn a_hundred_calls_that_fail_wait_for_one_at_most() {
    let (results, operation) = (new_results(1 << 20), new_operation());
    let (computed, start) = (AtomicUsize::new(0), Barrier::new(100));
    thread::scope(|scope| {
        for _ in 0..100 {
            scope.spawn(|| {
                start.wait();
                let error = call(&results, operation, || {
                    computed.fetch_add(1, Ordering::SeqCst);
                    thread::yield_now();
                    Err(failed())
                });
                assert_eq!(error.unwrap_err().code(), ErrorCode::OperationFailed);
            });
        }
    });
    // Who came while one computed has that one's error, and who came later computed again: how many, the system decides.
    let (stats, computed) = (results.stats(), computed.into_inner() as u64);
    assert_eq!((stats.misses, stats.hits, stats.held.entries), (computed, 100 - computed, 0));
}

#[test]
fn followers_are_woken_and_served() {
    let (results, operation) = (new_results(1 << 20), new_operation());
    let lead = look_up(&results, operation, "a").lead();
    let mut followers = [(); 3].map(|()| look_up(&results, operation, "a").follow());
    let other = look_up(&results, operation, "b").lead();
    let woken = [(); 4].map(|()| Arc::new(Woken::default()));
    let wakers = woken.clone().map(Waker::from);
    for (follower, waker) in followers.iter_mut().zip(&wakers) {
        assert!(poll(follower, waker).is_pending() && poll(follower, waker).is_pending());
    }
    // Moved to another task.
    assert!(poll(&mut followers[0], &wakers[3]).is_pending());
    assert_eq!(Arc::strong_count(&woken[0]), 2, "its waker is forgotten");
    lead.land(Ok(b"one"));
    assert_eq!([0, 1, 2, 3].map(|index| woken[index].times()), [0, 1, 1, 1]);
    for follower in &mut followers {
        assert_eq!(served(follower), "one");
    }
    drop(other);
    let stats = results.stats();
    assert_eq!((stats.hits, stats.misses, stats.held.entries), (3, 2, 1));
}

#[test]
fn a_follower_that_gives_up_is_forgotten() {
    let (results, operation) = (new_results(1 << 20), new_operation());
    let lead = look_up(&results, operation, "a").lead();
    let (gone, stays) = (Arc::new(Woken::default()), Arc::new(Woken::default()));
    let mut following = look_up(&results, operation, "a").follow();
    let mut other = look_up(&results, operation, "a").follow();
    assert!(poll(&mut following, &gone.clone().into()).is_pending());
    assert!(poll(&mut other, &stays.clone().into()).is_pending());
    drop(following);
    assert_eq!(Arc::strong_count(&gone), 1);
    lead.land(Ok(b"one"));
    assert_eq!((gone.times(), stays.times()), (0, 1));
}

#[test]
fn followers_are_served_what_is_not_kept() {
    let (results, operation) = (new_results(8 * 1024), new_operation());
    let heavy = "heavy".repeat(1_000);
    let lead = look_up(&results, operation, "a").lead();
    let mut following = look_up(&results, operation, "a").follow();
    lead.land(Ok(heavy.as_bytes()));
    assert_eq!((results.stats().refusals, results.stats().held.entries), (1, 0));
    assert_eq!(served(&mut following), heavy);

    // Kept, and gone again before they look.
    let lead = look_up(&results, operation, "a").lead();
    let mut following = look_up(&results, operation, "a").follow();
    lead.land(Ok(b"one"));
    results.reconfigure(Limits { max_bytes: 0, ttl: None });
    assert_eq!(served(&mut following), "one");
}

#[test]
fn what_expired_before_a_follower_looked_is_not_served() {
    let (results, operation) = (new_results(1 << 20), new_operation());
    let _lead = look_up(&results, operation, "a").lead();
    let following = look_up(&results, operation, "a").follow();
    let answer = || Answer::Reply(b"one"[..].into());
    assert!(following.settle(Some((answer(), Moment(10))), Moment(9)).is_ok());
    assert!(following.settle(Some((answer(), Moment(10))), Moment(10)).is_err());
}

#[test]
fn what_a_leader_fails_with_is_for_all_who_wait_and_for_nobody_else() {
    for error in [failed(), Error::new(ErrorCode::LoadFailed, "no"), Error::new(ErrorCode::OperationPanicked, "no")] {
        let (results, operation) = (new_results(1 << 20), new_operation());
        let lead = look_up(&results, operation, "a").lead();
        let mut follower = look_up(&results, operation, "a").follow();
        let woken = Arc::new(Woken::default());
        assert!(poll(&mut follower, &woken.clone().into()).is_pending());
        lead.land(Err(&error));
        assert_eq!(woken.times(), 1);
        let Ok(answer) = settled(&mut follower) else { panic!("it is served") };
        let served = answer.write(&mut Vec::new()).unwrap_err();
        assert_eq!((served.code(), served.to_string()), (error.code(), error.to_string()));
        drop(look_up(&results, operation, "a").lead());
        assert_eq!(results.stats().held.entries, 0);
    }
}

#[test]
fn when_a_leader_goes_one_takes_over_and_the_others_go_on() {
    let ends: [fn(Lead<'_>); 2] = [
        |lead| drop(lead),
        |lead| {
            let panicked = catch_unwind(AssertUnwindSafe(move || {
                let _lead = lead;
                panic!("while it computes");
            }));
            assert!(panicked.is_err());
        },
    ];
    for end in ends {
        let (results, operation) = (new_results(1 << 20), new_operation());
        let lead = look_up(&results, operation, "a").lead();
        let mut followers = [(); 3].map(|()| look_up(&results, operation, "a").follow());
        let woken = Arc::new(Woken::default());
        followers.iter_mut().for_each(|follower| assert!(poll(follower, &woken.clone().into()).is_pending()));
        end(lead);
        assert_eq!(woken.times(), 3);
        let Err(Some(lead)) = settled(&mut followers[0]) else { panic!("the first takes over") };
        assert!(matches!(settled(&mut followers[1]), Err(None)), "the second waits for nobody again");
        let mut newcomer = look_up(&results, operation, "a").follow();
        lead.land(Ok(b"one"));
        assert_eq!(served(&mut followers[2]), "one", "the third comes late enough");
        assert_eq!(served(&mut newcomer), "one");
        let stats = results.stats();
        assert_eq!((stats.hits, stats.misses, stats.held.entries), (2, 3, 1));
    }
}

#[test]
fn errors_of_the_operation_are_kept_if_it_says_so() {
    let (results, operation) = (new_results(1 << 20), new_operation());
    let caching = Caching { errors: true, ..CACHING };
    let find = || results.look_up(operation, TEXT, caching, arguments("a").as_bytes());
    for code in
        [ErrorCode::OperationPanicked, ErrorCode::LoadFailed, ErrorCode::BadArguments, ErrorCode::PayloadTooLarge]
    {
        find().lead().land(Err(&Error::new(code, "not for others")));
    }
    let lead = find().lead();
    let mut following = find().follow();
    lead.land(Err(&failed()));
    let Found::Hit(answer) = find() else { panic!("it is kept") };
    for answer in [answer, settled(&mut following).ok().unwrap()] {
        let mut reply = b"before".to_vec();
        let error = answer.write(&mut reply).unwrap_err();
        assert_eq!(serde_json::to_string(&error).unwrap(), serde_json::to_string(&failed()).unwrap());
        assert!(std::error::Error::source(&error).is_none());
        assert_eq!(reply, b"before");
    }
    let most = results.stats().held.bytes;
    assert!((failed().bytes() + 12 + OVERHEAD..1_000).contains(&most), "{most}");
}

#[test]
fn an_answer_is_appended() {
    let mut reply = b"before ".to_vec();
    Answer::Reply(b"after"[..].into()).write(&mut reply).unwrap();
    assert_eq!(reply, b"before after");
}

/// An executor's wakers can do anything.
#[test]
fn wakers_may_use_the_cache_and_panic() {
    struct Meddling(Arc<Results>, OperationId);
    impl Wake for Meddling {
        fn wake(self: Arc<Self>) {
            assert!(look_up(&self.0, self.1, "a").hit().is_some());
            panic!("a waker's own");
        }
    }
    impl Drop for Meddling {
        fn drop(&mut self) {
            look_up(&self.0, self.1, "a");
        }
    }
    let (results, operation) = (Arc::new(new_results(1 << 20)), new_operation());
    let meddling = || Waker::from(Arc::new(Meddling(Arc::clone(&results), operation)));
    let lead = look_up(&results, operation, "a").lead();
    let mut followers = [(); 3].map(|()| look_up(&results, operation, "a").follow());
    assert!(poll(&mut followers[0], &meddling()).is_pending());
    assert!(poll(&mut followers[0], &meddling()).is_pending());
    assert!(poll(&mut followers[1], &meddling()).is_pending());
    let woken = Arc::new(Woken::default());
    assert!(poll(&mut followers[2], &woken.clone().into()).is_pending());
    let [first, _, _] = followers;
    drop(first);
    lead.land(Ok(b"one"));
    assert_eq!(woken.times(), 1);
}

#[test]
fn what_waits_can_be_sent() {
    fn is_send<T: Send>() {}
    fn is_sync<T: Sync>() {}
    is_send::<Found<'static>>();
    is_send::<Following<'static>>();
    is_sync::<Results>();
}
