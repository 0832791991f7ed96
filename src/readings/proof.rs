//! Whether the secret key is that of this ledger's account: it has read tokens of this ledger.

use std::time::Duration;

use sqlx::postgres::PgConnection;

use crate::ledger::Asker;
use crate::readings::Question;
use crate::readings::ReadError;
use crate::readings::Reader;
use crate::readings::Truth;
use crate::token::KeyProof;
use crate::vault::Ref;

/// Tokens that are tried at most.
const PROBES_MAX: i64 = 3;
/// Of one read.
const WITHIN: Duration = Duration::from_secs(10);

/// Two of the tokens that the key has read. A 404 needs one that is not the token itself.
#[derive(Clone, Debug, Default)]
pub struct Proof {
    read: Option<Ref>,
    another: Option<Ref>,
}

impl Proof {
    /// A token that this ledger holds was read.
    pub fn note(&mut self, reference: &Ref) {
        match &self.read {
            None => self.read = Some(reference.clone()),
            Some(read) if read != reference => {
                self.another.get_or_insert_with(|| reference.clone());
            }
            Some(_) => {}
        }
    }

    pub fn is_there(&self) -> bool {
        self.read.is_some()
    }

    /// For the 404 of this token.
    pub fn of(&self, absent: &Ref) -> KeyProof {
        let others = [&self.read, &self.another];
        if others.into_iter().flatten().any(|read| read != absent) {
            KeyProof::ReadAnotherToken
        } else {
            KeyProof::Unproven
        }
    }
}

impl Reader {
    /// Reads other tokens that this ledger's key should find, until one is found: then the 404 of
    /// this one counts.
    pub async fn prove(
        &self,
        but: &Ref,
        asker: &Asker,
        proof: &mut Proof,
    ) -> Result<(), ReadError> {
        let others = {
            let mut connection = self.pool.acquire().await?;
            others(&mut connection, but).await?
        };
        for other in others {
            let Some(token) = self.identify(&other).await.map_err(ReadError::Record)? else {
                continue;
            };
            let asker = Asker { due: None, ..asker.clone() };
            let question = Question::plain(asker, KeyProof::Unproven);
            if let Truth::Is(_) = self.read(&token, &question, WITHIN).await?.truth {
                proof.note(&other);
                return Ok(());
            }
        }
        Ok(())
    }
}

async fn others(connection: &mut PgConnection, but: &Ref) -> Result<Vec<Ref>, sqlx::Error> {
    let refs = sqlx::query_scalar!(
        "SELECT ref FROM tokens
        WHERE status IN ('active', 'disabled') AND ref <> $1
        ORDER BY first_position DESC
        LIMIT $2",
        but.as_str(),
        PROBES_MAX,
    )
    .fetch_all(connection)
    .await?;
    Ok(refs.iter().filter_map(|text| Ref::parse(text).ok()).collect())
}

#[cfg(test)]
mod tests {
    use crate::readings::proof::Proof;
    use crate::token::KeyProof;
    use crate::vault::Ref;

    #[test]
    fn a_token_proves_nothing_of_its_own_absence() {
        let [a, b] = ["a", "b"].map(|c| Ref::parse(&format!("tok_test_{}", c.repeat(22))).unwrap());
        let mut proof = Proof::default();
        assert_eq!(proof.of(&a), KeyProof::Unproven);
        proof.note(&a);
        proof.note(&a);
        assert_eq!([proof.of(&a), proof.of(&b)], [KeyProof::Unproven, KeyProof::ReadAnotherToken]);
        proof.note(&b);
        assert_eq!(proof.of(&a), KeyProof::ReadAnotherToken);
    }
}
