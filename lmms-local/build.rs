//! Compiles the shim of the virtual clock: a library without `std`, which is of no crate, so that nothing of this build is in it.

use std::{
    env, fs,
    path::PathBuf,
    process::{Command, ExitCode},
};

const SOURCE: &str = "shim/clock.rs";

fn main() -> ExitCode {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={SOURCE}");
    println!("cargo:rustc-check-cfg=cfg(has_shim)");
    let var = |name| env::var(name).unwrap_or_default();
    let has_shim = var("CARGO_CFG_TARGET_OS") == "linux"
        && var("CARGO_CFG_TARGET_ENV") == "gnu"
        && ["x86_64", "aarch64"].contains(&&*var("CARGO_CFG_TARGET_ARCH"));
    if !has_shim {
        return ExitCode::SUCCESS;
    }
    println!("cargo:rustc-cfg=has_shim");
    let made = PathBuf::from(var("OUT_DIR")).join("clock.so");
    let mut rustc = Command::new(var("RUSTC"));
    rustc.args(["--edition", "2024", "--crate-name", "lmms_local_clock", "--crate-type", "cdylib"]);
    rustc.args(["-C", "panic=abort", "-C", "opt-level=2", "-C", "strip=symbols", "-D", "warnings"]);
    rustc.args(["--target", &var("TARGET"), SOURCE, "-o"]).arg(&made);
    if let Some(linker) = env::var_os("RUSTC_LINKER") {
        rustc.arg("-C").arg([std::ffi::OsStr::new("linker="), &linker].into_iter().collect::<std::ffi::OsString>());
    }
    // Its own flags are all there are: a sanitizer's or a coverage tool's runtime is not in every function.
    rustc.env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("RUSTFLAGS");
    match rustc.status() {
        Ok(status) if status.success() && fs::exists(&made).unwrap_or(false) => ExitCode::SUCCESS,
        Ok(status) => failed(&format!("{rustc:?}: {status}")),
        Err(error) => failed(&format!("{rustc:?}: {error}")),
    }
}

fn failed(why: &str) -> ExitCode {
    eprintln!("{SOURCE} does not compile: {why}");
    ExitCode::FAILURE
}
