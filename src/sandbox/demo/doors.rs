//! The doors that the demo goes through: as the shop, as a shopper, as somebody at a dashboard.

use anyhow::Context;
use reqwest::Client;
use reqwest::Method;
use reqwest::RequestBuilder;
use reqwest::redirect::Policy;
use secrecy::ExposeSecret;
use secrecy::SecretString;
use serde_json::Value;
use serde_json::json;

use crate::sandbox::demo::life::Deed;
use crate::sandbox::demo::plan::Planned;
use crate::smartpay::TokenId;
use crate::token::ProviderTime;
use crate::token::SessionId;

/// Where the shopper is led in the end.
const SUCCESS_URL: &str = "https://shop.example/welcome";
const CANCEL_URL: &str = "https://shop.example/basket";

/// Where everything is, and the keys.
#[derive(Clone)]
pub struct Doors {
    client: Client,
    smartpay: String,
    smartpay_key: SecretString,
}

/// A session as the one who asked for it knows it.
#[derive(Clone)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    /// The hosted page.
    page: String,
    pub(crate) token: TokenId,
    pub(crate) token_created_at: ProviderTime,
}

impl Doors {
    /// `smartpay` is the sandbox, without a path.
    pub fn new(smartpay: &str, smartpay_key: SecretString) -> anyhow::Result<Doors> {
        let client = Client::builder().no_proxy().redirect(Policy::none()).tcp_nodelay(true);
        let client = client.build().context("a client for the demo")?;
        Ok(Doors { client, smartpay: smartpay.to_owned(), smartpay_key })
    }

    pub(crate) async fn ask(&self, planned: &Planned) -> anyhow::Result<Session> {
        let customer = match &planned.owner {
            Some(consumer) => json!({ "reference": consumer }),
            None => json!({}),
        };
        let body = json!({
            "mode": "token",
            "successUrl": SUCCESS_URL,
            "cancelUrl": CANCEL_URL,
            "customerInfo": customer,
            "reference": planned.reference,
        });
        let request = self.at_smartpay(Method::POST, "/checkout-sessions").json(&body);
        let answer = answered(request, "asking for a session").await?;
        Session::read(&answer).context("reading a session of the sandbox")
    }

    /// What is done to a token that is there.
    pub(crate) async fn act(&self, deed: Deed, session: &Session) -> anyhow::Result<()> {
        let token = session.token.expose();
        let (request, what) = match deed {
            Deed::Ask(_) => anyhow::bail!("a session is asked for once"),
            Deed::Confirm => (self.client.post(format!("{}/confirm", session.page)), "confirming"),
            Deed::TurnBack => {
                (self.client.post(format!("{}/cancel", session.page)), "turning back")
            }
            Deed::Decline => (self.client.post(format!("{}/reject", session.page)), "declining"),
            Deed::Disable(_) => {
                (self.at_smartpay(Method::PUT, &format!("/tokens/{token}/disable")), "disabling")
            }
            Deed::Enable(_) => {
                (self.at_smartpay(Method::PUT, &format!("/tokens/{token}/enable")), "enabling")
            }
            Deed::Delete(_) => {
                (self.at_smartpay(Method::DELETE, &format!("/tokens/{token}")), "deleting")
            }
            Deed::Charge => {
                let path = format!("{}/sandbox/sessions/{}/charge", self.smartpay, session.id);
                (self.client.post(path), "charging")
            }
        };
        answered(request, what).await?;
        Ok(())
    }

    /// Sets what goes wrong on purpose.
    pub(crate) async fn set_faults(&self, faults: &Value) -> anyhow::Result<()> {
        let request = self.client.put(format!("{}/sandbox/faults", self.smartpay)).json(faults);
        answered(request, "setting faults").await?;
        Ok(())
    }

    fn at_smartpay(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/v1{path}", self.smartpay);
        let key = format!("Basic {}", self.smartpay_key.expose_secret());
        self.client.request(method, url).header("Authorization", key)
    }
}

impl Session {
    fn read(answer: &Value) -> anyhow::Result<Session> {
        let text = |pointer: &str| {
            let text = answer.pointer(pointer).and_then(Value::as_str);
            text.with_context(|| format!("{pointer} is missing"))
        };
        let created_at = answer.pointer("/token/createdAt").and_then(Value::as_i64);
        Ok(Session {
            id: SessionId::parse(text("/id")?)?,
            page: text("/url")?.to_owned(),
            token: TokenId::parse(text("/token/id")?)?,
            token_created_at: ProviderTime::from_millis(created_at.context("no createdAt")?),
        })
    }
}

/// Nothing of the answer is told but its status: it may hold what is secret.
async fn answered(request: RequestBuilder, what: &'static str) -> anyhow::Result<Value> {
    let response = request.send().await.map_err(reqwest::Error::without_url).context(what)?;
    let status = response.status();
    let bytes = response.bytes().await.map_err(reqwest::Error::without_url).context(what)?;
    anyhow::ensure!(status.is_success() || status.is_redirection(), "{what} was answered {status}");
    if bytes.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_slice(&bytes)?) }
}
