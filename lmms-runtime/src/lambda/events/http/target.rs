//! Target: what a path asks for.
//!
//! **Invariant.** A path of the surface has none or two segments, so that a stage in front of it, which makes them odd, is
//! told from an interface of the same name.

use std::borrow::Cow;
use std::ffi::OsString;
use std::sync::Arc;

use percent_encoding::percent_decode_str;

use crate::config::{self, ConfigError};
use crate::error::{Error, ErrorCode};
use crate::registry::BUILT_IN;

const EXPECTED: &str = "/{interface}/{operation}, or / with the JSON of a whole request";

/// What a path stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target<'a> {
    /// `/`: the body is a request or a batch.
    Request,
    /// `/{interface}/{operation}`: the body is the arguments.
    Operation { interface: Cow<'a, str>, operation: Cow<'a, str> },
}

impl<'a> Target<'a> {
    pub(super) fn of(path: &'a str, base: &BasePath, stage: Option<&str>) -> Result<Self, Error> {
        let segments = segments(path);
        let own = segments.as_deref().and_then(|segments| own(segments, base, stage));
        match own {
            Some([]) => Ok(Self::Request),
            Some([interface, operation]) => {
                Ok(Self::Operation { interface: decode(interface)?, operation: decode(operation)? })
            }
            _ => {
                let path = crate::wording::shown(path);
                Err(Error::new(ErrorCode::NotFound, format!("there is nothing at {path}"))
                    .expecting(format!("{base}{EXPECTED}")))
            }
        }
    }

    /// Whether it can be asked for with GET: it changes nothing and takes no arguments.
    pub(super) fn is_readable(&self) -> bool {
        matches!(self, Self::Operation { interface, .. } if interface == BUILT_IN)
    }
}

/// The segments of a path, of which no more are kept than tell that there are too many. A slash at the end says nothing.
fn segments(path: &str) -> Option<Vec<&str>> {
    const MOST: usize = 32;
    let path = path.strip_prefix('/').unwrap_or(path);
    if path.is_empty() {
        return Some(Vec::new());
    }
    let path = path.strip_suffix('/').unwrap_or(path);
    let segments: Vec<_> = path.split('/').take(MOST).collect();
    segments.iter().all(|segment| !segment.is_empty()).then_some(segments)
}

/// What of a path's segments is the surface's own.
fn own<'s, 'a>(segments: &'s [&'a str], base: &BasePath, stage: Option<&str>) -> Option<&'s [&'a str]> {
    let is_own = |own: &&[_]| matches!(own.len(), 0 | 2);
    let below = |segments: &'s [&'a str]| base.strip(segments).filter(is_own);
    below(segments).or_else(|| match segments.split_first() {
        Some((first, rest)) if stage == Some(first) => below(rest),
        _ => None,
    })
}

fn decode(segment: &str) -> Result<Cow<'_, str>, Error> {
    percent_decode_str(segment).decode_utf8().map_err(|_| {
        let segment = crate::wording::shown(segment);
        Error::new(ErrorCode::BadRequest, format!("{segment} in the path is not percent-encoded UTF-8"))
            .expecting(EXPECTED)
    })
}

/// `LMMS_HTTP_BASE_PATH`: what all paths begin with, where a domain or a load balancer gives the function but a part of
/// its paths. Without a slash at the end.
#[derive(Debug, Clone, Default)]
pub(crate) struct BasePath(Arc<str>);

impl BasePath {
    pub(crate) fn from_vars(var: impl Fn(&str) -> Option<OsString>) -> Result<Self, ConfigError> {
        let parse = |path: &str| {
            let path = path.strip_suffix('/').unwrap_or(path);
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            let is_segment = |segment: &str| !segment.is_empty() && segment.bytes().all(is_plain);
            let is_path = path.is_empty() || path.strip_prefix('/')?.split('/').all(is_segment);
            is_path.then(|| Self(path.into()))
        };
        let kind = (parse as fn(&str) -> _, "a path as `/api/v1`, of letters, digits, `-`, `.`, `_` and `~`");
        Ok(config::read_own(var, "LMMS_HTTP_BASE_PATH", kind)?.unwrap_or_default())
    }

