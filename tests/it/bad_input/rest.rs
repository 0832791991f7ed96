//! Literal requests to the routes for services.

use std::net::SocketAddr;

use crate::bad_input::case::Case;
use crate::bad_input::check;
use crate::bad_input::sending::send_literal;

/// Routes that are not there yet: until then they answer 404, and their cases wait.
const NOT_SERVED: [&str; 12] = [
    "/v1/checkout-sessions",
    "/v1/usability-checks",
    "/v1/feed",
    "/v1/followers",
    "/v1/intents",
    "/v1/reconciliations",
    "/v1/deliveries",
    "/checkpoint",
    "/tile",
    "/return",
    "/openapi.json",
    "/docs",
];
/// The same, behind a ref or a position.
const NOT_SERVED_BELOW: [&str; 6] =
    ["/reveal", "/disable", "/enable", "/refresh", "/claim", "/proof"];

pub(crate) async fn wrong_answers(address: SocketAddr, cases: &[Case]) -> Vec<String> {
    let mut wrong = Vec::new();
    for case in cases {
        let Some(literal) = case.request.as_ref().filter(|_| case.surface == "rest") else {
            continue;
        };
        let answer = send_literal(address, literal).await;
        if is_not_served(&literal.path) {
            if answer.status != 404 {
                wrong.push(format!("{}: {} is served: run its cases", case.id, literal.path));
            }
        } else if let Err(what) = check::of_answers(case, &[answer]) {
            wrong.push(format!("{} ({}): {what}", case.id, case.words));
        }
    }
    wrong
}

fn is_not_served(path: &str) -> bool {
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    let is_list_of_all = path == "/v1/tokens";
    is_list_of_all
        || NOT_SERVED.iter().any(|route| path.starts_with(route))
        || NOT_SERVED_BELOW.iter().any(|end| path.ends_with(end))
}
