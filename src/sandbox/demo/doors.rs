//! The doors that the demo goes through: as the shop, as a shopper, as somebody at a dashboard.

use std::time::Duration;

use anyhow::Context;
use reqwest::Client;
use reqwest::Method;
use reqwest::RequestBuilder;
use reqwest::StatusCode;
use reqwest::header::AUTHORIZATION;
use reqwest::header::LOCATION;
use reqwest::redirect::Policy;
use secrecy::ExposeSecret;
use secrecy::SecretString;
use serde_json::Value;
use serde_json::json;

use crate::sandbox::demo::life::By;
use crate::sandbox::demo::life::Deed;
use crate::sandbox::demo::life::Then;
use crate::sandbox::demo::plan::Planned;

/// Where the shopper is led in the end.
const SUCCESS_URL: &str = "https://shop.example/welcome";
const CANCEL_URL: &str = "https://shop.example/basket";

/// A reconciliation is looked at so often, with this pause: half a minute in all.
const LOOKS_MAX: u32 = 600;
const LOOK_PAUSE: Duration = Duration::from_millis(50);

/// A server and the key that it takes.
#[derive(Clone)]
pub struct Place {
    /// How it is named in URLs, by now or later.
    pub shown: String,
    /// Where it listens while the demo is made.
    pub reached: String,
    pub key: SecretString,
}

/// Where everything is.
#[derive(Clone)]
pub struct Doors {
    client: Client,
    ledger: Place,
    smartpay: Place,
}

/// A session as those who take part in it know it.
#[derive(Clone)]
pub(crate) struct Session {
    id: String,
    /// The hosted page.
    page: String,
    /// The token's ref, where the ledger was asked for the session.
    reference: Option<String>,
}

impl Place {
    /// Where a URL of this place is reached by now.
    fn reach(&self, url: &str) -> Option<String> {
        Some(format!("{}{}", self.reached, url.strip_prefix(self.shown.as_str())?))
    }
}

impl Doors {
    pub fn new(ledger: Place, smartpay: Place) -> anyhow::Result<Doors> {
        let client = Client::builder().no_proxy().redirect(Policy::none()).tcp_nodelay(true);
        let client = client.build().context("a client for the demo")?;
        Ok(Doors { client, ledger, smartpay })
    }

    /// One step; the session is that of the token, once there is one.
    pub(crate) async fn take(
        &self,
        planned: &Planned,
        deed: Deed,
        session: Option<Session>,
    ) -> anyhow::Result<Session> {
        let session = match (deed, session) {
            (Deed::Ask(by), None) => return self.ask(by, planned).await,
            (_, session) => session.context("a session is asked for first, and once")?,
        };
        match deed {
            Deed::Ask(_) => anyhow::bail!("a session is asked for once"),
            Deed::Confirm(then) => self.press(&session, "confirm", then).await?,
            Deed::TurnBack => self.press(&session, "cancel", Then::Returns).await?,
            Deed::Decline => self.press(&session, "reject", Then::Leaves).await?,
            Deed::Disable(by) => self.change(&session, by, Method::PUT, "/disable").await?,
            Deed::Enable(by) => self.change(&session, by, Method::PUT, "/enable").await?,
            Deed::Delete(by) => self.change(&session, by, Method::DELETE, "").await?,
            Deed::Charge => {
                let url =
                    format!("{}/sandbox/sessions/{}/charge", self.smartpay.reached, session.id);
                expect(self.client.post(url), StatusCode::OK, "charging").await?;
            }
        }
        Ok(session)
    }

    /// Sets what goes wrong on purpose.
    pub(crate) async fn set_faults(&self, faults: &Value) -> anyhow::Result<()> {
        let url = format!("{}/sandbox/faults", self.smartpay.reached);
        expect(self.client.put(url).json(faults), StatusCode::OK, "setting faults").await?;
        Ok(())
    }

    /// Has the ledger compare itself with Smartpay, and waits for the end of that.
    pub(crate) async fn reconcile(&self) -> anyhow::Result<()> {
        let request = self.at_ledger(Method::POST, "/v1/reconciliations").json(&json!({}));
        let begun = expect(request, StatusCode::ACCEPTED, "beginning a reconciliation").await?;
        let id = begun.get("id").and_then(Value::as_str).context("a run has an id")?;
        let path = format!("/v1/reconciliations/{id}");
        for _ in 0..LOOKS_MAX {
            let looked = self.at_ledger(Method::GET, &path);
            let run = expect(looked, StatusCode::OK, "looking at a reconciliation").await?;
            match run.get("state").and_then(Value::as_str) {
                Some("running") => tokio::time::sleep(LOOK_PAUSE).await,
                Some("done") => return Ok(()),
                state => anyhow::bail!("the reconciliation ended as {state:?}"),
            }
        }
        anyhow::bail!("the reconciliation does not end")
    }

