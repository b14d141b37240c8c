//! Everything at once: 64 invocations at a time, as tasks and as threads, over 32 interfaces that need each other, while
//! several gateways unload and sweep; loads and unload hooks that fail, panic or are given up. No instance is seen after it
//! was dropped, each is dropped once after its hook has run once, and in the end nothing is left.

#[path = "../common/mod.rs"]
mod common;

mod canary;
mod interfaces;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use canary::{CALM, Life, lives};
use common::{block_on, gateway, resident, watched};
use interfaces::{INTERFACES, Random, cancel, drop_kept, pause};
use lmms::{Config, Error, ErrorCode, Gateway, Invocation, LoadError, Reason, Swept, Unload, UnloadHookError};

const THREADS: u64 = 16;
const TASKS: u64 = 48;
const FLOORS: [usize; 4] = [0, 2, 5, 16];
const STORM: Duration = Duration::from_secs(3);

/// How often sweeps unloaded something, and calls that were given up halfway were not over.
static SWEPT: AtomicUsize = AtomicUsize::new(0);
static CANCELLED: AtomicUsize = AtomicUsize::new(0);

/// What nobody uses is due at once, down to the floor.
fn gateways() -> Vec<Gateway> {
    let config = Config::default().with_grace_period(Duration::ZERO).with_fast_path(false);
    FLOORS.map(|floor| Gateway::new(config.clone().with_min_resident(floor)).unwrap()).into()
}

fn load_failed_on_purpose(outcome: Result<(), LoadError>) {
    if let Err(error) = outcome {
        assert!(error.to_string().contains("on purpose"), "{error}");
    }
}

fn hook_failed_on_purpose(error: &UnloadHookError) {
    assert!(error.to_string().contains("on purpose"), "{error}");
}

fn answered(answer: Result<(), Error>) {
    if let Err(error) = answer {
        assert!(matches!(error.code(), ErrorCode::LoadFailed | ErrorCode::OperationPanicked), "{error}");
        assert!(error.to_string().contains("on purpose"), "{error}");
    }
}

fn unloaded(unload: Result<Unload, Error>) {
    match unload.unwrap() {
        Unload::Unloaded { hook_error, .. } => hook_error.iter().for_each(hook_failed_on_purpose),
        Unload::NotLoaded | Unload::Blocked(Reason::ActiveReference | Reason::MinResident) => {}
        unload => panic!("{unload:?}"),
    }
}

fn swept(swept: &Swept) {
    swept.hook_errors.iter().for_each(hook_failed_on_purpose);
    SWEPT.fetch_add(swept.unloaded.len(), Ordering::Relaxed);
}

