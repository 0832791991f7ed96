//! `Idempotency-Key`: a write that is asked for twice is done once, and answered the same.

mod header;
mod interleaved;
mod once;
mod races;

use serde_json::json;

use crate::bodies::TYPE;
use crate::bodies::set;
use crate::request::Request;
use crate::wire::Answer;
use crate::world::World;
use crate::world::approved;
use crate::world::token_id;
use crate::world::write;

/// What is known of an answer by another: all but when and under which id it was given.
pub(crate) fn same(one: &Answer, other: &Answer) -> bool {
    let told = |answer: &Answer| {
        let own = ["date", "request-id", "idempotency-replayed", "connection"];
        let headers = answer.headers.iter().map(|(name, value)| (name.to_lowercase(), value));
        let told = headers.filter(|(name, _)| !own.contains(&name.as_str()));
        told.map(|(name, value)| (name, value.clone())).collect::<Vec<_>>()
    };
    (one.status, &one.body, told(one)) == (other.status, &other.body, told(other))
}

/// Whether it is an earlier answer.
pub(crate) fn is_replay(answer: &Answer) -> bool {
    answer.header("idempotency-replayed") == Some("true")
}

/// Deciding a delivery anew leaves a row in `verdicts` each time that it is done.
fn reprocess(id: &str, key: &str) -> Request {
    write("POST", &format!("/v1/deliveries/{id}/reprocess")).set("Idempotency-Key", key)
}

impl World {
    /// So many deliveries that can be decided anew, with the same verdict each time.
    async fn ignores(&self, count: u64) {
        for number in 1..=count {
            let mut body = approved(&token_id(number));
            set(&mut body, TYPE, Some(json!("order.created")));
            self.delivers(&body).await;
        }
    }

    async fn done(&self) -> i64 {
        self.count("verdicts").await
    }
}
