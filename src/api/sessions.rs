//! Checkout sessions: how a token comes to be.

use std::sync::Arc;

use axum::Json;
use axum::extract::Request;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value;
use sqlx::postgres::PgConnection;
use utoipa::ToSchema;

use crate::api::App;
use crate::api::changes::Asked;
use crate::api::intents;
use crate::api::intents::unavailable;
use crate::api::object;
use crate::api::object::REQUEST_BYTES_MAX;
use crate::api::problem::Problem;
use crate::api::session_fields;
use crate::api::shapes::TokenShape;
use crate::api::tokens::at;
use crate::api::wrap::no_parameters;
use crate::ledger::intents::Intent;
use crate::ledger::intents::IntentKind;
use crate::ledger::intents::IntentState;
use crate::outbox;
use crate::outbox::Left;
use crate::outbox::Order;
use crate::outbox::SessionOrder;
use crate::projections::tokens;
use crate::returns::Way;

/// It stands, sealed, in the address by which the shopper comes back.
const TOO_LONG: &str = "is too long to be carried through Smartpay: about 1,300 characters will do";

const FIELDS: [&str; 7] =
    ["consumer", "success_url", "cancel_url", "reference", "metadata", "locale", "customer_info"];

/// A session, and the token that it saves.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub(super) struct SessionShape {
    pub session_id: String,
    /// Send the shopper there. Whoever has it can be that shopper.
    pub url: String,
    pub token: TokenShape,
}

/// `POST /v1/checkout-sessions`: 201 once Smartpay has made it and the ledger knows whose it is.
pub(super) async fn create(
    State(app): State<Arc<App>>,
    request: Request,
) -> Result<Response, Problem> {
    no_parameters(request.uri())?;
    let asked = Asked::of(&request);
    let headers = request.headers().clone();
    let fields = object::read(&headers, request.into_body(), REQUEST_BYTES_MAX, &FIELDS).await?;
    let session = order(&app, &fields)?;
    let order = Order {
        kind: IntentKind::CreateSession,
        reference: None,
        session: Some(&session),
        actor: &asked.actor,
        reason: None,
        request_id: Some(&asked.request_id),
    };
    let (intent, left) = intents::perform(&app, &order).await?;
    match intent.state {
        IntentState::Settled => made(&app, &intent).await,
        IntentState::Open | IntentState::Unresolved if left == Left::OddAnswer => {
            Err(unavailable(format!(
                "Smartpay's answer could not be understood. Whether there is a session will be \
                 found out: see {}. The same request, sent again, makes no second one",
                intents::place(&intent)
            )))
        }
        IntentState::Open | IntentState::Unresolved => Ok(intents::accepted(&intent)),
        IntentState::Refused | IntentState::NotCreated | IntentState::Overtaken => {
            Err(intents::refused(&intent))
        }
    }
}

fn order(app: &App, fields: &Map<String, Value>) -> Result<SessionOrder, Problem> {
    let public_url = app.public_url.clone().ok_or_else(|| {
        unavailable("shoppers have no way back to this service: set TOKENLEDGER_PUBLIC_URL")
    })?;
    let local = public_url.starts_with("http://");
    let url = |name| session_fields::url(fields, name, &app.return_hosts, local);
    let order = SessionOrder {
        consumer: session_fields::consumer(fields)?,
        reference: session_fields::reference(fields)?,
        success_url: url("success_url")?,
        cancel_url: url("cancel_url")?,
        locale: session_fields::locale(fields)?,
        metadata: session_fields::metadata(fields)?,
        customer_info: session_fields::customer_info(fields)?,
        public_url,
    };
    for (name, way) in [("/success_url", Way::Success), ("/cancel_url", Way::Cancel)] {
        if order.is_too_long(way, &app.vault) {
            return Err(Problem::validation(name, TOO_LONG));
        }
    }
    Ok(order)
}

async fn made(app: &App, intent: &Intent) -> Result<Response, Problem> {
    let reference = intent.reference.as_ref().ok_or_else(Problem::internal)?;
    let session_id = intent.session.clone().ok_or_else(Problem::internal)?;
    let Some(page) = outbox::page(&app.vault, intent)? else {
        return Ok(intents::accepted(intent));
    };
    let question = async |connection: &mut PgConnection| tokens::find(connection, reference).await;
    let answer = app.readers.answer(question).await?;
    let record = answer.found.ok_or_else(Problem::internal)?;
    let shape = SessionShape {
        session_id,
        url: page.expose_secret().to_owned(),
        token: TokenShape::of(record, app.mode.as_str()),
    };
    let headers = [
        (header::LOCATION, format!("/v1/tokens/{reference}")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok(at(answer.as_of, (StatusCode::CREATED, headers, Json(shape)).into_response()))
}
