//! Which intents an answer ends, before the rules take it in.

use crate::ledger::answered::Answered;
use crate::ledger::answered::How;
use crate::ledger::answered::Says;
use crate::ledger::intents::IntentState;
use crate::ledger::intents::Settled;
use crate::ledger::plan::Plan;
use crate::ledger::plan::answer::object_of;
use crate::smartpay::Reason;
use crate::token::ProviderTime;
use crate::token::Said;
use crate::token::Status;

impl Plan<'_> {
    pub(super) fn settle(&mut self, number: i64, answered: &Answered) {
        let Some(settles) = &answered.settles else { return };
        let (state, error_code) = match &settles.how {
            How::ReadBack { wanted, lags_until } => {
                (self.read_back(answered, *wanted, *lags_until), None)
            }
            How::Refused { wanted, error_code } => {
                (self.after_refusal(answered, *wanted), error_code.clone())
            }
            How::Ends { state, error_code } => (Some(*state), error_code.clone()),
        };
        let Some(state) = state else { return };
        self.rows.settled.push(Settled {
            intent: settles.intent.clone(),
            state,
            error_code,
            input: number,
            session: None,
        });
    }

    fn read_back(
        &self,
        answered: &Answered,
        wanted: Said,
        lags_until: Option<ProviderTime>,
    ) -> Option<IntentState> {
        let object = match &answered.says {
            Says::Absent(_) if wanted == Said::Deleted => return Some(IntentState::Settled),
            Says::Absent(_) => return Some(IntentState::Overtaken),
            // By a key that was not tried otherwise; but the ledger knows that it is gone for ever.
            Says::Unclear(Reason::UnprovenAbsence) if self.is_deleted(answered) => {
                let done = wanted == Said::Deleted;
                return Some(if done { IntentState::Settled } else { IntentState::Overtaken });
            }
            Says::Object(_) | Says::Unclear(_) | Says::Nothing => object_of(answered)?,
        };
        if object.said == wanted {
            return Some(IntentState::Settled);
        }
        let may_lag = matches!(object.said, Said::Active | Said::Disabled)
            && Some(object.updated_at) <= lags_until;
        (!may_lag).then_some(IntentState::Overtaken)
    }

    /// Smartpay has not done it; the token may be as wanted all the same.
    fn after_refusal(&self, answered: &Answered, wanted: Said) -> Option<IntentState> {
        let is_as_wanted = match &answered.says {
            Says::Object(_) => object_of(answered)?.said == wanted,
            Says::Absent(_) => wanted == Said::Deleted,
            // Not found twice, by a key that has not been tried otherwise.
            Says::Unclear(Reason::UnprovenAbsence) => {
                wanted == Said::Deleted && self.is_deleted(answered)
            }
            Says::Unclear(_) | Says::Nothing => return None,
        };
        Some(if is_as_wanted { IntentState::Settled } else { IntentState::Refused })
    }

    fn is_deleted(&self, answered: &Answered) -> bool {
        let known = answered.token.as_ref().map(|token| &token.reference);
        let known = known.and_then(|reference| self.loaded.tokens.get(reference));
        known.is_some_and(|known| known.token().status() == Status::Deleted)
    }
}
