//! The endpoints that Smartpay has, all pages of them.

use std::time::Duration;

use crate::smartpay::client::Call;
use crate::smartpay::client::Client;
use crate::smartpay::client::Outcome;
use crate::smartpay::client::PageSize;
use crate::smartpay::client::answer;
use crate::smartpay::client::answer::Endpoint;
use crate::smartpay::client::answer::Wrong;
use crate::webhooks::error::Error;
use crate::webhooks::error::PAGES_MAX;

/// For one page, its tries included.
const DEADLINE: Duration = Duration::from_secs(10);
const PAGE_ROWS: u8 = 100;
const TOO_MANY_REQUESTS: u16 = 429;

/// What Smartpay lists.
#[derive(Debug, Default)]
pub(crate) struct There {
    pub endpoints: Vec<Endpoint>,
    /// Rows that cannot be read: what they are is not known.
    pub unreadable: Vec<Wrong>,
}

impl There {
    pub(crate) async fn ask(smartpay: &Client) -> Result<There, Error> {
        let mut there = There::default();
        let mut page = None;
        for _ in 0..PAGES_MAX {
            let call = Call::list_endpoints(PageSize::of(PAGE_ROWS), page.as_ref());
            let answer = match smartpay.send(&call, DEADLINE).await.outcome {
                Outcome::Answered(answer) => answer,
                Outcome::NotSent(cause) => return Err(Error::Unreachable(told(cause))),
                Outcome::Unknown(cause) => return Err(Error::Unreachable(told(cause))),
            };
            let received = answer.received();
            let read =
                answer::endpoints(received, page.as_ref(), smartpay.mode()).map_err(wrong)?;
            for row in read.rows {
                match row {
                    Ok(endpoint) => there.endpoints.push(endpoint),
                    Err(wrong) => there.unreadable.push(wrong),
                }
            }
            match read.next {
                Some(next) => page = Some(next),
                None => return Ok(there),
            }
        }
        Err(Error::TooManyThere)
    }

    pub(crate) fn find(&self, id: &str) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.id.as_str() == id)
    }

    /// Those that send there.
    pub(crate) fn to<'a>(&'a self, url: &'a str) -> impl Iterator<Item = &'a Endpoint> {
        self.endpoints.iter().filter(move |endpoint| endpoint.url == url)
    }
}

/// With what caused it.
pub(crate) fn told(cause: impl std::error::Error + Send + Sync + 'static) -> String {
    format!("{:#}", anyhow::Error::from(cause))
}

fn wrong(wrong: Wrong) -> Error {
    match wrong {
        Wrong::KeyRefused => Error::KeyRefused(wrong),
        Wrong::Error(ref error) if error.status == TOO_MANY_REQUESTS => {
            Error::Unreachable(wrong.to_string())
        }
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
        | Wrong::PageRepeats => Error::Odd(wrong),
    }
}
