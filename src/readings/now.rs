//! Reading a token now, because somebody asks.

use std::time::Duration;

use crate::ledger::Asker;
use crate::ledger::Identified;
use crate::ledger::fuse;
use crate::readings::Proof;
use crate::readings::Question;
use crate::readings::Read;
use crate::readings::ReadError;
use crate::readings::Reader;
use crate::readings::Truth;
use crate::token::KeyProof;

impl Reader {
    /// A 404 counts only after another token was read: then it is asked for once more.
    pub async fn read_now(
        &self,
        token: &Identified,
        asker: &Asker,
        within: Duration,
    ) -> Result<Read, ReadError> {
        let question = Question::plain(asker.clone(), KeyProof::Unproven);
        let read = self.read(token, &question, within).await?;
        if read.truth != Truth::NotFound {
            return Ok(read);
        }
        let mut proof = Proof::default();
        self.prove(&token.reference, asker, &mut proof).await?;
        if proof.of(&token.reference) == KeyProof::Unproven {
            return Ok(read);
        }
        let absences_allowed = fuse::allowed(&mut *self.pool.acquire().await?).await?;
        let key = proof.of(&token.reference);
        let question = Question { absences_allowed, ..Question::plain(asker.clone(), key) };
        self.read(token, &question, within).await
    }
}
