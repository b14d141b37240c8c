//! Schema: what an operation takes and what it yields, as JSON Schema (draft 2020-12).
//!
//! Generated code hands over the types, once somebody asks; before that nothing of this runs. **Invariant.** A type that
//! has no schema is no error: its schema is `true`, which anything matches, with the type's name as its title. Whether it has
//! one is found by the compiler: an inherent method that is there for some types alone wins over a trait's that is there for all.

use std::any::type_name;
use std::marker::PhantomData;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::descriptor::Operation;
use crate::panics;

/// Makes the schema of one type.
type Make = fn(&mut SchemaGenerator) -> Schema;

/// The types of an operation, as generated code tells them.
#[derive(Debug, Default)]
pub struct Types {
    arguments: Vec<(Make, Option<Value>)>,
    result: Option<Make>,
}

impl Types {
    /// The next argument, in the order of the parameters.
    pub fn argument(&mut self, make: Make) {
        self.arguments.push((make, None));
    }

    /// What stands for that argument where it is absent.
    pub fn absent(&mut self, default: impl FnOnce() -> Option<Value>) {
        if let Some((_, place)) = self.arguments.last_mut() {
            // The user's code. That it panics is told to those who call without the argument.
            *place = panics::catch(default).unwrap_or_default();
        }
    }

    /// The result; of a `Result` what is `Ok`.
    pub fn result(&mut self, make: Make) {
        self.result = Some(make);
    }

    pub(crate) fn of(operation: &Operation) -> Self {
        let mut types = Self::default();
        (operation.types)(&mut types);
        types
    }
}

/// Stands for a type.
#[derive(Debug)]
pub struct Probe<T: ?Sized>(PhantomData<*const T>);

impl<T: ?Sized> Probe<T> {
    /// The only one.
    pub const NEW: Self = Self(PhantomData);
}

/// The type that a function returns, which is never called.
pub fn returned<T>(_: impl FnOnce() -> T) -> Probe<T> {
    Probe::NEW
}

/// The type that an async function returns, which is never called.
pub fn returned_later<F: Future>(_: impl FnOnce() -> F) -> Probe<F::Output> {
    Probe::NEW
}

/// An argument of a function that is never called.
pub fn any<T>() -> T {
    unreachable!("what asks for a type is never called")
}

impl<T, E> Probe<Result<T, E>> {
    /// The type of what succeeds.
    #[must_use]
    pub fn value(self) -> Probe<T> {
        Probe::NEW
    }
}

/// A type that is no `Result`.
pub trait Infallible {
    #[doc(hidden)]
    type Value;
    #[doc(hidden)]
    fn value(self) -> Probe<Self::Value>;
}

impl<T> Infallible for Probe<T> {
    type Value = T;

    fn value(self) -> Self {
        self
    }
}

impl<T: JsonSchema + ?Sized> Probe<T> {
    /// What makes its schema.
    #[must_use]
    pub fn schema(self) -> Make {
        SchemaGenerator::subschema_for::<T>
    }
}

/// A type without a schema.
pub trait Schemaless {
    #[doc(hidden)]
    fn schema(self) -> Make;
}

impl<T: ?Sized> Schemaless for Probe<T> {
    fn schema(self) -> Make {
        |_| json_schema!({ "title": type_name::<T>() })
    }
}

/// A default.
#[derive(Debug)]
pub struct Given<'a, T: ?Sized>(pub &'a T);

impl<T: Serialize + ?Sized> Given<'_, T> {
    /// As it stands in JSON, if it can.
    #[must_use]
    pub fn json(self) -> Option<Value> {
        serde_json::to_value(self.0).ok()
    }
}

/// A default that cannot be written as JSON.
pub trait Unwritten {
    #[doc(hidden)]
    fn json(self) -> Option<Value>;
}

impl<T: ?Sized> Unwritten for Given<'_, T> {
    fn json(self) -> Option<Value> {
        None
    }
}

/// Where schemas come from: one place for what is read, one for what is written, since a type may differ in the two.
#[derive(Debug)]
pub(crate) struct Schemas {
    pub(crate) read: SchemaGenerator,
    pub(crate) written: SchemaGenerator,
}

impl Schemas {
    /// With the types that have a name defined at `path`.
    pub(crate) fn defined_at(path: &'static str) -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = path.into());
        Self {
            read: settings.clone().for_deserialize().into_generator(),
            written: settings.for_serialize().into_generator(),
        }
    }

    /// The schema of the object of arguments.
    pub(crate) fn arguments(&mut self, operation: &Operation, types: &Types) -> Value {
        let (mut properties, mut required) = (Map::new(), Vec::new());
        let about: Value = serde_json::from_str(operation.about).unwrap_or_default();
        let parameters = operation.parameters.iter().zip(&types.arguments);
        for (index, ((name, is_required), (make, default))) in parameters.enumerate() {
            let mut schema = make(&mut self.read);
            if let Some(docs) = about["arguments"][index]["docs"].as_str() {
                schema.insert("description".to_owned(), docs.into());
            }
            if let Some(default) = default {
                schema.insert("default".to_owned(), default.clone());
            }
            properties.insert(name.to_owned(), schema.into());
            if is_required {
                required.push(Value::from(name));
            }
        }
        let mut schema = Map::new();
        schema.insert("type".to_owned(), "object".into());
        schema.insert("properties".to_owned(), properties.into());
        if !required.is_empty() {
            schema.insert("required".to_owned(), required.into());
        }
        schema.insert("additionalProperties".to_owned(), false.into());
        schema.into()
    }

    /// The schema of the result.
    pub(crate) fn result(&mut self, types: &Types) -> Value {
        types.result.map_or(Value::Bool(true), |make| make(&mut self.written).into())
    }
}

/// `{"arguments":..,"result":..}`, each a schema that stands alone.
pub(crate) fn of(operation: &Operation) -> Value {
    // A schema may be the user's own code.
    panics::catch(|| both(operation)).unwrap_or_else(|message| {
        eprintln!("lmms: a schema of operation `{}` panicked: {message}", operation.name);
        serde_json::json!({ "arguments": true, "result": true })
    })
}

fn both(operation: &Operation) -> Value {
    let types = Types::of(operation);
    let mut schemas = Schemas::defined_at("/$defs");
    let arguments = schemas.arguments(operation, &types);
    let result = schemas.result(&types);
    let mut both = Map::new();
    both.insert("arguments".to_owned(), alone(arguments, &mut schemas.read));
    both.insert("result".to_owned(), alone(result, &mut schemas.written));
    both.into()
}

/// A schema with the definitions that it refers to.
fn alone(schema: Value, generator: &mut SchemaGenerator) -> Value {
    let definitions = generator.take_definitions(true);
    match schema {
        Value::Object(mut schema) if !definitions.is_empty() => {
            schema.insert("$defs".to_owned(), definitions.into());
            schema.into()
        }
        schema => schema,
    }
}
