//! Making an endpoint at Smartpay: what is asked is kept first, so that whatever happens on the way
//! there will be one endpoint, and its secret is here.

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use rand::RngExt;
use rand::distr::Alphanumeric;
use serde_json::Map;
use serde_json::Value;

use crate::smartpay::SigningSecret;
use crate::smartpay::client::COMMAND_DEADLINE;
use crate::smartpay::client::Call;
use crate::smartpay::client::IdempotencyKey;
use crate::smartpay::client::NewEndpoint;
use crate::smartpay::client::Outcome;
use crate::smartpay::client::answer;
use crate::smartpay::client::answer::Endpoint;
use crate::smartpay::client::answer::Wrong;
use crate::webhooks::desk::Desk;
use crate::webhooks::desk::Known;
use crate::webhooks::desk::Made;
use crate::webhooks::desk::Wanted;
use crate::webhooks::error::Error;
use crate::webhooks::store;
use crate::webhooks::store::Attempt;

/// Smartpay keeps an idempotency key for six hours from first receipt (documented); the last
/// minutes are left to the call and to clocks that differ.
const RESUMABLE_FOR: TimeDelta = TimeDelta::minutes(355);
/// 131 bits: no two attempts have the same.
const KEY_CHARS: usize = 22;
/// An answer with a status below this one did what was asked.
const REFUSALS_FROM: u16 = 400;

/// Whether this attempt is at the same, and Smartpay still knows its key.
pub(crate) fn is_resumable(attempt: &Attempt, wanted: &Wanted, now: DateTime<Utc>) -> bool {
    attempt.url == wanted.url && now < resumable_until(attempt)
}

pub(crate) fn resumable_until(attempt: &Attempt) -> DateTime<Utc> {
    attempt.asked_at + RESUMABLE_FOR
}

/// Goes on with the attempt that is open, or begins one.
pub(crate) async fn make(
    desk: &mut Desk<'_>,
    known: &Known,
    wanted: &Wanted,
) -> Result<Made, Error> {
    let now = desk.clock.now();
    let (open, outdated) = match known.attempt.clone() {
        Some(open) if is_resumable(&open, wanted, now) => (Some(open), None),
        other => (None, other),
    };
    if let Some(outdated) = outdated {
        store::give_up(desk.connection, &outdated.key, now).await?;
    }
    let resumed = open.is_some();
    let attempt = if let Some(attempt) = open {
        attempt
    } else {
        let attempt = new_attempt(wanted, desk.actor, now);
        store::begin(desk.connection, &attempt).await?;
        attempt
    };
    let asked = ask(desk, known, &attempt).await;
    let (endpoint, secret) = match asked {
        Ok(made) => made,
        Err((error, gives_up)) => {
            // What an earlier run of it did is not told by the refusal of this one.
            let over = match gives_up {
                GivesUp::Always => true,
                GivesUp::WhenNew => !resumed,
                GivesUp::Never => false,
            };
            if over {
                store::give_up(desk.connection, &attempt.key, desk.clock.now()).await?;
            }
            return Err(error);
        }
    };
    let id = endpoint.id.as_str();
    let settled_at = desk.clock.now();
    store::settle(desk.connection, desk.vault, &attempt, (id, &secret), settled_at)
        .await
        .map_err(|error| not_kept(&error))?;
    Ok(Made {
        subscription_id: id.to_owned(),
        fingerprint: secret.fingerprint(),
        resumed,
        has_variants: secret.has_variants(),
        ending: ending(desk, known, settled_at).await?,
        strangers: strangers(known, &attempt, id),
    })
}

/// What a failure means for the attempt.
enum GivesUp {
    Always,
    WhenNew,
    Never,
}

async fn ask(
    desk: &Desk<'_>,
    known: &Known,
    attempt: &Attempt,
) -> Result<(Endpoint, SigningSecret), (Error, GivesUp)> {
    let key = IdempotencyKey::parse(&attempt.key).expect("letters, digits and hyphens");
    let call = Call::create_endpoint(attempt.request.clone().into_bytes(), &key);
    let answer = match desk.smartpay.send(&call, COMMAND_DEADLINE).await.outcome {
        Outcome::Answered(answer) => answer,
        Outcome::NotSent(cause) => return Err((Error::NotSent(cause), GivesUp::Never)),
        Outcome::Unknown(cause) => {
            let until = resumable_until(attempt);
            return Err((Error::Unknown { cause, until }, GivesUp::Never));
        }
    };
    let status = answer.status;
    let endpoint = answer::endpoint(answer.received(), None, desk.smartpay.mode())
        .map_err(|wrong| refused(status, wrong))?;
    usable(desk, known, attempt, endpoint).map_err(|why| (Error::NotUsable(why), GivesUp::Always))
}

