//! SnapStart: the gateway as one of the resources that `lambda_runtime` prepares for a snapshot, and for what comes after.

use std::sync::Arc;

use lambda_runtime::{BoxFuture, Error, SnapStartResource};

use crate::gateway::Gateway;

/// What [`Runtime::register_snapstart_resource`](lambda_runtime::Runtime::register_snapstart_resource) takes: runs
/// [`Gateway::before_snapshot`] and [`Gateway::after_restore`], and reports on standard error what they could not do. Never
/// fails: an interface that could not be loaded again is loaded when it is first needed.
///
/// For those who run `lambda_runtime` themselves; [`run`](super::run) and [`run_with`](super::run_with) do so. Register it
/// after what interfaces use, and before what uses interfaces.
#[must_use]
pub fn snapstart(gateway: Arc<Gateway>) -> Arc<dyn SnapStartResource> {
    Arc::new(Interfaces(gateway))
}

struct Interfaces(Arc<Gateway>);

impl SnapStartResource for Interfaces {
    fn before_snapshot(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move {
            let snapshot = self.0.before_snapshot().await;
            for error in &snapshot.hook_errors {
                eprintln!("lmms: {error}");
            }
            for name in &snapshot.remaining {
                eprintln!("lmms: interface `{name}` is in use, and so it is in the snapshot");
            }
            Ok(())
        })
    }

    fn after_restore(&self) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async move {
            self.0.after_restore().await;
            Ok(())
        })
    }
}
