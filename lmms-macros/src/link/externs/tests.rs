//! What is read from a command line, and what is refused.

use super::*;

fn no_file(path: &Path) -> io::Result<String> {
    panic!("reads {}", path.display())
}

fn host(args: &[&str]) -> Result<Option<BTreeSet<String>>, String> {
    of_host(args.iter().map(OsString::from), no_file)
}

fn names(args: &[&str]) -> Vec<String> {
    externs(args.iter().map(OsString::from), no_file).unwrap().into_iter().collect()
}

#[test]
fn both_spellings_sorted_and_once() {
    let args = [
        "--crate-name",
        "app",
        "--edition=2024",
        "src/main.rs",
        "--extern",
        "b=/t/libb.rmeta",
        "--extern=a=/t/liba.rlib",
        "--extern",
        "b=/t/libb.rlib",
        "-L",
        "dependency=/t",
    ];
    assert_eq!(names(&args), ["a", "b"]);
}

#[test]
fn only_the_option_itself_counts() {
    let args = ["--extern-html-root-url", "a=b", "--externs=c", "extern", "--", "--extern=d=/d"];
    assert_eq!(names(&args), [""; 0]);
    assert_eq!(names(&["--extern"]), [""; 0]);
}

#[test]
fn options_are_split_off_and_noprelude_skipped() {
    let args = [
        "--extern",
        "priv:a=/t/a:b=c.rlib",
        "--extern",
        "noprelude:core=/t/libcore.rlib",
        "--extern",
        "priv,noprelude:alloc=/t/liballoc.rlib",
        "--extern=force:b=/t/libb.rlib",
    ];
    assert_eq!(names(&args), ["a", "b"]);
}

#[test]
fn without_a_path_the_toolchain_is_skipped_and_a_dependency_is_not() {
    assert_eq!(names(&["--extern", "proc_macro", "--extern", "tokens"]), ["tokens"]);
    assert_eq!(names(&["--extern", "proc_macro=/mine.rlib"]), ["proc_macro"]);
}

#[test]
fn argument_files_are_read_once_and_not_nested() {
    let read = |path: &Path| {
        assert_eq!(path, Path::new("/tmp/a:b"));
        Ok("--extern\r\na=/a b.rlib\n--extern=b=/b\n@nested\n--extern".to_owned())
    };
    let args = ["--crate-name", "x", "@/tmp/a:b", "c=/c"].map(OsString::from);
    let found = externs(args.into_iter(), read).unwrap();
    assert_eq!(found, BTreeSet::from(["a", "b", "c"].map(str::to_owned)));
}

#[test]
fn an_argument_file_that_cannot_be_read_is_an_error() {
    for arg in ["@gone", "@shell:gone", "@"] {
        let args = [arg, "--extern=a=/a"].map(OsString::from).into_iter();
        let error = externs(args, |_| Err(io::ErrorKind::NotFound.into())).unwrap_err();
        assert!(error.contains(&format!("argument file `{}`", &arg[1..])), "{error}");
        assert!(error.ends_with(INSTEAD), "{error}");
    }
}

#[test]
fn names_that_are_no_identifiers_are_errors() {
    for value in ["", "=/t", "a-b=/t", "1a=/t", "priv:=/t", "a:b:c=/t", "ä=/t"] {
        let error = host(&["rustc", "--extern", value]).unwrap_err();
        assert!(error.contains(&format!("`--extern {value}`")), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn arguments_need_not_be_utf8() {
    use std::os::unix::ffi::OsStringExt as _;
    let run = |args: &[&[u8]]| {
        let args = args.iter().map(|arg| OsString::from_vec(arg.to_vec())).collect::<Vec<_>>();
        externs(args.into_iter(), no_file)
    };
    let found = run(&[b"\xff", b"@\xff", b"-L", b"\xfe", b"--extern", b"a=/\xff=:/a.rlib"]);
    assert_eq!(found.unwrap(), BTreeSet::from(["a".to_owned()]));
    assert!(run(&[b"--extern=\xff=/a"]).unwrap_err().contains("--extern \u{fffd}=/a"));
}

#[test]
fn only_an_ide_may_have_none() {
    for ide in ["/x/libexec/rust-analyzer-proc-macro-srv", "rust-analyzer", ".rust-analyzer-wrapped"] {
        assert_eq!(host(&[ide, "proc-macro"]), Ok(None));
    }
    for compiler in ["rustc", "/home/rust-analyzer/bin/rustc", "clippy-driver", "miri", "rustdoc", "unheard-of"] {
        let error = host(&[compiler, "--crate-name", "a"]).unwrap_err();
        assert!(error.ends_with("`lmms::link!(tokens, time_zones)`"), "{error}");
    }
    assert!(host(&[]).is_err());
}

#[test]
fn proc_cmdline_is_split_at_its_nuls() {
    let split = |bytes: &[u8]| split_nul(bytes).collect::<Vec<_>>();
    assert_eq!(split(b"rustc\0\0--extern\0a=/a\0"), ["rustc", "", "--extern", "a=/a"]);
    assert_eq!(split(b""), [""; 0]);
}

#[cfg(target_os = "linux")]
#[test]
fn proc_cmdline_holds_what_std_sees() {
    let read = std::fs::read("/proc/self/cmdline").unwrap();
    assert!(split_nul(&read).eq(std::env::args_os()));
}
