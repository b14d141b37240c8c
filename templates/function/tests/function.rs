//! The function's answers, without Lambda.

use lmms::{Config, Gateway, testing};
use words::Words;

#[tokio::test(flavor = "current_thread")]
async fn it_counts_words_and_loads_nothing_else() -> Result<(), Box<dyn std::error::Error>> {
    let turn = testing::exclusive();
    // Instead of what `#[load]` makes: a test chooses what is known.
    turn.fake(|| Words::without(["to", "or"]));
    let gateway = Gateway::new(Config::default())?;

    let request = br#"{"interface":"words","operation":"count","args":{"text":"to be or not to be"}}"#;
    assert_eq!(gateway.execute(request).await?, b"3");
    turn.assert_loaded(["words"]);
    Ok(())
}
