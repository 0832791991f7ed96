//! A claim as an input: what we know of a token, kept like everything that came from outside.

use chrono::DateTime;
use chrono::Utc;
use serde_json::json;
use sha2::Digest;
use sha2::Sha256;

use crate::ledger::Identified;
use crate::ledger::import::Line;
use crate::ledger::import::Run;
use crate::ledger::intents::IntentId;
use crate::smartpay::TokenId;
use crate::token::Claim;
use crate::token::ProviderTime;
use crate::token::SessionId;
use crate::vault::Vault;

/// Our own knowledge of whose a token is.
#[derive(Clone, Debug)]
pub struct Claimed {
    pub token: Identified,
    pub claim: Claim,
    pub authority: Authority,
    /// What it is a part of; without, it stands for itself.
    pub run: Option<String>,
    pub body: Vec<u8>,
    pub digest: [u8; 32],
    pub received_at: DateTime<Utc>,
    /// The answer to our own session, which ends its intent.
    pub made: Option<SessionMade>,
}

/// What the answer to a new session gives beside the claim.
#[derive(Clone, Debug)]
pub struct SessionMade {
    pub intent: IntentId,
    /// The call, and the status of its answer.
    pub call: String,
    pub session: SessionId,
    pub expires_at: Option<DateTime<Utc>>,
    /// When it is looked at, if nothing else is heard of it.
    pub check_at: Option<DateTime<Utc>>,
    /// Where the shopper goes, sealed for the intent.
    pub sealed_page: Vec<u8>,
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
        Self { token, claim, authority, run: None, body, digest, received_at, made: None }
    }

    /// A line of a file.
    pub fn imported(vault: &Vault, line: Line, run: &Run, received_at: DateTime<Utc>) -> Self {
        let body = line.canonical();
        let digest = Sha256::digest(&body).into();
        let claim = line.claim(ProviderTime::from_millis(received_at.timestamp_millis()));
        let token = Identified { reference: vault.reference(&line.id), id: line.id };
        let (authority, run) = (run.authority.clone(), Some(run.id.clone()));
        Self { token, claim, authority, run, body, digest, received_at, made: None }
    }
}
