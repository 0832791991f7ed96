//! The same request under the same key, within six hours.

use crate::pretend::Pretend;
use crate::pretend::asked;
use crate::pretend::call;
use crate::pretend::text;
use crate::wire::Answer;

const HOUR_MS: i64 = 3_600_000;
const PATH: &str = "/v1/checkout-sessions";

async fn creates(pretend: &Pretend, key: &str, body: &str) -> Answer {
    pretend.sends(&call("POST", PATH, body).with("Idempotency-Key", key)).await
}

fn replayed(answer: &Answer) -> bool {
    answer.headers.iter().any(|(name, _)| name.to_lowercase().starts_with("idempot"))
}

#[tokio::test]
async fn a_key_is_good_for_six_hours_from_the_first_receipt() {
    let pretend = Pretend::new().await;
    let body = asked().to_string();
    let first = creates(&pretend, "k1", &body).await;
    assert!(!replayed(&first));
    pretend.waits(4 * HOUR_MS);
    let second = creates(&pretend, "k1", &body).await;
    assert!(replayed(&second));
    assert_eq!((second.status, &second.body), (200, &first.body));
    pretend.waits(2 * HOUR_MS - 1);
    assert!(replayed(&creates(&pretend, "k1", &body).await));
    assert_eq!(pretend.truth().await.len(), 1);
    pretend.waits(1);
    let anew = creates(&pretend, "k1", &body).await;
    assert!(!replayed(&anew) && anew.body != first.body);
    assert_eq!(pretend.truth().await.len(), 2);
}

#[tokio::test]
async fn another_request_under_a_known_key_is_refused() {
    let pretend = Pretend::new().await;
    let body = asked().to_string();
    creates(&pretend, "k1", &body).await;
    let other = creates(&pretend, "k1", &body.replace("C-1", "C-2")).await;
    assert_eq!((other.status, replayed(&other)), (409, false), "{other:?}");
    // The SDK that sends is not part of the request.
    let path = format!("{PATH}?dev-lang=python");
    let same = call("POST", &path, &body).with("Idempotency-Key", "k1");
    assert!(replayed(&pretend.sends(&same).await));
    let empty = creates(&pretend, "", &body).await;
    assert_eq!(empty.status, 400, "{empty:?}");
}

#[tokio::test]
async fn refusals_and_empty_answers_are_repeated_too_but_deletes_are_not() {
    let pretend = Pretend::new().await;
    let session = pretend.session().await;
    let token = format!("/v1/tokens/{}", text(&session, "/token/id"));
    let disable = call("PUT", &format!("{token}/disable"), "").with("Idempotency-Key", "k1");
    assert_eq!(pretend.sends(&disable).await.status, 404);
    pretend.shopper(&session, "approve").await;
    let again = pretend.sends(&disable).await;
    assert_eq!((again.status, replayed(&again)), (404, true));
    let disable = disable.set("Idempotency-Key", "k2");
    assert_eq!(pretend.sends(&disable).await.status, 200);
    pretend.calls("PUT", &format!("{token}/enable")).await;
    let again = pretend.sends(&disable).await;
    assert_eq!((again.status, again.body.len(), replayed(&again)), (200, 0, true));
    assert_eq!(pretend.reads(&token).await["status"], "active");
    let delete = call("DELETE", &token, "").with("Idempotency-Key", "k3");
    assert_eq!(pretend.sends(&delete).await.status, 204);
    let again = pretend.sends(&delete).await;
    assert_eq!((again.status, replayed(&again)), (404, false));
}

#[tokio::test]
async fn of_many_at_once_one_acts() {
    let pretend = Pretend::new().await;
    let body = asked().to_string();
    let (a, b, c, d) = tokio::join!(
        creates(&pretend, "k1", &body),
        creates(&pretend, "k1", &body),
        creates(&pretend, "k1", &body),
        creates(&pretend, "k1", &body),
    );
    let all = [a, b, c, d];
    assert!(all.iter().all(|answer| answer.status == 200 && answer.body == all[0].body));
    assert_eq!(all.iter().filter(|answer| replayed(answer)).count(), 3);
    assert_eq!(pretend.truth().await.len(), 1);
}
