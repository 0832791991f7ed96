//! Disable, enable, delete. Smartpay's "done" is not yet an event: what is read back is.

use anyhow::Context;

use crate::ledger::How;
use crate::ledger::Identified;
use crate::ledger::Says;
use crate::ledger::Settles;
use crate::ledger::intents::Intent;
use crate::ledger::intents::IntentKind;
use crate::outbox::CALL_WITHIN;
use crate::outbox::Left;
use crate::outbox::Outbox;
use crate::outbox::asker;
use crate::outbox::keep::Sent;
use crate::outbox::keep::refusal;
use crate::readings::Proof;
use crate::readings::Question;
use crate::smartpay::client::Call;
use crate::smartpay::client::answer;
use crate::smartpay::client::answer::Deleted;
use crate::smartpay::client::answer::Wrong;
use crate::token::KeyProof;
use crate::token::ProviderTime;
use crate::token::Said;

/// What the answer to a change means.
enum Taken {
    /// Done, as far as Smartpay says.
    Done,
    /// The token is not there (any more), and an earlier try may have deleted it.
    GoneAlready,
    /// There is nothing that could be changed so.
    NotFound(String),
    Refused(How),
    /// Not Smartpay's own words.
    Odd,
}

impl Outbox {
    pub(super) async fn change(&self, intent: &Intent) -> anyhow::Result<Left> {
        let wanted = intent.kind.wants().context("a change wants a status")?;
        let token = self.token(intent).await?;
        let key = intent.id.idempotency_key();
        let call = match intent.kind {
            IntentKind::Enable => Call::enable(&token.id, &key),
            IntentKind::Delete => Call::delete(&token.id),
            IntentKind::Disable | IntentKind::CreateSession => Call::disable(&token.id, &key),
        };
        let asker = asker(intent);
        let known_at = intent.known_at.map(|at| ProviderTime::from_millis(at.timestamp_millis()));
        let done = How::ReadBack { wanted, lags_until: known_at };
        let sent = match self.send(intent, &call, Some(&token), &asker).await? {
            Ok(sent) => sent,
            Err(left) => return Ok(left),
        };
        match taken(intent.kind, &sent) {
            Taken::Done => {
                self.keep(intent, &sent, Says::Nothing, None).await?;
                let own_delete = wanted == Said::Deleted;
                self.read_back(intent, &token, own_delete, done).await
            }
            Taken::GoneAlready => {
                self.keep(intent, &sent, Says::Nothing, None).await?;
                let own_delete = self.key_is_ours(intent, &token).await;
                self.read_back(intent, &token, own_delete, done).await
            }
            Taken::Odd => {
                self.keep(intent, &sent, Says::Nothing, None).await?;
                self.read_back(intent, &token, false, done).await
            }
            Taken::NotFound(code) => {
                self.keep(intent, &sent, Says::Nothing, None).await?;
                let how = How::Refused { wanted, error_code: Some(code) };
                self.read_back(intent, &token, false, how).await
            }
            Taken::Refused(how) => {
                self.keep(intent, &sent, Says::Nothing, Some(how)).await?;
                Ok(Left::Nothing)
            }
        }
    }

    /// Reads what the token is now, and lets the reading end the intent.
    pub(super) async fn read_back(
        &self,
        intent: &Intent,
        token: &Identified,
        own_delete: bool,
        how: How,
    ) -> anyhow::Result<Left> {
        let question = Question {
            own_delete,
            settles: Some(Settles { intent: intent.id.clone(), how }),
            ..Question::plain(asker(intent), KeyProof::Unproven)
        };
        match self.reader.read(token, &question, CALL_WITHIN).await {
            Ok(_) => Ok(Left::Nothing),
            Err(error) => {
                tracing::warn!(intent = %intent.id, %error, "a change could not be read back");
                Ok(Left::NoAnswer)
            }
        }
    }

    /// Whether the key finds other tokens of this ledger: one of another account would say of all
    /// that they are not there.
    pub(super) async fn key_is_ours(&self, intent: &Intent, token: &Identified) -> bool {
        let mut proof = Proof::default();
        let proving = self.reader.prove(&token.reference, &asker(intent), &mut proof).await;
        if let Err(error) = proving {
            tracing::warn!(intent = %intent.id, %error, "no other token could be read");
        }
        proof.of(&token.reference) == KeyProof::ReadAnotherToken
    }

    pub(super) async fn token(&self, intent: &Intent) -> anyhow::Result<Identified> {
        let reference = intent.reference.as_ref().context("a change names its token")?;
        self.reader.identify(reference).await?.context("the vault does not hold the token's id")
    }
}

fn taken(kind: IntentKind, sent: &Sent<'_>) -> Taken {
    let answer = &sent.answer;
    let read = if kind == IntentKind::Delete {
        match answer::deleted(answer.received(), answer.earlier) {
            Ok(Deleted::OnAnEarlierTry) => return Taken::GoneAlready,
            Ok(Deleted::Now) => Ok(()),
            Err(wrong) => Err(wrong),
        }
    } else {
        answer::changed(answer.received())
    };
    match read {
        // The types of one SDK claim a token object where the others know of no body.
        Ok(()) | Err(Wrong::BodyNotEmpty) => Taken::Done,
        Err(Wrong::Error(error)) if error.says_token_not_found() => {
            Taken::NotFound(error.code.as_str().to_owned())
        }
        Err(wrong) => refusal(answer, &wrong).map_or(Taken::Odd, Taken::Refused),
    }
}
