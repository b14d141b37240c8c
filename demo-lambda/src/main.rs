//! The demo: one Lambda function over eighteen real interface crates, none of which is named here.
//!
//! On Lambda (with `AWS_LAMBDA_RUNTIME_API` set) this is a plain bootstrap. Anywhere else it brings a local Lambda,
//! which starts this same program as its function:
//!
//! ```text
//! demo-lambda                    plays the requests of `requests/`, with unloading, without, and with an eager start
//! demo-lambda budget [count [percent]]
//!                                sends a mix of 10,000 requests without and with a budget of 40 % of the memory
//! demo-lambda mix [count [fresh]]
//!                                sends it with and without the cache of results; 5 % have arguments that never come back
//! demo-lambda tiers              measures each operation when it is called first, when it is hot, and from the cache
//! demo-lambda returns            loads and unloads each heavy interface, and tells what memory comes back
//! demo-lambda cold [starts]      measures what the extension costs a cold start
//! demo-lambda storm [seconds]    sends 64 clients at once for a minute, some of which are killed, under a budget
//! demo-lambda serve [port]       the function behind an URL of its own: POST /{interface}/{operation} on 127.0.0.1
//! demo-lambda invoke '<json>'    answers one request
//! demo-lambda requests [fresh]   prints what can be asked, for `lmms-bench`: 300 of each that are asked only once
//! demo-lambda openapi            prints the OpenAPI document of what the function serves over HTTP
//! ```

use std::env;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use demo_lambda::{cold, mix, play, returns, storm, tiers, workload};
use lmms::lambda::Error;
use lmms::{Config, Gateway};
use lmms_local::answer::Outcome;
use lmms_local::container::{Container, Function};
use lmms_local::serve::{self, Front};

lmms::link!();

#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: lmms::memory::Jemalloc = lmms::memory::Jemalloc;

/// How long the function gets to end when it is asked to.
const GRACE: Duration = Duration::from_secs(2);

const USAGE: &str = "usage: demo-lambda [budget [count [percent]] | mix [count [fresh]] | tiers | returns | cold [starts] \
    | storm [seconds] | serve [port] | invoke '<json>' | requests [fresh] | openapi]";

/// How many requests are mixed.
const MIXED: usize = 10_000;
/// Requests of each operation that are asked only once.
const FRESH_REQUESTS: u64 = 300;
/// Cold starts of each kind.
const STARTS: usize = 30;
/// The budget, in per cent of what the function holds when everything is loaded.
const SHARE: u32 = 40;

fn main() -> ExitCode {
    // One request at a time is the usual case: a runtime of one thread starts faster and is smaller.
    let mut runtime = match env::var_os("AWS_LAMBDA_MAX_CONCURRENCY") {
        Some(_) => tokio::runtime::Builder::new_multi_thread(),
        None => tokio::runtime::Builder::new_current_thread(),
    };
    let ended = match runtime.enable_all().build() {
        Ok(runtime) => runtime.block_on(run()),
        Err(error) => Err(error.into()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Error> {
    match env::var_os("AWS_LAMBDA_RUNTIME_API") {
        Some(_) => lmms::lambda::run().await,
        None => on_this_machine(env::args().skip(1).collect()).await,
    }
}

async fn on_this_machine(args: Vec<String>) -> Result<(), Error> {
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => play::play(&Function::this_program()?).await,
        ["budget"] => mix::budget(&Function::this_program()?, MIXED, SHARE).await,
        ["budget", count] => mix::budget(&Function::this_program()?, positive(count, "requests")?, SHARE).await,
        ["budget", count, percent] => {
            let (count, percent) = (positive(count, "requests")?, positive(percent, "per cent")?);
            mix::budget(&Function::this_program()?, count, percent).await
        }
        ["mix"] => mix::mix(&Function::this_program()?, MIXED, mix::FRESH).await,
        ["mix", count] => mix::mix(&Function::this_program()?, positive(count, "requests")?, mix::FRESH).await,
        ["mix", count, fresh] => {
            let (count, fresh) = (positive(count, "requests")?, per_cent(fresh)?);
            mix::mix(&Function::this_program()?, count, fresh).await
        }
        ["tiers"] => tiers::tiers(&Function::this_program()?).await,
        ["returns"] => returns::returns(&Function::this_program()?).await,
        ["cold"] => cold::cold(&Function::this_program()?, STARTS).await,
        ["cold", starts] => cold::cold(&Function::this_program()?, positive(starts, "starts")?).await,
        ["storm"] => storm::storm(&Function::this_program()?, storm::SECONDS).await,
        ["storm", seconds] => storm::storm(&Function::this_program()?, positive(seconds, "seconds")?).await,
        ["serve"] => serve(serve::PORT).await,
        ["serve", port] => {
            let port = port.parse().map_err(|_| format!("`{port}` is not a port, expected 0 to 65535; {USAGE}"))?;
            serve(port).await
        }
        ["invoke", event] => invoke(event).await,
        ["requests"] => workload::print(FRESH_REQUESTS, std::io::stdout().lock()),
        ["requests", fresh] => workload::print(positive(fresh, "fresh requests")?, std::io::stdout().lock()),
        ["openapi"] => openapi(),
        _ => Err(USAGE.into()),
    }
}

fn positive<N: FromStr + PartialOrd + From<u8>>(text: &str, of: &str) -> Result<N, Error> {
    let number = text.parse().ok().filter(|number| *number > N::from(0));
    number.ok_or_else(|| format!("expected a number of {of}, 1 or more; {USAGE}").into())
}

fn per_cent(text: &str) -> Result<u32, Error> {
    let share = text.parse().ok().filter(|share| *share <= 100);
    share.ok_or_else(|| format!("expected per cent, 0 to 100; {USAGE}").into())
}

async fn invoke(event: &str) -> Result<(), Error> {
    let container = Container::start(&Function::this_program()?).await?;
    let answer = container.invoke(event.to_owned()).await?;
    println!("{}", String::from_utf8_lossy(&answer.payload));
    container.stop(GRACE).await?;
    match answer.outcome {
        Outcome::Ok => Ok(()),
        Outcome::FunctionError { error_type } => Err(format!("the function answered `{error_type}`").into()),
    }
}

fn openapi() -> Result<(), Error> {
    let document = Gateway::new(Config::default())?.openapi("lmms demo", env!("CARGO_PKG_VERSION"));
    println!("{document:#}");
    Ok(())
}

async fn serve(port: u16) -> Result<(), Error> {
    let container = Container::start(&Function::this_program()?).await?;
    let front = Front::bind(port, container.api().clone()).await?;
    println!("listening on {} (Ctrl-C ends it); for example:", front.url());
    println!(
        r#"  curl {}/tokens/count -d '{{"text":"How many tokens are these?"}}'"#,
        front.url().trim_end_matches('/')
    );
    let stop = async {
        // Without a handler for Ctrl-C there is no other way to be stopped than to be killed.
        let _ = tokio::signal::ctrl_c().await;
    };
    let served = front.run_until(stop).await;
    container.stop(GRACE).await?;
    Ok(served?)
}
