//! Creating a session, which creates a token.

use std::fmt;
use std::sync::Arc;

use anyhow::Context;
use chrono::TimeDelta;
use secrecy::ExposeSecret;
use serde_json::Map;
use serde_json::Value;

use crate::ledger::Answered;
use crate::ledger::Authority;
use crate::ledger::Claimed;
use crate::ledger::Identified;
use crate::ledger::Says;
use crate::ledger::SessionMade;
use crate::ledger::Submission;
use crate::ledger::intents::Intent;
use crate::ledger::intents::IntentId;
use crate::outbox::CALL_WITHIN;
use crate::outbox::Left;
use crate::outbox::Outbox;
use crate::outbox::asker;
use crate::outbox::keep::Sent;
use crate::outbox::keep::refusal;
use crate::readings::Point;
use crate::readings::Question;
use crate::returns::State;
use crate::returns::Way;
use crate::smartpay::Reason;
use crate::smartpay::client::Call;
use crate::smartpay::client::Locale;
use crate::smartpay::client::NewSession;
use crate::smartpay::client::answer;
use crate::smartpay::client::answer::Session;
use crate::token::Claim;
use crate::token::ClaimOrigin;
use crate::token::Consumer;
use crate::token::KeyProof;
use crate::token::ProviderTime;
use crate::token::Reference;
use crate::vault::NO_TOKEN;
use crate::vault::Place;
use crate::vault::Vault;

/// Names the intent in the session's metadata: a session whose answer was lost is found by it.
pub const METADATA_INTENT: &str = "tokenledger_intent";
/// Smartpay's own limit is unknown; longer ones do not reach everywhere on the web.
const RETURN_URL_CHARS_MAX: usize = 2_048;
/// The reason that its claim gives.
const WHY: &str = "checkout session";
/// After its end a session is looked at this much later.
const AFTER_EXPIRY: TimeDelta = TimeDelta::minutes(10);

/// A session as the merchant wants it.
pub struct SessionOrder {
    pub consumer: Consumer,
    pub reference: Option<Reference>,
    /// Where shoppers reach this service: they come back here first.
    pub public_url: Arc<str>,
    pub success_url: String,
    pub cancel_url: String,
    pub locale: Option<Locale>,
    pub metadata: Map<String, Value>,
    /// Passes through; it is kept sealed with the open intent and nowhere else.
    pub customer_info: Map<String, Value>,
}

impl SessionOrder {
    /// Whether the address by which the shopper comes back one way is as long as one may be.
    pub fn is_too_long(&self, way: Way, vault: &Vault) -> bool {
        self.return_url(way, &IntentId::random(), vault).len() > RETURN_URL_CHARS_MAX
    }

    /// Where Smartpay sends the shopper: to us, with the merchant's own URL sealed in it.
    fn return_url(&self, way: Way, intent: &IntentId, vault: &Vault) -> String {
        let url = match way {
            Way::Success => &self.success_url,
            Way::Cancel => &self.cancel_url,
        };
        let state = State { intent: intent.clone(), way, url: url.clone() };
        format!("{}/return/{}", self.public_url, state.seal(vault))
    }

    /// The bytes of the request, the same for every try.
    pub(super) fn body(&self, intent: &IntentId, vault: &Vault) -> Vec<u8> {
        let mut metadata = self.metadata.clone();
        metadata.insert(METADATA_INTENT.to_owned(), intent.to_string().into());
        let session = NewSession {
            success_url: self.return_url(Way::Success, intent, vault),
            cancel_url: self.return_url(Way::Cancel, intent, vault),
            customer_info: self.customer_info.clone(),
            reference: self.reference.clone(),
            metadata,
            locale: self.locale,
        };
        session.to_body()
    }
}

impl Outbox {
    pub(super) async fn create(&self, intent: &Intent) -> anyhow::Result<Left> {
        let sealed = intent.sealed_request.as_ref().context("the request is destroyed already")?;
        let place = Place { table: "intents", row: intent.id.as_str(), field: "request" };
        let body = self.reader.vault.unseal(&place, NO_TOKEN, &intent.salt, sealed)?;
        let call = Call::create_session(body, &intent.id.idempotency_key());
        let asker = asker(intent);
        let sent = match self.send(intent, &call, None, &asker).await? {
            Ok(sent) => sent,
            Err(left) => return Ok(left),
        };
        match answer::session(sent.answer.received(), None, &self.reader.expected()) {
            Ok(session) => self.made(intent, &session, &sent).await,
            Err(wrong) => {
                let ends = refusal(&sent.answer, &wrong);
                let says = match ends {
                    Some(_) => Says::Nothing,
                    None => Says::Unclear(Reason::from(&wrong)),
                };
                self.keep(intent, &sent, says, ends).await?;
                Ok(Left::OddAnswer)
            }
        }
    }

    /// The session is there: the claim that follows from its answer ends the intent.
    pub(super) async fn made(
        &self,
        intent: &Intent,
        session: &Session,
        sent: &Sent<'_>,
    ) -> anyhow::Result<Left> {
        let reference = self.reader.vault.reference(&session.token);
        let token = Identified { id: session.token.clone(), reference };
        let claim = Claim {
            token_created_at: self.created_at(intent, session, &token, sent).await,
            session: Some(session.id.clone()),
            consumer: intent.consumer.clone(),
            reference: intent.merchant_reference.clone(),
            origin: ClaimOrigin::SessionResponse,
        };
        let expires_at = session.expires_at.map(ProviderTime::to_datetime);
        let page =
            self.seal(&intent.id, &intent.salt, "page", session.url.expose_secret().as_bytes());
        let body = sent.kept.body(&sent.answer);
        let claimed = Claimed {
            token,
            claim,
            authority: Authority { actor: intent.actor.clone(), reason: WHY.to_owned() },
            run: Some(intent.id.to_string()),
            digest: Answered::digest(&body),
            body,
            received_at: sent.answer.answered_at,
            made: Some(SessionMade {
                intent: intent.id.clone(),
                call: sent.kept.name(&sent.answer),
                session: session.id.clone(),
                expires_at,
                check_at: expires_at.map(|at| at + AFTER_EXPIRY),
                sealed_page: page,
            }),
        };
        self.reader.points.pass(Point::BeforeSettlement).await;
        self.reader.ledger.submit(Submission::Claim(claimed)).await?;
        self.reader.points.pass(Point::AfterSettlement).await;
        Ok(Left::Nothing)
    }

    /// That of the token: in the answer to a new session, but not in one that is asked for again.
    /// As the last resort it is when we heard of it.
    async fn created_at(
        &self,
        intent: &Intent,
        session: &Session,
        token: &Identified,
        sent: &Sent<'_>,
    ) -> ProviderTime {
        let told = session.object.as_ref().and_then(|object| object.as_ref().ok()?.created_at);
        let heard = ProviderTime::from_millis(sent.answer.answered_at.timestamp_millis());
        if let Some(told) = told {
            return told;
        }
        let question = Question::plain(asker(intent), KeyProof::Unproven);
        let read = self.reader.read(token, &question, CALL_WITHIN).await;
        read.ok().and_then(|read| read.created_at).unwrap_or(heard)
    }
}

/// Shows nothing of the shopper, nor of the return URLs.
impl fmt::Debug for SessionOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionOrder").field("consumer", &self.consumer).finish_non_exhaustive()
    }
}
