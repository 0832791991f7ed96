//! Collections: what is listed, and page by page.

use serde_json::Value;

use crate::pretend::Pretend;
use crate::pretend::text;

/// All ids of a collection, by pages of this size, and how many pages that took.
async fn pages(pretend: &Pretend, path: &str, max: usize) -> (Vec<String>, usize) {
    let mut ids = Vec::new();
    let mut token = String::new();
    for count in 1..20 {
        let page = pretend.reads(&format!("{path}?maxResults={max}&pageToken={token}")).await;
        let of = |name: &str| page.get(name).unwrap();
        assert_eq!(of("object"), "collection");
        assert_eq!(of("maxResults"), max);
        assert_eq!(of("pageToken"), &token);
        let data = of("data").as_array().unwrap();
        assert_eq!(of("results"), data.len());
        assert!(data.len() <= max);
        ids.extend(data.iter().map(|one| text(one, "/id").to_owned()));
        match page.get("nextPageToken") {
            Some(next) => next.as_str().unwrap().clone_into(&mut token),
            None => return (ids, count),
        }
    }
    panic!("the pages do not end");
}

#[tokio::test]
async fn tokens_are_listed_newest_first_and_only_active_and_disabled_ones() {
    let pretend = Pretend::new().await;
    let mut expected = Vec::new();
    for _ in 0..4 {
        expected.insert(0, pretend.active_token().await);
    }
    let disabled = pretend.active_token().await;
    pretend.calls("PUT", &format!("/v1/tokens/{disabled}/disable")).await;
    expected.insert(0, disabled);
    let deleted = pretend.active_token().await;
    pretend.calls("DELETE", &format!("/v1/tokens/{deleted}")).await;
    pretend.session().await;
    pretend.shopper(&pretend.session().await, "reject").await;

    for (max, count) in [(2, 3), (5, 1), (4, 2), (1, 5)] {
        let found = pages(&pretend, "/v1/tokens", max).await;
        assert_eq!(found, (expected.clone(), count), "pages of {max}");
    }
    // Valueless and missing parameters are none; more than the maximum is the maximum.
    for (query, max) in [("", 20), ("?pageToken&maxResults", 20), ("?maxResults=1000000", 100)] {
        let page = pretend.reads(&format!("/v1/tokens{query}")).await;
        assert_eq!(page["maxResults"], max, "{query}");
        assert_eq!(page["results"], 5);
        assert!(page.get("nextPageToken").is_none());
    }
}

#[tokio::test]
async fn sessions_are_listed_too_and_a_page_token_holds_while_others_come() {
    let pretend = Pretend::new().await;
    let mut expected = Vec::new();
    for _ in 0..3 {
        expected.insert(0, text(&pretend.session().await, "/id").to_owned());
    }
    let first = pretend.reads("/v1/checkout-sessions?maxResults=2&expand=all").await;
    assert!(first["data"][0]["token"].is_object());
    let next = text(&first, "/nextPageToken").to_owned();
    let newer = text(&pretend.session().await, "/id").to_owned();
    let second = pretend.reads(&format!("/v1/checkout-sessions?pageToken={next}")).await;
    assert_eq!(text(&second, "/data/0/id"), expected[2]);
    assert!(second["data"][0]["token"].is_string());
    assert_eq!(second["data"].as_array().map(Vec::len), Some(1));
    expected.insert(0, newer);
    assert_eq!(pages(&pretend, "/v1/checkout-sessions", 3).await.0, expected);
    assert_eq!(pretend.reads("/v1/webhook-endpoints").await["data"], Value::Array(vec![]));
}
