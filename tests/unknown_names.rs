//! An unknown name is an error that says which one was probably meant; it loads nothing and leaves nothing behind
//! (acceptance 2).
#![allow(unsafe_code, reason = "an allocator that counts is `unsafe` to write")]

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use common::{block_on, gateway, resident};
use lmms::{Error, ErrorCode, Gateway, Unload};

struct Tokens;

#[lmms::interface]
impl Tokens {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    fn count(&self, text: &str) -> usize {
        text.len()
    }

    #[operation]
    fn split(&self, text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }
}

struct Borders;

#[lmms::interface]
impl Borders {
    #[load]
    fn load() -> Self {
        Self
    }
}

thread_local! {
    /// Allocations and bytes that this thread made and has not freed. Its own, so that the test harness does not count.
    static LIVE: Cell<(isize, isize)> = const { Cell::new((0, 0)) };
}

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn count(blocks: isize, bytes: usize) {
    let _ = LIVE.try_with(|live| {
        let (b, n) = live.get();
        live.set((b + blocks, n + blocks * bytes as isize));
    });
}

// SAFETY: everything is `System`'s; counting does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size());
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(-1, layout.size());
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(block, layout) }
    }
}

fn ask(gateway: &Gateway, interface: &str, operation: &str) -> Error {
    let request = format!(r#"{{"interface":"{interface}","operation":"{operation}","args":{{"text":"a b"}}}}"#);
    block_on(gateway.execute(request.as_bytes())).unwrap_err()
}

// One test: it counts loads and allocations of the process.
#[test]
fn unknown_names_are_explained_and_cost_nothing() {
    let gateway = gateway();

    let error = ask(&gateway, "token", "count");
    assert_eq!(error.code(), ErrorCode::UnknownInterface);
    assert_eq!(error.to_string(), "there is no interface `token`; did you mean `tokens`?");
    assert_eq!(error.expected(), Some("tokens"));
    assert_eq!((error.interface(), error.operation()), (Some("token"), Some("count")));

    let error = ask(&gateway, "tokens", "cuont");
    assert_eq!(error.code(), ErrorCode::UnknownOperation);
    assert_eq!(error.to_string(), "interface `tokens` has no operation `cuont`; did you mean `count`?");
    assert_eq!(error.expected(), Some("count"));
    assert_eq!((error.interface(), error.operation()), (Some("tokens"), Some("cuont")));

    // Nothing is near: then what there is.
    let error = ask(&gateway, "zzz", "count");
    assert_eq!(error.to_string(), "there is no interface `zzz`; `lmms.describe` lists all");
    assert_eq!(error.expected(), None);
    let error = ask(&gateway, "tokens", "zzz");
    assert_eq!(error.to_string(), "interface `tokens` has no operation `zzz`; it has `count`, `split`");
    assert_eq!(error.expected(), Some("`count`, `split`"));

    // Names are exact, the built-in interface has operations of its own, and only `execute` knows it.
    assert_eq!(ask(&gateway, "Tokens", "count").code(), ErrorCode::UnknownInterface);
    assert_eq!(ask(&gateway, "tokens ", "count").code(), ErrorCode::UnknownInterface);
    assert_eq!(ask(&gateway, "", "").code(), ErrorCode::UnknownInterface);
    assert_eq!(ask(&gateway, "lms", "describe").expected(), Some("lmms"));
    assert_eq!(ask(&gateway, "lmms", "descibe").expected(), Some("describe"));
    let error = block_on(gateway.unload_module("boarders")).unwrap_err();
    assert_eq!((error.code(), error.expected()), (ErrorCode::UnknownInterface, Some("borders")));
    assert!(gateway.interface("boarders").is_none());
    assert!(matches!(block_on(gateway.unload_module("borders")), Ok(Unload::NotLoaded)));

    let fail = |number: usize| {
        // A name of its own each time, for something that keeps names to grow by.
        ask(&gateway, &format!("tokens{number}"), "count");
        ask(&gateway, "tokens", &format!("count{number}"));
        block_on(gateway.unload_module(&format!("tokens{number}"))).unwrap_err();
    };
    fail(0);
    let before = LIVE.get();
    (1..=500).for_each(fail);
    assert_eq!(LIVE.get(), before, "live allocations and their bytes after 500 failures");

    assert!(resident(&gateway).is_empty());
    assert_eq!(gateway.stats().ligs_loads, 0);
    let found = block_on(gateway.execute_operation("tokens", "count", br#"{"text":"four"}"#)).unwrap();
    assert_eq!(found, b"4");
    assert_eq!(gateway.stats().ligs_loads, 1);
}
