//! What Smartpay says: webhook bodies of any token, and claims of ours.

use serde_json::Value;
use serde_json::json;
use sha2::Digest;
use sha2::Sha256;
use tokenledger::smartpay::notice::kind_of;
use tokenledger::token::Claim;
use tokenledger::token::ClaimOrigin;
use tokenledger::token::Consumer;
use tokenledger::token::Happened;
use tokenledger::token::Said;
use tokenledger::token::SessionId;

use crate::bodies::NOW_MS;
use crate::bodies::TOKEN_ID;
use crate::bodies::TYPE;
use crate::bodies::base;
use crate::bodies::set;
use crate::token_inputs::ms;

/// When all tokens of tests were created.
pub(crate) const BORN: i64 = NOW_MS - 600_000;

/// A webhook with every time and the status of its body chosen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told<'a> {
    pub(crate) token: &'a str,
    pub(crate) happened: Happened,
    pub(crate) said: Said,
    pub(crate) updated_at: i64,
    pub(crate) created_at: i64,
}

impl Told<'_> {
    pub(crate) fn body(&self) -> Value {
        let mut body = about(self.token, kind_of(self.happened), self.created_at);
        set(&mut body, "/eventData/data/updatedAt", Some(json!(self.updated_at)));
        set(&mut body, "/eventData/data/status", Some(json!(self.said.as_str())));
        let event_id = event_id(&body);
        set(&mut body, "/id", Some(json!(event_id)));
        body
    }
}

/// The id of the test token of this number.
pub(crate) fn token_id(number: u64) -> String {
    format!("paytok_test_{number:022}")
}

/// A webhook rendered when it happened.
pub(crate) fn told(token: &str, happened: Happened, at: i64) -> Value {
    let said = happened.implies();
    Told { token, happened, said, updated_at: at, created_at: at + 5 }.body()
}

pub(crate) fn approved(token: &str) -> Value {
    told(token, Happened::Approved, NOW_MS - 1_000)
}

/// A charge made with the token.
pub(crate) fn used(token: &str, at: i64) -> Value {
    let mut body = about(token, "token.used", at);
    let event_id = event_id(&body);
    set(&mut body, "/id", Some(json!(event_id)));
    body
}

/// What a session response tells us.
pub(crate) fn claim(session: &str, consumer: &str) -> Claim {
    Claim {
        token_created_at: ms(BORN),
        session: Some(SessionId::parse(&format!("checkout_test_{session}")).unwrap()),
        consumer: Some(Consumer::parse(consumer).unwrap()),
        reference: None,
        origin: ClaimOrigin::SessionResponse,
    }
}

fn about(token: &str, kind: &str, created_at: i64) -> Value {
    let mut body = base();
    set(&mut body, TYPE, Some(json!(kind)));
    set(&mut body, TOKEN_ID, Some(json!(token)));
    set(&mut body, "/createdAt", Some(json!(created_at)));
    set(&mut body, "/eventData/data/createdAt", Some(json!(BORN)));
    body
}

/// Another body has another id, unless a test says otherwise.
fn event_id(body: &Value) -> String {
    let mut digest = hex::encode(Sha256::digest(body.to_string()));
    digest.truncate(22);
    format!("evt_test_{digest}")
}
