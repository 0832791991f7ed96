//! Reading a token at Smartpay now: after a refused charge, say.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::Path;
use axum::extract::Request;
use axum::extract::State;
use axum::extract::rejection::PathRejection;
use axum::response::Response;

use crate::api::App;
use crate::api::changes::Asked;
use crate::api::changes::done;
use crate::api::changes::expect_version;
use crate::api::intents;
use crate::api::intents::unavailable;
use crate::api::object;
use crate::api::problem::Problem;
use crate::api::tokens::reference;
use crate::api::wrap::no_parameters;
use crate::journal::CauseKind;
use crate::ledger::Asker;
use crate::readings::ReadError;
use crate::readings::Truth;

/// Somebody waits.
const WITHIN: Duration = Duration::from_secs(8);

/// `POST /v1/tokens/{ref}/refresh`: 200 with the token as it is once the answer is recorded.
pub(super) async fn refresh(
    State(app): State<Arc<App>>,
    path: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, Problem> {
    no_parameters(request.uri())?;
    let reference = reference(path)?;
    let asked = Asked::of(&request);
    let headers = request.headers().clone();
    object::refuse_body(request.into_body()).await?;
    expect_version(&app, &reference, &headers).await?;
    let reader = &intents::outbox(&app)?.reader;
    let token = reader.identify(&reference).await?.ok_or_else(Problem::not_found)?;
    let whose = Asker {
        kind: CauseKind::Api,
        id: asked.request_id.to_string(),
        actor: Some(asked.actor),
        reason: None,
        due: None,
    };
    match reader.read_now(&token, &whose, WITHIN).await.map_err(not_read)?.truth {
        Truth::Is(_) | Truth::Absent => done(&app, &reference).await,
        Truth::NotFound => Err(unavailable(
            "Smartpay does not find the token, nor any other of this ledger: is the key of this \
             account?",
        )),
        Truth::Unclear => {
            Err(unavailable("Smartpay's answer says nothing clear about the token; try again"))
        }
    }
}

fn not_read(error: ReadError) -> Problem {
    match error {
        ReadError::NoAnswer => unavailable("Smartpay could not be reached; try again"),
        ReadError::KeyRefused => {
            unavailable("Smartpay does not take this service's key; who runs it must look")
        }
        ReadError::NotRecorded(refused) => Problem::busy(&format!("{refused}; send it again")),
        ReadError::Database(error) => error.into(),
        ReadError::Record(error) => error.into(),
    }
}