fn refused(status: u16, wrong: Wrong) -> (Error, GivesUp) {
    if status < REFUSALS_FROM {
        // The same key would bring the same answer again.
        return (Error::NotUsable(wrong.to_string()), GivesUp::Always);
    }
    let error = match wrong {
        Wrong::KeyRefused => Error::KeyRefused(wrong),
        Wrong::Error(_)
        | Wrong::Status(_)
        | Wrong::NotJson { .. }
        | Wrong::NotAnObject
        | Wrong::BodyNotEmpty
        | Wrong::Missing(_)
        | Wrong::Shape(_)
        | Wrong::WrongMode
        | Wrong::WrongId
        | Wrong::NotAReading(_)
        | Wrong::PageRepeats => Error::Refused(wrong),
    };
    (error, GivesUp::WhenNew)
}

/// The endpoint with its secret, if it is the one that was asked for.
fn usable(
    desk: &Desk<'_>,
    known: &Known,
    attempt: &Attempt,
    mut endpoint: Endpoint,
) -> Result<(Endpoint, SigningSecret), String> {
    if endpoint.url != attempt.url {
        return Err("it sends to another URL than was asked for".to_owned());
    }
    let id = endpoint.id.as_str();
    if known.registered.iter().any(|row| row.subscription_id == id) {
        return Err(format!("{id} was made before"));
    }
    let secret = endpoint.signing_secret.take();
    let secret = secret.ok_or_else(|| format!("{id} came without its signingSecret"))?;
    let secret =
        secret.map_err(|error| format!("{id} came with a secret that is none: {error}"))?;
    let fingerprint = secret.fingerprint();
    let configured = desk.configured.get(&attempt.endpoint);
    let mut configured = configured.iter().flat_map(|endpoint| &endpoint.secrets);
    if known.registered.iter().any(|row| row.fingerprint == fingerprint)
        || configured.any(|secret| secret.fingerprint() == fingerprint)
    {
        return Err(format!("{id} came with a secret that another endpoint has"));
    }
    Ok((endpoint, secret))
}

fn new_attempt(wanted: &Wanted, actor: &str, now: DateTime<Utc>) -> Attempt {
    let letters = rand::rng().sample_iter(Alphanumeric).take(KEY_CHARS).map(char::from);
    let key = format!("whe-{}", letters.collect::<String>());
    let metadata = Map::from_iter([("tokenledger_key".to_owned(), Value::from(key.as_str()))]);
    let new = NewEndpoint {
        url: wanted.url.clone(),
        description: format!("tokenledger, endpoint {}", wanted.name),
        event_subscriptions: Vec::new(),
        metadata,
    };
    Attempt {
        key,
        endpoint: wanted.name.clone(),
        url: wanted.url.clone(),
        request: String::from_utf8(new.to_body()).expect("JSON is UTF-8"),
        overlap_seconds: wanted.overlap.num_seconds(),
        asked_at: now,
        asked_by: actor.to_owned(),
    }
}

/// Those whose validity ends with this.
async fn ending(
    desk: &mut Desk<'_>,
    known: &Known,
    now: DateTime<Utc>,
) -> Result<Vec<(String, Option<DateTime<Utc>>)>, Error> {
    let before: Vec<&str> = known.registered.iter().map(|row| row.key.as_str()).collect();
    let rows = store::registered(desk.connection).await?.into_iter();
    let ending = rows.filter(|row| before.contains(&row.key.as_str()) && row.is_live(now));
    Ok(ending.map(|row| (row.subscription_id, row.valid_until)).collect())
}

fn strangers(known: &Known, attempt: &Attempt, made: &str) -> Vec<String> {
    let ours = |id: &str| known.registered.iter().any(|row| row.subscription_id == id);
    let ids = known.there.to(&attempt.url).map(|endpoint| endpoint.id.as_str());
    ids.filter(|id| *id != made && !ours(id)).map(str::to_owned).collect()
}

/// Smartpay has made it; the attempt stays open, and running it again brings the secret once more.
fn not_kept(error: &anyhow::Error) -> Error {
    Error::Vault(format!(
        "the endpoint was made, but its secret could not be kept ({error:#}): run the same command \
         again, it gets the same answer"
    ))
}
