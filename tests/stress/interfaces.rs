//! Thirty-two interfaces of four kinds, and what an invocation does with them.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Mutex;
use std::task::Poll;

use lmms::{BlockingInterface, Interface, Invocation, Lease, Load, LoadError};

use crate::canary::{Canary, Events};
use crate::common::poll;

/// xorshift64, with a seed for each that uses it.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }

    pub fn index(&mut self, end: usize) -> usize {
        self.below(end as u64) as usize
    }
}

/// Goes on after being polled again, so that there is a moment in which it can be cancelled.
pub async fn pause() {
    let mut paused = false;
    poll_fn(|context| {
        if std::mem::replace(&mut paused, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Gives a future up at whatever point it is after a few polls. What came of it, if it was over before.
pub fn cancel<F: Future>(future: F, random: &mut Random) -> Option<F::Output> {
    let mut future = pin!(future);
    for _ in 0..random.below(4) {
        if let Poll::Ready(output) = poll(future.as_mut()) {
            return Some(output);
        }
    }
    None
}

pub trait Known: Interface {
    fn canary(&self) -> &Canary;
    fn events() -> &'static Events;
}

/// Something done with an interface in an invocation.
type Act =
    for<'a> fn(&'a Invocation, &'a mut Random) -> Pin<Box<dyn Future<Output = Result<(), LoadError>> + Send + 'a>>;

pub struct Entry {
    pub name: &'static str,
    pub events: fn() -> &'static Events,
    pub act: Act,
}

async fn act<T: Known>(invocation: &Invocation, random: &mut Random) -> Result<(), LoadError> {
    match random.below(6) {
        0 => {
            if let Some(it) = invocation.resident::<T>() {
                it.canary().look();
            }
        }
        1 => keep(invocation.lease_async::<T>().await?, random),
        2 | 3 => {
            if let Some(it) = cancel(invocation.get_async::<T>(), random) {
                it?.canary().look();
            }
        }
        _ => {
            let it = invocation.get_async::<T>().await?;
            let number = it.canary().look();
            pause().await;
            assert_eq!(it.canary().look(), number);
            assert_eq!(invocation.get_async::<T>().await?.canary().look(), number, "what it touched went");
        }
    }
    Ok(())
}

async fn act_blocking<T: Known + BlockingInterface>(
    invocation: &Invocation,
    random: &mut Random,
) -> Result<(), LoadError> {
    match random.below(4) {
        0 => keep(invocation.lease::<T>()?, random),
        1 => {
            let number = invocation.get::<T>()?.canary().look();
            assert_eq!(invocation.get::<T>()?.canary().look(), number, "what it touched went");
        }
        _ => act::<T>(invocation, random).await?,
    }
    Ok(())
}

trait Look: Send {
    fn look(&self);
}

impl<T: Known> Look for Lease<T> {
    fn look(&self) {
        self.canary().look();
    }
}

/// Leases whose invocations may long be over, to be looked at and dropped by others.
static KEPT: Mutex<Vec<Box<dyn Look>>> = Mutex::new(Vec::new());

/// Few, for what they hold is not unloaded.
const MOST_KEPT: usize = 6;

fn keep<T: Known>(lease: Lease<T>, random: &mut Random) {
    let clone = lease.clone();
    drop(lease);
    clone.look();
    let mut kept = KEPT.lock().unwrap();
    let before = if kept.len() < MOST_KEPT { None } else { Some(kept.swap_remove(random.index(MOST_KEPT))) };
    kept.push(Box::new(clone));
    drop(kept);
    if let Some(before) = before {
        before.look();
    }
}

pub fn drop_kept() {
    KEPT.lock().unwrap().clear();
}

macro_rules! interfaces {
    ($($kind:ident { $($Name:ident $(needs $Needed:ident $(and keeps $Kept:ident)?)?,)* })*) => {
        $($(
            interfaces!($kind $Name $($Needed $($Kept)?)?);

            impl Known for $Name {
                fn canary(&self) -> &Canary {
                    &self.canary
                }

                fn events() -> &'static Events {
                    static EVENTS: Events = Events::new();
                    &EVENTS
                }
            }
        )*)*

        pub const INTERFACES: &[Entry] = &[$($(
            Entry { name: $Name::NAME, events: $Name::events, act: interfaces!(act $kind $Name) },
        )*)*];
    };
    (sound $Name:ident) => {
        struct $Name {
            canary: Canary,
        }

        #[lmms::interface]
        impl $Name {
            #[load]
            fn load() -> Self {
                Self { canary: Self::events().load() }
            }

            #[operation]
            fn look(&self) {
                self.canary.look();
            }

            #[operation]
            fn panic(&self) {
                self.canary.look();
                panic!("on purpose");
            }

            #[unload]
            fn unload(self) {
                Self::events().unload(&self.canary);
            }
        }
    };
    (faulty $Name:ident $Needed:ident) => {
        struct $Name {
            canary: Canary,
        }

        #[lmms::interface]
        impl $Name {
            #[load]
            fn load(load: &Load<'_>) -> Result<Self, String> {
                let needed = load.get::<$Needed>().map_err(|error| error.to_string())?;
                let canary = Self::events().load_or_fail()?;
                needed.canary.look();
                Ok(Self { canary })
            }

            #[operation]
            fn look(&self) {
                self.canary.look();
            }

            #[operation]
            fn panic(&self) {
                panic!("on purpose");
            }

            #[unload]
            fn unload(self) -> Result<(), String> {
                Self::events().unload_or_fail(&self.canary)
            }
        }
    };
    (slow $Name:ident) => {
        struct $Name {
            canary: Canary,
        }

        #[lmms::interface]
        impl $Name {
            #[load]
            async fn load() -> Self {
                pause().await;
                let canary = Self::events().load();
                pause().await;
                Self { canary }
            }

            #[operation]
            async fn look(&self) {
                self.canary.look();
                pause().await;
                self.canary.look();
            }

            #[operation]
            async fn panic(&self) {
                pause().await;
                self.canary.look();
                panic!("on purpose");
            }

            #[unload]
            async fn unload(self) {
                Self::events().unload(&self.canary);
                pause().await;
                self.canary.look();
            }
        }
    };
    (nested $Name:ident $Needed:ident $Kept:ident) => {
        struct $Name {
            canary: Canary,
            kept: Lease<$Kept>,
        }

        #[lmms::interface]
        impl $Name {
            #[load]
            async fn load(load: &Load<'_>) -> Result<Self, String> {
                let kept = load.lease_async::<$Kept>().await.map_err(|error| error.to_string())?;
                let needed = load.get_async::<$Needed>().await.map_err(|error| error.to_string())?;
                let canary = Self::events().load_or_fail()?;
                pause().await;
                needed.canary.look();
                Ok(Self { canary, kept })
            }

            #[operation]
            fn look(&self) {
                self.canary.look();
                self.kept.canary.look();
            }

            #[operation]
            fn panic(&self) {
                panic!("on purpose");
            }

            #[unload]
            async fn unload(self) -> Result<(), String> {
                let outcome = Self::events().unload_or_fail(&self.canary);
                pause().await;
                self.kept.canary.look();
                outcome
            }
        }
    };
    (act sound $Name:ident) => { |invocation, random| Box::pin(act_blocking::<$Name>(invocation, random)) };
    (act faulty $Name:ident) => { |invocation, random| Box::pin(act_blocking::<$Name>(invocation, random)) };
    (act slow $Name:ident) => { |invocation, random| Box::pin(act::<$Name>(invocation, random)) };
    (act nested $Name:ident) => { |invocation, random| Box::pin(act::<$Name>(invocation, random)) };
}

interfaces! {
    sound { Sound0, Sound1, Sound2, Sound3, Sound4, Sound5, Sound6, Sound7, }
    faulty {
        Faulty0 needs Sound0,
        Faulty1 needs Sound1,
        Faulty2 needs Sound2,
        Faulty3 needs Sound3,
        Faulty4 needs Sound4,
        Faulty5 needs Sound5,
        Faulty6 needs Sound6,
        Faulty7 needs Sound7,
    }
    slow { Slow0, Slow1, Slow2, Slow3, Slow4, Slow5, Slow6, Slow7, }
    nested {
        Nested0 needs Faulty0 and keeps Slow0,
        Nested1 needs Faulty1 and keeps Slow1,
        Nested2 needs Faulty2 and keeps Slow2,
        Nested3 needs Faulty3 and keeps Slow3,
        Nested4 needs Slow4 and keeps Sound4,
        Nested5 needs Slow5 and keeps Sound5,
        Nested6 needs Slow6 and keeps Sound6,
        Nested7 needs Slow7 and keeps Sound7,
    }
}
