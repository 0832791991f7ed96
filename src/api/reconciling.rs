//! Runs that a request began: they go on when it is answered, and end with the service.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::reconcile::Begun;
use crate::reconcile::Reconciler;
use crate::reconcile::Watching;

/// Clones share the runs.
#[derive(Clone, Default)]
pub(super) struct Reconciling(Arc<Mutex<JoinSet<()>>>);

impl Reconciling {
    /// Works on a run beside the requests. There is one at a time: it holds the lock.
    pub(super) fn spawn(&self, reconciler: Reconciler, begun: Begun) {
        let mut runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that have ended.
        while runs.try_join_next().is_some() {}
        runs.spawn(async move {
            let (_stop, stopped) = watch::channel(false);
            let moved = watch::channel(begun.run.clone()).0;
            let worked = reconciler.work(begun, Watching { stopped, moved }).await;
            if let Err(error) = worked {
                tracing::warn!(error = format!("{error:#}"), "a reconciliation was cut short");
            }
        });
    }

    /// A run that is cut short goes on when somebody runs it again.
    pub(super) async fn shutdown(&self) {
        let mut runs = {
            let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *held)
        };
        runs.shutdown().await;
    }
}
