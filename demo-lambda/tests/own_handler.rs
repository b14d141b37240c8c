//! A handler of one's own, `lmms::lambda::run_with`, on the real `lambda_runtime`: this very test program, started again.

use std::env;
use std::time::Duration;

use lmms::Invocation;
use lmms::lambda::LambdaEvent;
use lmms_local::answer::Outcome;
use lmms_local::container::{Container, Function};
use serde_json::{Value, json};

const GRACE: Duration = Duration::from_secs(5);

struct Greetings(Vec<&'static str>);

#[lmms::interface]
impl Greetings {
    #[load]
    fn load() -> Self {
        Self(vec!["hello", "good day"])
    }
}

struct Broken;

#[lmms::interface]
impl Broken {
    #[load]
    fn load() -> Result<Self, String> {
        Err("no such luck".to_owned())
    }
}

/// Not a test but the function, when started by [`function`].
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_function() {
    if env::var_os("AWS_LAMBDA_RUNTIME_API").is_none() {
        return;
    }
    let ran = lmms::lambda::run_with(async |invocation: &Invocation, event: LambdaEvent<Value>| {
        if event.payload == "break" {
            invocation.get::<Broken>()?;
        }
        let greetings = invocation.get::<Greetings>()?;
        // Held across an `await`, as a handler holds it.
        tokio::task::yield_now().await;
        let index = event.payload.as_u64().ok_or("expected a number")?;
        Ok(greetings.0[usize::try_from(index)?])
    });
    ran.await.expect("the runtime");
}

fn function() -> Function {
    let this = Function::this_program().expect("this program's path");
    this.args(["--exact", "the_function", "--nocapture"]).timeout(Duration::from_secs(20)).log(|_| ())
}

async fn invoke(container: &Container, event: Value) -> (Value, Outcome) {
    let answer = container.invoke(event.to_string()).await.expect("an answer");
    (serde_json::from_slice(&answer.payload).expect("JSON"), answer.outcome)
}

#[tokio::test]
async fn it_has_typed_access_and_its_errors_keep_their_codes() {
    for concurrency in [1, 4] {
        let container = Container::start(&function().concurrency(concurrency)).await.expect("a container");
        assert_eq!(invoke(&container, json!(1)).await, (json!("good day"), Outcome::Ok));
        let (error, outcome) = invoke(&container, json!("break")).await;
        assert_eq!(outcome, Outcome::FunctionError { error_type: "load_failed".to_owned() });
        assert_eq!(error["errorMessage"], "interface `broken` failed to load: no such luck");
        let (error, _) = invoke(&container, json!("text")).await;
        assert_eq!(error["errorMessage"], "expected a number");
        assert_eq!(invoke(&container, json!(0)).await, (json!("hello"), Outcome::Ok));
        container.stop(GRACE).await.expect("an end");
    }
}
