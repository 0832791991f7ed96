//! Sending a call for an intent, and keeping every answer to it.

use crate::ledger::Answered;
use crate::ledger::Asker;
use crate::ledger::How;
use crate::ledger::Identified;
use crate::ledger::Says;
use crate::ledger::Settles;
use crate::ledger::Submission;
use crate::ledger::intents;
use crate::ledger::intents::Intent;
use crate::ledger::intents::IntentState;
use crate::outbox::CALL_WITHIN;
use crate::outbox::Left;
use crate::outbox::Outbox;
use crate::readings::Kept;
use crate::readings::Point;
use crate::smartpay::client::Answer;
use crate::smartpay::client::Call;
use crate::smartpay::client::Outcome;
use crate::smartpay::client::Unknown;
use crate::smartpay::client::answer::Wrong;

/// Stands for the 401, which has no code of its own.
pub(super) const KEY_REFUSED: &str = "unauthorized";
/// … and for a 429 that lasted, whatever its body says.
pub(super) const TOO_MANY_REQUESTS: &str = "too_many_requests";

/// The answer to a call, before anything is concluded from it.
pub(super) struct Sent<'a> {
    pub answer: Answer,
    pub kept: Kept<'a>,
}

impl Outbox {
    /// Sends the call; a resumed intent's says so. Without a final answer the intent stays open, or
    /// has ended because nothing of it went out.
    pub(super) async fn send<'a>(
        &self,
        intent: &Intent,
        call: &'a Call,
        token: Option<&'a Identified>,
        asker: &'a Asker,
    ) -> anyhow::Result<Result<Sent<'a>, Left>> {
        let stood = self.reader.stand().await?;
        intents::mark_sent(&mut *self.reader.pool.acquire().await?, &intent.id).await?;
        self.reader.points.pass(Point::BeforeCall).await;
        let called = if intent.sent {
            self.reader.client.resume(call, CALL_WITHIN).await
        } else {
            self.reader.client.send(call, CALL_WITHIN).await
        };
        self.reader.points.pass(Point::AfterCall).await;
        let kept = Kept { call, token, asked: stood, asker };
        for recorded in self.reader.ledger.submit_all(kept.not_final(&called.not_final)).await {
            recorded?;
        }
        match called.outcome {
            Outcome::Answered(answer) => Ok(Ok(Sent { answer, kept })),
            Outcome::NotSent(cause) => {
                tracing::warn!(call = call.name(), %cause, "a call was not sent");
                self.end(intent, IntentState::NotCreated).await?;
                Ok(Err(Left::Nothing))
            }
            Outcome::Unknown(cause) => {
                tracing::warn!(call = call.name(), %cause, "the outcome of a call is unknown");
                let odd = matches!(cause, Unknown::TooLarge);
                Ok(Err(if odd { Left::OddAnswer } else { Left::NoAnswer }))
            }
        }
    }

    /// Keeps an answer that states nothing about the token, or ends the intent by it.
    pub(super) async fn keep(
        &self,
        intent: &Intent,
        sent: &Sent<'_>,
        says: Says,
        ends: Option<How>,
    ) -> anyhow::Result<()> {
        self.reader.points.pass(Point::BeforeAnswerKept).await;
        let settles = ends.map(|how| Settles { intent: intent.id.clone(), how });
        let answered = Answered { settles, ..sent.kept.answered(&sent.answer, says) };
        self.reader.ledger.submit(Submission::Answered(answered)).await?;
        self.reader.points.pass(Point::AfterAnswerKept).await;
        Ok(())
    }

    pub(super) async fn end(&self, intent: &Intent, state: IntentState) -> anyhow::Result<()> {
        let now = self.reader.clock.now();
        let mut connection = self.reader.pool.acquire().await?;
        Ok(intents::end(&mut connection, &intent.id, state, now).await?)
    }
}

/// How a refusal ends an intent, when it does: only in Smartpay's own words, and only if no earlier
/// try may have acted (which the client has seen to).
pub(super) fn refusal(answer: &Answer, wrong: &Wrong) -> Option<How> {
    let refused =
        |code: &str| How::Ends { state: IntentState::Refused, error_code: Some(code.to_owned()) };
    if answer.status == 429 {
        return Some(refused(TOO_MANY_REQUESTS));
    }
    match wrong {
        Wrong::Error(error) => Some(refused(error.code.as_str())),
        Wrong::KeyRefused => Some(refused(KEY_REFUSED)),
        Wrong::Status(_)
        | Wrong::NotJson { .. }
        | Wrong::NotAnObject
        | Wrong::BodyNotEmpty
        | Wrong::Missing(_)
        | Wrong::Shape(_)
        | Wrong::WrongMode
        | Wrong::WrongId
        | Wrong::NotAReading(_)
        | Wrong::PageRepeats => None,
    }
}

/// Whether a refusal says nothing of the request itself, so that another try may be taken.
pub fn is_passing(error_code: &str) -> bool {
    [KEY_REFUSED, TOO_MANY_REQUESTS].contains(&error_code)
}
