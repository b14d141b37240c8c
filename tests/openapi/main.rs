//! The OpenAPI document: what stands in it, that each reference leads somewhere, and names that two types have.
//!
//! `LMMS_BLESS=1 cargo test --features schema --test openapi` writes the snapshot anew. What a real validator and a real client
//! say of such a document is in `.ci/openapi`.
#![cfg(feature = "schema")]
#![allow(clippy::unused_self, clippy::needless_pass_by_value)]

use std::path::Path;
use std::{env, fs};

use lmms::{Config, Gateway};
use serde_json::Value;

/// Shapes on a plane.
mod shapes {
    use lmms::schemars::{self, JsonSchema};
    use serde::{Deserialize, Serialize};

    /// Where something is.
    #[derive(Deserialize, JsonSchema, Serialize)]
    pub struct Point {
        x: i32,
        y: i32,
    }

    /// From here to there.
    #[derive(Deserialize, JsonSchema, Serialize)]
    pub struct Line {
        from: Point,
        to: Point,
        #[serde(default)]
        width: u8,
    }

    #[derive(Debug, Deserialize, JsonSchema, Serialize)]
    pub struct Page<T> {
        #[serde(rename = "<items>")]
        items: Vec<T>,
    }

    pub struct Shapes;

    /// Shapes on a plane.
    #[lmms::interface]
    impl Shapes {
        #[load]
        fn load() -> Self {
            Self
        }

        /// Moves a line. It stays as long as it is.
        ///
        /// To move it by nothing is no error.
        #[operation]
        fn shift(
            &self,
            line: Line,
            /// By how much.
            #[default = 1]
            by: i32,
        ) -> Result<Line, std::fmt::Error> {
            let Line { from, to, width } = line;
            let shifted = |point: Point| Point { x: point.x + by, ..point };
            Ok(Line { from: shifted(from), to: shifted(to), width })
        }

        /// Counts all
        /// there are
        #[operation]
        fn count(&self) -> usize {
            0
        }

        #[operation(name = "all-of")]
        fn all_of(&self, page: Option<Page<Point>>) -> Vec<Point> {
            page.map(|page| page.items).unwrap_or_default()
        }
    }
}

mod clocks {
    use lmms::schemars::{self, JsonSchema};
    use serde::{Deserialize, Serialize};

    /// In time, not in space.
    #[derive(Deserialize, JsonSchema, Serialize)]
    pub struct Point(u64);

    /// Named as one of the framework's own.
    #[derive(Deserialize, JsonSchema, Serialize)]
    pub struct Error {
        seconds: f64,
    }

    pub struct Clocks;

    #[lmms::interface]
    impl Clocks {
        #[load]
        fn load() -> Self {
            Self
        }

        #[operation]
        fn now(&self) -> Point {
            Point(0)
        }

        #[operation]
        fn error(&self, of: Point) -> Error {
            Error { seconds: of.0 as f64 }
        }
    }
}

fn document() -> Value {
    Gateway::new(Config::default()).unwrap().openapi("Shapes and clocks", "1.2.3")
}

/// Each object of a document, with all that is in it.
fn each(value: &Value, seen: &mut impl FnMut(&Value)) {
    seen(value);
    match value {
        Value::Object(fields) => fields.values().for_each(|value| each(value, seen)),
        Value::Array(items) => items.iter().for_each(|value| each(value, seen)),
        _ => {}
    }
}

#[test]
fn the_document_is_that_of_the_snapshot() {
    let mut document = document();
    let paths = document["paths"].as_object_mut().unwrap();
    // The built-in interface grows, and has a test of its own.
    paths.retain(|path, _| !path.starts_with("/lmms/"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/openapi/document.json");
    if env::var_os("LMMS_BLESS").is_some() {
        fs::write(&path, format!("{document:#}\n")).unwrap();
    }
    let snapshot: Value = serde_json::from_slice(&fs::read(&path).unwrap_or_default()).unwrap_or_default();
    assert!(snapshot == document, "{} is out of date. It would be:\n{document:#}", path.display());
}

#[test]
fn every_operation_is_there_by_a_name_of_its_own() {
    let document = document();
    let gateway = Gateway::new(Config::default()).unwrap();
    let mut ids = Vec::new();
    for interface in gateway.interfaces() {
        for operation in interface.operations() {
            let post = &document["paths"][format!("/{}/{operation}", interface.name())]["post"];
            assert_eq!(post["operationId"], format!("{}.{operation}", interface.name()));
            assert_eq!(post["tags"], serde_json::json!([interface.name()]));
            ids.push(post["operationId"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(ids, ["clocks.now", "clocks.error", "shapes.shift", "shapes.count", "shapes.all-of"]);
}

#[test]
fn what_is_built_in_is_there_to_be_read() {
    let document = document();
    for operation in ["describe", "stats"] {
        let get = &document["paths"][format!("/lmms/{operation}")]["get"];
        assert_eq!(get["operationId"], format!("lmms.{operation}"));
        assert!(get["responses"]["200"].is_object(), "{get}");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut references = 0;
    each(&document, &mut |value| {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            let pointer = reference.strip_prefix('#').expect("it stays inside");
            assert!(document.pointer(pointer).is_some(), "{reference}");
            references += 1;
        }
    });
    assert!(references > 20, "{references}");
}

#[test]
fn a_body_is_required_where_an_argument_is() {
    let document = document();
    let required = |path: &str| document["paths"][path]["post"]["requestBody"]["required"].clone();
    assert_eq!(required("/shapes/shift"), true);
    assert_eq!(required("/shapes/count"), false);
    assert_eq!(required("/shapes/all-of"), false);
}

#[test]
fn two_types_of_one_name_have_two() {
    let document = document();
    let schemas = &document["components"]["schemas"];
    let result = |path: &str| {
        let schema = &document["paths"][path]["post"]["responses"]["200"]["content"]["application/json"]["schema"];
        let reference = schema.get("$ref").or_else(|| schema["items"].get("$ref")).unwrap().as_str().unwrap();
        document.pointer(&reference[1..]).unwrap()
    };
    assert_eq!(result("/clocks/now")["description"], "In time, not in space.");
    assert_eq!(result("/shapes/all-of")["description"], "Where something is.");
    assert!(result("/clocks/error")["properties"]["seconds"].is_object());
    assert!(schemas["Error"]["properties"]["error"].is_object(), "the framework's keeps its name");
}

#[test]
fn a_type_that_is_read_otherwise_than_written_has_a_name_for_each() {
    let schemas = document()["components"]["schemas"].take();
    assert_eq!(schemas["Line"]["required"], serde_json::json!(["from", "to", "width"]));
    assert_eq!(schemas["LineInput"]["required"], serde_json::json!(["from", "to"]));
    let names: Vec<_> = schemas.as_object().unwrap().keys().collect();
    assert!(names.iter().all(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))), "{names:?}");
}
