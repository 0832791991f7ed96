//! The measure: axum and one select by primary key through sqlx, of one token or of many. No key, no
//! log, no head, no joins.
#![expect(clippy::disallowed_methods, reason = "the plainest way, as anyone would write it first")]

use std::net::SocketAddr;

use axum::Json;
use axum::Router;
use axum::extract::Path;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::routing::post;
use axum::serve::ListenerExt;
use serde::Deserialize;
use serde::Serialize;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio::net::TcpListener;

/// As many as the service's pool has.
const CONNECTIONS: u32 = 16;

#[derive(Serialize, sqlx::FromRow)]
struct Token {
    r#ref: String,
    status: String,
    consumer: Option<String>,
    sequence: i64,
    position: i64,
}

#[derive(Deserialize)]
struct Wanted {
    tokens: Vec<String>,
}

pub(crate) async fn serve(url: &str, listen: SocketAddr) -> anyhow::Result<()> {
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .min_connections(CONNECTIONS)
        .test_before_acquire(false)
        .connect(url)
        .await?;
    let routes = Router::new().route("/tokens/{ref}", get(one)).route("/checks", post(many));
    let routes = routes.with_state(pool);
    let listener = TcpListener::bind(listen).await?.tap_io(|stream| {
        stream.set_nodelay(true).ok();
    });
    Ok(axum::serve(listener, routes).await?)
}

async fn one(
    State(pool): State<PgPool>,
    Path(reference): Path<String>,
) -> Result<Json<Token>, StatusCode> {
    let token = sqlx::query_as(
        "SELECT ref, status, consumer, sequence, position FROM ledger.tokens WHERE ref = $1",
    )
    .bind(reference)
    .fetch_optional(&pool)
    .await
    .map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    token.map(Json).ok_or(StatusCode::NOT_FOUND)
}

async fn many(
    State(pool): State<PgPool>,
    Json(wanted): Json<Wanted>,
) -> Result<Json<Vec<Token>>, StatusCode> {
    let tokens = sqlx::query_as(
        "SELECT ref, status, consumer, sequence, position FROM ledger.tokens WHERE ref = ANY($1)",
    )
    .bind(wanted.tokens)
    .fetch_all(&pool)
    .await
    .map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    Ok(Json(tokens))
}