    /// What comes below it, if it is in front.
    fn strip<'s, 'a>(&self, segments: &'s [&'a str]) -> Option<&'s [&'a str]> {
        // Before its first slash is nothing.
        self.0.split('/').skip(1).try_fold(segments, |rest, wanted| match rest.split_first() {
            Some((first, rest)) if *first == wanted => Some(rest),
            _ => None,
        })
    }
}

impl std::fmt::Display for BasePath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(all(test, not(lmms_loom)))]
mod tests {
    use super::*;

    fn base(path: &str) -> Result<BasePath, ConfigError> {
        BasePath::from_vars(|name| (name == "LMMS_HTTP_BASE_PATH").then(|| path.into()))
    }

    /// `interface.operation`, `/`, or the code of the error.
    fn target(path: &str, base_path: &str, stage: Option<&str>) -> String {
        match Target::of(path, &base(base_path).unwrap(), stage) {
            Ok(Target::Request) => "/".to_owned(),
            Ok(Target::Operation { interface, operation }) => format!("{interface}.{operation}"),
            Err(error) => error.code().to_string(),
        }
    }

    #[test]
    fn a_path_names_an_operation_or_nothing() {
        for (path, wanted) in [
            ("/", "/"),
            ("", "/"),
            ("/tokens/count", "tokens.count"),
            ("/tokens/count/", "tokens.count"),
            ("/t%6Fkens/c%c3%b6unt", "tokens.c\u{f6}unt"),
            ("/a%2Fb/c", "a/b.c"),
            ("/%zz/c", "%zz.c"),
            ("/../..", "....."),
            ("/tokens", "not_found"),
            ("/a/b/c", "not_found"),
            ("/a//b", "not_found"),
            ("//a/b", "not_found"),
            ("//", "not_found"),
            ("/tokens/../count", "not_found"),
            ("/a/%ff", "bad_request"),
        ] {
            assert_eq!(target(path, "", None), wanted, "{path}");
        }
        assert_eq!(target(&"/".repeat(100), "", None), "not_found");
        assert_eq!(target(&"/a".repeat(1 << 20), "", None), "not_found");
    }

    #[test]
    fn a_stage_in_front_is_left_out_and_an_interface_of_its_name_is_not() {
        for (path, wanted) in [
            ("/prod/tokens/count", "tokens.count"),
            ("/prod", "/"),
            ("/prod/", "/"),
            ("/prod/count", "prod.count"),
            ("/prod/prod/count", "prod.count"),
            ("/tokens/count", "tokens.count"),
            ("/dev/tokens/count", "not_found"),
        ] {
            assert_eq!(target(path, "", Some("prod")), wanted, "{path}");
        }
    }

    #[test]
    fn a_base_path_has_to_be_there_behind_the_stage() {
        for (path, wanted) in [
            ("/api/v1/tokens/count", "tokens.count"),
            ("/prod/api/v1/tokens/count", "tokens.count"),
            ("/api/v1", "/"),
            ("/prod/api/v1/", "/"),
            ("/tokens/count", "not_found"),
            ("/api/v1x/tokens/count", "not_found"),
            ("/", "not_found"),
        ] {
            assert_eq!(target(path, "/api/v1", Some("prod")), wanted, "{path}");
        }
    }

    #[test]
    fn a_base_path_that_is_none_is_refused() {
        for path in ["", "/", "/api", "/api/", "/a.b/c_d~e-1"] {
            assert!(base(path).is_ok(), "{path}");
        }
        for path in ["api", "//", "/a//b", "/a b", "/a?b", "/{stage}", "/%61"] {
            assert_eq!(base(path).unwrap_err().variable(), "LMMS_HTTP_BASE_PATH", "{path}");
        }
    }
}
