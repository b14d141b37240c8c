//! The requests that the demo plays: one JSON file each, in the order of their names.

use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::Deserialize;

/// One request, as it is sent.
#[derive(Debug, Clone)]
pub struct Request {
    /// `tokens.count`, or `batch of 6`.
    pub title: String,
    /// The direct-invoke JSON.
    pub event: Vec<u8>,
}

/// The requests cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestsError {
    /// A file or the folder cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is no request.
    #[error("{} is no request: {source}; expected interface, operation and args, or batch", path.display())]
    NoRequest {
        /// Which.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
}

/// The requests in the package's own folder.
///
/// # Errors
/// A file that cannot be read, or is no request.
pub fn all() -> Result<Vec<Request>, RequestsError> {
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("requests"))
}

/// The requests in `folder`.
///
/// # Errors
/// A file that cannot be read, or is no request.
pub fn read(folder: &Path) -> Result<Vec<Request>, RequestsError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        |source| RequestsError::Unreadable { path, source }
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
        let path = entry.map_err(unreadable(folder))?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            paths.push(path);
        }
    }
    paths.sort();
    paths
        .iter()
        .map(|path| {
            let event = fs::read(path).map_err(unreadable(path))?;
            let title = serde_json::from_slice::<Title>(&event)
                .map_err(|source| RequestsError::NoRequest { path: path.clone(), source })?
                .into();
            Ok(Request { title, event })
        })
        .collect()
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Title {
    One { interface: String, operation: String },
    Batch { batch: Vec<serde::de::IgnoredAny> },
}

impl From<Title> for String {
    fn from(title: Title) -> Self {
        match title {
            Title::One { interface, operation } => format!("{interface}.{operation}"),
            Title::Batch { batch } => format!("batch of {}", batch.len()),
        }
    }
}
