//! What `describe` tells of an operation: one JSON text, written at compile time.

use std::fmt::Write as _;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ReturnType;

use crate::ast::{Default, Operation};
use crate::attr::Caching;

pub(crate) fn operation(operation: &Operation) -> String {
    let mut json = format!(
        "{{\"name\":{},\"signature\":{},\"docs\":{},\"cached\":{}{},\"async\":{},\"arguments\":[",
        string(&operation.name),
        string(&signature(operation)),
        string(&operation.docs),
        operation.cached.is_some(),
        operation.cached.as_ref().map_or_else(String::new, caching),
        operation.is_async,
    );
    for (index, argument) in operation.arguments().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        let ty = string(&code(argument.ty.to_token_stream()));
        let name = string(&argument.name);
        let required = !argument.is_optional();
        // Writing to a `String` does not fail.
        let _ = write!(json, "{comma}{{\"name\":{name},\"type\":{ty},\"required\":{required}");
        if !argument.docs.is_empty() {
            let _ = write!(json, ",\"docs\":{}", string(&argument.docs));
        }
        if let Some(Default::Expr(expr)) = &argument.default {
            let _ = write!(json, ",\"default\":{}", string(&code(expr.clone())));
        }
        json.push('}');
    }
    let returns = string(&returns(operation).unwrap_or_else(|| "()".to_owned()));
    let _ = write!(json, "],\"returns\":{returns}}}");
    json
}

/// What is declared of the results that are cached.
fn caching(caching: &Caching) -> String {
    let ttl = caching.ttl.map_or_else(String::new, |seconds| format!(",\"ttl\":{seconds}"));
    let errors = if caching.errors { ",\"cached_errors\":true" } else { "" };
    ttl + errors
}

/// `count(text: &str) -> usize`, as a client would call it.
fn signature(operation: &Operation) -> String {
    let arguments = operation.arguments().map(|argument| {
        let optional = if argument.default.is_some() { "?" } else { "" };
        format!("{}{optional}: {}", argument.name, code(argument.ty.to_token_stream()))
    });
    let arguments = arguments.collect::<Vec<_>>().join(", ");
    let returns = returns(operation).map_or_else(String::new, |ty| format!(" -> {ty}"));
    format!("{}({arguments}){returns}", operation.name)
}

fn returns(operation: &Operation) -> Option<String> {
    match &operation.output {
        ReturnType::Default => None,
        ReturnType::Type(_, ty) => Some(code(ty.to_token_stream())),
    }
}

/// Tokens as a person would write them: `Option<&[f64]>`, not `Option < & [f64] >`.
fn code(tokens: TokenStream) -> String {
    let mut text = String::new();
    write(&mut text, &mut false, tokens);
    text
}

fn write(text: &mut String, after_word: &mut bool, tokens: TokenStream) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{", "}"),
                    // What a `macro_rules!` passed on is in an invisible group, and is written as if it was not.
                    Delimiter::None => {
                        write(text, after_word, group.stream());
                        continue;
                    }
                };
                text.push_str(open);
                write(text, &mut false, group.stream());
                text.push_str(close);
                *after_word = true;
            }
            TokenTree::Punct(punct) => {
                if punct.as_char() == '\'' && *after_word {
                    text.push(' ');
                }
                text.push(punct.as_char());
                if matches!(punct.as_char(), ',' | ';') {
                    text.push(' ');
                }
                *after_word = false;
            }
            word => {
                if *after_word {
                    text.push(' ');
                }
                text.push_str(&word.to_string());
                *after_word = true;
            }
        }
    }
}

/// A JSON string.
fn string(text: &str) -> String {
    let mut json = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            c if c.is_control() => {
                let _ = write!(json, "\\u{:04x}", u32::from(c));
            }
            c => json.push(c),
        }
    }
    json.push('"');
    json
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::{code, string};

    #[test]
    fn types_read_as_they_are_written() {
        assert_eq!(code(quote!(Option<&[f64]>)), "Option<&[f64]>");
        assert_eq!(code(quote!(&'a mut dyn Any)), "&'a mut dyn Any");
        assert_eq!(
            code(quote!(Result<Vec<(u8, [u32; 3])>, std::io::Error>)),
            "Result<Vec<(u8, [u32; 3])>, std::io::Error>"
        );
    }

    #[test]
    fn text_is_escaped_as_json_has_it() {
        assert_eq!(string("a \"b\"\n\\\u{1}ü"), r#""a \"b\"\n\\\u0001ü""#);
    }
}
