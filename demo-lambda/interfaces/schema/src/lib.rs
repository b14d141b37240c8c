//! Validates JSON documents against the shop's schemas.

use jsonschema::Validator;
use lmms::schemars::{self, JsonSchema};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The schemas by name.
const SCHEMAS: [(&str, &str); 3] = [
    ("order", include_str!("../schemas/order.json")),
    ("event", include_str!("../schemas/event.json")),
    ("settings", include_str!("../schemas/settings.json")),
];
/// The most violations that one report lists.
const MAX_VIOLATIONS: usize = 20;

/// Compiled JSON Schemas (draft 2020-12) of an order, an event and a storefront's settings.
pub struct Schema {
    validators: BTreeMap<&'static str, Validator>,
}

/// What is wrong with a document.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Report {
    /// Whether nothing is.
    pub valid: bool,
    /// The first 20 violations.
    pub violations: Vec<Violation>,
}

/// One thing that is wrong with a document.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Violation {
    /// Where, as a JSON pointer into the document.
    pub path: String,
    /// What.
    pub message: String,
}

/// Why a call to [`Schema`] failed.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// An embedded schema is no JSON.
    #[error("the schema `{0}` is not JSON: {1}")]
    Json(&'static str, serde_json::Error),
    /// An embedded schema does not compile.
    #[error("the schema `{0}` is invalid: {1}")]
    Schema(&'static str, String),
    /// No such schema.
    #[error("expected one of the schemas {expected}, got `{got}`")]
    Unknown {
        /// What was asked.
        got: String,
        /// The schemas that there are.
        expected: String,
    },
}

/// Validates JSON documents against the shop's schemas.
#[lmms::interface(memory_mb = 5)]
impl Schema {
    /// An instance of its own.
    ///
    /// # Errors
    /// What it is made of cannot be read.
    #[load]
    pub fn load() -> Result<Self, SchemaError> {
        let compile = |(name, text)| {
            let schema: Value = serde_json::from_str(text).map_err(|error| SchemaError::Json(name, error))?;
            let options = jsonschema::options().should_validate_formats(true);
            let validator = options.build(&schema);
            let validator = validator.map_err(|error| SchemaError::Schema(name, error.to_string()))?;
            Ok((name, validator))
        };
        let validators = SCHEMAS.into_iter().map(compile).collect::<Result<_, SchemaError>>()?;
        Ok(Self { validators })
    }

    /// Validates `document` against the schema called `schema`: `order`, `event` or `settings`.
    #[operation(cached)]
    pub fn validate(&self, schema: &str, document: Value) -> Result<Report, SchemaError> {
        let validator = self
            .validators
            .get(schema)
            .ok_or_else(|| SchemaError::Unknown { got: schema.to_owned(), expected: self.names().join(", ") })?;
        let errors = validator.iter_errors(&document).take(MAX_VIOLATIONS);
        let violations: Vec<_> = errors
            .map(|error| Violation { path: error.instance_path().to_string(), message: error.to_string() })
            .collect();
        Ok(Report { valid: violations.is_empty(), violations })
    }

    /// Lists the names of the schemas.
    #[operation]
    pub fn names(&self) -> Vec<String> {
        self.validators.keys().map(|&name| name.to_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn accepts_a_good_order() {
        let order = json!({
            "id": "BK-000042",
            "customer": { "name": "Ada Abel", "email": "ada@example.org" },
            "lines": [{ "title": "Emma", "copies": 2, "cents": 949 }],
        });
        let report = Schema::load().unwrap().validate("order", order).unwrap();
        assert!(report.valid, "{report:?}");
    }

    #[test]
    fn points_at_what_is_wrong() {
        let order = json!({
            "id": "BK-000042",
            "customer": { "name": "Ada Abel", "email": "at home" },
            "lines": [{ "title": "Emma", "copies": 0, "cents": 949 }],
        });
        let report = Schema::load().unwrap().validate("order", order).unwrap();
        let paths: Vec<_> = report.violations.iter().map(|v| &*v.path).collect();
        assert_eq!(paths, ["/customer/email", "/lines/0/copies"]);
    }

    #[test]
    fn names_what_there_is() {
        let error = Schema::load().unwrap().validate("ordre", json!({})).unwrap_err();
        assert_eq!(error.to_string(), "expected one of the schemas event, order, settings, got `ordre`");
    }
}
