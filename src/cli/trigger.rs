//! `trigger`: a signed webhook, as Smartpay would send it, about a token of the pretend Smartpay.

use std::path::Path;

use anyhow::Context;
use reqwest::StatusCode;

use tokenledger::clock::Clock;
use tokenledger::ledger::Authority;
use tokenledger::sandbox::Action;
use tokenledger::sandbox::Faults;
use tokenledger::sandbox::Message;
use tokenledger::sandbox::Sandbox;
use tokenledger::sandbox::Sender;
use tokenledger::sandbox::Token;
use tokenledger::sandbox::ids;
use tokenledger::smartpay::TokenId;
use tokenledger::token::Claim;
use tokenledger::token::ClaimOrigin;
use tokenledger::token::Consumer;
use tokenledger::vault::Ref;

use crate::cli::exit::Exit;
use crate::cli::ledger::Opened;
use crate::cli::named;
use crate::cli::options::TriggerOptions;
use crate::cli::output::Printer;
use crate::cli::settings::Settings;

pub(crate) async fn run(
    options: &TriggerOptions,
    data: Option<&Path>,
    settings: &Settings,
    printer: &Printer,
) -> Result<(), Exit> {
    let data = data.ok_or_else(|| {
        Exit::usage("trigger plays Smartpay for a `dev`: give its directory with --data")
    })?;
    let action = Action::parse(&options.event).map_err(|error| Exit::usage(error.to_string()))?;
    let consumer = options.consumer.as_deref().map(Consumer::parse).transpose();
    let consumer = consumer.map_err(|error| Exit::usage(format!("--consumer: {error}")))?;
    let opened = Opened::open(settings).await?;
    let mut sandbox = Sandbox::open(&data.join("smartpay.json")).map_err(anyhow::Error::from)?;
    let message = act(&mut sandbox, action, options, &opened)?;
    let created_at = sandbox.token(message.token()).map(Token::created_at);
    let reference = opened.vault.reference(message.token());
    if let (Some(consumer), Some(token_created_at)) = (consumer, created_at) {
        let claim = Claim {
            token_created_at,
            session: Some(ids::session_id(&mut rand::rng())),
            consumer: Some(consumer),
            reference: None,
            origin: ClaimOrigin::SessionResponse,
        };
        let authority =
            Authority { actor: "trigger".to_owned(), reason: "a session of a shopper".to_owned() };
        opened.claim(message.token().clone(), claim, authority).await?;
    }
    let answers = send(&message, options, settings).await?;
    for status in &answers {
        printer.say(&format!("{action} {reference} → {status}"));
    }
    // What the service never took has not happened: both sides stay the same.
    if answers.contains(&StatusCode::OK) {
        sandbox.save().context("keeping the pretend Smartpay's tokens")?;
    }
    Ok(())
}

/// Lets it happen at the pretend Smartpay: to the token named, a new one, or the newest that allows it.
fn act(
    sandbox: &mut Sandbox,
    action: Action,
    options: &TriggerOptions,
    opened: &Opened,
) -> Result<Message, Exit> {
    let now = Clock::system().now();
    let mut rng = rand::rng();
    let id = match options.token.as_deref().map(named::reference).transpose()? {
        Some(reference) => Some(find(sandbox, &reference, opened)?),
        None => sandbox.newest_for(action).map(|token| token.id().clone()),
    };
    let id = match id {
        None if action == Action::Create => return Ok(sandbox.create(None, now, &mut rng)),
        None => {
            return Err(Exit::not_found(format!(
                "the pretend Smartpay has no token to which {} can happen: make one with `trigger \
                 token.created`",
                options.event
            )));
        }
        Some(id) => id,
    };
    sandbox
        .apply(&id, action, now, &mut rng)
        .map_err(|error| Exit::usage(format!("{}: {error}", options.event)))
}

/// The id behind a ref: the pretend Smartpay knows ids only.
fn find(sandbox: &Sandbox, reference: &Ref, opened: &Opened) -> Result<TokenId, Exit> {
    let mut ids = sandbox.tokens().iter().map(Token::id);
    ids.find(|id| opened.vault.reference(id) == *reference)
        .cloned()
        .ok_or_else(|| Exit::not_found(format!("the pretend Smartpay has no token {reference}")))
}

async fn send(
    message: &Message,
    options: &TriggerOptions,
    settings: &Settings,
) -> Result<Vec<StatusCode>, Exit> {
    let webhook = settings.webhooks()?.first().expect("the list is not empty");
    let key = webhook.keys.first().expect("an endpoint has a secret");
    let url = format!("{}/webhooks/smartpay/{}", settings.service_url(), webhook.name);
    let sender = Sender::new(
        &url,
        key.secret.expose(),
        key.subscription_id.as_deref().unwrap_or_default(),
        Clock::system(),
    )
    .map_err(|error| Exit::usage(error.to_string()))?;
    let faults = Faults {
        duplicate: options.duplicate - 1,
        bad_signature: options.bad_signature,
        skew_ms: options.skew,
    };
    sender.send_with(message, faults).await.map_err(|error| Exit::Unreachable(error.into()))
}
