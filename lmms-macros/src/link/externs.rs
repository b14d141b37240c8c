//! The dependencies of the crate being compiled, read off the compiler's command line.
//!
//! A procedural macro runs inside rustc, so `std::env::args_os` are rustc's own arguments, and
//! among them is what Cargo resolved for this very target: one `--extern name=path` for each
//! dependency under the name that source code uses. Optional, renamed, target-specific and inherited
//! dependencies need no care; reading Cargo.toml would have to decide each of them again.
//!
//! The same holds wherever rustc runs under another name: clippy-driver, miri, rustdoc for the
//! documentation. Doctests are compiled by a rustc that rustdoc starts with an argument file.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;

const INSTEAD: &str = "name the interface crates instead: `lmms::link!(tokens, time_zones)`";

/// Crates of the toolchain. Cargo passes `--extern proc_macro` to a proc-macro crate; none of them
/// holds interfaces, and to name `test` needs a nightly compiler.
const SYSROOT: [&str; 5] = ["alloc", "core", "proc_macro", "std", "test"];

/// The externs of the process that runs this macro; `None` in an IDE, which links nothing.
///
/// # Errors
/// A sentence for the user when they cannot be told.
pub(super) fn of_this_process() -> Result<Option<BTreeSet<String>>, String> {
    let mut args = std::env::args_os().peekable();
    if args.peek().is_some() {
        return of_host(args, |path| std::fs::read_to_string(path));
    }
    // On a musl host each copy of std learns its arguments from the `main` it was linked to, and a
    // proc macro's copy has none.
    let command_line = std::fs::read("/proc/self/cmdline").unwrap_or_default();
    of_host(split_nul(&command_line), |path| std::fs::read_to_string(path))
}

/// [`of_this_process`] for the whole command line of any process, its own name first.
fn of_host(
    mut args: impl Iterator<Item = OsString>,
    read_file: impl Fn(&Path) -> io::Result<String>,
) -> Result<Option<BTreeSet<String>>, String> {
    let program = args.next();
    let found = externs(args, read_file)?;
    if !found.is_empty() {
        Ok(Some(found))
    } else if program.is_some_and(|program| is_ide(&program)) {
        Ok(None)
    } else {
        // Under Cargo there is always one: the crate this macro came from.
        Err(format!("this compiler was given no dependencies with `--extern`; {INSTEAD}"))
    }
}

/// Whether `program` expands macros for an editor: `rust-analyzer` itself, or the toolchain's
/// `rust-analyzer-proc-macro-srv`, which other editors use too. Any other program without externs
/// gets the error, so that an unknown compiler never links nothing in silence.
fn is_ide(program: &OsStr) -> bool {
    let name = Path::new(program).file_name().unwrap_or_default();
    name.to_string_lossy().contains("rust-analyzer")
}

/// The names given by `--extern`, from the arguments after the program's name.
///
/// It follows rustc: an argument file is expanded once and not again inside of it, a later
/// `--extern` of the same name (the `.rlib` beside the `.rmeta`) adds to the earlier one, and `--`
/// ends the options. Sorted, so that the expansion does not depend on the order of arguments.
fn externs(
    args: impl Iterator<Item = OsString>,
    read_file: impl Fn(&Path) -> io::Result<String>,
) -> Result<BTreeSet<String>, String> {
    let mut args = expand_files(args, read_file)?.into_iter();
    let mut names = BTreeSet::new();
    while let Some(arg) = args.next() {
        let value = match arg.as_encoded_bytes() {
            b"--" => break,
            b"--extern" => match args.next() {
                Some(value) => value.into_encoded_bytes(),
                None => break, // rustc has refused this already
            },
            arg => match arg.strip_prefix(b"--extern=") {
                Some(value) => value.to_vec(),
                None => continue,
            },
        };
        names.extend(parse_extern(&value)?);
    }
    Ok(names)
}

/// `[options:]name[=path]`; nothing for a crate of the toolchain. Only the path may be other than
/// UTF-8, and may contain `:` and `=`.
fn parse_extern(value: &[u8]) -> Result<Option<String>, String> {
    let (name, path) = match value.iter().position(|&byte| byte == b'=') {
        Some(at) => (&value[..at], Some(&value[at + 1..])),
        None => (value, None),
    };
    let malformed = || {
        let value = String::from_utf8_lossy(value);
        format!("cannot read the crate's name in `--extern {value}`; {INSTEAD}")
    };
    let name = std::str::from_utf8(name).map_err(|_| malformed())?;
    let (options, name) = name.split_once(':').unwrap_or(("", name));
    // `-Zbuild-std` passes the standard library this way: not a dependency that the user wrote.
    let noprelude = options.split(',').any(|option| option == "noprelude");
    if noprelude || (path.is_none() && SYSROOT.contains(&name)) {
        return Ok(None);
    }
    let mut letters = name.bytes();
    let is_ident = letters.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && letters.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_ident { Ok(Some(name.to_owned())) } else { Err(malformed()) }
}

/// Replaces each `@path` by the lines of that file. Cargo writes one when a command line would be
/// too long, rustdoc for each doctest.
fn expand_files(
    args: impl Iterator<Item = OsString>,
    read_file: impl Fn(&Path) -> io::Result<String>,
) -> Result<Vec<OsString>, String> {
    let mut expanded = Vec::new();
    for arg in args {
        match arg.to_str().and_then(|arg| arg.strip_prefix('@')) {
            None => expanded.push(arg),
            Some(path) => {
                let lines = read_file(Path::new(path)).map_err(|error| {
                    format!("cannot read the compiler's argument file `{path}`: {error}; {INSTEAD}")
                })?;
                expanded.extend(lines.lines().map(OsString::from));
            }
        }
    }
    Ok(expanded)
}

/// The arguments in the bytes of `/proc/self/cmdline`, each ended by a NUL.
fn split_nul(command_line: &[u8]) -> impl Iterator<Item = OsString> {
    let line = command_line.strip_suffix(b"\0").unwrap_or(command_line);
    line.split(|&byte| byte == 0)
        .filter(|_| !line.is_empty())
        .map(|arg| String::from_utf8_lossy(arg).into_owned().into())
}
