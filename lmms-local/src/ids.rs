//! The identifiers and the clock of an invocation, in the forms that Lambda gives them.

use std::{
    hash::BuildHasher,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// A number nobody can expect. `RandomState` has its keys from the operating system, and new ones each time.
fn random() -> u64 {
    std::hash::RandomState::new().hash_one(0)
}

/// An identifier in the form of a random UUID.
pub(crate) fn request_id() -> String {
    let (a, b) = (random(), random());
    let (first, second, third) = (a >> 32, (a >> 16) & 0xffff, a & 0xfff);
    let (fourth, fifth) = (((b >> 48) & 0x3fff) | 0x8000, b & 0xffff_ffff_ffff);
    format!("{first:08x}-{second:04x}-4{third:03x}-{fourth:04x}-{fifth:012x}")
}

/// An identifier in the form of X-Ray's, for a request that is not sampled.
pub(crate) fn trace_id(now: Duration) -> String {
    let seconds = now.as_secs();
    format!("Root=1-{seconds:08x}-{:08x}{:016x};Parent={:016x};Sampled=0", random() >> 32, random(), random())
}

/// The time since 1970, by the system's clock.
pub(crate) fn unix_time() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// In milliseconds.
pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX / 2)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn request_ids_look_like_uuids_and_differ() {
        let ids: HashSet<_> = (0..1000).map(|_| request_id()).collect();
        assert_eq!(ids.len(), 1000);
        for id in ids {
            let parts: Vec<_> = id.split('-').map(str::len).collect();
            assert_eq!(parts, [8, 4, 4, 4, 12], "{id}");
            assert!(id.as_bytes()[14] == b'4' && b"89ab".contains(&id.as_bytes()[19]), "{id}");
        }
    }
}
