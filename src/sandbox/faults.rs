//! What goes wrong on purpose. Every decision follows from the seed and a count, so that the same
//! calls in the same order meet the same faults.

use serde::Deserialize;
use serde::Serialize;
use sqlx::postgres::PgConnection;

use crate::sandbox::chance::Chance;
use crate::sandbox::chance::Draw;

/// What `GET|PUT /sandbox/faults` shows and takes. What is left out is no fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Faults {
    pub seed: u64,
    pub webhooks: WebhookFaults,
    pub api: ApiFaults,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct WebhookFaults {
    /// The same event is sent twice.
    pub duplicate: Chance,
    /// Never sent.
    pub drop: Chance,
    /// Each is held back for a time of its own up to this.
    pub shuffle_ms: u32,
    /// Each is held back so long.
    pub delay_ms: u32,
    /// A try is signed wrongly.
    pub bad_signature: Chance,
    /// The first try is over before the API call that caused it is answered.
    pub before_response: bool,
    /// A repetition shows the token as it is by then.
    pub rerender: Chance,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ApiFaults {
    /// 500, and nothing has happened.
    pub error_rate: Chance,
    /// No answer for a minute.
    pub timeout_rate: Chance,
    /// What was asked for happens, only the answer does not come.
    pub timeout_after_effect: bool,
    pub latency_ms: u32,
}

/// Held-back times end some day.
const HOLD_MS_MAX: u32 = 24 * 3_600_000;

impl Faults {
    /// A limit that is passed, by its name.
    pub(crate) fn refused(&self) -> Option<&'static str> {
        let times = [
            (self.webhooks.shuffle_ms, "webhooks.shuffle_ms"),
            (self.webhooks.delay_ms, "webhooks.delay_ms"),
            (self.api.latency_ms, "api.latency_ms"),
        ];
        times.into_iter().find(|(time, _)| *time > HOLD_MS_MAX).map(|(_, name)| name)
    }

    /// The decisions about one webhook.
    pub(crate) fn draw(&self, number: i64) -> Draw {
        Draw { seed: self.seed, number }
    }
}

impl ApiFaults {
    fn is_quiet(&self) -> bool {
        self.error_rate.is_never() && self.timeout_rate.is_never() && self.latency_ms == 0
    }
}

/// The faults as they are set, and the decisions about the call that asks.
pub(crate) async fn of_call(
    connection: &mut PgConnection,
) -> Result<Option<(ApiFaults, Draw)>, sqlx::Error> {
    let faults = read(&mut *connection).await?;
    if faults.api.is_quiet() {
        return Ok(None);
    }
    let number = sqlx::query_scalar!("UPDATE sandbox.faults SET calls = calls + 1 RETURNING calls")
        .fetch_one(connection)
        .await?;
    Ok(Some((faults.api, faults.draw(number))))
}

/// The number of the next webhook. Held until the transaction ends, so that they come in order.
pub(crate) async fn next_webhook(connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!("UPDATE sandbox.faults SET webhooks = webhooks + 1 RETURNING webhooks")
        .fetch_one(connection)
        .await
}

pub(crate) async fn read(connection: &mut PgConnection) -> Result<Faults, sqlx::Error> {
    let text = sqlx::query_scalar!(r#"SELECT settings::text AS "settings!" FROM sandbox.faults"#)
        .fetch_one(connection)
        .await?;
    serde_json::from_str(&text).map_err(|error| sqlx::Error::Decode(error.into()))
}

/// Sets them, and begins to count anew.
pub(crate) async fn set(connection: &mut PgConnection, faults: &Faults) -> Result<(), sqlx::Error> {
    let settings = serde_json::to_string(faults).expect("numbers and flags are JSON");
    sqlx::query!(
        "UPDATE sandbox.faults SET settings = $1::text::json, calls = 0, webhooks = 0",
        settings,
    )
    .execute(connection)
    .await?;
    Ok(())
}
