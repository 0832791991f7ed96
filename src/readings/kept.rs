//! An answer on its way to the door.

use crate::ledger::Answered;
use crate::ledger::Asked;
use crate::ledger::Asker;
use crate::ledger::Identified;
use crate::ledger::Says;
use crate::ledger::Submission;
use crate::smartpay::client::Answer;
use crate::smartpay::client::Call;
use crate::smartpay::client::answer::without_shopper;

/// What is the same for every answer to one call.
#[derive(Clone, Debug)]
pub struct Kept<'a> {
    pub call: &'a Call,
    /// None while a session is being made.
    pub token: Option<&'a Identified>,
    pub asked: Asked,
    pub asker: &'a Asker,
}

impl Kept<'_> {
    /// An answer, and what it says.
    pub fn answered(&self, answer: &Answer, says: Says) -> Answered {
        let body = self.body(answer);
        Answered {
            token: self.token.cloned(),
            call: self.name(answer),
            digest: Answered::digest(&body),
            body,
            asked: self.asked,
            received_at: answer.answered_at,
            asker: self.asker.clone(),
            says,
            settles: None,
            concludes: None,
        }
    }

    /// Answers that settled nothing: kept, because every answer is.
    pub fn not_final(&self, answers: &[Answer]) -> Vec<Submission> {
        let kept = |answer| Submission::Answered(self.answered(answer, Says::Nothing));
        answers.iter().map(kept).collect()
    }

    /// All of the answer, but nothing of a shopper.
    pub fn body(&self, answer: &Answer) -> Vec<u8> {
        if self.call.is_about_sessions() {
            without_shopper(&answer.body)
        } else {
            answer.body.clone()
        }
    }

    pub fn name(&self, answer: &Answer) -> String {
        format!("{} {}", self.call.name(), answer.status)
    }
}
