//! A `LazyLock` for each state: what a good engineer does today. Made when first needed, kept for good.

use std::sync::LazyLock;

use demo_borders::Borders;
use demo_chinese::Chinese;
use demo_highlight::Highlight;
use demo_hyphenate::Hyphenate;
use demo_language::Language;
use demo_lexicon::Lexicon;
use demo_markdown::Markdown;
use demo_places::Places;
use demo_qr::Qr;
use demo_redact::Redact;
use demo_render::Render;
use demo_schema::Schema;
use demo_segment::Segment;
use demo_spelling::Spelling;
use demo_sql::Sql;
use demo_template::Template;
use demo_timezone::Timezone;
use demo_tokens::Tokens;
use lmms_bench_rivals::{self as operations, Answer, Request, error, run, unknown_interface};

/// A load that failed once has failed for good.
type Lazy<T> = LazyLock<Result<T, String>>;

static BORDERS: Lazy<Borders> = LazyLock::new(|| Borders::load().map_err(|cause| cause.to_string()));
static CHINESE: Lazy<Chinese> = LazyLock::new(|| Chinese::load().map_err(|cause| cause.to_string()));
static HIGHLIGHT: Lazy<Highlight> = LazyLock::new(|| Highlight::load().map_err(|cause| cause.to_string()));
static HYPHENATE: Lazy<Hyphenate> = LazyLock::new(|| Hyphenate::load().map_err(|cause| cause.to_string()));
static LANGUAGE: LazyLock<Language> = LazyLock::new(Language::load);
static LEXICON: Lazy<Lexicon> = LazyLock::new(|| Lexicon::load().map_err(|cause| cause.to_string()));
static MARKDOWN: LazyLock<Markdown> = LazyLock::new(Markdown::load);
static PLACES: LazyLock<Places> = LazyLock::new(Places::load);
static QR: LazyLock<Qr> = LazyLock::new(Qr::load);
static REDACT: Lazy<Redact> = LazyLock::new(|| Redact::load().map_err(|cause| cause.to_string()));
static RENDER: LazyLock<Render> = LazyLock::new(Render::load);
static SCHEMA: Lazy<Schema> = LazyLock::new(|| Schema::load().map_err(|cause| cause.to_string()));
static SEGMENT: LazyLock<Segment> = LazyLock::new(Segment::load);
static SPELLING: Lazy<Spelling> = LazyLock::new(|| Spelling::load().map_err(|cause| cause.to_string()));
static SQL: Lazy<Sql> = LazyLock::new(|| Sql::load().map_err(|cause| cause.to_string()));
static TEMPLATE: Lazy<Template> = LazyLock::new(|| Template::load().map_err(|cause| cause.to_string()));
static TIMEZONE: LazyLock<Timezone> = LazyLock::new(Timezone::load);
static TOKENS: Lazy<Tokens> = LazyLock::new(|| Tokens::load().map_err(|cause| cause.to_string()));

fn loaded<T>(state: &'static Lazy<T>) -> Result<&'static T, lambda_runtime::Diagnostic> {
    state.as_ref().map_err(|cause| error("load_failed", cause))
}

async fn answer(Request { interface, operation, args }: Request) -> Answer {
    match &*interface {
        "borders" => operations::borders(loaded(&BORDERS)?, &operation, &args),
        "chinese" => operations::chinese(loaded(&CHINESE)?, &operation, &args),
        "highlight" => operations::highlight(loaded(&HIGHLIGHT)?, &operation, &args),
        "hyphenate" => operations::hyphenate(loaded(&HYPHENATE)?, &operation, &args),
        "language" => operations::language(&LANGUAGE, &operation, &args),
        "lexicon" => operations::lexicon(loaded(&LEXICON)?, &operation, &args),
        "markdown" => operations::markdown(&MARKDOWN, &operation, &args),
        "places" => operations::places(&PLACES, &operation, &args),
        "qr" => operations::qr(&QR, &operation, &args),
        "redact" => operations::redact(loaded(&REDACT)?, &operation, &args),
        "render" => operations::render(&RENDER, &operation, &args),
        "schema" => operations::schema(loaded(&SCHEMA)?, &operation, &args),
        "segment" => operations::segment(&SEGMENT, &operation, &args),
        "spelling" => operations::spelling(loaded(&SPELLING)?, &operation, &args),
        "sql" => operations::sql(loaded(&SQL)?, &operation, &args),
        "template" => operations::template(loaded(&TEMPLATE)?, &operation, &args),
        "timezone" => operations::timezone(&TIMEZONE, &operation, &args),
        "tokens" => operations::tokens(loaded(&TOKENS)?, &operation, &args),
        _ => unknown_interface(&interface),
    }
}

fn main() -> Result<(), lambda_runtime::Error> {
    run(answer)
}
