//! The functions that are compared, and how they are built.
//!
//! **Invariant.** All run the same operations on the same crates, built by the same compiler with the same profile.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

use lmms_local::container::{End, Function};

use crate::measure::Candidate;
use crate::results::Rival;

/// A function that takes part.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// As results name it.
    pub id: &'static str,
    title: &'static str,
    what: &'static str,
    program: &'static str,
    envs: &'static [(&'static str, &'static str)],
    /// What `AWS_LAMBDA_FUNCTION_MEMORY_SIZE` tells it, in MB.
    pub told_mb: u32,
    /// Its first and hot calls are measured: of those that differ in their calls.
    pub has_latencies: bool,
    /// Traces are replayed on it: on those that have the operations.
    pub has_replays: bool,
}

/// More than any of them holds, so that no budget that is derived from it acts.
const PLENTY: u32 = 1_024;
/// The least that Lambda has.
const LEAST: u32 = 128;

const UNCACHED: (&str, &str) = ("LMMS_RESULT_CACHE_MB", "0");
const SILENT: (&str, &str) = ("LMMS_STATS_LINE", "false");

/// In the order in which they are shown.
pub const LINEUP: [Entry; 10] = [
    Entry {
        id: "eager",
        title: "eager",
        what: "Everything is loaded at the start and stays, nothing is cached: the traditional function. The demo's own binary with \
            LAZY_LOADING_ENABLED=false, ENABLE_MODULE_UNLOADING=false and LMMS_RESULT_CACHE_MB=0.",
        program: "lmms",
        envs: &[("LAZY_LOADING_ENABLED", "false"), ("ENABLE_MODULE_UNLOADING", "false"), UNCACHED, SILENT],
        told_mb: PLENTY,
        has_latencies: true,
        has_replays: true,
    },
    Entry {
        id: "lazylock",
        title: "LazyLock",
        what: "A LazyLock for each state, by hand: loaded when first needed, never unloaded.",
        program: "lazylock",
        envs: &[],
        told_mb: PLENTY,
        has_latencies: true,
        has_replays: true,
    },
    Entry {
        id: "timer",
        title: "ArcSwap + idle timer",
        what: "An ArcSwapOption for each state, by hand: loaded when first needed, dropped with malloc_trim when unused for 30 s.",
        program: "timer",
        envs: &[],
        told_mb: PLENTY,
        has_latencies: true,
        has_replays: true,
    },
    Entry {
        id: "lmms",
        title: "lmms",
        what: "As it comes: no variable is set.",
        program: "lmms",
        envs: &[],
        told_mb: PLENTY,
        has_latencies: true,
        has_replays: true,
    },
    Entry {
        id: "lmms-uncached",
        title: "lmms, no cached results",
        what: "With LMMS_RESULT_CACHE_MB=0: what loading and unloading do by themselves.",
        program: "lmms",
        envs: &[UNCACHED],
        told_mb: PLENTY,
        has_latencies: true,
        has_replays: true,
    },
    Entry {
        id: "lmms-budget",
        title: "lmms at 128 MB",
        what: "As it comes, told that the function has 128 MB: it derives its memory budget from that.",
        program: "lmms",
        envs: &[],
        told_mb: LEAST,
        has_latencies: false,
        has_replays: true,
    },
    Entry {
        id: "lmms-jemalloc",
        title: "lmms, jemalloc",
        what: "Built with the feature `jemalloc`: an arena for each interface.",
        program: "lmms-jemalloc",
        envs: &[],
        told_mb: PLENTY,
        has_latencies: true,
        has_replays: true,
    },
    Entry {
        id: "lmms-jemalloc-budget",
        title: "lmms, jemalloc, at 128 MB",
        what: "Both.",
        program: "lmms-jemalloc",
        envs: &[],
        told_mb: LEAST,
        has_latencies: false,
        has_replays: true,
    },
    Entry {
        id: "lmms-static",
        title: "lmms, linked for a fixed address",
        what: "Built with `-C relocation-model=static`: no address in it has to be corrected when it starts.",
        program: "lmms-static",
        envs: &[],
        told_mb: PLENTY,
        has_latencies: false,
        has_replays: false,
    },
    Entry {
        id: "bare",
        title: "bare lambda_runtime",
        what: "lambda_runtime and the light operation by itself, nothing else linked: the floor under every start.",
        program: "bare",
        envs: &[],
        told_mb: PLENTY,
        has_latencies: false,
        has_replays: false,
    },
];

