//! The function: answers requests by the interfaces that `Cargo.toml` names.

lmms::link!();

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lmms::lambda::Error> {
    lmms::lambda::run().await
}
