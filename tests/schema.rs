//! Schemas in `lmms.describe`: each form of parameter and of result, types without a schema, defaults, definitions, docs.
#![cfg(feature = "schema")]
#![allow(clippy::unused_self, clippy::needless_pass_by_value, clippy::too_many_arguments)]

mod common;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use common::block_on;
use lmms::schemars::{self, JsonSchema};
use lmms::{Gateway, Invocation};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Where something is.
#[derive(Default, Deserialize, JsonSchema, Serialize)]
struct Point {
    /// Degrees north.
    latitude: f64,
    #[serde(default)]
    name: Option<String>,
    /// Whatever it is next to.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    near: Vec<Point>,
}

#[derive(Deserialize, JsonSchema)]
struct Query<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
}

#[derive(Clone, Copy, Default, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
enum Order {
    #[default]
    Ascending,
    Descending,
}

/// Of a crate that knows no schemas.
#[derive(Default, Deserialize, Serialize)]
struct Opaque(Vec<u8>);

/// Neither has it a schema, nor can it be written.
#[derive(Default, Deserialize)]
struct Secret;

type Fallible<T> = Result<T, std::fmt::Error>;

struct Forms {
    name: String,
}

#[lmms::interface]
impl Forms {
    const MOST: usize = 7;

    #[load]
    fn load() -> Self {
        Self { name: "forms".to_owned() }
    }

    #[operation]
    fn borrowed<'a>(
        &'a self,
        text: &'a str,
        texts: &[&'a str],
        cow: Cow<'a, str>,
        numbers: &[u8],
        numbers_too: Cow<'_, [u16]>,
        pair: &(bool, char),
        path: &Path,
        query: Query<'a>,
    ) -> &'a str {
        let _ = (text, texts, cow, numbers, numbers_too, pair, path, query.text);
        &self.name
    }

    #[operation]
    fn optional(
        &self,
        text: Option<&str>,
        texts: Option<&[&str]>,
        value: Option<Value>,
        invocation: &Invocation,
        order: Option<Order>,
    ) -> Option<u64> {
        let _ = (text, texts, value, order);
        Some(invocation.id())
    }

    #[operation]
    fn defaults(
        &self,
        #[default] text: &str,
        #[default = Self::MOST] most: usize,
        #[default = &["!", "?"]] ends: &[&str],
        #[default = Order::Descending] order: Order,
        #[default = &Point { latitude: 1.5, ..Point::default() }] point: &Point,
        #[default] secret: Secret,
        #[default = panic!("never")] panics: u8,
    ) {
        let _ = (text, most, ends, order, point, secret, panics);
    }

    #[operation]
    fn opaque(&self, value: Opaque, values: Vec<Opaque>, #[default = Opaque(vec![1])] more: Opaque) -> Opaque {
        let _ = (values, more);
        value
    }

    #[operation]
    fn documented(
        &self,
        /// The text itself.
        ///
        /// Any `text`.
        text: &str,
        /** From here. */
        #[default]
        from: Order,
        /// The middle.
        point: &Point,
    ) {
        let _ = (text, from, point);
    }

    #[operation]
    fn fails(&self) -> Fallible<Point> {
        Err(std::fmt::Error)
    }

    #[operation]
    async fn fails_later(&self) -> Result<BTreeMap<String, Point>, std::fmt::Error> {
        Err(std::fmt::Error)
    }

    #[operation]
    async fn later<'a>(&'a self, words: Vec<String>) -> Cow<'a, str> {
        Cow::Owned(words.concat())
    }

    #[operation]
    fn hidden(&self) -> impl Serialize + use<> {
        1
    }

    #[operation]
    fn nothing(&self) {}

    #[operation]
    #[deprecated = "nothing"]
    fn old(&self) -> bool {
        true
    }
}

/// What `lmms.describe` tells of an operation.
fn described(name: &str) -> Value {
    let gateway = Gateway::new(lmms::Config::default()).unwrap();
    let answer = block_on(gateway.execute_operation("lmms", "describe", b"{}")).unwrap();
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    let operations = answer["interfaces"][0]["operations"].as_array().unwrap();
    operations.iter().find(|operation| operation["name"] == name).unwrap().clone()
}

fn arguments(name: &str) -> Value {
    described(name)["schema"]["arguments"].take()
}

fn result(name: &str) -> Value {
    described(name)["schema"]["result"].take()
}

