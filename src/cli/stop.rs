//! Ctrl-C and SIGTERM: both ask for an orderly end.

use anyhow::Context;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal as listen_for;
use tokio::sync::watch;

/// Resolves when it becomes true.
pub(crate) async fn of(mut stopped: watch::Receiver<bool>) {
    // A sender that is gone has nothing more to say: that is an end too.
    drop(stopped.wait_for(|stopped| *stopped).await);
}

/// Becomes true when the process is asked to end.
pub(crate) fn signal() -> anyhow::Result<watch::Receiver<bool>> {
    let mut interrupt = listen_for(SignalKind::interrupt()).context("listening for Ctrl-C")?;
    let mut terminate = listen_for(SignalKind::terminate()).context("listening for SIGTERM")?;
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        stop.send_replace(true);
        // Whoever waits holds a receiver; the sender must outlive them all.
        stop.closed().await;
    });
    Ok(stopped)
}
