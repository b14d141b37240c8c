//! Call: one operation being called by name, as the code that the macro generates for it sees it.
//!
//! Generated code is a few lines per operation; what does not depend on a type is here, once. The order is part of the
//! contract: arguments are read first, so that a wrong request loads nothing.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::hook::BoxError;
use crate::interface::{BlockingInterface, Interface};
use crate::invocation::Invocation;
use crate::json::{Cursor, JsonError, Text};
use crate::load_error::LoadError;
use crate::step::Step;
use crate::wording::nearest;

/// One call by name, under way.
pub struct Call<'a> {
    pub(crate) invocation: &'a Invocation,
    pub(crate) arguments: &'a [u8],
    pub(crate) reply: &'a mut Vec<u8>,
}

impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("invocation", &self.invocation.id()).finish_non_exhaustive()
    }
}

/// Why a call came to nothing.
#[derive(Debug)]
pub struct CallError(pub(crate) Box<CallFailure>);

/// The ways in which a call comes to nothing. In a box, for every operation's code moves it.
#[derive(Debug)]
pub(crate) enum CallFailure {
    /// The arguments are not those of the operation.
    Arguments(ArgumentsError),
    /// The interface could not be loaded.
    Load(LoadError),
    /// The operation returned an error.
    Failed(BoxError),
    /// The result cannot be written as JSON.
    Unwritable(serde_json::Error),
}

impl From<CallFailure> for CallError {
    #[cold]
    fn from(failure: CallFailure) -> Self {
        Self(Box::new(failure))
    }
}

impl From<LoadError> for CallError {
    fn from(error: LoadError) -> Self {
        CallFailure::Load(error).into()
    }
}

/// What is wrong with the arguments.
#[derive(Debug)]
pub enum ArgumentsError {
    /// They are not JSON, or not an object.
    Json(JsonError),
    /// One of them is not of its type.
    Type {
        /// The argument.
        name: &'static str,
        /// What is wrong, and where in the arguments.
        error: JsonError,
    },
    /// There is no argument of that name.
    Unknown {
        /// As the request has it.
        name: String,
        /// The argument that was probably meant.
        nearest: Option<&'static str>,
    },
    /// It is there twice.
    Duplicate(&'static str),
    /// It is not there, and must be.
    Missing(&'static str),
}

/// A place for one argument, whatever its type.
pub trait Place<'de> {
    /// Reads the argument. `false` if it was there already.
    #[doc(hidden)]
    fn read(&mut self, cursor: &mut Cursor<'de>) -> Result<bool, JsonError>;
    #[doc(hidden)]
    fn is_empty(&self) -> bool;
}

impl<'de, T: Deserialize<'de>> Place<'de> for Option<T> {
    fn read(&mut self, cursor: &mut Cursor<'de>) -> Result<bool, JsonError> {
        if self.is_some() {
            return Ok(false);
        }
        *self = Some(cursor.value()?);
        Ok(true)
    }

    fn is_empty(&self) -> bool {
        self.is_none()
    }
}

/// The parameters of an operation: names separated by commas, those that may be absent with a `?` at the end.
///
/// One text rather than an array of them, since each pointer in static data costs every start a relocation.
#[derive(Debug, Clone, Copy)]
pub struct Parameters(pub &'static str);

impl Parameters {
    pub(crate) fn iter(self) -> impl Iterator<Item = (&'static str, bool)> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            // By bytes: names are short, and a searcher for a `char` costs more than it saves.
            let end = rest.bytes().position(|byte| byte == b',');
            let (name, after) = end.map_or((rest, ""), |end| (&rest[..end], &rest[end + 1..]));
            rest = after;
            match name.strip_suffix('?') {
                Some(name) => Some((name, false)),
                None => (!name.is_empty()).then_some((name, true)),
            }
        })
    }
}

