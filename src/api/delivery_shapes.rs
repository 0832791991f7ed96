//! The JSON of deliveries: no body, no token id.

use serde::Serialize;
use utoipa::ToSchema;

use crate::api::shapes::time;
use crate::ledger::inbox::DeliveryDetails;
use crate::ledger::inbox::DeliveryRecord;
use crate::ledger::inbox::GivenVerdict;

#[derive(Serialize, ToSchema)]
#[schema(as = Delivery)]
pub(super) struct DeliveryShape {
    pub id: String,
    pub endpoint: String,
    #[schema(required = true)]
    pub event_id: Option<String>,
    #[schema(required = true)]
    pub r#type: Option<String>,
    #[schema(format = DateTime)]
    pub received_at: String,
    #[schema(format = DateTime)]
    pub recorded_at: String,
    /// The verdict that holds now, and why.
    pub verdict: String,
    #[schema(required = true)]
    pub reason: Option<String>,
    pub copies: i64,
    pub conflict: bool,
    #[schema(required = true)]
    pub position: Option<i64>,
    #[schema(required = true)]
    pub r#ref: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = DeliveryDetails)]
pub(super) struct DeliveryDetailsShape {
    #[serde(flatten)]
    pub delivery: DeliveryShape,
    pub verdicts: Vec<GivenVerdictShape>,
    /// When the first hundred copies came.
    pub copies_received_at: Vec<String>,
    /// SHA-256 of the body.
    pub digest: String,
    pub signed_at: String,
    pub key_variant: String,
    pub secret_fingerprint: String,
    /// False once the body was destroyed.
    pub body_kept: bool,
}

/// One of the verdicts that were given in the course of time.
#[derive(Serialize, ToSchema)]
#[schema(as = GivenVerdict)]
pub(super) struct GivenVerdictShape {
    pub verdict: String,
    #[schema(required = true)]
    pub reason: Option<String>,
    #[schema(required = true)]
    pub position: Option<i64>,
    #[schema(format = DateTime)]
    pub recorded_at: String,
}

impl DeliveryShape {
    pub(super) fn of(record: DeliveryRecord) -> Self {
        Self {
            id: record.id(),
            endpoint: record.endpoint,
            event_id: record.event_id,
            r#type: record.kind,
            received_at: time(record.received_at),
            recorded_at: time(record.recorded_at),
            verdict: record.verdict,
            reason: record.reason,
            copies: record.copies,
            conflict: record.conflict,
            position: record.position,
            r#ref: record.reference,
        }
    }
}

impl DeliveryDetailsShape {
    pub(super) fn of(details: DeliveryDetails) -> Self {
        let DeliveryDetails { record, proof, verdicts, copies_received_at } = details;
        Self {
            delivery: DeliveryShape::of(record),
            verdicts: verdicts.into_iter().map(GivenVerdictShape::of).collect(),
            copies_received_at: copies_received_at.into_iter().map(time).collect(),
            digest: hex::encode(proof.digest),
            signed_at: proof.signature_timestamp,
            key_variant: proof.key_variant,
            secret_fingerprint: proof.secret_fingerprint,
            body_kept: proof.body_kept,
        }
    }
}

impl GivenVerdictShape {
    fn of(given: GivenVerdict) -> Self {
        Self {
            verdict: given.verdict,
            reason: given.reason,
            position: given.position,
            recorded_at: time(given.recorded_at),
        }
    }
}
