//! From a ref to the Smartpay token id: the one route that gives an id out, and each time an act.

use std::sync::Arc;

use axum::Extension;
use axum::Json;
use axum::extract::Path;
use axum::extract::Request;
use axum::extract::State;
use axum::extract::rejection::PathRejection;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use serde_json::json;
use sqlx::Connection;

use crate::api::App;
use crate::api::auth::Caller;
use crate::api::changes::reason;
use crate::api::object;
use crate::api::object::REQUEST_BYTES_MAX;
use crate::api::problem::Problem;
use crate::api::tokens::at;
use crate::api::tokens::reference;
use crate::api::wrap::no_parameters;
use crate::ledger::acts;
use crate::ledger::acts::NewAct;
use crate::vault;

/// `POST /v1/tokens/{ref}/reveal` `{"reason"}` → `{"ref","token_id"}`. The act is on disk before
/// the id leaves.
pub(super) async fn reveal(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    no_parameters(&parts.uri)?;
    let reference = reference(path)?;
    let fields = object::read(&parts.headers, body, REQUEST_BYTES_MAX, &["reason"]).await?;
    let reason = reason(&fields)?;
    let mut connection = app.pool.acquire().await?;
    let id = vault::store::token_id(&mut connection, &app.vault, &reference).await?;
    let id = id.ok_or_else(|| Problem::not_found().decided())?;
    let details = json!({ "ref": reference });
    let actor = format!("key {}", caller.key_id);
    let act = NewAct { kind: "reveal", actor: &actor, reason: &reason, details: &details };
    let mut tx = connection.begin().await?;
    let recorded = acts::record(&mut tx, &act, app.clock.now()).await?;
    tx.commit().await?;
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    let found = json!({ "ref": reference, "token_id": id.expose() });
    Ok(at(recorded.position, (no_store, Json(found)).into_response()))
}
