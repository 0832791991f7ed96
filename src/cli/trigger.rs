//! `trigger`: a signed webhook, as Smartpay would send it, about a token of the pretend Smartpay.

use std::path::Path;

use anyhow::Context;
use reqwest::Client;
use reqwest::RequestBuilder;
use reqwest::StatusCode;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use tokenledger::clock::Clock;
use tokenledger::ledger::Authority;
use tokenledger::sandbox::Action;
use tokenledger::sandbox::Named;
use tokenledger::sandbox::Trigger;
use tokenledger::sandbox::Triggered;
use tokenledger::sandbox::ids;
use tokenledger::smartpay::TokenId;
use tokenledger::token::Claim;
use tokenledger::token::ClaimOrigin;
use tokenledger::token::Consumer;
use tokenledger::token::ProviderTime;
use tokenledger::token::SessionId;

use crate::cli::exit::Exit;
use crate::cli::ledger::Opened;
use crate::cli::named;
use crate::cli::options::TriggerOptions;
use crate::cli::output::Printer;
use crate::cli::settings::Settings;

/// The controls of the pretend Smartpay that runs in this `dev`.
struct Controls {
    url: String,
    client: Client,
}

/// Of its tokens, what is asked for.
#[derive(Deserialize)]
struct Tokens {
    tokens: Vec<Known>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Known {
    id: String,
    session: Option<String>,
    created_at: ProviderTime,
}

/// Why it refused.
#[derive(Deserialize)]
struct Refusal {
    message: String,
    details: Vec<String>,
}

pub(crate) async fn run(
    options: &TriggerOptions,
    data: Option<&Path>,
    settings: &Settings,
    printer: &Printer,
) -> Result<(), Exit> {
    if data.is_none() {
        let message = "trigger plays Smartpay for a `dev`: give its directory with --data";
        return Err(Exit::usage(message));
    }
    let action = Action::parse(&options.event).map_err(|error| Exit::usage(error.to_string()))?;
    let consumer = options.consumer.as_deref().map(Consumer::parse).transpose();
    let consumer = consumer.map_err(|error| Exit::usage(format!("--consumer: {error}")))?;
    let opened = Opened::open(settings).await?;
    let vault = opened.vault.clone();
    let mut claimer = consumer.map(|consumer| (opened, consumer));
    let controls = Controls::of(settings)?;
    let mut trigger = Trigger {
        event: options.event.clone(),
        duplicate: options.duplicate - 1,
        bad_signature: options.bad_signature,
        skew_ms: options.skew,
        ..Trigger::default()
    };
    if let Some(reference) = options.token.as_deref().map(named::reference).transpose()? {
        let known = controls.find(|id| vault.reference(id) == reference).await?;
        let unknown = || Exit::not_found(format!("the pretend Smartpay has no token {reference}"));
        trigger.token = Some(known.ok_or_else(unknown)?.id);
    } else if action == Action::Create {
        let new = new_token();
        // A shop that made a session notes whose it is before the webhook comes.
        if let Some((opened, consumer)) = claimer.take() {
            claim(opened, &new, consumer).await?;
        }
        trigger.create = Some(new);
    }
    let triggered: Triggered = controls.send(&trigger).await?;
    let token = token_id(&triggered.token)?;
    let reference = vault.reference(&token);
    for answer in triggered.answers {
        let status = StatusCode::from_u16(answer).context("reading the answers")?;
        printer.say(&format!("{action} {reference} → {status}"));
    }
    if let Some((opened, consumer)) = claimer
        && let Some(known) = controls.find(|id| *id == token).await?
        && let Some(session) = known.session
    {
        let named = Named { token: known.id, session, created_at: known.created_at };
        claim(opened, &named, consumer).await?;
    }
    Ok(())
}

impl Controls {
    fn of(settings: &Settings) -> Result<Self, Exit> {
        let url = settings.sandbox_url.clone().ok_or_else(|| {
            Exit::usage("this `dev` has no pretend Smartpay: start it again with this version")
        })?;
        let client = Client::builder().no_proxy().build().context("a client")?;
        Ok(Self { url, client })
    }

    /// The token of which this holds.
    async fn find(&self, is_it: impl Fn(&TokenId) -> bool) -> Result<Option<Known>, Exit> {
        let request = self.client.get(format!("{}/sandbox/tokens", self.url));
        let all: Tokens = answered(request).await?;
        let wanted = |known: &Known| TokenId::parse(&known.id).is_ok_and(|id| is_it(&id));
        Ok(all.tokens.into_iter().find(wanted))
    }

    async fn send(&self, trigger: &Trigger) -> Result<Triggered, Exit> {
        answered(self.client.post(format!("{}/sandbox/trigger", self.url)).json(trigger)).await
    }
}

async fn answered<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, Exit> {
    let unreachable = |error: reqwest::Error| {
        let error = anyhow::Error::from(error.without_url());
        Exit::Unreachable(error.context("asking the pretend Smartpay: is `dev` running?"))
    };
    let response = request.send().await.map_err(unreachable)?;
    let status = response.status();
    if status.is_success() {
        return response.json().await.map_err(unreachable);
    }
    let Refusal { message, details } = response.json().await.map_err(unreachable)?;
    let message = if details.is_empty() { message } else { details.join("; ") };
    Err(match status {
        StatusCode::NOT_FOUND => Exit::not_found(message),
        StatusCode::BAD_REQUEST | StatusCode::CONFLICT => Exit::usage(message),
        _ => Exit::Unreachable(anyhow::Error::msg(message)),
    })
}

async fn claim(opened: Opened, of: &Named, consumer: Consumer) -> Result<(), Exit> {
    let claim = Claim {
        token_created_at: of.created_at,
        session: Some(SessionId::parse(&of.session).context("the sandbox's session id")?),
        consumer: Some(consumer),
        reference: None,
        origin: ClaimOrigin::SessionResponse,
    };
    let authority =
        Authority { actor: "trigger".to_owned(), reason: "a session of a shopper".to_owned() };
    opened.claim(token_id(&of.token)?, claim, authority).await?;
    Ok(())
}

fn new_token() -> Named {
    let mut rng = rand::rng();
    Named {
        token: ids::token_id(&mut rng).expose().to_owned(),
        session: ids::session_id(&mut rng).as_str().to_owned(),
        created_at: ProviderTime::from_millis(Clock::system().now().timestamp_millis()),
    }
}

fn token_id(text: &str) -> anyhow::Result<TokenId> {
    TokenId::parse(text).context("the sandbox's token id")
}
