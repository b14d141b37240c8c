//! Generated programs: a Cargo workspace of its own below the target directory, written and built while a bench runs.
//!
//! It takes the `Cargo.lock` of this workspace, so that nothing is resolved or downloaded anew, and is written over only
//! where it changed, so that a second run builds nothing twice.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// A workspace of generated programs.
#[derive(Debug)]
pub struct Programs {
    dir: PathBuf,
    names: Vec<String>,
}

/// How a program is built.
#[derive(Debug, Clone, Copy)]
pub enum Profile {
    /// `cargo build`
    Dev,
    /// `cargo build --release`, stripped.
    Release,
}

/// Where this workspace is.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn write_if_changed(path: &Path, text: &str) {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return;
    }
    fs::create_dir_all(path.parent().expect("it is in a directory")).expect("the target directory is writable");
    fs::write(path, text).expect("the target directory is writable");
}

impl Programs {
    /// An empty workspace at `dir`.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), names: Vec::new() }
    }

    /// Adds a program: its dependencies, as in a `Cargo.toml`, and its `main.rs`.
    pub fn add(&mut self, name: &str, dependencies: &str, main: &str) {
        let manifest = format!(
            "[package]\nname = \"{name}\"\nedition = \"2024\"\npublish = false\n\n[dependencies]\n{dependencies}\n"
        );
        write_if_changed(&self.dir.join(name).join("Cargo.toml"), &manifest);
        write_if_changed(&self.dir.join(name).join("src/main.rs"), main);
        self.names.push(name.to_owned());
    }

    /// Writes the workspace around the programs, once all are added.
    pub fn finish(&self) {
        let mut manifest = format!("[workspace]\nmembers = {:?}\nresolver = \"3\"\n\n", self.names);
        let _ = writeln!(manifest, "[workspace.dependencies]\nlmms = {{ path = {:?} }}", root());
        let _ = writeln!(manifest, "lmms-benches = {{ path = {:?} }}", env!("CARGO_MANIFEST_DIR"));
        manifest.push_str("inventory = \"0.3\"\nserde = { version = \"1\", features = [\"derive\"] }\n");
        manifest.push_str("serde_json = { version = \"1\", features = [\"raw_value\"] }\n");
        manifest.push_str("\n[profile.release]\nstrip = true\n");
        write_if_changed(&self.dir.join("Cargo.toml"), &manifest);
        fs::copy(root().join("Cargo.lock"), self.dir.join("Cargo.lock")).expect("the workspace has a Cargo.lock");
    }

    /// Builds a program. Its path, and how long it took.
    ///
    /// # Panics
    /// If it does not compile.
    pub fn build(&self, name: &str, profile: Profile) -> (PathBuf, Duration) {
        let target = self.dir.join("target");
        let (flag, folder) = match profile {
            Profile::Dev => ("--profile=dev", "debug"),
            Profile::Release => ("--profile=release", "release"),
        };
        let started = Instant::now();
        let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["build", "--quiet", "--package", name, flag, "--target-dir"])
            .arg(&target)
            .current_dir(&self.dir)
            .output()
            .expect("cargo starts");
        let took = started.elapsed();
        assert!(output.status.success(), "`{name}` does not build:\n{}", String::from_utf8_lossy(&output.stderr));
        (target.join(folder).join(name), took)
    }

    /// As [`build`](Self::build), of the program alone: its dependencies must have been built.
    pub fn rebuild(&self, name: &str, profile: Profile) -> Duration {
        let main = self.dir.join(name).join("src/main.rs");
        let text = fs::read(&main).expect("it was written");
        fs::write(&main, text).expect("the target directory is writable");
        self.build(name, profile).1
    }
}

/// An interface of three operations, as a user writes it. Its number is in its code, so that no two are merged into one.
#[must_use]
pub fn interface(number: usize) -> String {
    format!(
        r#"
pub struct I{number} {{ offset: i64 }}

/// Interface number {number}.
#[lmms::interface(name = "interface_{number}")]
impl I{number} {{
    #[load]
    fn load() -> Self {{ Self {{ offset: {number} }} }}

    /// Adds two numbers.
    #[operation]
    pub fn add(&self, a: i64, b: i64) -> i64 {{ self.offset + a + b }}

    /// Counts the bytes of a text.
    #[operation]
    pub fn len(&self, text: &str) -> usize {{ text.len() + {number} }}

    /// Joins parts.
    #[operation]
    pub fn join(&self, parts: Vec<String>, separator: &str) -> String {{ parts.join(separator) + "{number}" }}
}}
"#
    )
}
