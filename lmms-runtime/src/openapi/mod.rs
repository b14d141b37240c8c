//! OpenAPI: what the gateway serves over HTTP, as a document of OpenAPI 3.1.
//!
//! The paths are those of `lambda::Events` with the feature `http`: one for each operation, one for each of the built-in
//! interface, and `/` for whole requests. **Invariant.** Whatever is answered is told of: each status, and each body.

mod components;

use serde_json::{Map, Value, json};

use self::components::{Components, SCHEMAS};
use crate::describe;
use crate::descriptor::{Descriptor, Operation};
use crate::gateway::Gateway;
use crate::registry::{BUILT_IN, Registry};
use crate::schema::{Schemas, Types};

impl Gateway {
    /// An OpenAPI 3.1 document of what the linked interfaces offer over HTTP, which is the feature `http`: `POST
    /// /{interface}/{operation}` for each operation, `GET /lmms/{operation}` (and `POST`) for the built-in interface, and `POST /` for whole
    /// requests and batches.
    ///
    /// Each operation has its docs, the schema of its arguments and that of its result, and the statuses that it is answered
    /// with. Types with a schema are under `components/schemas`: once, by their names, and by a name of their own where two
    /// types have the same or one is read otherwise than it is written. A type without a schema may be anything. What else a
    /// document needs (`servers`, `security`) is for the caller to add.
    ///
    /// Nothing is loaded for it. `title` and `version` are those of the API.
    ///
    /// # Panics
    /// If a `JsonSchema` of the user's does.
    ///
    /// # Examples
    ///
    /// ```
    /// use lmms_runtime::{Config, Gateway};
    ///
    /// let gateway = Gateway::new(Config::default())?;
    /// let mut document = gateway.openapi("Bookshop", "1.2.0");
    /// document["servers"] = serde_json::json!([{ "url": "https://api.example.com" }]);
    /// assert_eq!(document["openapi"], "3.1.0");
    /// # Ok::<(), lmms_runtime::StartError>(())
    /// ```
    #[must_use]
    pub fn openapi(&self, title: &str, version: &str) -> Value {
        document(self.registry, title, version)
    }
}

fn document(registry: &'static Registry, title: &str, version: &str) -> Value {
    let mut schemas = Schemas::defined_at(SCHEMAS);
    let (mut operations, mut tags) = (Vec::new(), Vec::new());
    for entry in registry.iter() {
        let Descriptor { name, docs, .. } = entry.descriptor;
        tags.push(if docs.is_empty() { json!({ "name": name }) } else { json!({ "name": name, "description": docs }) });
        for operation in entry.operations() {
            operations.push(Called::new(name, operation, &mut schemas));
        }
    }
    let mut components = Components::of(schemas);
    let mut paths = Map::new();
    paths.insert("/".to_owned(), json!({ "post": whole_requests() }));
    for operation in describe::OPERATIONS {
        paths.insert(format!("/{BUILT_IN}/{operation}"), built_in(operation));
    }
    for called in operations {
        paths.insert(format!("/{}/{}", called.interface, called.operation.name), called.path(&mut components));
    }
    tags.push(json!({ "name": BUILT_IN, "description": "What is linked, what happened so far, and whole requests." }));
    json!({
        "openapi": "3.1.0",
        "info": { "title": title, "version": version },
        "tags": tags,
        "paths": paths,
        "components": { "schemas": components.into_schemas(), "responses": responses() },
    })
}

/// One operation with its schemas, whose references are not settled yet.
struct Called {
    interface: &'static str,
    operation: &'static Operation,
    arguments: Value,
    result: Value,
}

impl Called {
    fn new(interface: &'static str, operation: &'static Operation, schemas: &mut Schemas) -> Self {
        let types = Types::of(operation);
        Self { interface, operation, arguments: schemas.arguments(operation, &types), result: schemas.result(&types) }
    }

    fn path(self, components: &mut Components) -> Value {
        let Self { interface, operation, arguments, result } = self;
        let about: Value = serde_json::from_str(operation.about).unwrap_or_default();
        let docs = about["docs"].as_str().unwrap_or_default();
        let mut described = json!({
            "operationId": format!("{interface}.{}", operation.name),
            "tags": [interface],
            "requestBody": {
                // Without a body the arguments are `{}`.
                "required": arguments.get("required").is_some(),
                "content": content(components.read(arguments)),
            },
            "responses": answered(content(components.written(result)), &CALL),
        });
        if !docs.is_empty() {
            let summary = summary(docs);
            if summary != docs {
                described["description"] = docs.into();
            }
            described["summary"] = summary.into();
        }
        json!({ "post": described })
    }
}

/// The first sentence, or the first paragraph if it has none, on one line.
fn summary(docs: &str) -> String {
    let paragraph = docs.split("\n\n").next().unwrap_or_default().lines().collect::<Vec<_>>().join(" ");
    match paragraph.find(". ") {
        Some(end) => paragraph[..=end].to_owned(),
        None => paragraph,
    }
}

