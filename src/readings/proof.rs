//! Whether the secret key is that of this ledger's account: it has read tokens of this ledger.

use crate::token::KeyProof;
use crate::vault::Ref;

/// Two of the tokens that the key has read. A 404 needs one that is not the token itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proof {
    read: Option<Ref>,
    another: Option<Ref>,
}

impl Proof {
    /// A token that this ledger holds was read.
    pub(crate) fn note(&mut self, reference: &Ref) {
        match &self.read {
            None => self.read = Some(reference.clone()),
            Some(read) if read != reference => {
                self.another.get_or_insert_with(|| reference.clone());
            }
            Some(_) => {}
        }
    }

    pub(crate) fn is_there(&self) -> bool {
        self.read.is_some()
    }

    /// For the 404 of this token.
    pub(crate) fn of(&self, absent: &Ref) -> KeyProof {
        let others = [&self.read, &self.another];
        if others.into_iter().flatten().any(|read| read != absent) {
            KeyProof::ReadAnotherToken
        } else {
            KeyProof::Unproven
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::reconcile::proof::Proof;
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
