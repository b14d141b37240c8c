//! Components: the types that have a name, under one roof.
//!
//! What is read and what is written is generated apart, for a type may differ in the two; here they come together.
//! **Invariant.** Each name stands for one schema, and each reference is to one that is there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::schema::Schemas;

/// Where the schemas stand.
pub(super) const SCHEMAS: &str = "/components/schemas";
const PREFIX: &str = "#/components/schemas/";

/// A reference to one of them.
pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("{PREFIX}{name}") })
}

/// The new names of the types of one side, by their old ones.
type Names = BTreeMap<String, String>;

pub(super) struct Components {
    schemas: Map<String, Value>,
    read: Names,
    written: Names,
}

impl Components {
    pub(super) fn of(mut schemas: Schemas) -> Self {
        let (read, written) = (schemas.read.take_definitions(true), schemas.written.take_definitions(true));
        let mut all = own();
        let shared = shared(&read, &written);
        let (mut read_names, mut written_names) = (Names::new(), Names::new());
        // All names are taken before any schema stands by its own.
        for (name, _) in &written {
            let new = free(&all, name, "");
            all.insert(new.clone(), Value::Null);
            written_names.insert(name.clone(), new);
        }
        for (name, _) in &read {
            let new = match written_names.get(name) {
                Some(same) if shared.contains(name.as_str()) => same.clone(),
                // As clients of other generators know it.
                Some(_) => free(&all, name, "Input"),
                None => free(&all, name, ""),
            };
            all.entry(new.clone()).or_insert(Value::Null);
            read_names.insert(name.clone(), new);
        }
        for (names, definitions) in [(&written_names, written), (&read_names, read)] {
            for (name, mut schema) in definitions {
                rename(&mut schema, names);
                all.insert(names[&name].clone(), schema);
            }
        }
        Self { schemas: all, read: read_names, written: written_names }
    }

    /// A schema of what is read, its references settled.
    pub(super) fn read(&self, mut schema: Value) -> Value {
        rename(&mut schema, &self.read);
        schema
    }

    /// A schema of what is written, its references settled.
    pub(super) fn written(&self, mut schema: Value) -> Value {
        rename(&mut schema, &self.written);
        schema
    }

    pub(super) fn into_schemas(self) -> Map<String, Value> {
        self.schemas
    }
}

/// The names of types that are the same read and written, with all that they refer to.
fn shared<'a>(read: &'a Map<String, Value>, written: &Map<String, Value>) -> BTreeSet<&'a str> {
    let same = read.iter().filter(|(name, schema)| written.get(*name) == Some(*schema));
    let mut shared: BTreeSet<_> = same.map(|(name, _)| name.as_str()).collect();
    loop {
        let before = shared.len();
        let all = shared.clone();
        shared.retain(|name| {
            let mut is_shared = true;
            references(&read[*name], &mut |name| is_shared &= all.contains(name));
            is_shared
        });
        if shared.len() == before {
            return shared;
        }
    }
}

fn references(schema: &Value, found: &mut impl FnMut(&str)) {
    match schema {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(reference) if key == "$ref" => {
                        if let Some(name) = name_of(reference) {
                            found(&name);
                        }
                    }
                    value => references(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

fn rename(schema: &mut Value, names: &Names) {
    match schema {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(reference) if key == "$ref" => {
                        if let Some(new) = name_of(reference).and_then(|name| names.get(&name)) {
                            *reference = format!("{PREFIX}{new}");
                        }
                    }
                    value => rename(value, names),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, names)),
        _ => {}
    }
}

/// The name that a reference is to, out of its escapes: first those of a URI, then those of a JSON Pointer.
fn name_of(reference: &str) -> Option<String> {
    let mut parts = reference.strip_prefix(PREFIX)?.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    Some(String::from_utf8(bytes).ok()?.replace("~1", "/").replace("~0", "~"))
}

/// A name that is not taken, of the characters that a component may be named with.
fn free(taken: &Map<String, Value>, name: &str, suffix: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let name: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    let numbered = (2..).map(|number| format!("{name}{suffix}{number}"));
    let mut names = std::iter::once(format!("{name}{suffix}")).chain(numbered);
    names.find(|name| !taken.contains_key(name)).unwrap_or(name)
}

/// What is the framework's own: a request, a batch, an error.
fn own() -> Map<String, Value> {
    let text = |description: &str| json!({ "type": "string", "description": description });
    let schemas = json!({
        "Request": {
            "type": "object",
            "description": "A call of one operation by name.",
            "properties": {
                "interface": text("The interface."),
                "operation": text("Its operation."),
                "args": { "type": "object", "description": "The arguments by their names; none is `{}`." },
            },
            "required": ["interface", "operation"],
            "additionalProperties": false,
        },
        "Batch": {
            "type": "object",
            "description": "Requests that are answered one after the other, each `{\"result\":..}` or `{\"error\":{..}}`.",
            "properties": { "batch": { "type": "array", "items": reference("Request") } },
            "required": ["batch"],
            "additionalProperties": false,
        },
        "Error": {
            "type": "object",
            "description": "Why a request was not answered.",
            "properties": {
                "error": {
                    "type": "object",
                    "properties": {
                        // No `enum`: there may be more of them one day.
                        "code": text("The stable code, for programs."),
                        "message": text("What is wrong, for people."),
                        "interface": text("The interface that was asked for."),
                        "operation": text("The operation that was asked for."),
                        "path": text("Where in the arguments, as `args.points[2].lat`."),
                        "expected": text("What would have been right."),
                        "request_id": text("The request as Lambda's log has it."),
                        "trace_id": text("The trace as X-Ray has it."),
                    },
                    "required": ["code", "message"],
                },
            },
            "required": ["error"],
        },
    });
    match schemas {
        Value::Object(schemas) => schemas,
        _ => Map::new(),
    }
}

#[cfg(all(test, not(lmms_loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_reference_names_what_it_is_to() {
        assert_eq!(name_of("#/components/schemas/Point").as_deref(), Some("Point"));
        assert_eq!(name_of("#/components/schemas/a%3Cb~1c~0%C3%A9%3E").as_deref(), Some("a<b/c~é>"));
        for other in ["#/$defs/Point", "#", "#/components/schemas/%f", "#/components/schemas/%é"] {
            assert_eq!(name_of(other), None, "{other}");
        }
    }

    #[test]
    fn what_refers_to_a_type_that_differs_differs_itself() {
        let object = |value: Value| value.as_object().unwrap().clone();
        let definitions = |point: &str| {
            object(json!({
                "Point": { "type": point },
                "Line": { "items": reference("Point") },
                "Lines": { "anyOf": [reference("Line"), { "type": "null" }] },
                "Text": { "items": reference("Text") },
            }))
        };
        let (read, written) = (definitions("object"), definitions("string"));
        assert_eq!(shared(&read, &written), BTreeSet::from(["Text"]));
    }

    #[test]
    fn names_are_plain_and_taken_once() {
        let taken = own();
        assert_eq!(free(&taken, "Page<Point>", ""), "Page_Point_");
        assert_eq!(free(&taken, "Error", ""), "Error2");
        assert_eq!(free(&taken, "Point", "Input"), "PointInput");
    }
}
