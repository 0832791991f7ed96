//! Literal requests to the routes for services.

use std::net::SocketAddr;

use crate::bad_input::case::Case;
use crate::bad_input::case::Literal;
use crate::bad_input::check;
use crate::bad_input::sending::send_literal;

/// Routes that are not there yet: until then they answer 404 (405 where only a method is missing),
/// and their cases wait.
const NOT_SERVED: [&str; 5] =
    ["/v1/feed", "/v1/followers", "/v1/reconciliations", "/checkpoint", "/tile"];
/// The same, behind a ref or a position.
const NOT_SERVED_BELOW: [&str; 2] = ["/refresh", "/proof"];

/// Of those that make something, or of all others.
pub(crate) async fn wrong_answers(
    address: SocketAddr,
    cases: &[Case],
    making: bool,
) -> Vec<String> {
    let mut wrong = Vec::new();
    for case in cases.iter().filter(|case| case.makes() == making) {
        let Some(literal) = case.request.as_ref().filter(|_| case.surface == "rest") else {
            continue;
        };
        let answer = send_literal(address, literal).await;
        if is_not_served(literal) {
            if ![404, 405].contains(&answer.status) {
                wrong.push(format!("{}: {} is served: run its cases", case.id, literal.path));
            }
        } else if let Err(what) = check::of_answers(case, &[answer]) {
            wrong.push(format!("{} ({}): {what}", case.id, case.words));
        }
    }
    wrong
}

fn is_not_served(literal: &Literal) -> bool {
    let path = literal.path.split_once('?').map_or(literal.path.as_str(), |(path, _)| path);
    let is_below = NOT_SERVED_BELOW.iter().any(|end| path.ends_with(end));
    is_below || NOT_SERVED.iter().any(|route| path.starts_with(route))
}
