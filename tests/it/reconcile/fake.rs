//! A Smartpay that answers whatever it is told to, over real HTTP.

use std::sync::Arc;
use std::sync::Mutex;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::Value;
use serde_json::json;
use tokenledger::token::Said;
use tokio::net::TcpListener;

use crate::bodies::NOW_MS;

pub(crate) type Answer = (u16, Value);

/// No answer, ever.
pub(crate) const SILENCE: Answer = (0, Value::Null);

/// What is answered to a path with its query, to the how-manieth request.
type Script = dyn Fn(&str, usize) -> Answer + Send + Sync;

pub(crate) struct Fake {
    pub(crate) url: String,
    pub(crate) asked: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    pub(crate) async fn of(script: impl Fn(&str, usize) -> Answer + Send + Sync + 'static) -> Fake {
        let script: Arc<Script> = Arc::new(script);
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::clone(&asked);
        let routes = Router::new().fallback(move |request: Request| {
            let path = request.uri().path_and_query().unwrap().to_string();
            let number = {
                let mut seen = seen.lock().unwrap();
                seen.push(path.clone());
                seen.len()
            };
            let (status, body) = script(&path, number);
            async move {
                if (status, &body) == (SILENCE.0, &SILENCE.1) {
                    return std::future::pending().await;
                }
                let status = StatusCode::from_u16(status).unwrap();
                (status, [("retry-after", "0")], axum::Json(body)).into_response()
            }
        });
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Fake { url, asked }
    }

    pub(crate) fn count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

pub(crate) fn object(token: &str, said: Said, at: i64) -> Value {
    json!({"id": token, "object": "token", "status": said.as_str(), "test": true,
        "createdAt": at, "updatedAt": at})
}

/// As it was approved in [`crate::world::approved`].
pub(crate) fn active(token: &str) -> Value {
    object(token, Said::Active, NOW_MS - 1_000)
}

pub(crate) fn page(rows: &[Value], next: Option<&str>) -> Answer {
    let next = next.map(|next| json!({"nextPageToken": next})).unwrap_or_default();
    let mut page = json!({"object": "collection", "data": rows, "pageToken": ""});
    if let (Some(page), Some(next)) = (page.as_object_mut(), next.as_object()) {
        page.extend(next.clone());
    }
    (200, page)
}

pub(crate) fn not_found() -> Answer {
    let code = "token.not-found";
    (404, json!({"statusCode": 404, "errorCode": code, "message": "", "details": []}))
}

pub(crate) fn is_list(path: &str) -> bool {
    path.starts_with("/v1/tokens?")
}

/// The page token of a path.
pub(crate) fn asked_page(path: &str) -> &str {
    path.split("pageToken=").nth(1).unwrap_or_default()
}
