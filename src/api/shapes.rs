//! The JSON of answers.

use chrono::DateTime;
use chrono::SecondsFormat;
use chrono::Utc;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value;
use utoipa::ToSchema;

use crate::journal::Entry;
use crate::projections::tokens::Standing;
use crate::projections::tokens::TokenRecord;
use crate::token::EVENT_VERSION;
use crate::token::Status;
use crate::token::UnusableReason;

#[derive(Serialize, ToSchema)]
#[schema(as = Token)]
pub(super) struct TokenShape {
    pub r#ref: String,
    pub token_id_masked: String,
    pub mode: &'static str,
    pub status: &'static str,
    pub usable: bool,
    #[schema(required = true)]
    pub unusable_reason: Option<&'static str>,
    #[schema(required = true)]
    pub consumer: Option<String>,
    pub attributed: bool,
    #[schema(required = true)]
    pub session_id: Option<String>,
    #[schema(required = true)]
    pub reference: Option<String>,
    pub sequence: i64,
    pub position: i64,
    #[schema(format = DateTime)]
    pub since: String,
    #[schema(format = DateTime)]
    pub occurred_at: String,
    #[schema(format = DateTime)]
    pub recorded_at: String,
    #[schema(format = DateTime, required = true)]
    pub provider_checked_at: Option<String>,
    #[schema(format = DateTime, required = true)]
    pub last_notice_at: Option<String>,
    pub anomalies: i32,
}

impl TokenShape {
    pub(super) fn of(record: TokenRecord, mode: &'static str) -> Self {
        let usability = record.usability();
        Self {
            status: record.status().as_str(),
            usable: usability.usable(),
            unusable_reason: usability.reason().map(UnusableReason::as_str),
            r#ref: record.reference,
            token_id_masked: record.masked_id,
            mode,
            attributed: record.consumer.is_some(),
            consumer: record.consumer,
            session_id: record.session,
            reference: record.merchant_reference,
            sequence: record.sequence,
            position: record.position,
            since: time(record.since),
            occurred_at: time(record.occurred_at),
            recorded_at: time(record.recorded_at),
            provider_checked_at: record.provider_checked_at.map(time),
            last_notice_at: record.last_notice_at.map(time),
            anomalies: record.anomalies,
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = Event)]
pub(super) struct EventShape {
    pub position: i64,
    pub r#ref: String,
    pub sequence: u64,
    pub r#type: &'static str,
    pub version: &'static str,
    pub basis: &'static str,
    #[schema(format = DateTime)]
    pub occurred_at: String,
    #[schema(format = DateTime)]
    pub recorded_at: String,
    pub cause: CauseShape,
    pub witnesses: i64,
    #[schema(value_type = Object)]
    pub data: Map<String, Value>,
    pub leaf_hash: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Cause)]
pub(super) struct CauseShape {
    pub kind: &'static str,
    pub id: String,
    pub input: String,
    #[schema(required = true)]
    pub actor: Option<String>,
    #[schema(required = true)]
    pub reason: Option<String>,
}

impl EventShape {
    pub(super) fn of(entry: &Entry, witnesses: i64) -> Self {
        Self {
            position: entry.position,
            r#ref: entry.reference.to_string(),
            sequence: entry.sequence,
            r#type: entry.event.kind().as_str(),
            version: EVENT_VERSION,
            basis: entry.event.basis().as_str(),
            occurred_at: time(entry.occurred_at),
            recorded_at: time(entry.recorded_at),
            cause: CauseShape {
                kind: entry.cause.kind.as_str(),
                id: entry.cause.id.clone(),
                input: format!("in_{}", entry.cause.input),
                actor: entry.cause.actor.clone(),
                reason: entry.cause.reason.clone(),
            },
            witnesses,
            data: data(entry),
            leaf_hash: hex::encode(entry.leaf_hash),
        }
    }
}

/// Whether one can be charged. By consumer, `ref` is the token that decides.
#[derive(Serialize, ToSchema)]
#[schema(as = Usability)]
pub(super) struct VerdictShape {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumer: Option<String>,
    #[schema(required = true)]
    pub r#ref: Option<String>,
    pub usable: bool,
    #[schema(required = true)]
    pub unusable_reason: Option<&'static str>,
    #[schema(required = true)]
    pub status: Option<&'static str>,
}

impl VerdictShape {
    pub(super) fn of(
        consumer: Option<String>,
        reference: Option<String>,
        standing: Option<&Standing>,
    ) -> Self {
        let usability = standing.map_or(Status::Unknown.usability(), Standing::usability);
        Self {
            consumer,
            r#ref: reference,
            usable: usability.usable(),
            unusable_reason: usability.reason().map(UnusableReason::as_str),
            status: standing.map(|standing| standing.status.as_str()),
        }
    }
}

/// Verdicts in the order of the request.
#[derive(Serialize, ToSchema)]
#[schema(as = Verdicts)]
pub(super) struct CheckShape {
    pub data: Vec<VerdictShape>,
    pub as_of: i64,
}

/// The list around rows.
#[derive(Serialize)]
pub(super) struct ListShape<T> {
    pub data: Vec<T>,
    pub next_cursor: Option<String>,
    pub has_more: bool,
    pub as_of: i64,
}

/// RFC 3339 in UTC, to the microsecond where there is one.
pub(super) fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// The payload without what stands beside it already.
fn data(entry: &Entry) -> Map<String, Value> {
    let mut data: Map<String, Value> =
        serde_json::from_str(&entry.payload).expect("a payload was decoded from this text");
    for shown in ["type", "at", "basis"] {
        data.remove(shown);
    }
    data
}
