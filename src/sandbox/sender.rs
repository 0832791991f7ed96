//! Signs and sends webhooks, as Smartpay does: only 200 counts as delivered.

use std::time::Duration;

use reqwest::Client;
use reqwest::StatusCode;
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use thiserror::Error;

use crate::clock::Clock;
use crate::sandbox::message::Message;
use crate::smartpay::SigningSecret;
use crate::smartpay::keys::SecretError;
use crate::smartpay::signature;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// Of an answer nothing is used, but a connection can be used again only when it was read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Sends to one endpoint, signed with its secret.
#[derive(Clone, Debug)]
pub struct Sender {
    to: Addressee,
    clock: Clock,
    client: Client,
}

/// One webhook endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Addressee {
    pub(crate) url: String,
    pub(crate) secret: SigningSecret,
    pub(crate) subscription_id: String,
}

/// What to do wrong on purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spoil {
    /// How many times more the same is sent.
    pub duplicate: u8,
    /// A signature that is not the right one.
    pub bad_signature: bool,
    /// Added to the time of signing.
    pub skew_ms: i64,
}

#[derive(Debug, Error)]
pub enum NotDelivered {
    #[error("no answer came from the webhook endpoint: is `tokenledger dev` running?")]
    NoAnswer(#[source] reqwest::Error),
}

impl Sender {
    pub fn new(
        url: &str,
        secret_text: &str,
        subscription_id: &str,
        clock: Clock,
    ) -> Result<Sender, SecretError> {
        let endpoint = Addressee {
            url: url.to_owned(),
            secret: SigningSecret::parse(secret_text)?,
            subscription_id: subscription_id.to_owned(),
        };
        Ok(Sender::through(client(), endpoint, clock))
    }

    pub(crate) fn through(client: Client, to: Addressee, clock: Clock) -> Sender {
        Sender { to, clock, client }
    }

    /// Once, without faults.
    pub async fn send(&self, message: &Message) -> Result<StatusCode, NotDelivered> {
        self.post(message, Spoil::default()).await
    }

    /// Once and each duplicate, in turn; the answers in that order.
    pub async fn send_with(
        &self,
        message: &Message,
        faults: Spoil,
    ) -> Result<Vec<StatusCode>, NotDelivered> {
        let mut answers = Vec::new();
        for _ in 0..=faults.duplicate {
            answers.push(self.post(message, faults).await?);
        }
        Ok(answers)
    }

    async fn post(&self, message: &Message, faults: Spoil) -> Result<StatusCode, NotDelivered> {
        let signed_ms = self.clock.now().timestamp_millis().saturating_add(faults.skew_ms);
        let timestamp = signed_ms.to_string();
        let mut signature = signature::sign(&self.to.secret, &timestamp, message.body());
        if faults.bad_signature {
            spoil(&mut signature);
        }
        let response = self
            .client
            .post(&self.to.url)
            .header(CONTENT_TYPE, "application/json")
            .header("Smartpay-Signature", signature)
            .header("Smartpay-Signature-Timestamp", timestamp)
            .header("Smartpay-Subscription-Id", &self.to.subscription_id)
            .header("Smartpay-Event-Id", message.event_id().as_str())
            .body(message.body().to_vec())
            .send()
            .await
            .map_err(NotDelivered::NoAnswer)?;
        drain(response).await
    }
}

/// Straight to the endpoint: a proxy of the environment has no business here.
pub(crate) fn client() -> Client {
    Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(ANSWER_TIMEOUT)
        .tcp_nodelay(true)
        .build()
        .expect("a client without TLS needs nothing that could be missing")
}

async fn drain(mut response: reqwest::Response) -> Result<StatusCode, NotDelivered> {
    let mut read_bytes = 0;
    while let Some(chunk) = response.chunk().await.map_err(NotDelivered::NoAnswer)? {
        read_bytes += chunk.len();
        if read_bytes > ANSWER_BYTES_MAX {
            break;
        }
    }
    Ok(response.status())
}

/// Another digit in the first place: still of the right form.
fn spoil(signature: &mut String) {
    let other = if signature.starts_with('0') { "1" } else { "0" };
    signature.replace_range(..1, other);
}
