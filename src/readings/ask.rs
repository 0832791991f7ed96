//! One question for one token.

use std::time::Duration;

use thiserror::Error;

use crate::ledger::Asked;
use crate::ledger::Asker;
use crate::ledger::Gone;
use crate::ledger::Identified;
use crate::ledger::Receipt;
use crate::ledger::Refused;
use crate::ledger::Says;
use crate::ledger::Settles;
use crate::ledger::Submission;
use crate::ledger::standing;
use crate::readings::Kept;
use crate::readings::Point;
use crate::readings::Reader;
use crate::smartpay::Reason;
use crate::smartpay::client::Answer;
use crate::smartpay::client::Call;
use crate::smartpay::client::Outcome;
use crate::smartpay::client::answer;
use crate::smartpay::client::answer::TokenAnswer;
use crate::smartpay::client::answer::Wrong;
use crate::token;
use crate::token::Conclusion;
use crate::token::KeyProof;
use crate::token::NotFound;
use crate::token::ProviderTime;
use crate::token::Said;
use crate::token::absences_allowed;

const NOT_FOUND: &str = "token.not-found";

/// What is asked, for whom, and what may follow from the answer.
#[derive(Clone, Debug)]
pub struct Question {
    pub asker: Asker,
    /// It reads back our own DELETE that was answered 204, or that is known to have been sent.
    pub own_delete: bool,
    /// Whether the key has shown in this run that it opens this ledger's account.
    pub key: KeyProof,
    /// How many absences within 24 hours are believed: see [`crate::ledger::fuse`].
    pub absences_allowed: u64,
    pub settles: Option<Settles>,
    pub concludes: Option<Conclusion>,
}

/// How the token is, as far as the answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    Is(Said),
    /// A 404 that counts.
    Absent,
    /// A 404 that does not count.
    NotFound,
    /// An answer that cannot be understood.
    Unclear,
}

/// What was answered and recorded.
#[derive(Clone, Debug)]
pub struct Read {
    pub truth: Truth,
    pub receipt: Receipt,
    /// When the token was created, as far as its object says.
    pub created_at: Option<ProviderTime>,
}

/// Why nothing was read.
#[derive(Debug, Error)]
pub enum ReadError {
    #[error("Smartpay could not be reached, or did not answer")]
    NoAnswer,
    #[error("Smartpay does not take the secret key")]
    KeyRefused,
    #[error("the ledger could not record the answer: {0}")]
    NotRecorded(#[from] Refused),
    #[error("the database could not be asked")]
    Database(#[from] sqlx::Error),
    #[error("the vault's record of the token cannot be read")]
    Record(#[source] anyhow::Error),
}

impl Question {
    /// One from which nothing follows but what the token is.
    pub fn plain(asker: Asker, key: KeyProof) -> Self {
        Self {
            asker,
            own_delete: false,
            key,
            absences_allowed: absences_allowed(0),
            settles: None,
            concludes: None,
        }
    }
}

impl Reader {
    /// Where the ledger stands: noted before a request is sent.
    pub async fn stand(&self) -> Result<Asked, sqlx::Error> {
        Ok(Asked::from(&standing(&mut *self.pool.acquire().await?).await?))
    }

    /// Asks for the token and records the answer.
    pub async fn read(
        &self,
        token: &Identified,
        question: &Question,
        within: Duration,
    ) -> Result<Read, ReadError> {
        let asked = self.stand().await?;
        let call = Call::get_token(&token.id);
        let kept = Kept { call: &call, token: Some(token), asked, asker: &question.asker };
        self.points.pass(Point::BeforeReading).await;
        let called = self.client.send(&call, within).await;
        self.points.pass(Point::AfterReading).await;
        let mut submissions = kept.not_final(&called.not_final);
        let answer = match called.outcome {
            Outcome::Answered(answer) => answer,
            Outcome::NotSent(_) | Outcome::Unknown(_) => {
                for recorded in self.ledger.submit_all(submissions).await {
                    recorded?;
                }
                return Err(ReadError::NoAnswer);
            }
        };
        let (truth, says) = self.understand(token, question, &answer);
        let mut answered = kept.answered(&answer, says);
        answered.settles.clone_from(&question.settles);
        answered.concludes = question.concludes;
        let created_at = match &answered.says {
            Says::Object(object) => object.created_at,
            Says::Absent(_) | Says::Unclear(_) | Says::Nothing => None,
        };
        submissions.push(Submission::Answered(answered));
        self.points.pass(Point::BeforeSettlement).await;
        let mut last = None;
        for recorded in self.ledger.submit_all(submissions).await {
            last = Some(recorded?);
        }
        let receipt = last.expect("at least this answer was submitted");
        self.points.pass(Point::AfterSettlement).await;
        truth.map(|truth| Read { truth, receipt, created_at })
    }

    fn understand(
        &self,
        token: &Identified,
        question: &Question,
        answer: &Answer,
    ) -> (Result<Truth, ReadError>, Says) {
        match answer::token(answer.received(), &token.id, &self.expected()) {
            Ok(TokenAnswer::Found(object)) => (Ok(Truth::Is(object.said)), Says::Object(object)),
            Ok(TokenAnswer::NotFound) => match question.not_found(answer).absence() {
                Some(absence) => {
                    let found = Gone::Found { allowed: question.absences_allowed };
                    let gone = if absence.own_delete { Gone::ByUs } else { found };
                    (Ok(Truth::Absent), Says::Absent(gone))
                }
                // Kept as such, and asked again: a key of another account finds nothing.
                None => (Ok(Truth::NotFound), Says::Unclear(Reason::UnprovenAbsence)),
            },
            Err(Wrong::KeyRefused) => (Err(ReadError::KeyRefused), Says::Nothing),
            Err(Wrong::Error(_)) if answer.status != 404 => (Ok(Truth::Unclear), Says::Nothing),
            Err(wrong) => (Ok(Truth::Unclear), Says::Unclear(Reason::from(&wrong))),
        }
    }
}

impl Question {
    fn not_found(&self, answer: &Answer) -> NotFound<'static> {
        NotFound {
            asked: if self.own_delete { token::Asked::ReadBack } else { token::Asked::Get },
            error_code: Some(NOT_FOUND),
            key: self.key,
            at: ProviderTime::from_millis(answer.answered_at.timestamp_millis()),
        }
    }
}
