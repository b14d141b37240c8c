//! Request: the JSON envelope, `{"interface":..,"operation":..,"args":{..}}` or `{"batch":[..]}`.

use crate::error::{Error, ErrorCode};
use crate::json::{Cursor, JsonError, Text, is_space};

/// What Lambda carries in one request or answer, in bytes: 6 MB.
pub const MAX_PAYLOAD: usize = 6 * 1024 * 1024;

/// What one request asks for. Borrowed from its bytes; arguments are not read yet.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) interface: Text<'a>,
    pub(crate) operation: Text<'a>,
    pub(crate) arguments: &'a [u8],
    /// What of the request comes before its arguments, if nothing comes after them.
    pub(crate) names: Option<&'a [u8]>,
}

/// What a request written the usual way seems to ask for.
#[derive(Debug)]
pub(crate) struct Guessed<'a> {
    /// Neither is checked to be text: it is if there is something of that name.
    pub(crate) interface: &'a [u8],
    pub(crate) operation: &'a [u8],
    pub(crate) arguments: &'a [u8],
    /// What of the request comes before its arguments.
    pub(crate) names: &'a [u8],
}

/// A request, or several in one.
#[derive(Debug)]
pub(crate) enum Envelope<'a> {
    One(Request<'a>),
    Batch(Items<'a>),
}

const EXPECTED: &str = r#"{"interface":"<name>","operation":"<name>","args":{..}} or {"batch":[..]}"#;

/// The arguments of a request that gives none.
const NO_ARGUMENTS: &[u8] = b"{}";

impl<'a> Envelope<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let fields = Fields::parse(bytes, true)?;
        match fields.batch {
            None => fields.request().map(Self::One),
            Some(_) if fields.names_an_operation() => {
                Err(bad("`batch` stands alone: give `batch`, or `interface` and `operation`"))
            }
            Some(items) => Ok(Self::Batch(items)),
        }
    }
}

impl<'a> Guessed<'a> {
    /// The request, if it is written the usual way: interface, operation, and the arguments last.
    ///
    /// The arguments are not read over to find their end: all but the last brace is taken for them. That is so, or else
    /// their own reader, which comes before anything is loaded or called, finds more than one object; the caller then
    /// has to [`Envelope::parse`], which says what is really wrong, if anything is.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(bytes);
        cursor.open_object().ok()?;
        let key = |cursor: &mut Cursor<'a>, name, first| cursor.next_key_is(first, name).then_some(());
        key(&mut cursor, "interface", true)?;
        let interface = cursor.plain_text()?;
        key(&mut cursor, "operation", false)?;
        let operation = cursor.plain_text()?;
        key(&mut cursor, "args", false)?;
        let rest = cursor.rest();
        let names = &bytes[..bytes.len() - rest.len()];
        Some(Self { interface, operation, arguments: Self::arguments(rest)?, names })
    }

    /// What is taken for the arguments, of what follows the names.
    #[inline]
    pub(crate) fn arguments(rest: &'a [u8]) -> Option<&'a [u8]> {
        let end = rest.iter().rposition(|byte| !is_space(byte))?;
        (rest[end] == b'}').then(|| &rest[..end])
    }
}

impl<'a> Request<'a> {
    /// A request that cannot be a batch: an item of one.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        Fields::parse(bytes, false)?.request()
    }
}

/// The fields of an envelope, as far as they are there.
#[derive(Default)]
struct Fields<'a> {
    interface: Option<Text<'a>>,
    operation: Option<Text<'a>>,
    arguments: Option<&'a [u8]>,
    /// As a [`Request`] has them.
    names: Option<&'a [u8]>,
    batch: Option<Items<'a>>,
}

impl<'a> Fields<'a> {
    fn parse(bytes: &'a [u8], may_be_batch: bool) -> Result<Self, Error> {
        let mut fields = Self::default();
        let mut cursor = Cursor::new(bytes);
        cursor.open_object().map_err(malformed)?;
        let mut first = true;
        while let Some(key) = cursor.next_key(first).map_err(malformed)? {
            first = false;
            let before = &bytes[..bytes.len() - cursor.rest().len()];
            fields.names = (&*key == "args").then_some(before);
            let fresh = match &*key {
                "interface" => fields.interface.replace(name(&mut cursor, "interface")?).is_none(),
                "operation" => fields.operation.replace(name(&mut cursor, "operation")?).is_none(),
                "args" => fields.arguments.replace(cursor.skip().map_err(malformed)?).is_none(),
                "batch" if may_be_batch => fields.batch.replace(items(&mut cursor)?).is_none(),
                "batch" => return Err(bad("a batch cannot hold another batch")),
                unknown => {
                    let unknown = crate::wording::shown(unknown);
                    return Err(bad(format!("unknown field {unknown} in the request")));
                }
            };
            if !fresh {
                return Err(bad(format!("field `{key}` is there twice")));
            }
        }
        cursor.end().map_err(malformed)?;
        Ok(fields)
    }

    fn names_an_operation(&self) -> bool {
        self.interface.is_some() || self.operation.is_some() || self.arguments.is_some()
    }

    #[inline]
    fn request(self) -> Result<Request<'a>, Error> {
        let missing = |field| bad(format!("the request has no `{field}`"));
        Ok(Request {
            interface: self.interface.ok_or_else(|| missing("interface"))?,
            operation: self.operation.ok_or_else(|| missing("operation"))?,
            arguments: self.arguments.unwrap_or(NO_ARGUMENTS),
            names: self.names,
        })
    }
}

#[inline]
fn name<'a>(cursor: &mut Cursor<'a>, field: &str) -> Result<Text<'a>, Error> {
    cursor.text().map_err(|error| match error.is_type {
        true => bad(format!("`{field}` is not a name: {}", error.message)),
        false => malformed(error),
    })
}

/// Reads over the items of a batch, each of which has to be JSON.
fn items<'a>(cursor: &mut Cursor<'a>) -> Result<Items<'a>, Error> {
    let items = Items { first: true, cursor: cursor.clone() };
    cursor.open_array().map_err(malformed)?;
    let mut first = true;
    while cursor.next_item(first).map_err(malformed)? {
        first = false;
        cursor.skip().map_err(malformed)?;
    }
    Ok(items)
}

/// The items of a batch, raw: each is parsed when its turn comes, so that one that is wrong spoils no other. They have
/// been read over once, and are found again rather than kept, since there can be millions.
#[derive(Debug)]
pub(crate) struct Items<'a> {
    cursor: Cursor<'a>,
    first: bool,
}

impl<'a> Iterator for Items<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let first = std::mem::replace(&mut self.first, false);
        if first {
            self.cursor.open_array().ok()?;
        }
        self.cursor.next_item(first).ok()?.then(|| self.cursor.skip().ok())?
    }
}

fn malformed(error: JsonError) -> Error {
    bad(format!("the request is not valid: {} at byte {}", error.message, error.at))
}

fn bad(message: impl Into<String>) -> Error {
    Error::new(ErrorCode::BadRequest, message).expecting(EXPECTED)
}
