//! Drives a plan through the real door, on simulated time.

use anyhow::Context;
use chrono::DateTime;
use chrono::Utc;

use crate::sandbox::demo::plan::DemoClaim;
use crate::sandbox::demo::plan::Plan;
use crate::sandbox::demo::plan::What;
use crate::sandbox::sender::Sender;

/// Takes the steps after `resume_after` one by one, each at its own time by the sender's clock,
/// which must be the service's too. One step is recorded before the next begins, so that the time
/// recorded last is exactly where to go on. The clock is left at the last step.
///
/// `claims` is no `AsyncFn`, because a task that awaits one cannot be spawned. `progress` hears how
/// many steps are done, of how many.
pub async fn run<Recorded: Future<Output = anyhow::Result<()>>>(
    plan: &Plan,
    resume_after: Option<DateTime<Utc>>,
    sender: &Sender,
    claims: impl Fn(DemoClaim) -> Recorded,
    mut progress: impl FnMut(usize, usize),
) -> anyhow::Result<()> {
    let total = plan.steps().len();
    for (index, step) in plan.steps().iter().enumerate() {
        if resume_after.is_some_and(|recorded| step.at <= recorded) {
            continue;
        }
        sender.clock().set(step.at);
        match &step.what {
            What::Claim(claim) => claims(claim.clone()).await.context("recording a claim")?,
            What::Webhook(message) => {
                sender
                    .deliver_until_200(message)
                    .await
                    .with_context(|| format!("delivering {}", message.action()))?;
            }
        }
        progress(index + 1, total);
    }
    Ok(())
}