/// The programs of one package, as the line-up names them.
struct Build {
    package: &'static str,
    features: &'static [&'static str],
    /// For the one executable alone: all that it is made of stays as it is for the others.
    rustc: &'static [&'static str],
    /// The executable, and what it is called in the line-up.
    programs: &'static [(&'static str, &'static str)],
}

/// The one as it comes is last, so that its executable is the one that stays where Cargo puts it.
const BUILDS: [Build; 4] = [
    Build {
        package: "lmms-bench-rivals",
        features: &[],
        rustc: &[],
        programs: &[("bare", "bare"), ("lazylock", "lazylock"), ("timer", "timer")],
    },
    Build {
        package: "demo-lambda",
        features: &["jemalloc"],
        rustc: &[],
        programs: &[("demo-lambda", "lmms-jemalloc")],
    },
    Build {
        package: "demo-lambda",
        features: &[],
        rustc: &["-C", "relocation-model=static"],
        programs: &[("demo-lambda", "lmms-static")],
    },
    Build { package: "demo-lambda", features: &[], rustc: &[], programs: &[("demo-lambda", "lmms")] },
];

/// Why the line-up cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Cargo cannot be asked.
    #[error("`{command}` cannot be run")]
    Cargo {
        /// What was asked.
        command: String,
        /// Why not.
        source: io::Error,
    },
    /// It does not compile.
    #[error("`{command}` failed:\n{last}")]
    Failed {
        /// What was asked.
        command: String,
        /// The last lines of its output.
        last: String,
    },
    /// A program cannot be put where it belongs.
    #[error("cannot copy {} to {}", from.display(), to.display())]
    Copy {
        /// Where Cargo put it.
        from: PathBuf,
        /// Where it belongs.
        to: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A program is not there.
    #[error("there is no program `{name}` in {}: expected one for each of the line-up, as `--bootstraps` takes them", folder.display())]
    Missing {
        /// Which.
        name: String,
        /// Where it should be.
        folder: PathBuf,
    },
}

/// Where the programs are.
#[derive(Debug, Clone)]
pub struct Bootstraps(PathBuf);

impl Bootstraps {
    /// Those in `folder`, named as the line-up names them.
    ///
    /// # Errors
    /// One is missing.
    pub fn open(folder: &Path) -> Result<Self, BuildError> {
        let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        for (_, name) in BUILDS.iter().flat_map(|build| build.programs) {
            if !folder.join(name).is_file() {
                return Err(BuildError::Missing { name: (*name).to_owned(), folder });
            }
        }
        Ok(Self(folder))
    }

    /// Builds all of them in release, and copies them to `lmms-bench` in the target folder: each build would overwrite the one before.
    ///
    /// # Errors
    /// What Cargo says.
    pub fn build(begins: impl Fn(&str)) -> Result<Self, BuildError> {
        let target = target_folder()?;
        let folder = target.join("lmms-bench");
        fs::create_dir_all(&folder).map_err(|source| BuildError::Copy {
            from: target.clone(),
            to: folder.clone(),
            source,
        })?;
        for Build { package, features, rustc, programs } in BUILDS {
            begins(&match [features, rustc].concat() {
                with if with.is_empty() => format!("building {package}"),
                with => format!("building {package} with {}", with.join(" ")),
            });
            let mut args = match rustc {
                [] => vec!["build", "--bins"],
                _ => vec!["rustc", "--bin", package],
            };
            args.extend(["--release", "--package", package]);
            let features = features.join(",");
            if !features.is_empty() {
                args.extend(["--features", &features]);
            }
            if !rustc.is_empty() {
                args.push("--");
                args.extend(rustc);
            }
            cargo(&args)?;
            for (executable, name) in programs {
                let executable = format!("{executable}{}", env::consts::EXE_SUFFIX);
                let (from, to) = (target.join("release").join(executable), folder.join(name));
                // Not over one that may be running.
                let _ = fs::remove_file(&to);
                fs::copy(&from, &to).map_err(|source| BuildError::Copy { from, to, source })?;
            }
        }
        Self::open(&folder)
    }

