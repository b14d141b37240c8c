//! However many ask the same at once, it is computed once; and nobody waits for what will not come.

use std::sync::{Arc, Barrier};

use super::*;

type Call<'a> = Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

fn call<'a>(gateway: &'a Gateway, names: &str, number: u64) -> Call<'a> {
    let request = request(names, &format!(r#"{{"number":{number}}}"#));
    Box::pin(async move { answer(gateway.execute(request.as_bytes()).await) })
}

/// A hundred calls of `gated.double`, of which the first computes and the others wait for it.
fn hundred(gateway: &Gateway, number: u64) -> Vec<Call<'_>> {
    let before = computed();
    let mut calls: Vec<_> = (0..100).map(|_| call(gateway, "gated.double", number)).collect();
    for call in &mut calls {
        assert!(poll(call.as_mut()).is_pending());
    }
    assert_eq!(computed() - before, 1);
    calls
}

/// What a call comes to that has nothing to wait for any more. It would fail rather than hang.
fn done(mut call: Call<'_>) -> Answer {
    let polls = (0..3).map(|_| poll(call.as_mut()));
    let ready = |poll| if let Poll::Ready(answer) = poll { Some(answer) } else { None };
    polls.into_iter().find_map(ready).expect("it waits, but for nothing")
}

/// The tests leave the gate as they found it.
fn let_through(count: usize) {
    assert_eq!(GATE.available_permits(), 0);
    GATE.add_permits(count);
}

fn close() {
    GATE.forget_permits(usize::MAX >> 3);
}

#[test]
fn a_hundred_equal_calls_compute_once() {
    let _turn = Turn::take();
    let gateway = start(Config::default());
    let calls = hundred(&gateway, 4);
    let_through(1);
    for call in calls {
        assert_eq!(done(call), Ok("8".to_owned()));
    }
    assert_eq!((computed(), entries(&gateway)), (1, 1));
    assert_eq!((gateway.stats().cache_hits, gateway.stats().cache_misses), (99, 1));
}

/// Asks a hundred times at once, from tasks on some threads.
fn at_once(names: &'static str, number: u64, meanwhile: impl FnOnce() + Send + 'static) -> Vec<Answer> {
    watched(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
        let gateway = Arc::new(start(Config::default()));
        runtime.block_on(async {
            let tasks: Vec<_> = (0..100)
                .map(|_| {
                    let gateway = Arc::clone(&gateway);
                    tokio::spawn(async move { call(&gateway, names, number).await })
                })
                .collect();
            tokio::task::yield_now().await;
            meanwhile();
            let mut answers = Vec::new();
            for task in tasks {
                answers.push(task.await.unwrap());
            }
            answers
        })
    })
}

#[test]
fn a_hundred_tasks_on_threads_compute_once() {
    let _turn = Turn::take();
    for round in 0..20 {
        let answers = at_once("numbers.same", round, || ());
        assert_eq!(answers, vec![Ok(round.to_string()); 100]);
        assert_eq!(computed() as u64, round + 1);
    }
    for round in 2..22 {
        let before = computed();
        let answers = at_once("gated.double", round, || GATE.add_permits(1));
        assert_eq!(answers, vec![Ok((2 * round).to_string()); 100]);
        assert_eq!(computed() - before, 1);
    }
}

