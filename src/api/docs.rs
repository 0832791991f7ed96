//! The interface's document, and a page to read and try it. Nothing of it comes from elsewhere.

use std::sync::Arc;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use utoipa_swagger_ui::Config;

use crate::api::openapi;
use crate::api::problem::Problem;

const DOCUMENT: &str = "/openapi.json";
/// The page may load and ask this service only.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     frame-ancestors 'none'";

/// `GET /openapi.json`.
pub(super) async fn document() -> Response {
    static TEXT: LazyLock<String> = LazyLock::new(|| openapi().to_string());
    ([(header::CONTENT_TYPE, "application/json")], TEXT.as_str()).into_response()
}

/// `GET /docs`: the page's files lie beside it.
pub(super) async fn redirect() -> Redirect {
    Redirect::permanent("/docs/")
}

/// `GET /docs/`.
pub(super) async fn index() -> Result<Response, Problem> {
    page("index.html")
}

/// `GET /docs/{*file}`.
pub(super) async fn file(Path(file): Path<String>) -> Result<Response, Problem> {
    page(&file)
}

fn page(file: &str) -> Result<Response, Problem> {
    let config = Config::from(DOCUMENT).validator_url("none");
    match utoipa_swagger_ui::serve(file, Arc::new(config)) {
        Ok(Some(found)) => {
            let headers = [
                (header::CONTENT_TYPE, found.content_type.as_str()),
                (header::CONTENT_SECURITY_POLICY, POLICY),
            ];
            Ok((StatusCode::OK, headers, found.bytes.into_owned()).into_response())
        }
        Ok(None) => Err(Problem::not_found()),
        Err(error) => {
            tracing::error!(%error, "the page of the interface could not be made");
            Err(Problem::internal())
        }
    }
}