/// `POST /`
fn whole_requests() -> Value {
    let request = json!({ "oneOf": [components::reference("Request"), components::reference("Batch")] });
    let answer = json!({ "description": "The operation's result; of a batch, its answers in the order of its items." });
    json!({
        "operationId": BUILT_IN,
        "tags": [BUILT_IN],
        "summary": "Answers a whole request, or a batch of them.",
        "requestBody": { "required": true, "content": content(request) },
        "responses": answered(content(answer), &WHOLE),
    })
}

/// `GET /lmms/{operation}`, and `POST` as for any other
fn built_in(operation: &str) -> Value {
    let summary = match operation {
        "describe" => "Tells of the linked interfaces and their operations.",
        "stats" => "Tells what happened in this process so far.",
        "health" => "Tells what is wrong, and how to mend it.",
        _ => "Answers without arguments.",
    };
    let described = |id: String, refused| {
        json!({
            "operationId": id,
            "tags": [BUILT_IN],
            "summary": summary,
            "responses": answered(content(json!({ "type": "object" })), refused),
        })
    };
    let mut post = described(format!("{BUILT_IN}.{operation}.post"), &CALL[..]);
    let nothing = json!({ "type": "object", "additionalProperties": false });
    post["requestBody"] = json!({ "required": false, "content": content(nothing) });
    json!({ "get": described(format!("{BUILT_IN}.{operation}"), READ), "post": post })
}

fn content(schema: Value) -> Value {
    json!({ "application/json": { "schema": schema } })
}

/// A kind of refusal: its name under `components/responses`, its status, its codes, and what it says.
struct Refusal {
    name: &'static str,
    status: u16,
    codes: &'static [&'static str],
    text: &'static str,
}

const fn refusal(name: &'static str, status: u16, codes: &'static [&'static str], text: &'static str) -> Refusal {
    Refusal { name, status, codes, text }
}

/// All that a client can be refused with on the paths of the document.
const REFUSALS: [Refusal; 7] = [
    refusal("BadRequest", 400, &["bad_request", "bad_arguments"], "The body or an argument is not what it should be"),
    refusal("NotFound", 404, &["unknown_interface", "unknown_operation"], "There is nothing of that name"),
    refusal("TooLarge", 413, &["payload_too_large"], "The request or its answer is larger than Lambda carries"),
    refusal(
        "UnsupportedMediaType",
        415,
        &["unsupported_media_type"],
        "The body is said to be something else than JSON",
    ),
    refusal("Failed", 422, &["operation_failed"], "The operation understood the request, and could not do it"),
    refusal("Broken", 500, &["operation_panicked", "load_cycle"], "A fault of the function"),
    refusal(
        "Unavailable",
        503,
        &["load_failed"],
        "The interface could not be loaded; it may be when it is tried again",
    ),
];

/// The statuses of a call by path.
const CALL: [u16; 6] = [400, 413, 415, 422, 500, 503];
/// The statuses of a request that names its operation itself.
const WHOLE: [u16; 7] = [400, 404, 413, 415, 422, 500, 503];
/// The statuses of what is only read.
const READ: &[u16] = &[413];

fn answered(content: Value, refused: &[u16]) -> Value {
    let mut responses = Map::new();
    responses.insert("200".to_owned(), json!({ "description": "The result.", "content": content }));
    for Refusal { name, status, .. } in REFUSALS.iter().filter(|refusal| refused.contains(&refusal.status)) {
        responses.insert(status.to_string(), json!({ "$ref": format!("#/components/responses/{name}") }));
    }
    responses.into()
}

fn responses() -> Map<String, Value> {
    let response = |Refusal { name, codes, text, .. }: &Refusal| {
        let codes = codes.iter().map(|code| format!("`{code}`")).collect::<Vec<_>>().join(" or ");
        let description = format!("{text}: {codes}.");
        let content = content(components::reference("Error"));
        ((*name).to_owned(), json!({ "description": description, "content": content }))
    };
    REFUSALS.iter().map(response).collect()
}

#[cfg(all(test, not(lmms_loom)))]
mod tests {
    use super::*;
    use crate::error::ErrorCode;

    #[test]
    fn refusals_have_the_status_of_their_codes() {
        for Refusal { status, codes, .. } in REFUSALS {
            for code in codes.iter().filter_map(|code| ErrorCode::parse(code)) {
                assert_eq!(code.http_status(), status, "{code}");
            }
        }
    }

    #[test]
    fn a_summary_is_the_first_sentence() {
        assert_eq!(summary("Counts the tokens of `a.b`."), "Counts the tokens of `a.b`.");
        assert_eq!(summary("Counts. And\nmore.\n\nMuch more."), "Counts.");
        assert_eq!(summary("Counts all\nof them\n\nNow."), "Counts all of them");
    }
}
