//! Caches of interfaces' own (to come): whose entries may depend on an interface.

use crate::clock::Moment;

pub(crate) fn expire(_now: Moment) {}

pub(crate) fn next_expiry() -> Moment {
    Moment::NEVER
}
