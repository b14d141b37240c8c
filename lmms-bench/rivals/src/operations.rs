//! The operations, by name and from JSON: what a handler by hand has for each interface.

use std::borrow::Cow;

use demo_borders::Borders;
use demo_chinese::{Chinese, Script};
use demo_highlight::Highlight;
use demo_hyphenate::Hyphenate;
use demo_language::Language;
use demo_lexicon::Lexicon;
use demo_markdown::Markdown;
use demo_places::Places;
use demo_qr::{Correction, Qr};
use demo_redact::Redact;
use demo_render::Render;
use demo_schema::Schema;
use demo_segment::Segment;
use demo_spelling::Spelling;
use demo_sql::Sql;
use demo_template::Template;
use demo_timezone::Timezone;
use demo_tokens::Tokens;
use lambda_runtime::Diagnostic;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use crate::{Answer, error};

fn read<'a, T: Deserialize<'a>>(args: &'a RawValue) -> Result<T, Diagnostic> {
    serde_json::from_str(args.get()).map_err(|cause| error("bad_arguments", cause))
}

fn write(result: &impl Serialize) -> Answer {
    to_raw_value(result).map_err(|cause| error("operation_failed", cause))
}

fn write_if<T: Serialize>(result: Result<T, impl ToString>) -> Answer {
    write(&result.map_err(|cause| error("operation_failed", cause.to_string()))?)
}

fn unknown(interface: &str, operation: &str) -> Answer {
    Err(error("unknown_operation", format!("`{interface}` has no operation `{operation}`")))
}

#[derive(Deserialize)]
struct Text<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Word<'a> {
    #[serde(borrow)]
    word: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Position {
    latitude: f64,
    longitude: f64,
}

/// `country_at`, `contains`.
///
/// # Errors
/// What is wrong with the request, as all of these.
pub fn borders(borders: &Borders, operation: &str, args: &RawValue) -> Answer {
    #[derive(Deserialize)]
    struct Contains<'a> {
        #[serde(borrow)]
        area: Cow<'a, str>,
        latitude: f64,
        longitude: f64,
    }
    match operation {
        "country_at" => {
            let Position { latitude, longitude } = read(args)?;
            write_if(borders.country_at(latitude, longitude))
        }
        "contains" => {
            let Contains { area, latitude, longitude } = read(args)?;
            write_if(borders.contains(&area, latitude, longitude))
        }
        _ => unknown("borders", operation),
    }
}

/// `convert`.
///
/// # Errors
/// As [`borders`].
pub fn chinese(chinese: &Chinese, operation: &str, args: &RawValue) -> Answer {
    #[derive(Deserialize)]
    struct Convert<'a> {
        #[serde(borrow)]
        text: Cow<'a, str>,
        to: Script,
    }
    match operation {
        "convert" => {
            let Convert { text, to } = read(args)?;
            write(&chinese.convert(&text, to))
        }
        _ => unknown("chinese", operation),
    }
}

/// `html`, `ansi`, `languages`.
///
/// # Errors
/// As [`borders`].
pub fn highlight(highlight: &Highlight, operation: &str, args: &RawValue) -> Answer {
    #[derive(Deserialize)]
    struct Source<'a> {
        #[serde(borrow)]
        source: Cow<'a, str>,
        #[serde(borrow)]
        language: Cow<'a, str>,
        #[serde(borrow)]
        theme: Option<Cow<'a, str>>,
    }
    match operation {
        "html" => {
            let Source { source, language, theme } = read(args)?;
            write_if(highlight.html(&source, &language, theme.as_deref().unwrap_or("InspiredGitHub")))
        }
        "ansi" => {
            let Source { source, language, theme } = read(args)?;
            write_if(highlight.ansi(&source, &language, theme.as_deref().unwrap_or("base16-ocean.dark")))
        }
        "languages" => write(&highlight.languages()),
        _ => unknown("highlight", operation),
    }
}

