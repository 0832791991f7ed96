//! Deciding an old delivery anew, because somebody asked.

use crate::ledger::Receipt;
use crate::ledger::Reprocessing;
use crate::ledger::Verdict;
use crate::ledger::plan::Plan;
use crate::ledger::plan::delivery::Judged;
use crate::ledger::plan::delivery::receipt;

impl Plan<'_> {
    /// What has changed the record, or agreed with it, stays as it was decided.
    pub(super) fn reprocess(&mut self, reprocessing: &Reprocessing) -> Receipt {
        let Reprocessing { endpoint, digest, content, actor } = reprocessing;
        let key = (endpoint.clone(), *digest);
        let known = self.loaded.inputs.get(&key).cloned();
        let mut known = known.expect("the delivery was read, and history is never deleted");
        match known.verdict {
            Verdict::Applied | Verdict::Witness => {}
            Verdict::Ignored | Verdict::Quarantined => {
                // Nothing came, but somebody asked: an arrival whose row is the verdict itself.
                self.head.arrival += 1;
                let judged = Judged { content, digest, actor: Some(actor) };
                let outcome = self.judge(known.number, &judged);
                self.decide_anew(&mut known, &outcome);
                let verdict = self.rows.verdicts.last_mut().expect("it was just decided");
                verdict.chain = Some([0; 32]);
                self.loaded.inputs.insert(key, known.clone());
            }
        }
        receipt(&known, true)
    }
}
