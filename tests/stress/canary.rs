//! Instances that can tell whether they are one, and what became of each of them.

use std::hint::black_box;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

const ALIVE: u64 = 0x600D_600D_600D_600D;
const DEAD: u64 = 0xDEAD_DEAD_DEAD_DEAD;

/// The storm is over: from here on all loads and all hooks succeed.
pub static CALM: AtomicBool = AtomicBool::new(false);

/// What happened to one instance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Life {
    pub hooks: usize,
    pub drops: usize,
}

static LIVES: Mutex<Vec<Life>> = Mutex::new(Vec::new());

/// What happened to each instance there ever was.
pub fn lives() -> Vec<Life> {
    LIVES.lock().unwrap().clone()
}

/// The state of an interface. Big enough for an allocator to give it to somebody else at once.
pub struct Canary {
    state: AtomicU64,
    body: Vec<u64>,
    number: usize,
    events: &'static Events,
}

impl Canary {
    fn new(events: &'static Events) -> Self {
        assert_eq!(events.alive.fetch_add(1, Ordering::SeqCst), 0, "a second instance");
        let mut lives = LIVES.lock().unwrap();
        lives.push(Life::default());
        Self { state: AtomicU64::new(ALIVE), body: vec![ALIVE; 64], number: lives.len() - 1, events }
    }

    /// Which of all instances it is.
    pub fn look(&self) -> usize {
        assert_eq!(self.state.load(Ordering::Relaxed), ALIVE, "seen after it was dropped");
        assert!(black_box(&self.body).iter().all(|word| *word == ALIVE), "seen after it was dropped");
        self.number
    }
}

impl Drop for Canary {
    fn drop(&mut self) {
        LIVES.lock().unwrap()[self.number].drops += 1;
        assert_eq!(self.state.swap(DEAD, Ordering::Relaxed), ALIVE, "dropped twice");
        self.body.fill(DEAD);
        assert_eq!(self.events.alive.fetch_sub(1, Ordering::SeqCst), 1, "dropped twice");
    }
}

/// What happened to one interface.
pub struct Events {
    alive: AtomicUsize,
    attempts: AtomicUsize,
    hooks: AtomicUsize,
}

impl Events {
    pub const fn new() -> Self {
        Self { alive: AtomicUsize::new(0), attempts: AtomicUsize::new(0), hooks: AtomicUsize::new(0) }
    }

    pub fn alive(&self) -> usize {
        self.alive.load(Ordering::SeqCst)
    }

    pub fn attempts(&self) -> usize {
        self.attempts.load(Ordering::SeqCst)
    }

    pub fn hooks(&self) -> usize {
        self.hooks.load(Ordering::SeqCst)
    }

    pub fn load(&'static self) -> Canary {
        self.attempts.fetch_add(1, Ordering::SeqCst);
        Canary::new(self)
    }

    /// With an instance that is half way there.
    pub fn load_or_fail(&'static self) -> Result<Canary, String> {
        let canary = self.load();
        fail_now_and_then(self.attempts())?;
        Ok(canary)
    }

    pub fn unload(&self, canary: &Canary) {
        canary.look();
        LIVES.lock().unwrap()[canary.number].hooks += 1;
        self.hooks.fetch_add(1, Ordering::SeqCst);
    }

    pub fn unload_or_fail(&self, canary: &Canary) -> Result<(), String> {
        self.unload(canary);
        fail_now_and_then(self.hooks())
    }
}

fn fail_now_and_then(count: usize) -> Result<(), String> {
    let is_calm = CALM.load(Ordering::SeqCst);
    assert!(is_calm || count % 7 != 6, "on purpose");
    if is_calm || count % 3 != 2 { Ok(()) } else { Err("on purpose".to_owned()) }
}