    /// The function of an entry. What it prints is dropped.
    #[must_use]
    pub fn candidate(&self, entry: &Entry) -> Candidate {
        let mut function = Function::new(self.0.join(entry.program)).memory_mb(entry.told_mb).end(End::AsLambda);
        for (name, value) in entry.envs {
            function = function.env(name, value);
        }
        Candidate { rival: entry.id.to_owned(), function: function.log(|_| ()) }
    }

    /// The demo, which prints its own workload.
    #[must_use]
    pub fn demo(&self) -> PathBuf {
        self.0.join("lmms")
    }
}

impl Entry {
    /// As results describe it.
    #[must_use]
    pub fn rival(&self) -> Rival {
        Rival { id: self.id.to_owned(), title: self.title.to_owned(), what: self.what.to_owned() }
    }

    /// Whether it prints `[LMMS_STATS]` lines.
    #[must_use]
    pub fn has_lines(&self) -> bool {
        self.program.starts_with("lmms") && !self.envs.contains(&SILENT)
    }
}

/// What Cargo prints, if it succeeds.
fn cargo(args: &[&str]) -> Result<Vec<u8>, BuildError> {
    let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let command = format!("cargo {}", args.join(" "));
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
    let run = Command::new(program).args(args).current_dir(workspace).env_remove("RUSTFLAGS").output();
    let output = run.map_err(|source| BuildError::Cargo { command: command.clone(), source })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<_> = said.lines().collect();
    Err(BuildError::Failed { command, last: lines[lines.len().saturating_sub(30)..].join("\n") })
}

fn target_folder() -> Result<PathBuf, BuildError> {
    #[derive(serde::Deserialize)]
    struct Metadata {
        target_directory: PathBuf,
    }
    let args = ["metadata", "--format-version", "1", "--no-deps"];
    let metadata = cargo(&args)?;
    match serde_json::from_slice::<Metadata>(&metadata) {
        Ok(metadata) => Ok(metadata.target_directory),
        Err(error) => Err(BuildError::Failed { command: format!("cargo {}", args.join(" ")), last: error.to_string() }),
    }
}

/// The entry of that name.
#[must_use]
pub fn entry(id: impl AsRef<OsStr>) -> Option<&'static Entry> {
    LINEUP.iter().find(|entry| OsStr::new(entry.id) == id.as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_entry_is_one_of_the_programs_that_are_built_and_has_a_name_of_its_own() {
        let built: Vec<_> = BUILDS.iter().flat_map(|build| build.programs).map(|(_, name)| *name).collect();
        for (index, one) in LINEUP.iter().enumerate() {
            assert!(built.contains(&one.program), "{}", one.id);
            assert!(LINEUP[..index].iter().all(|other| other.id != one.id), "{}", one.id);
        }
        assert!(entry("lmms").is_some_and(Entry::has_lines) && !entry("eager").is_some_and(Entry::has_lines));
        assert!(entry("nope").is_none());
    }

    #[test]
    fn a_folder_without_a_program_is_refused_by_name() {
        let error = Bootstraps::open(Path::new("/no/such/folder")).unwrap_err().to_string();
        assert!(error.contains("`bare` in /no/such/folder"), "{error}");
    }
}