/// One after the other, invocations that do this and that.
async fn storm(gateways: Arc<Vec<Gateway>>, end: Instant, seed: u64) {
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let random = &mut random;
    while Instant::now() < end {
        let invocation = Arc::new(Invocation::enter());
        for _ in 0..random.below(8) {
            let interface = &INTERFACES[random.index(INTERFACES.len())];
            let gateway = &gateways[random.index(gateways.len())];
            let operation = if random.below(8) == 0 { "panic" } else { "look" };
            let request = format!(r#"{{"interface":"{}","operation":"{operation}"}}"#, interface.name);
            match random.below(16) {
                0 => unloaded(gateway.unload_module(interface.name).await),
                1 => given_up(gateway.unload_module(interface.name), random, unloaded),
                2 => swept(&gateway.sweep().await),
                3 => given_up(gateway.sweep(), random, |it| swept(&it)),
                4 => {
                    let mut reply = Vec::new();
                    answered(gateway.execute_in(&invocation, request.as_bytes(), &mut reply).await);
                    assert!(reply.is_empty() || reply == b"null");
                }
                5 => answered(gateway.execute(request.as_bytes()).await.map(|reply| assert_eq!(reply, b"null"))),
                6 => given_up(gateway.execute(request.as_bytes()), random, |it| answered(it.map(drop))),
                7 => {
                    // Two users of one invocation, each on a thread of its own.
                    let (same, seed) = (Arc::clone(&invocation), random.below(u64::MAX) | 1);
                    let second = async move { (interface.act)(&same, &mut Random(seed)).await };
                    match tokio::runtime::Handle::try_current() {
                        Ok(runtime) => {
                            let second = runtime.spawn(second);
                            load_failed_on_purpose((interface.act)(&invocation, random).await);
                            load_failed_on_purpose(second.await.unwrap());
                        }
                        Err(_) => {
                            let second = thread::spawn(|| block_on(second));
                            load_failed_on_purpose((interface.act)(&invocation, random).await);
                            load_failed_on_purpose(second.join().unwrap());
                        }
                    }
                }
                8 => pause().await,
                _ => load_failed_on_purpose((interface.act)(&invocation, random).await),
            }
        }
    }
}

fn given_up<F: Future>(future: F, random: &mut Random, over: impl FnOnce(F::Output)) {
    match cancel(future, random) {
        Some(output) => over(output),
        None => drop(CANCELLED.fetch_add(1, Ordering::Relaxed)),
    }
}

/// Until they are all over.
fn storm_of_threads_and_tasks() {
    let gateways = Arc::new(gateways());
    let end = Instant::now() + STORM;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
    let tasks: Vec<_> = (1..=TASKS).map(|seed| runtime.spawn(storm(Arc::clone(&gateways), end, seed))).collect();
    let threads: Vec<_> = (1..=THREADS)
        .map(|seed| {
            let storm = storm(Arc::clone(&gateways), end, TASKS + seed);
            thread::spawn(|| block_on(storm))
        })
        .collect();
    for task in tasks {
        runtime.block_on(task).unwrap();
    }
    for thread in threads {
        thread.join().unwrap();
    }
}

/// Unloads all that is loaded, and counts it.
fn everything_goes(gateway: &Gateway) -> usize {
    let shutdown = block_on(gateway.shutdown(Duration::from_secs(10)));
    assert!(shutdown.hook_errors.is_empty() && shutdown.remaining.is_empty(), "{shutdown:?}");
    assert!(resident(gateway).is_empty());
    shutdown.unloaded.len()
}

#[test]
fn nothing_is_seen_after_it_was_dropped_and_nothing_is_left() {
    static FAILED: AtomicBool = AtomicBool::new(false);
    std::panic::set_hook(Box::new(|panic| {
        // Those on purpose would fill the screen.
        if !panic.to_string().contains("on purpose") {
            FAILED.store(true, Ordering::SeqCst);
            eprintln!("{panic}");
        }
    }));
    watched(storm_of_threads_and_tasks);
    // A canary that saw something wrong in a load or a hook was caught by the framework, as it should be.
    assert!(!FAILED.load(Ordering::SeqCst));
    CALM.store(true, Ordering::SeqCst);
    drop_kept();

    // With a hold that was never given back, one of them would not go.
    let gateway = gateway();
    everything_goes(&gateway);
    for interface in INTERFACES {
        block_on(gateway.execute_operation(interface.name, "look", b"{}")).unwrap();
    }
    assert_eq!(everything_goes(&gateway), INTERFACES.len());

    let status = |name| gateway.interface(name).unwrap().status();
    for interface in INTERFACES {
        let (name, events) = (interface.name, (interface.events)());
        assert_eq!((events.alive(), status(name).holds), (0, 0), "{name}");
        assert_eq!(events.hooks() as u64, status(name).loads, "{name}: one hook per generation");
        // Some failed, or were given up between the canary's birth and the end of the load.
        assert!(events.attempts() as u64 >= status(name).loads, "{name}");
    }
    let loads: u64 = INTERFACES.iter().map(|interface| status(interface.name).loads).sum();
    let stats = gateway.stats();
    assert_eq!((stats.ligs_loads, stats.lugs_unloads), (loads, loads));

    let lives = lives();
    assert!(lives.iter().all(|Life { hooks, drops }| *drops == 1 && *hooks <= 1));
    assert_eq!(lives.iter().filter(|life| life.hooks == 1).count() as u64, loads);
    let [swept, cancelled] = [&SWEPT, &CANCELLED].map(|count| count.load(Ordering::SeqCst));
    assert!(loads > 3 * INTERFACES.len() as u64 && swept > 0 && cancelled > 0, "it was no storm");
    println!("{} instances, {loads} generations, {swept} swept, {cancelled} calls given up", lives.len());
}