    async fn ask(&self, by: By, planned: &Planned) -> anyhow::Result<Session> {
        let customer = match &planned.owner {
            Some(consumer) => json!({ "reference": consumer }),
            None => json!({}),
        };
        let (request, status, id, reference) = match by {
            By::Us => {
                let body = json!({
                    "consumer": planned.owner,
                    "success_url": SUCCESS_URL,
                    "cancel_url": CANCEL_URL,
                    "reference": planned.reference,
                    "customer_info": customer,
                });
                let request = self.at_ledger(Method::POST, "/v1/checkout-sessions").json(&body);
                (request, StatusCode::CREATED, "/session_id", "/token/ref")
            }
            By::Dashboard => {
                let body = json!({
                    "mode": "token",
                    "successUrl": SUCCESS_URL,
                    "cancelUrl": CANCEL_URL,
                    "reference": planned.reference,
                    "customerInfo": customer,
                });
                let request = self.at_smartpay(Method::POST, "/checkout-sessions").json(&body);
                (request, StatusCode::OK, "/id", "/ref")
            }
        };
        let answer = expect(request, status, "asking for a session").await?;
        let text = |pointer| answer.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        Ok(Session {
            id: text(id).context("a session has an id")?,
            page: text("/url").context("a session has a page")?,
            reference: text(reference),
        })
    }

    /// Presses a button of the hosted page, and follows it back to the shop or not.
    async fn press(&self, session: &Session, button: &str, then: Then) -> anyhow::Result<()> {
        let page = self.smartpay.reach(&session.page).context("the page is the sandbox's")?;
        let pressed = self.client.post(format!("{page}/{button}"));
        let back = redirect(pressed, "pressing a button").await?;
        // Who did not come past the ledger goes straight to the shop.
        if let (Then::Returns, Some(back)) = (then, self.ledger.reach(&back)) {
            let shop = redirect(self.client.get(back), "returning to the shop").await?;
            anyhow::ensure!([SUCCESS_URL, CANCEL_URL].contains(&shop.as_str()), "led elsewhere");
        }
        Ok(())
    }

    async fn change(
        &self,
        session: &Session,
        by: By,
        method: Method,
        what: &str,
    ) -> anyhow::Result<()> {
        let delete = method == Method::DELETE;
        let (request, status) = match (by, &session.reference) {
            (By::Us, Some(reference)) => {
                let method = if delete { method } else { Method::POST };
                let request = self.at_ledger(method, &format!("/v1/tokens/{reference}{what}"));
                (request.json(&json!({ "reason": reason(what) })), StatusCode::OK)
            }
            (By::Us | By::Dashboard, _) => {
                let path = format!("/checkout-sessions/{}", session.id);
                let looked = self.at_smartpay(Method::GET, &path);
                let answer = expect(looked, StatusCode::OK, "looking at a session").await?;
                let token = answer.get("token").and_then(Value::as_str).context("its token")?;
                let done = if delete { StatusCode::NO_CONTENT } else { StatusCode::OK };
                (self.at_smartpay(method, &format!("/tokens/{token}{what}")), done)
            }
        };
        expect(request, status, "changing a token").await?;
        Ok(())
    }

    fn at_ledger(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.ledger.reached);
        let key = format!("demo-{:016x}", rand::random::<u64>());
        let request = self.client.request(method, url).header("Idempotency-Key", key);
        request.bearer_auth(self.ledger.key.expose_secret())
    }

    fn at_smartpay(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/v1{path}", self.smartpay.reached);
        let key = format!("Basic {}", self.smartpay.key.expose_secret());
        self.client.request(method, url).header(AUTHORIZATION, key)
    }
}

/// Why the shop does so.
fn reason(what: &str) -> &'static str {
    match what {
        "/disable" => "the subscription is paused",
        "/enable" => "the subscription goes on",
        _ => "the subscription has ended",
    }
}

/// Nothing of an answer is told but its status: it may hold what is secret.
async fn expect(
    request: RequestBuilder,
    status: StatusCode,
    what: &'static str,
) -> anyhow::Result<Value> {
    let response = request.send().await.map_err(reqwest::Error::without_url).context(what)?;
    let answered = response.status();
    anyhow::ensure!(answered == status, "{what} was answered {answered}");
    let bytes = response.bytes().await.map_err(reqwest::Error::without_url).context(what)?;
    if bytes.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_slice(&bytes)?) }
}

/// Where an answer leads.
async fn redirect(request: RequestBuilder, what: &'static str) -> anyhow::Result<String> {
    let response = request.send().await.map_err(reqwest::Error::without_url).context(what)?;
    let answered = response.status();
    anyhow::ensure!(answered == StatusCode::SEE_OTHER, "{what} was answered {answered}");
    let place = response.headers().get(LOCATION).and_then(|place| place.to_str().ok());
    Ok(place.context("a redirect leads somewhere")?.to_owned())
}
