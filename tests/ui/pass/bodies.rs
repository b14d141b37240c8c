//! Whatever a body of an operation looks like, counting its calls changes nothing about it.
#![deny(warnings)]

use std::cell::RefCell;
use std::future::ready;
use std::sync::Mutex;

use lmms::{Config, Gateway, Invocation};
use serde::Serialize;

pub struct Tokens(Mutex<Vec<u8>>);

#[lmms::interface]
impl Tokens {
    #[load]
    fn load() -> Self {
        Self(Mutex::new(vec![1, 2]))
    }

    #[operation(cached)]
    fn empty(&self) {}

    #[operation(cached())]
    fn one_expression(&self) -> u8 {
        1
    }

    #[operation(cached(ttl = 1, weight = 4294967295, errors,))]
    fn tail_temporaries(&self) -> usize {
        let all = RefCell::new(vec![1]);
        let count = self.0.lock().unwrap().len();
        count + all.borrow().len()
    }

    #[operation(name = "x", cached(errors))]
    fn never_returns(&self) -> Result<u8, std::fmt::Error> {
        panic!("never")
    }

    #[operation]
    fn returns_early(&self) -> u8 {
        if self.0.is_poisoned() {
            return 1;
        }
        loop {
            break 2;
        }
    }

    #[operation]
    fn opaque<'a>(&'a self, text: &'a str) -> impl Serialize + use<'a> {
        (text, self.0.lock().unwrap().len())
    }

    #[operation]
    fn coerced(&self) -> Option<&[u8]> {
        Some(&[1, 2])
    }

    #[operation]
    fn a_range(&self) -> std::ops::Range<u8> {
        const MOST: u8 = 2;
        1..MOST
    }

    #[operation]
    fn inner_attributes(&self) -> u8 {
        //! Documented inside.
        #![allow(unused_variables)]
        let unused = 1;
        2
    }

    #[operation]
    fn items(&self) -> usize {
        #![allow(dead_code)]
        use std::collections::BTreeMap as Map;

        /// Documented.
        const LEAST: usize = 1;
        static MOST: usize = LEAST + 1;
        type Counts<T> = Map<T, usize>;

        #[derive(Default)]
        struct Tokens<const N: usize = { 1 + 1 }>(Counts<u8>);

        enum Interface {
            Called,
        }

        impl Tokens<{ LEAST }> {
            fn count(&self) -> usize {
                self.0.len()
            }
        }

        trait Called {
            fn called(&self) {}
        }

        const fn called(_: usize) -> Tokens<{ LEAST }> {
            Tokens(Map::new())
        }

        mod lmms {}

        called(1).count() + MOST
    }

    #[operation]
    fn a_block_first(&self) -> u8 {
        const { assert!(true) }
        let two = unsafe { u8::unchecked_add(1, 1) };
        two
    }

    #[operation]
    fn nothing_but_a_block(&self) -> u8 {
        const { 1 + 1 }
    }

    #[operation]
    fn macros_first(&self) -> usize {
        thread_local! {
            static LAST: RefCell<usize> = const { RefCell::new(3) };
        }
        macro_rules! last {
            () => {
                LAST.with_borrow(|last| *last)
            };
        }
        last!()
    }

    #[operation]
    async fn later(&self, text: &str) -> usize {
        use std::future::Future;

        async fn wait<T>(future: impl Future<Output = T>) -> T {
            future.await
        }

        wait(ready(text.len())).await
    }

    #[operation]
    const fn constant(&self) -> u8 {
        3
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let gateway = Gateway::new(Config::default()).unwrap();
    let answer = gateway.execute_operation("tokens", "items", b"{}").await;
    assert_eq!(answer.unwrap(), b"2");
    let answer = gateway.execute_operation("tokens", "constant", b"{}").await;
    assert_eq!(answer.unwrap(), b"3");
    let answer = gateway.execute_operation("tokens", "later", br#"{"text":"\n"}"#).await;
    assert_eq!(answer.unwrap(), b"1");
    assert_eq!(Invocation::enter().get::<Tokens>().unwrap().tail_temporaries(), 3);
}
