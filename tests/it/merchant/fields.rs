//! What a session may be asked for with: every field has its limits, and a refusal names it.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::merchant::Merchant;
use crate::merchant::asked;
use crate::merchant::creation;
use crate::merchant::text;

fn with(field: &str, value: Value) -> Value {
    let mut body = asked();
    body.as_object_mut().unwrap().insert(field.to_owned(), value);
    body
}

async fn refuses(merchant: &Merchant, body: &Value, pointer: &str) {
    let answer = merchant.sends(&creation(body)).await;
    assert_eq!(answer.status, 422, "{body}");
    let problem = answer.refuses(422, "validation_failed");
    assert_eq!(text(&problem, "/errors/0/pointer"), pointer, "{body}");
}

fn pairs(count: usize) -> Value {
    let pairs: Map<String, Value> = (0..count).map(|n| (format!("k{n}"), json!("v"))).collect();
    Value::Object(pairs)
}

#[tokio::test]
async fn a_url_is_https_and_names_a_host_and_nobody() {
    let merchant = Merchant::deaf().await;
    let long = format!("https://shop.example/{}", "a".repeat(2_048 - 20));
    let bad = [
        "",
        "shop.example/ok",
        "/ok",
        "//shop.example/ok",
        "https:",
        "https://",
        "https:///ok",
        "https:shop.example",
        "https://:443/ok",
        "http://shop.example/ok",
        "http://127.0.0.1/ok",
        "http://localhost/ok",
        "HTTPS//shop.example",
        "ftp://shop.example/ok",
        "javascript:alert(1)",
        "javascript://shop.example/%0aalert(1)",
        "data:text/html,hello",
        "https://user@shop.example/",
        "https://user:word@shop.example/",
        "https://@shop.example/",
        "https://shop.example\\@evil.example/",
        "https:\\\\shop.example/",
        "https://shop.example/a\\b",
        "https://shop.example/ok\r\nSet-Cookie: a=b",
        "https://shop.example/ok\n",
        "https://shop.example/\tok",
        " https://shop.example/ok",
        "https://shop.example/o k",
        "https://お店.example/ok",
        "https://shop.example/注文",
        "https://shop.example:port/",
        "https://shop.example:99999/",
        "https://shop.example:/",
        "https://shop.example:080443/",
        "https://shop%2eexample/",
        "https://shop.example;evil.example/",
        "https://shop example/",
        "https://shop.example/\u{7f}",
        &long,
    ];
    for url in bad {
        for field in ["success_url", "cancel_url"] {
            refuses(&merchant, &with(field, json!(url)), &format!("/{field}")).await;
        }
    }
    for value in [json!(null), json!(1), json!(["https://shop.example"]), json!({})] {
        refuses(&merchant, &with("success_url", value), "/success_url").await;
    }
    assert_eq!(merchant.gateway.count("POST"), 0, "nothing of it reached Smartpay");
    assert_eq!(merchant.world.count("intents").await, 0);

    // One that is not too long itself, but sealed in our own return address.
    let sealed = format!("https://shop.example/{}", "a".repeat(1_500));
    refuses(&merchant, &with("cancel_url", json!(sealed)), "/cancel_url").await;
    assert_eq!(merchant.gateway.count("POST"), 0);
    let longest = &long[..1_300];
    for url in [
        longest,
        "HTTPS://SHOP.example/",
        "https://shop.example",
        "https://xn--t8j3b.example:8443/%E6%B3%A8?a=b&c=%0d%0a",
        "https://shop.example/app#/orders/1?x=y",
        "https://shop.example/?next=https://user@elsewhere.example/",
    ] {
        let answer = merchant.sends(&creation(&with("success_url", json!(url)))).await;
        assert_eq!(answer.status, 201, "{url}: {answer:?}");
    }
}

#[tokio::test]
async fn only_hosts_that_are_allowed_are_sent_to() {
    let hosts = vec!["shop.example".to_owned(), "app.shop.example".to_owned()];
    let merchant = Merchant::with(|serving| serving.return_hosts = hosts).await;
    for url in [
        "https://evil.example/",
        "https://shop.example.evil.example/",
        "https://evil.example/shop.example",
        "https://evil.example#shop.example",
        "https://evil.example?@shop.example",
        "https://notshop.example/",
        "https://b.shop.example/",
        "https://shop.example./",
        "https://shop%2eexample/",
    ] {
        refuses(&merchant, &with("cancel_url", json!(url)), "/cancel_url").await;
    }
    for url in [
        "https://SHOP.example/ok",
        "https://app.shop.example:8443/",
        "https://shop.example#a@evil.example",
    ] {
        let answer = merchant.sends(&creation(&with("cancel_url", json!(url)))).await;
        assert_eq!(answer.status, 201, "{url}: {answer:?}");
    }
}

#[tokio::test]
async fn each_field_has_its_limits() {
    let merchant = Merchant::deaf().await;
    let long = "あ".repeat(129);
    for consumer in ["", &long, "a\nb", "paytok_test_aaaaaaaaaaaaaaaaaaaaaa"] {
        refuses(&merchant, &with("consumer", json!(consumer)), "/consumer").await;
    }
    refuses(&merchant, &with("consumer", json!(null)), "/consumer").await;
    refuses(&merchant, &with("consumer", json!(7)), "/consumer").await;
    for reference in ["", &"a".repeat(41), "a\tb", "paytok_test_aaaaaaaaaaaaaaaaaaaaaa"] {
        refuses(&merchant, &with("reference", json!(reference)), "/reference").await;
    }
    for locale in [json!("fr"), json!("JA"), json!(""), json!(1)] {
        refuses(&merchant, &with("locale", locale), "/locale").await;
    }
    refuses(&merchant, &with("metadata", pairs(20)), "/metadata").await;
    refuses(&merchant, &with("metadata", json!([])), "/metadata").await;
    for (key, value) in [
        ("a", json!(1)),
        ("a", json!(null)),
        ("a", json!("b".repeat(501))),
        ("tokenledger_intent", json!("int_aaaaaaaaaaaaaaaaaaaaaa")),
    ] {
        refuses(&merchant, &with("metadata", json!({key: value})), &format!("/metadata/{key}"))
            .await;
    }
    refuses(&merchant, &with("metadata", json!({"a/b~": 1})), "/metadata/a~1b~0").await;
    refuses(&merchant, &with("customer_info", json!("Hana")), "/customer_info").await;
    refuses(&merchant, &with("amount", json!(1)), "/amount").await;
    let large = with("customer_info", json!({"note": "x".repeat(17_000)}));
    merchant.sends(&creation(&large)).await.refuses(413, "payload_too_large");
    assert_eq!(merchant.gateway.count("POST"), 0);

    let mut widest = with("metadata", pairs(19));
    widest["consumer"] = json!("あ".repeat(128));
    widest["reference"] = json!("い".repeat(40));
    widest["locale"] = json!("en");
    let answer = merchant.sends(&creation(&widest)).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let spare = json!({
        "consumer": "C-2", "success_url": "https://shop.example", "cancel_url": "https://shop.example",
        "reference": null, "metadata": null, "locale": null, "customer_info": null,
    });
    assert_eq!(merchant.sends(&creation(&spare)).await.status, 201);
}
