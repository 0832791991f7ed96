//! The floor: no rules, no projection, nothing sealed; a writer that inserts what came, in groups.
#![expect(clippy::disallowed_methods, reason = "its tables are not part of our migrations")]

use anyhow::Context;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::routing::post;
use chrono::DateTime;
use chrono::Utc;
use serde::Deserialize;
use serde_json::json;
use sqlx::Connection;
use sqlx::Executor;
use sqlx::PgConnection;
use tokenledger::clock::Clock;
use tokenledger::ledger::GROUP_MAX;
use tokenledger::ledger::QUEUE_MAX;
use tokenledger::smartpay::SigningSecret;
use tokio::sync::mpsc;
use tokio::sync::oneshot;

use crate::door;
use crate::options::Place;

const TABLES: &str = "
    CREATE TABLE inbox (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        received_at timestamptz NOT NULL,
        signature text NOT NULL,
        body bytea NOT NULL
    );
    CREATE TABLE events (
        position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        token text NOT NULL,
        type text NOT NULL,
        occurred_at timestamptz NOT NULL,
        recorded_at timestamptz NOT NULL,
        payload json NOT NULL,
        metadata json NOT NULL
    )";

#[derive(Clone)]
struct Door {
    queue: mpsc::Sender<Waiting>,
    secrets: std::sync::Arc<[SigningSecret]>,
    clock: Clock,
}

struct Waiting {
    received_at: DateTime<Utc>,
    signature: String,
    body: Bytes,
    token: String,
    kind: String,
    occurred_at: DateTime<Utc>,
    payload: String,
    metadata: String,
    answer: oneshot::Sender<()>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    id: String,
    event_data: EventData,
}

#[derive(Deserialize)]
struct EventData {
    r#type: String,
    data: Object,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Object {
    id: String,
    updated_at: i64,
}

pub(crate) async fn prepare(connection: &mut PgConnection) -> anyhow::Result<()> {
    connection.execute(TABLES).await.context("making the floor's tables")?;
    Ok(())
}

pub(crate) async fn count(connection: &mut PgConnection) -> anyhow::Result<i64> {
    Ok(sqlx::query_scalar("SELECT count(*) FROM events JOIN inbox ON number = position")
        .fetch_one(connection)
        .await?)
}

pub(crate) async fn serve(place: Place) -> anyhow::Result<()> {
    let connection = PgConnection::connect(&place.database_url).await?;
    let (queue, waiting) = mpsc::channel(QUEUE_MAX);
    let writer = tokio::spawn(write(connection, waiting));
    let door = Door { queue, secrets: door::secrets().into(), clock: Clock::system() };
    let routes = Router::new().route("/webhooks/smartpay/main", post(receive)).with_state(door);
    tokio::select! {
        served = door::serve(place.listen, routes) => served,
        written = writer => written?,
    }
}

async fn receive(State(door): State<Door>, headers: HeaderMap, body: Bytes) -> StatusCode {
    if !door::is_authentic(&door.secrets, &headers, &body) {
        return StatusCode::UNAUTHORIZED;
    }
    let Ok(Event { id, event_data }) = serde_json::from_slice(&body) else {
        return StatusCode::UNPROCESSABLE_ENTITY;
    };
    let signature = headers.get("smartpay-signature").and_then(|value| value.to_str().ok());
    let (answer, answered) = oneshot::channel();
    let waiting = Waiting {
        received_at: door.clock.now(),
        signature: signature.unwrap_or_default().to_owned(),
        body,
        payload: json!({
            "type": event_data.r#type, "at": event_data.data.updated_at, "basis": "notice"
        })
        .to_string(),
        metadata: json!({ "kind": "webhook", "id": id }).to_string(),
        token: event_data.data.id,
        kind: event_data.r#type,
        occurred_at: DateTime::from_timestamp_millis(event_data.data.updated_at)
            .unwrap_or_default(),
        answer,
    };
    if door.queue.send(waiting).await.is_ok() && answered.await.is_ok() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}

async fn write(
    mut connection: PgConnection,
    mut queue: mpsc::Receiver<Waiting>,
) -> anyhow::Result<()> {
    let mut group = Vec::with_capacity(GROUP_MAX);
    while queue.recv_many(&mut group, GROUP_MAX).await > 0 {
        insert(&mut connection, &group).await?;
        for waiting in group.drain(..) {
            // A caller that went away needs no answer.
            waiting.answer.send(()).ok();
        }
    }
    Ok(())
}

async fn insert(connection: &mut PgConnection, group: &[Waiting]) -> Result<(), sqlx::Error> {
    let mut tx = connection.begin().await?;
    sqlx::query(
        "INSERT INTO inbox (received_at, signature, body)
        SELECT * FROM unnest($1::timestamptz[], $2::text[], $3::bytea[])",
    )
    .bind(group.iter().map(|waiting| waiting.received_at).collect::<Vec<_>>())
    .bind(group.iter().map(|waiting| waiting.signature.as_str()).collect::<Vec<_>>())
    .bind(group.iter().map(|waiting| waiting.body.as_ref()).collect::<Vec<_>>())
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "INSERT INTO events (token, type, occurred_at, recorded_at, payload, metadata)
        SELECT token, type, occurred_at, received_at, payload::json, metadata::json
        FROM unnest(
            $1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::text[]
        ) AS new (token, type, occurred_at, received_at, payload, metadata)",
    )
    .bind(group.iter().map(|waiting| waiting.token.as_str()).collect::<Vec<_>>())
    .bind(group.iter().map(|waiting| waiting.kind.as_str()).collect::<Vec<_>>())
    .bind(group.iter().map(|waiting| waiting.occurred_at).collect::<Vec<_>>())
    .bind(group.iter().map(|waiting| waiting.received_at).collect::<Vec<_>>())
    .bind(group.iter().map(|waiting| waiting.payload.as_str()).collect::<Vec<_>>())
    .bind(group.iter().map(|waiting| waiting.metadata.as_str()).collect::<Vec<_>>())
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}
