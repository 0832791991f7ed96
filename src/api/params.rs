//! Query parameters, strictly: unknown and repeated ones are refused by name.

use axum::extract::Query;
use axum::http::Uri;

use crate::api::problem::Problem;
use crate::api::problem::repeatable;

pub(super) const LIMIT_DEFAULT: i64 = 50;
pub(super) const LIMIT_MAX: i64 = 200;

/// The parameters of one request.
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    pub(super) fn read(uri: &Uri, served: &[&str]) -> Result<Self, Problem> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|error| Problem::parameter("", format!("not a query string: {error}")))?;
        for (index, (name, value)) in pairs.iter().enumerate() {
            if !served.contains(&name.as_str()) {
                let served = served.join(", ");
                let name = repeatable(name);
                return Err(Problem::parameter(&name, format!("not known here; known: {served}")));
            }
            if pairs.iter().skip(index + 1).any(|(other, _)| other == name) {
                return Err(Problem::parameter(name, "given twice"));
            }
            if value.contains(|c: char| c.is_control()) {
                return Err(Problem::parameter(name, "holds a control character"));
            }
        }
        Ok(Self(pairs))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn limit(&self) -> Result<i64, Problem> {
        let limit = self.number("limit", LIMIT_DEFAULT)?;
        if (1..=LIMIT_MAX).contains(&limit) {
            Ok(limit)
        } else {
            Err(Problem::parameter("limit", format!("a whole number from 1 to {LIMIT_MAX}")))
        }
    }

    /// A number of plain digits, as positions are.
    pub(super) fn number(&self, name: &str, default: i64) -> Result<i64, Problem> {
        let Some(text) = self.get(name) else { return Ok(default) };
        digits(text).ok_or_else(|| Problem::parameter(name, "a whole number in plain digits"))
    }
}

/// A number of digits alone: no sign, no space, no exponent.
pub(super) fn digits(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}