#[test]
fn borrowed_arguments_have_the_schema_of_what_they_borrow() {
    let schema = arguments("borrowed");
    assert_eq!(schema["type"], "object");
    assert_eq!(schema["additionalProperties"], false);
    let names = ["text", "texts", "cow", "numbers", "numbers_too", "pair", "path", "query"];
    assert_eq!(schema["required"], json!(names));
    let properties = &schema["properties"];
    for text in ["text", "cow", "path"] {
        assert_eq!(properties[text], json!({ "type": "string" }), "{text}");
    }
    assert_eq!(properties["texts"], json!({ "type": "array", "items": { "type": "string" } }));
    assert_eq!(properties["numbers"]["items"]["maximum"], 255);
    assert_eq!(properties["numbers_too"]["items"]["maximum"], 65535);
    assert_eq!(properties["pair"]["prefixItems"][0], json!({ "type": "boolean" }));
    assert_eq!(properties["query"], json!({ "$ref": "#/$defs/Query" }));
    assert_eq!(schema["$defs"]["Query"]["properties"]["text"], json!({ "type": "string" }));
    assert_eq!(result("borrowed"), json!({ "type": "string" }));
}

#[test]
fn an_option_is_not_required_and_may_be_null() {
    let schema = arguments("optional");
    assert_eq!(schema.get("required"), None);
    let properties = schema["properties"].as_object().unwrap();
    assert_eq!(properties["text"], json!({ "type": ["string", "null"] }));
    assert_eq!(properties["texts"]["type"], json!(["array", "null"]));
    assert_eq!(properties["value"], json!(true));
    assert_eq!(properties["order"]["anyOf"], json!([{ "$ref": "#/$defs/Order" }, { "type": "null" }]));
    assert!(!properties.contains_key("invocation"), "it is no argument");
    assert_eq!(result("optional")["type"], json!(["integer", "null"]));
}

#[test]
fn defaults_are_told_where_they_can_be_written() {
    let schema = arguments("defaults");
    assert_eq!(schema.get("required"), None);
    let default = |name: &str| schema["properties"][name].get("default").cloned();
    assert_eq!(default("text"), Some(json!("")));
    assert_eq!(default("most"), Some(json!(7)));
    assert_eq!(default("ends"), Some(json!(["!", "?"])));
    assert_eq!(default("order"), Some(json!("descending")));
    assert_eq!(default("point"), Some(json!({ "latitude": 1.5, "name": null })));
    assert_eq!(default("secret"), None);
    assert_eq!(default("panics"), None);
    assert_eq!(schema["properties"]["order"]["$ref"], "#/$defs/Order");
    assert_eq!(result("defaults"), json!({ "type": "null" }));
}

#[test]
fn a_type_without_a_schema_is_anything_by_its_name() {
    let schema = arguments("opaque");
    assert_eq!(schema["properties"]["value"], json!({ "title": "schema::Opaque" }));
    assert_eq!(schema["properties"]["values"], json!({ "title": "alloc::vec::Vec<schema::Opaque>" }));
    assert_eq!(schema["properties"]["more"], json!({ "title": "schema::Opaque", "default": [1] }));
    assert_eq!(schema["required"], json!(["value", "values"]));
    assert_eq!(result("opaque"), json!({ "title": "schema::Opaque" }));
    assert!(result("hidden")["title"].is_string());
}

#[test]
fn the_result_is_what_is_ok_as_it_is_written() {
    let schema = result("fails");
    assert_eq!(schema["$ref"], "#/$defs/Point");
    let point = &schema["$defs"]["Point"];
    assert_eq!(point["description"], "Where something is.");
    assert_eq!(point["properties"]["near"]["items"], json!({ "$ref": "#/$defs/Point" }), "it refers to itself");
    // Written it is always there, and need not be when it is read.
    assert_eq!(point["required"], json!(["latitude", "name"]));
    assert_eq!(arguments("documented")["$defs"]["Point"]["required"], json!(["latitude"]));
    assert_eq!(result("fails_later")["additionalProperties"], json!({ "$ref": "#/$defs/Point" }));
    assert_eq!(result("later"), json!({ "type": "string" }));
    assert_eq!(result("nothing"), json!({ "type": "null" }));
    assert_eq!(result("old"), json!({ "type": "boolean" }));
    assert_eq!(arguments("old"), json!({ "type": "object", "properties": {}, "additionalProperties": false }));
}

#[test]
fn doc_comments_of_parameters_are_told() {
    let described = described("documented");
    assert_eq!(described["arguments"][0]["docs"], "The text itself.\n\nAny `text`.");
    let properties = &described["schema"]["arguments"]["properties"];
    assert_eq!(properties["text"], json!({ "type": "string", "description": "The text itself.\n\nAny `text`." }));
    assert_eq!(properties["from"]["description"], "From here.");
    assert_eq!(properties["point"], json!({ "$ref": "#/$defs/Point", "description": "The middle." }));
}

#[test]
fn what_else_is_told_of_an_operation_stays() {
    let described = described("documented");
    let keys: Vec<_> = described.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["arguments", "async", "cached", "docs", "name", "returns", "schema", "signature"]);
}
