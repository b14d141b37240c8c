//! An interface crate that only Cargo.toml names is in the registry, whichever way it is depended
//! on and whatever the linker may throw away (acceptance 6).
//!
//! `fixtures/link` is a workspace of its own, for a profile belongs to a workspace: each crate in it
//! is one way to depend on an interface, each of its profiles one way to lose what nothing refers to.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::Once;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// What `fixtures/link/app` depends on. `optional` comes with its feature `extra`.
const INTERFACES: &[&str] = &[
    "inherited",
    "keyword",
    "lib_name",
    "nested",
    "optional",
    "plain",
    "renamed",
    "second_hand",
    #[cfg(unix)]
    "unix_only",
    #[cfg(windows)]
    "windows_only",
];

#[test]
fn dev_links_every_interface() {
    assert_eq!(run("app", &["--profile=dev"]), INTERFACES);
}

#[test]
fn release_links_every_interface() {
    assert_eq!(run("app", &["--profile=release"]), INTERFACES);
}

#[test]
fn thin_lto_links_every_interface() {
    assert_eq!(run("app", &["--profile=thin"]), INTERFACES);
}

#[test]
fn fat_lto_links_every_interface() {
    assert_eq!(run("app", &["--profile=fat"]), INTERFACES);
}

#[test]
fn strip_keeps_every_interface() {
    assert_eq!(run("app", &["--profile=strip"]), INTERFACES);
}

#[test]
fn panic_abort_links_every_interface() {
    assert_eq!(run("app", &["--profile=abort"]), INTERFACES);
}

#[test]
fn an_optional_interface_goes_with_its_feature() {
    let mut expected = INTERFACES.to_vec();
    expected.retain(|&name| name != "optional");
    assert_eq!(run("app", &["--no-default-features"]), expected);
}

#[test]
fn one_name_registered_by_two_crates_is_an_error_naming_both() {
    let lines = run("both", &[]);
    let [error] = lines.as_slice() else { panic!("{lines:?}") };
    for part in ["`twin`", "twin_a (", "twin_b ("] {
        assert!(error.contains(part), "{error:?} lacks {part}");
    }
}

#[test]
fn skip_and_the_explicit_list_link_what_they_say() {
    let only = |bin, name: &str| matches!(&*run(bin, &[]), [origin] if origin.starts_with(name));
    assert!(only("skipping", "twin_a ("));
    assert!(only("exactly", "twin_b ("));
}

/// Builds a binary of the fixtures, whose lints deny every warning, and returns the lines it prints.
fn run(bin: &str, args: &[&str]) -> Vec<String> {
    static LOCK: Once = Once::new();
    LOCK.call_once(lock);
    let output = cargo(&[&["run", "--quiet", "--locked", "--bin", bin], args].concat());
    let stdout = String::from_utf8(output.stdout).expect("UTF-8");
    stdout.lines().map(str::to_owned).collect()
}

/// Gives the fixtures the versions of this workspace's Cargo.lock: what is tested is what is built
/// here, and nothing needs the network.
fn lock() {
    let fixtures = Path::new(ROOT).join("tests/fixtures/link");
    std::fs::copy(Path::new(ROOT).join("Cargo.lock"), fixtures.join("Cargo.lock")).expect("Cargo.lock");
    cargo(&["update", "--workspace", "--quiet"]);
}

fn cargo(args: &[&str]) -> Output {
    let output = Command::new(env!("CARGO"))
        .current_dir(Path::new(ROOT).join("tests/fixtures/link"))
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("link-matrix"))
        .args(args)
        .arg("--offline")
        .output()
        .expect("cargo starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo {args:?}: {}\n{stderr}", output.status);
    output
}
