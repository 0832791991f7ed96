//! The stock path: `postgres_es::postgres_cqrs` with one `GenericQuery`, as its guide shows it.
#![expect(clippy::disallowed_methods, reason = "its tables are not part of our migrations")]

use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::routing::post;
use cqrs_es::AggregateError;
use cqrs_es::persist::GenericQuery;
use postgres_es::PostgresCqrs;
use postgres_es::PostgresViewRepository;
use postgres_es::postgres_cqrs;
use sqlx::Executor;
use sqlx::PgConnection;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokenledger::clock::Clock;
use tokenledger::smartpay::Expected;
use tokenledger::smartpay::Mode;
use tokenledger::smartpay::SigningSecret;
use tokenledger::smartpay::notice;
use tokenledger::smartpay::notice::Message;
use tokenledger::token::Command;
use tokenledger::token::ProviderTime;
use tokenledger::token::Token;
use tokenledger::token::TokenView;

use crate::door;
use crate::options::Place;

/// As many as the pool of our service has.
const CONNECTIONS: u32 = 16;
/// How often a command that met another of its stream is tried.
const TRIES_MAX: u32 = 20;
const DAY_MS: i64 = 86_400_000;

const TABLES: &str = "
    CREATE TABLE events (
        aggregate_type text NOT NULL,
        aggregate_id text NOT NULL,
        sequence bigint CHECK (sequence >= 0) NOT NULL,
        event_type text NOT NULL,
        event_version text NOT NULL,
        payload json NOT NULL,
        metadata json NOT NULL,
        PRIMARY KEY (aggregate_type, aggregate_id, sequence)
    );
    CREATE TABLE token_view (
        view_id text NOT NULL,
        version bigint CHECK (version >= 0) NOT NULL,
        payload json NOT NULL,
        PRIMARY KEY (view_id)
    )";

struct Door {
    cqrs: PostgresCqrs<Token>,
    secrets: Vec<SigningSecret>,
    clock: Clock,
}

/// Events, and view updates that never happened.
pub(crate) struct Counted {
    pub(crate) events: i64,
    pub(crate) views_lost: i64,
}

pub(crate) async fn prepare(connection: &mut PgConnection) -> anyhow::Result<()> {
    connection.execute(TABLES).await.context("making the stock tables")?;
    Ok(())
}

/// The view counts its updates: each command here is one event and so one update.
pub(crate) async fn count(connection: &mut PgConnection) -> anyhow::Result<Counted> {
    let (events, updates): (i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM events),
            (SELECT coalesce(sum(version), 0)::bigint FROM token_view)",
    )
    .fetch_one(connection)
    .await?;
    Ok(Counted { events, views_lost: events - updates })
}

pub(crate) async fn serve(place: Place) -> anyhow::Result<()> {
    let pool: PgPool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .min_connections(CONNECTIONS)
        .test_before_acquire(false)
        .connect(&place.database_url)
        .await?;
    let views = PostgresViewRepository::<TokenView, Token>::new("token_view", pool.clone());
    let cqrs = postgres_cqrs(pool, vec![Box::new(GenericQuery::new(Arc::new(views)))], ());
    let door = Door { cqrs, secrets: door::secrets(), clock: Clock::system() };
    let routes =
        Router::new().route("/webhooks/smartpay/main", post(receive)).with_state(Arc::new(door));
    door::serve(place.listen, routes).await
}

async fn receive(State(door): State<Arc<Door>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    if !door::is_authentic(&door.secrets, &headers, &body) {
        return StatusCode::UNAUTHORIZED;
    }
    let received_at = ProviderTime::from_millis(door.clock.now().timestamp_millis());
    let expected = Expected { mode: Mode::Test, received_at, window_ms: DAY_MS };
    let Ok(Message::Token { token, notice, .. }) = notice::read(&body, &expected) else {
        return StatusCode::UNPROCESSABLE_ENTITY;
    };
    for _ in 0..TRIES_MAX {
        match door.cqrs.execute(token.expose(), Command::Notice(notice.clone())).await {
            Ok(()) => return StatusCode::OK,
            Err(AggregateError::AggregateConflict) => {}
            Err(_) => return StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
    StatusCode::CONFLICT
}