#[test]
fn other_arguments_do_not_wait() {
    let _turn = Turn::take();
    let gateway = start(Config::default());
    let calls = hundred(&gateway, 4);
    assert_eq!(ask(&gateway, "numbers.same", r#"{"number":4}"#), Ok("4".to_owned()));
    let mut other = call(&gateway, "gated.double", 5);
    assert!(poll(other.as_mut()).is_pending());
    assert_eq!(computed(), 3);
    drop((calls, other));
}

#[test]
fn when_the_first_is_cancelled_the_others_go_on() {
    let _turn = Turn::take();
    let gateway = start(Config::default());
    // The first, also twice in a row; and some who wait.
    for cancelled in [0..1, 0..2, 50..60, 0..99] {
        let mut calls = hundred(&gateway, 4);
        calls.drain(cancelled);
        // Nothing is to be computed for nobody.
        for call in &mut calls {
            assert!(poll(call.as_mut()).is_pending());
        }
        let_through(100);
        for call in calls {
            assert_eq!(done(call), Ok("8".to_owned()));
        }
        close();
        assert_eq!(gateway.invalidate_results("gated").unwrap(), 1);
    }
    // All of them: nothing is left behind.
    drop(hundred(&gateway, 4));
    let_through(1);
    assert_eq!(ask(&gateway, "gated.double", r#"{"number":4}"#), Ok("8".to_owned()));
}

#[test]
fn when_the_first_is_cancelled_the_others_are_woken() {
    let _turn = Turn::take();
    let answers = watched(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let gateway = Arc::new(start(Config::default()));
        runtime.block_on(async {
            let spawn = || {
                let gateway = Arc::clone(&gateway);
                tokio::spawn(async move { call(&gateway, "gated.double", 4).await })
            };
            let leader = spawn();
            tokio::task::yield_now().await;
            let others: Vec<_> = (0..99).map(|_| spawn()).collect();
            tokio::task::yield_now().await;
            assert_eq!(computed(), 1);
            leader.abort();
            assert!(leader.await.unwrap_err().is_cancelled());
            GATE.add_permits(99);
            let mut answers = Vec::new();
            for other in others {
                answers.push(other.await.unwrap());
            }
            answers
        })
    });
    close();
    assert_eq!(answers, vec![Ok("8".to_owned()); 99]);
}

#[test]
fn when_the_first_fails_or_panics_all_get_their_error() {
    let _turn = Turn::take();
    let expected = [
        (0, ErrorCode::OperationFailed, "`gated.double` failed: nothing to double"),
        (1, ErrorCode::OperationPanicked, "`gated.double` panicked: nothing to be had of 1"),
    ];
    for (number, code, message) in expected {
        let gateway = start(Config::default());
        let calls = hundred(&gateway, number);
        let_through(100);
        for call in calls {
            is_error(&done(call), code, message);
        }
        close();
        assert_eq!(entries(&gateway), 0);
        // On threads, with wakers that count.
        for answer in at_once("gated.double", number, || GATE.add_permits(100)) {
            is_error(&answer, code, message);
        }
        close();
    }
}

/// Blocks its thread until all callers are about to ask.
struct Crowded;

static ARRIVED: AtomicUsize = AtomicUsize::new(0);

#[lmms::interface]
impl Crowded {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation(cached)]
    fn wait_for(&self, callers: usize) -> usize {
        while ARRIVED.load(Ordering::SeqCst) < callers {
            std::thread::yield_now();
        }
        computing(callers)
    }
}

#[test]
fn threads_that_ask_at_once_compute_once() {
    let _turn = Turn::take();
    let answers = watched(|| {
        let (gateway, barrier) = (start(Config::default()), Barrier::new(16));
        std::thread::scope(|scope| {
            let ask = || {
                barrier.wait();
                ARRIVED.fetch_add(1, Ordering::SeqCst);
                ask(&gateway, "crowded.wait_for", r#"{"callers":16}"#)
            };
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(ask)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        })
    });
    assert_eq!(answers, vec![Ok("16".to_owned()); 16]);
    assert_eq!(computed(), 1);
}

#[test]
fn without_a_cache_nobody_waits_for_anybody() {
    let _turn = Turn::take();
    let gateway = start(bytes(0));
    let mut calls: Vec<_> = (0..10).map(|_| call(&gateway, "gated.double", 4)).collect();
    for call in &mut calls {
        assert!(poll(call.as_mut()).is_pending());
    }
    assert_eq!(computed(), 10);
    let_through(10);
    for call in calls {
        assert_eq!(done(call), Ok("8".to_owned()));
    }
}