impl<'a> Call<'a> {
    /// The invocation that the call is part of.
    #[must_use]
    pub fn invocation(&self) -> &'a Invocation {
        self.invocation
    }

    /// Where the result goes.
    #[must_use]
    pub fn reply(self) -> &'a mut Vec<u8> {
        self.reply
    }

    /// Reads all arguments into their places, which are in the order of the parameters.
    ///
    /// # Errors
    /// The first thing that is wrong with them.
    pub fn arguments(&self, parameters: Parameters, places: &mut [&mut dyn Place<'a>]) -> Result<(), CallError> {
        read(self.arguments, parameters, places).map_err(|error| CallFailure::Arguments(error).into())
    }

    /// Loads the interface if need be and calls `operation` with it.
    pub fn run<T: BlockingInterface>(
        self,
        operation: impl FnOnce(&'a T, &'a Invocation, &mut Vec<u8>) -> Result<(), CallError>,
    ) -> Step<'a, Result<(), CallError>> {
        match T::__lmms_slot().load_or_busy(self.invocation) {
            Ok(Ok(instance)) => Step::Ready(operation(instance, self.invocation, self.reply)),
            Ok(Err(error)) => Step::Ready(Err(error.into())),
            Err(busy) => Step::Busy(busy),
        }
    }

    /// As [`run`](Self::run), for a sync operation of an interface with async hooks: only a load is awaited.
    pub fn run_loading<T: Interface>(
        self,
        operation: impl FnOnce(&'a T, &'a Invocation, &mut Vec<u8>) -> Result<(), CallError> + Send + 'a,
    ) -> Step<'a, Result<(), CallError>> {
        let Self { invocation, reply, .. } = self;
        match T::__lmms_slot().peek(invocation) {
            Some(instance) => Step::Ready(operation(instance, invocation, reply)),
            None => Step::Pending(Box::pin(async move { operation(invocation.get_async().await?, invocation, reply) })),
        }
    }
}

pub(crate) fn read<'de>(
    text: &'de [u8],
    parameters: Parameters,
    places: &mut [&mut dyn Place<'de>],
) -> Result<(), ArgumentsError> {
    let mut cursor = Cursor::new(text);
    cursor.open_object().map_err(ArgumentsError::Json)?;
    let mut first = true;
    let names = || parameters.iter().map(|(name, _)| name);
    // Most clients give them in the order of the parameters.
    let mut expected = names().enumerate();
    loop {
        let index = match expected.next() {
            Some((index, name)) if cursor.next_key_is(first, name) => index,
            _ => match cursor.next_key(first).map_err(ArgumentsError::Json)? {
                Some(key) => {
                    let index = names().position(|name| *name == *key).ok_or_else(|| unknown(key, names()))?;
                    expected = names().enumerate();
                    expected.nth(index);
                    index
                }
                None => break,
            },
        };
        first = false;
        match places[index].read(&mut cursor) {
            Ok(true) => {}
            Ok(false) => return Err(ArgumentsError::Duplicate(names().nth(index).unwrap_or_default())),
            Err(error) => return Err(ArgumentsError::Type { name: names().nth(index).unwrap_or_default(), error }),
        }
    }
    cursor.end().map_err(ArgumentsError::Json)?;
    if places.iter().all(|place| !place.is_empty()) {
        return Ok(());
    }
    let missing = parameters.iter().zip(places).find(|((_, required), place)| *required && place.is_empty());
    missing.map_or(Ok(()), |((name, _), _)| Err(ArgumentsError::Missing(name)))
}

#[cold]
fn unknown(key: Text<'_>, names: impl Iterator<Item = &'static str>) -> ArgumentsError {
    let nearest = nearest(&key, names);
    ArgumentsError::Unknown { name: key.0.into_owned(), nearest }
}

/// An operation's result, on its way into the reply.
///
/// A `Result` is matched by the inherent method, which wins over the trait's: so aliases of `Result` are seen for what
/// they are, and an `Err` never becomes a successful `{"Err": ..}`.
#[derive(Debug)]
pub struct Answer<T>(pub T);

impl<T, E> Answer<Result<T, E>> {
    /// Writes the value, or passes the error on.
    ///
    /// # Errors
    /// The operation's own, or that its value cannot be written as JSON.
    pub fn write(self, reply: &mut Vec<u8>) -> Result<(), CallError>
    where
        T: Serialize,
        E: Into<BoxError>,
    {
        match self.0 {
            Ok(value) => Answer(value).write_value(reply),
            Err(error) => Err(CallFailure::Failed(error.into()).into()),
        }
    }
}

/// The answer of an operation that does not fail.
///
/// Its bound is the method's, not the impl's, so that a result that is not `Serialize` is told as such.
pub trait Infallible {
    #[doc(hidden)]
    type Value;
    #[doc(hidden)]
    fn write(self, reply: &mut Vec<u8>) -> Result<(), CallError>
    where
        Self::Value: Serialize;
}

impl<T> Infallible for Answer<T> {
    type Value = T;

    fn write(self, reply: &mut Vec<u8>) -> Result<(), CallError>
    where
        T: Serialize,
    {
        self.write_value(reply)
    }
}

impl<T: Serialize> Answer<T> {
    // Once per type of result, not once per operation.
    #[inline(never)]
    fn write_value(self, reply: &mut Vec<u8>) -> Result<(), CallError> {
        serde_json::to_writer(reply, &self.0).map_err(|error| CallFailure::Unwritable(error).into())
    }
}
