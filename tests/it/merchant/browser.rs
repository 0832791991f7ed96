//! The shopper's whole way in a real browser: the hosted page, its buttons, back and refresh.
#![expect(clippy::indexing_slicing, reason = "a document without what is looked for fails")]

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use serde_json::Value;
use serde_json::json;
use tokio::net::TcpListener;

use crate::merchant::Merchant;
use crate::merchant::asked;
use crate::merchant::chromium::Chromium;
use crate::merchant::creation;
use crate::merchant::text;
use crate::skip::skip;

const CONFIRMED: &str = "登録が完了しています";

/// The merchant's own pages.
async fn shop() -> String {
    let routes = Router::new()
        .route("/ok", get(async || Html("<h1>Thank you</h1>")))
        .route("/back", get(async || Html("<h1>Another way to pay?</h1>")));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    url
}

struct Visit {
    merchant: Merchant,
    browser: Chromium,
    shop: String,
    session: Value,
}

impl Visit {
    /// On the hosted page of a new session. None without a browser.
    async fn begins(locale: &str) -> Option<Visit> {
        let Some(mut browser) = Chromium::open().await else {
            skip("there is no chromium: apt-get install chromium");
            return None;
        };
        let merchant = Merchant::with(|serving| serving.local = true).await;
        let shop = shop().await;
        let mut body = asked();
        body["success_url"] = json!(format!("{shop}/ok?order=1#paid"));
        body["cancel_url"] = json!(format!("{shop}/back"));
        body["locale"] = json!(locale);
        let answer = merchant.sends(&creation(&body)).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let session = answer.json();
        browser.goes_to(text(&session, "/url")).await;
        Some(Visit { merchant, browser, shop, session })
    }

    async fn is_at_the_shop(&mut self, path: &str) {
        let url = format!("{}{path}", self.shop);
        self.browser.is_at(&url).await;
    }

    async fn is_on_the_hosted_page(&mut self) {
        let url = text(&self.session, "/url").to_owned();
        self.browser.is_at(&url).await;
    }

    async fn token(&self) -> Value {
        self.merchant.token(text(&self.session, "/token/ref")).await
    }

    async fn types(&self) -> Vec<String> {
        self.merchant.types(text(&self.session, "/token/ref")).await
    }

    /// Kept where somebody asked for pictures.
    #[expect(clippy::disallowed_methods, reason = "a switch of the tests, not of the product")]
    async fn picture(&mut self, name: &str) {
        let picture = self.browser.picture().await;
        assert!(picture.starts_with(b"\x89PNG"));
        if let Ok(directory) = std::env::var("TOKENLEDGER_TEST_PICTURES") {
            std::fs::write(format!("{directory}/{name}.png"), picture).unwrap();
        }
    }
}

#[tokio::test]
async fn confirm_leads_to_the_success_page_and_the_token_is_usable() {
    let Some(mut visit) = Visit::begins("ja").await else { return };
    assert_eq!(visit.token().await["status"], "awaiting_authorization");
    visit.picture("open-ja").await;
    visit.browser.presses("button.act").await;
    visit.is_at_the_shop("/ok?order=1#paid").await;
    assert_eq!(visit.browser.text().await, "Thank you");
    // There is no webhook in this world: the return alone told the ledger.
    assert_eq!(visit.token().await["usable"], json!(true));
    visit.browser.reloads().await;
    visit.is_at_the_shop("/ok?order=1#paid").await;

    // The browser may show the page as it was: its buttons then lead to the page as it is.
    visit.browser.goes_back().await;
    visit.is_on_the_hosted_page().await;
    if !visit.browser.text().await.contains(CONFIRMED) {
        visit.browser.presses("form[action$='/cancel'] button").await;
        visit.browser.says(CONFIRMED).await;
    }
    visit.picture("confirmed-ja").await;
    visit.browser.reloads().await;
    visit.browser.says(CONFIRMED).await;
    visit.is_on_the_hosted_page().await;
    visit.browser.presses("a.button").await;
    visit.is_at_the_shop("/ok?order=1").await;
    assert_eq!(visit.types().await, ["SessionCreated", "Activated"]);
    assert_eq!(visit.token().await["usable"], json!(true));
}

#[tokio::test]
async fn cancel_leads_back_and_the_shopper_may_think_again() {
    let Some(mut visit) = Visit::begins("en").await else { return };
    visit.picture("open-en").await;
    visit.browser.presses("form[action$='/cancel'] button").await;
    visit.is_at_the_shop("/back").await;
    let token = visit.token().await;
    assert_eq!((&token["status"], &token["usable"]), (&json!("canceled"), &json!(false)));
    assert_eq!(visit.types().await, ["SessionCreated", "Canceled"]);

    visit.browser.goes_back().await;
    visit.is_on_the_hosted_page().await;
    visit.browser.reloads().await;
    visit.browser.says("You canceled last time").await;
    visit.picture("canceled-en").await;
    assert_eq!(visit.token().await["status"], "canceled", "looking is not answering");
    visit.browser.presses("form[action$='/confirm'] button").await;
    visit.is_at_the_shop("/ok?order=1#paid").await;
    assert_eq!(visit.token().await["usable"], json!(true));
    assert_eq!(visit.types().await, ["SessionCreated", "Canceled", "Activated"]);
}

#[tokio::test]
async fn a_decline_leads_back_and_is_final_on_the_page() {
    let Some(mut visit) = Visit::begins("en").await else { return };
    visit.browser.presses("form[action$='/reject'] button").await;
    visit.is_at_the_shop("/back").await;
    assert_eq!(visit.token().await["status"], "rejected");
    visit.browser.goes_back().await;
    visit.is_on_the_hosted_page().await;
    visit.browser.reloads().await;
    visit.browser.says("Declined").await;
    visit.picture("declined-en").await;
    visit.browser.presses("a.button").await;
    visit.is_at_the_shop("/back").await;
    assert_eq!(visit.types().await, ["SessionCreated", "Canceled"]);
}
