//! Why an endpoint was not made, ended or looked at.

use chrono::DateTime;
use chrono::Utc;
use thiserror::Error;

use crate::smartpay::client::NotSent;
use crate::smartpay::client::Unknown;
use crate::smartpay::client::answer::Wrong;

/// How many endpoints with a live secret a ledger may have.
pub(crate) const LIVE_MAX: usize = 64;
/// Pages of Smartpay's list that are read: five thousand endpoints.
pub(crate) const PAGES_MAX: u32 = 50;

/// For callers to branch on; nothing of it shows what Smartpay answered.
#[derive(Debug, Error)]
pub enum Error {
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    #[error("{0}")]
    Vault(String),
    #[error("another `webhooks` command is at work on this ledger: run this one when it has ended")]
    Busy,
    #[error("{LIVE_MAX} webhook endpoints are live already: end rotations with `--finish`")]
    TooMany,

    #[error("Smartpay could not be asked for its webhook endpoints, nothing was changed: {0}")]
    Unreachable(String),
    #[error("Smartpay has more than {PAGES_MAX} pages of webhook endpoints: nothing was changed")]
    TooManyThere,
    #[error(
        "Smartpay's answer cannot be relied on ({0}), nothing was changed: make the endpoint at \
         Smartpay by hand and set TOKENLEDGER_WEBHOOK_SECRETS to its signing secret"
    )]
    Odd(Wrong),
    #[error("{0}: set TOKENLEDGER_SMARTPAY_SECRET_KEY to a live key of the account")]
    KeyRefused(Wrong),

    #[error("nothing reached Smartpay ({0}): run the same command again")]
    NotSent(#[source] NotSent),
    #[error(
        "it is not known whether Smartpay made the endpoint ({cause}): run the same command again \
         before {until}, it asks with the same key and gets the same answer"
    )]
    Unknown { cause: Unknown, until: DateTime<Utc> },
    #[error("Smartpay refused to make the endpoint: {0}")]
    Refused(Wrong),
    #[error(
        "Smartpay answered, but not with an endpoint that can be used ({0}). It may have made one: \
         `webhooks check` shows it, `webhooks rotate` makes another, `webhooks rotate --finish` \
         then deletes it"
    )]
    NotUsable(String),

    #[error(
        "Smartpay sends to {url} already ({ids}), with a secret that it shows only once and that \
         is not known here. If you have it, set TOKENLEDGER_WEBHOOK_SECRETS; else run `tokenledger \
         webhooks rotate --name {name}`, which makes another endpoint"
    )]
    Stranger { name: String, url: String, ids: String },
    #[error(
        "a rotation of {name} is under way ({ids}): end it with `tokenledger webhooks rotate \
         --name {name} --finish` first"
    )]
    UnderWay { name: String, ids: String },
    #[error(
        "nothing at Smartpay sends to {url}: `tokenledger webhooks register --name {name}` makes \
         an endpoint that does"
    )]
    NothingToRotate { name: String, url: String },
    #[error("no endpoint {name} was made from here: there is no rotation to finish")]
    NothingToFinish { name: String },
    #[error(
        "{id}, the newest endpoint of {name}, is not active at Smartpay or does not send to {url}: \
         nothing was deleted; `webhooks check` says what to do"
    )]
    NewestAmiss { name: String, id: String, url: String },
    #[error("{0}: nothing was deleted. Give --yes to do it all the same")]
    TooEarly(String),
    #[error("it is not known whether Smartpay deleted {id} ({cause}): run the same command again")]
    NotDeleted { id: String, cause: String },
}
