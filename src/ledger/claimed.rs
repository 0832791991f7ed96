//! A claim as an input: what we know of a token, kept like everything that came from outside.

use chrono::DateTime;
use chrono::Utc;
use serde_json::json;
use sha2::Digest;
use sha2::Sha256;

use crate::ledger::Identified;
use crate::smartpay::TokenId;
use crate::token::Claim;
use crate::vault::Vault;

/// Our own knowledge of whose a token is.
#[derive(Clone, Debug)]
pub struct Claimed {
    pub token: Identified,
    pub claim: Claim,
    pub actor: String,
    pub reason: String,
    pub body: Vec<u8>,
    pub digest: [u8; 32],
    pub received_at: DateTime<Utc>,
}

/// On whose word, and why.
#[derive(Clone, Debug)]
pub struct Authority {
    pub actor: String,
    pub reason: String,
}

impl Claimed {
    pub fn new(
        vault: &Vault,
        id: TokenId,
        claim: Claim,
        authority: Authority,
        received_at: DateTime<Utc>,
    ) -> Self {
        let body = json!({
            "token_id": id.expose(),
            "session_id": claim.session,
            "consumer": claim.consumer,
            "reference": claim.reference,
            "token_created_at": claim.token_created_at.millis(),
        });
        let body = body.to_string().into_bytes();
        let digest = Sha256::digest(&body).into();
        let token = Identified { reference: vault.reference(&id), id };
        let Authority { actor, reason } = authority;
        Self { token, claim, actor, reason, body, digest, received_at }
    }
}
