//! Variants: the demo's requests with other arguments, for a mix in which not everybody asks for the same.

use std::fmt;

use hyper::body::Bytes;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Value, json};

use crate::requests::Request;

/// An operation with arguments that can be varied.
#[derive(Debug, Clone)]
pub(crate) struct Variants {
    pub(crate) title: String,
    interface: Value,
    operation: Value,
    arguments: Arguments,
}

#[derive(serde::Deserialize)]
struct One {
    interface: Value,
    operation: Value,
    args: Arguments,
}

/// In the order in which the request has them: a client writes them in that of the parameters.
#[derive(Debug, Clone)]
struct Arguments(Vec<(String, Value)>);

/// How to vary an argument of a certain name by a number: each number comes to another value, as far as there are as many.
type Vary = fn(&mut Value, u64);

/// The first of these that an operation has is varied.
const RULES: [(&str, Vary); 11] = [
    ("text", |text, number| append(text, &format!(" {number}"))),
    ("source", |source, number| append(source, &format!("{number}\n"))),
    ("svg", |svg, number| *svg = json!(svg.as_str().unwrap_or_default().replace("demo", &format!("demo {number}")))),
    ("word", |word, number| append(word, &letters(number))),
    ("prefix", |prefix, number| *prefix = json!(letters(number))),
    // Round the world, in steps of some hundred metres.
    ("longitude", |longitude, number| {
        let turned = longitude.as_f64().unwrap_or_default() + 180.0 + number as f64 / 128.0;
        *longitude = json!(turned.rem_euclid(360.0) - 180.0);
    }),
    ("tokens", |tokens, number| {
        let digits = number.to_string().into_bytes();
        // cl100k's tokens of single digits.
        tokens
            .as_array_mut()
            .into_iter()
            .for_each(|all| all.extend(digits.iter().map(|digit| json!(digit - b'0' + 15))));
    }),
    ("document", |document, number| document["id"] = json!(format!("BK-{:06}", 500_000 + number))),
    ("values", |values, number| values["number"] = json!(format!("2026-{number:04}"))),
    ("params", |params, number| params[0] = json!(format!("2022-{:02}-{:02}", number / 28 % 12 + 1, number % 28 + 1))),
    // There are no more: who asks for many asks for some of them again.
    ("area", |area, number| {
        const AREAS: [&str; 8] =
            ["Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Pacific"];
        *area = json!(AREAS[number as usize % AREAS.len()]);
    }),
];

fn append(text: &mut Value, more: &str) {
    *text = json!(format!("{}{more}", text.as_str().unwrap_or_default()));
}

/// The number in letters, as columns of a spreadsheet have it.
fn letters(number: u64) -> String {
    let letter = |digit: u64| char::from(b'a' + (digit % 26) as u8);
    match number / 26 {
        0 => letter(number).to_string(),
        rest => letters(rest - 1) + letter(number).encode_utf8(&mut [0; 4]),
    }
}

impl Variants {
    /// Of a request that is not a batch.
    pub(crate) fn of(request: &Request) -> Option<Self> {
        let One { interface, operation, args } = serde_json::from_slice(&request.event).ok()?;
        Some(Self { title: request.title.clone(), interface, operation, arguments: args })
    }

    /// The request with arguments of that number, as a client writes it: compact, the names first. Number 0 is as it was.
    pub(crate) fn event(&self, number: u64) -> Vec<u8> {
        let Self { interface, operation, .. } = self;
        let arguments = self.arguments(number);
        format!(r#"{{"interface":{interface},"operation":{operation},"args":{arguments}}}"#).into_bytes()
    }

    /// The same over HTTP: the path, and the body.
    pub(crate) fn http(&self, number: u64) -> (String, Bytes) {
        (format!("/{}", self.title.replacen('.', "/", 1)), self.arguments(number).into())
    }

    fn arguments(&self, number: u64) -> String {
        let mut arguments = self.arguments.clone();
        if number > 0 {
            arguments.vary(number);
        }
        let arguments = arguments.0.iter().map(|(name, value)| format!("{}:{value}", Value::from(&**name)));
        let arguments = arguments.collect::<Vec<_>>().join(",");
        format!("{{{arguments}}}")
    }
}

impl Arguments {
    fn vary(&mut self, number: u64) {
        for (name, vary) in RULES {
            if let Some((_, value)) = self.0.iter_mut().find(|(known, _)| known == name) {
                return vary(value, number);
            }
        }
    }
}

impl<'de> Deserialize<'de> for Arguments {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Arguments;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Arguments, A::Error> {
                let mut arguments = Vec::new();
                while let Some(argument) = map.next_entry()? {
                    arguments.push(argument);
                }
                Ok(Arguments(arguments))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::requests;

    #[test]
    fn every_number_is_another_request() {
        for request in requests::all().unwrap() {
            let Some(variants) = Variants::of(&request) else {
                assert!(request.title.starts_with("batch"), "{}", request.title);
                continue;
            };
            let events: BTreeSet<_> = (0..1_000).map(|number| variants.event(number)).collect();
            let all = match &*request.title {
                "timezone.zones" => 8,
                // Its days.
                "sql.query" => 336,
                _ => 1_000,
            };
            assert_eq!(events.len(), all, "{}", request.title);
        }
    }

    #[test]
    fn the_first_is_as_it_was() {
        for request in requests::all().unwrap() {
            if let Some(variants) = Variants::of(&request) {
                let read = |event: &[u8]| serde_json::from_slice::<Value>(event).unwrap();
                assert_eq!(read(&variants.event(0)), read(&request.event));
            }
        }
    }

    #[test]
    fn words_are_of_letters() {
        assert_eq!([0, 25, 26, 701, 702].map(letters), ["a", "z", "aa", "zz", "aaa"]);
    }
}
