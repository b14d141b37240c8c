//! An `ArcSwapOption` for each state, and an idle timer by hand: made when first needed, dropped when unused for 30 seconds.

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
use lmms_bench_rivals::{self as operations, Answer, Idle, Request, Unload, run, sweep, unknown_interface};

static BORDERS: Idle<Borders> = Idle::new(|| Borders::load().map_err(|cause| cause.to_string()));
static CHINESE: Idle<Chinese> = Idle::new(|| Chinese::load().map_err(|cause| cause.to_string()));
static HIGHLIGHT: Idle<Highlight> = Idle::new(|| Highlight::load().map_err(|cause| cause.to_string()));
static HYPHENATE: Idle<Hyphenate> = Idle::new(|| Hyphenate::load().map_err(|cause| cause.to_string()));
static LANGUAGE: Idle<Language> = Idle::new(|| Ok(Language::load()));
static LEXICON: Idle<Lexicon> = Idle::new(|| Lexicon::load().map_err(|cause| cause.to_string()));
static MARKDOWN: Idle<Markdown> = Idle::new(|| Ok(Markdown::load()));
static PLACES: Idle<Places> = Idle::new(|| Ok(Places::load()));
static QR: Idle<Qr> = Idle::new(|| Ok(Qr::load()));
static REDACT: Idle<Redact> = Idle::new(|| Redact::load().map_err(|cause| cause.to_string()));
static RENDER: Idle<Render> = Idle::new(|| Ok(Render::load()));
static SCHEMA: Idle<Schema> = Idle::new(|| Schema::load().map_err(|cause| cause.to_string()));
static SEGMENT: Idle<Segment> = Idle::new(|| Ok(Segment::load()));
static SPELLING: Idle<Spelling> = Idle::new(|| Spelling::load().map_err(|cause| cause.to_string()));
static SQL: Idle<Sql> = Idle::new(|| Sql::load().map_err(|cause| cause.to_string()));
static TEMPLATE: Idle<Template> = Idle::new(|| Template::load().map_err(|cause| cause.to_string()));
static TIMEZONE: Idle<Timezone> = Idle::new(|| Ok(Timezone::load()));
static TOKENS: Idle<Tokens> = Idle::new(|| Tokens::load().map_err(|cause| cause.to_string()));

static ALL: [&dyn Unload; 18] = [
    &BORDERS, &CHINESE, &HIGHLIGHT, &HYPHENATE, &LANGUAGE, &LEXICON, &MARKDOWN, &PLACES, &QR, &REDACT, &RENDER,
    &SCHEMA, &SEGMENT, &SPELLING, &SQL, &TEMPLATE, &TIMEZONE, &TOKENS,
];

async fn answer(Request { interface, operation, args }: Request) -> Answer {
    let answer = match &*interface {
        "borders" => operations::borders(&*BORDERS.get()?, &operation, &args),
        "chinese" => operations::chinese(&*CHINESE.get()?, &operation, &args),
        "highlight" => operations::highlight(&*HIGHLIGHT.get()?, &operation, &args),
        "hyphenate" => operations::hyphenate(&*HYPHENATE.get()?, &operation, &args),
        "language" => operations::language(&*LANGUAGE.get()?, &operation, &args),
        "lexicon" => operations::lexicon(&*LEXICON.get()?, &operation, &args),
        "markdown" => operations::markdown(&*MARKDOWN.get()?, &operation, &args),
        "places" => operations::places(&*PLACES.get()?, &operation, &args),
        "qr" => operations::qr(&*QR.get()?, &operation, &args),
        "redact" => operations::redact(&*REDACT.get()?, &operation, &args),
        "render" => operations::render(&*RENDER.get()?, &operation, &args),
        "schema" => operations::schema(&*SCHEMA.get()?, &operation, &args),
        "segment" => operations::segment(&*SEGMENT.get()?, &operation, &args),
        "spelling" => operations::spelling(&*SPELLING.get()?, &operation, &args),
        "sql" => operations::sql(&*SQL.get()?, &operation, &args),
        "template" => operations::template(&*TEMPLATE.get()?, &operation, &args),
        "timezone" => operations::timezone(&*TIMEZONE.get()?, &operation, &args),
        "tokens" => operations::tokens(&*TOKENS.get()?, &operation, &args),
        _ => unknown_interface(&interface),
    };
    sweep(&ALL);
    answer
}

fn main() -> Result<(), lambda_runtime::Error> {
    run(answer)
}