/// `split`, `soften`.
///
/// # Errors
/// As [`borders`].
pub fn hyphenate(hyphenate: &Hyphenate, operation: &str, args: &RawValue) -> Answer {
    match operation {
        "split" => write_if(hyphenate.split(&read::<Word<'_>>(args)?.word)),
        "soften" => write(&hyphenate.soften(&read::<Text<'_>>(args)?.text)),
        _ => unknown("hyphenate", operation),
    }
}

/// `detect`.
///
/// # Errors
/// As [`borders`].
pub fn language(language: &Language, operation: &str, args: &RawValue) -> Answer {
    match operation {
        "detect" => write_if(language.detect(&read::<Text<'_>>(args)?.text)),
        _ => unknown("language", operation),
    }
}

/// `contains`, `prefix`, `fuzzy`.
///
/// # Errors
/// As [`borders`].
pub fn lexicon(lexicon: &Lexicon, operation: &str, args: &RawValue) -> Answer {
    #[derive(Deserialize)]
    struct Prefix<'a> {
        #[serde(borrow)]
        prefix: Cow<'a, str>,
        limit: Option<usize>,
    }
    #[derive(Deserialize)]
    struct Fuzzy<'a> {
        #[serde(borrow)]
        word: Cow<'a, str>,
        distance: Option<u32>,
        limit: Option<usize>,
    }
    match operation {
        "contains" => write(&lexicon.contains(&read::<Word<'_>>(args)?.word)),
        "prefix" => {
            let Prefix { prefix, limit } = read(args)?;
            write(&lexicon.prefix(&prefix, limit.unwrap_or(10)))
        }
        "fuzzy" => {
            let Fuzzy { word, distance, limit } = read(args)?;
            write_if(lexicon.fuzzy(&word, distance.unwrap_or(1), limit.unwrap_or(10)))
        }
        _ => unknown("lexicon", operation),
    }
}

/// `html`.
///
/// # Errors
/// As [`borders`].
pub fn markdown(markdown: &Markdown, operation: &str, args: &RawValue) -> Answer {
    match operation {
        "html" => write(&markdown.html(&read::<Text<'_>>(args)?.text)),
        _ => unknown("markdown", operation),
    }
}

/// `nearest`.
///
/// # Errors
/// As [`borders`].
pub fn places(places: &Places, operation: &str, args: &RawValue) -> Answer {
    match operation {
        "nearest" => {
            let Position { latitude, longitude } = read(args)?;
            write_if(places.nearest(latitude, longitude))
        }
        _ => unknown("places", operation),
    }
}

/// `svg`, `text`.
///
/// # Errors
/// As [`borders`].
pub fn qr(qr: &Qr, operation: &str, args: &RawValue) -> Answer {
    #[derive(Deserialize)]
    struct Code<'a> {
        #[serde(borrow)]
        text: Cow<'a, str>,
        #[serde(default)]
        correction: Correction,
    }
    match operation {
        "svg" => {
            let Code { text, correction } = read(args)?;
            write_if(qr.svg(&text, correction))
        }
        "text" => {
            let Code { text, correction } = read(args)?;
            write_if(qr.text(&text, correction))
        }
        _ => unknown("qr", operation),
    }
}

/// `find`, `redact`.
///
/// # Errors
/// As [`borders`].
pub fn redact(redact: &Redact, operation: &str, args: &RawValue) -> Answer {
    #[derive(Deserialize)]
    struct Kinds<'a> {
        #[serde(borrow)]
        text: Cow<'a, str>,
        kinds: Option<Vec<String>>,
    }
    match operation {
        "find" => {
            let Kinds { text, kinds } = read(args)?;
            write_if(redact.find(&text, kinds))
        }
        "redact" => {
            let Kinds { text, kinds } = read(args)?;
            write_if(redact.redact(&text, kinds))
        }
        _ => unknown("redact", operation),
    }
}

/// `svg_to_png`.
///
/// # Errors
/// As [`borders`].
pub fn render(render: &Render, operation: &str, args: &RawValue) -> Answer {
    #[derive(Deserialize)]
    struct Svg<'a> {
        #[serde(borrow)]
        svg: Cow<'a, str>,
        width: Option<u32>,
    }
    match operation {
        "svg_to_png" => {
            let Svg { svg, width } = read(args)?;
            write_if(render.svg_to_png(&svg, width))
        }
        _ => unknown("render", operation),
    }
}

/// `validate`, `names`.
///
/// # Errors
/// As [`borders`].
pub fn schema(schemas: &Schema, operation: &str, args: &RawValue) -> Answer {
    #[derive(Deserialize)]
    struct Validate<'a> {
        #[serde(borrow)]
        schema: Cow<'a, str>,
        document: Value,
    }
    match operation {
        "validate" => {
            let Validate { schema, document } = read(args)?;
            write_if(schemas.validate(&schema, document))
        }
        "names" => write(&schemas.names()),
        _ => unknown("schema", operation),
    }
}

/// `cut`, `tag`.
///
/// # Errors
/// As [`borders`].
pub fn segment(segment: &Segment, operation: &str, args: &RawValue) -> Answer {
    #[derive(Deserialize)]
    struct Cut<'a> {
        #[serde(borrow)]
        text: Cow<'a, str>,
        discover: Option<bool>,
    }
    match operation {
        "cut" => {
            let Cut { text, discover } = read(args)?;
            write(&segment.cut(&text, discover.unwrap_or(true)))
        }
        "tag" => write(&segment.tag(&read::<Text<'_>>(args)?.text)),
        _ => unknown("segment", operation),
    }
}

/// `suggest`, `correct`.
///
/// # Errors
/// As [`borders`].
pub fn spelling(spelling: &Spelling, operation: &str, args: &RawValue) -> Answer {
    #[derive(Deserialize)]
    struct Suggest<'a> {
        #[serde(borrow)]
        word: Cow<'a, str>,
        distance: Option<u8>,
        limit: Option<usize>,
    }
    match operation {
        "suggest" => {
            let Suggest { word, distance, limit } = read(args)?;
            write_if(spelling.suggest(&word, distance.unwrap_or(2), limit.unwrap_or(5)))
        }
        "correct" => write(&spelling.correct(&read::<Text<'_>>(args)?.text)),
        _ => unknown("spelling", operation),
    }
}

/// `query`.
///
/// # Errors
/// As [`borders`].
pub fn sql(sql: &Sql, operation: &str, args: &RawValue) -> Answer {
    #[derive(Deserialize)]
    struct Query<'a> {
        #[serde(borrow)]
        sql: Cow<'a, str>,
        #[serde(default)]
        params: Vec<Value>,
    }
    match operation {
        "query" => {
            let query: Query<'_> = read(args)?;
            write_if(sql.query(&query.sql, query.params))
        }
        _ => unknown("sql", operation),
    }
}

/// `render`.
///
/// # Errors
/// As [`borders`].
pub fn template(template: &Template, operation: &str, args: &RawValue) -> Answer {
    #[derive(Deserialize)]
    struct Filled<'a> {
        #[serde(borrow)]
        name: Cow<'a, str>,
        values: minijinja::Value,
    }
    match operation {
        "render" => {
            let Filled { name, values } = read(args)?;
            write_if(template.render(&name, values))
        }
        _ => unknown("template", operation),
    }
}

/// `at`, `zones`.
///
/// # Errors
/// As [`borders`].
pub fn timezone(timezone: &Timezone, operation: &str, args: &RawValue) -> Answer {
    #[derive(Deserialize)]
    struct Zones<'a> {
        #[serde(borrow)]
        area: Option<Cow<'a, str>>,
    }
    match operation {
        "at" => {
            let Position { latitude, longitude } = read(args)?;
            write_if(timezone.at(latitude, longitude))
        }
        "zones" => write(&timezone.zones(read::<Zones<'_>>(args)?.area.as_deref())),
        _ => unknown("timezone", operation),
    }
}

/// `count`, `encode`, `decode`.
///
/// # Errors
/// As [`borders`].
pub fn tokens(tokens: &Tokens, operation: &str, args: &RawValue) -> Answer {
    #[derive(Deserialize)]
    struct Decode {
        tokens: Vec<u32>,
    }
    match operation {
        "count" => write(&tokens.count(&read::<Text<'_>>(args)?.text)),
        "encode" => write(&tokens.encode(&read::<Text<'_>>(args)?.text)),
        "decode" => write_if(tokens.decode(&read::<Decode>(args)?.tokens)),
        _ => unknown("tokens", operation),
    }
}
