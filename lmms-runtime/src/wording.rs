//! Wording: a request's own text in an error, no longer than it is of use, and the name that was probably meant.

use std::borrow::Cow;

/// The known name that `name` was probably meant to be.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Nothing near is longer, and the distance is quadratic.
    if name.len() > MOST_SHOWN {
        return None;
    }
    known
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(score, _)| *score > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// How many characters of a request's own text an error repeats.
pub(crate) const MOST_SHOWN: usize = 64;

/// A name from a request, short enough to be shown.
pub(crate) fn shown(name: &str) -> String {
    match name.char_indices().nth(MOST_SHOWN) {
        Some((end, _)) => format!("`{}…`", &name[..end]),
        None => format!("`{name}`"),
    }
}

/// A text that may repeat what a request says, without its middle if that is longer than anybody reads.
pub(crate) fn clipped(text: &str) -> Cow<'_, str> {
    let ends = (text.char_indices().nth(2 * MOST_SHOWN), text.char_indices().nth_back(2 * MOST_SHOWN));
    match ends {
        (Some((head, _)), Some((tail, _))) if head < tail => Cow::Owned(format!("{}…{}", &text[..head], &text[tail..])),
        _ => Cow::Borrowed(text),
    }
}
