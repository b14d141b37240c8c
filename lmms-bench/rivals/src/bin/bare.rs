//! The floor: `lambda_runtime` and one operation, which has nothing to load. What is asked for by another name is the same to it.

use demo_language::{Detected, Language};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Deserialize;

#[derive(Deserialize)]
struct Request {
    args: Args,
}

#[derive(Deserialize)]
struct Args {
    text: String,
}

fn main() -> Result<(), Error> {
    let language = &Language::load();
    let answer = async |event: LambdaEvent<Request>| -> Result<Detected, Error> {
        Ok(language.detect(&event.payload.args.text)?)
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(lambda_runtime::run(service_fn(answer)))
}
