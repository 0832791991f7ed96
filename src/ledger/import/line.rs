//! What a line says, from texts to types.

use std::collections::BTreeMap;
use std::fmt;

use chrono::DateTime;
use serde::Serialize;

use crate::ledger::import::Wrong;
use crate::smartpay::Expected;
use crate::smartpay::TokenId;
use crate::token::Claim;
use crate::token::ClaimOrigin;
use crate::token::Consumer;
use crate::token::NameError;
use crate::token::ProviderTime;
use crate::token::Reference;
use crate::token::SessionId;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    TokenId,
    Consumer,
    Session,
    Since,
    Reference,
}

/// The texts of a line. An empty one is as good as none.
pub(super) type Fields = BTreeMap<Column, String>;

/// A token that exists already, and whose it is.
#[derive(Clone, Debug)]
pub struct Line {
    pub id: TokenId,
    pub consumer: Consumer,
    pub session: Option<SessionId>,
    /// When Smartpay made the token.
    pub since: Option<ProviderTime>,
    pub reference: Option<Reference>,
}

/// The bytes that are hashed and sealed: the same for every way of writing a line.
#[derive(Serialize)]
struct Canonical<'a> {
    token_id: &'a str,
    consumer: &'a Consumer,
    session: Option<&'a SessionId>,
    since: Option<ProviderTime>,
    reference: Option<&'a Reference>,
}

impl Column {
    pub const ALL: [Self; 5] =
        [Self::TokenId, Self::Consumer, Self::Session, Self::Since, Self::Reference];

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.as_str() == name)
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TokenId => "token_id",
            Self::Consumer => "consumer",
            Self::Session => "session",
            Self::Since => "since",
            Self::Reference => "reference",
        }
    }

    /// All of them, for people.
    pub(super) fn names() -> String {
        Self::ALL.map(Self::as_str).join(", ")
    }
}

impl Line {
    pub(super) fn of(mut fields: Fields, expected: &Expected) -> Result<Self, Wrong> {
        let mut given = |column| fields.remove(&column).filter(|text| !text.is_empty());
        let id = given(Column::TokenId).ok_or(Wrong::Missing(Column::TokenId))?;
        let id = TokenId::parse(&id).map_err(Wrong::TokenId)?;
        let consumer = name(Column::Consumer, given(Column::Consumer).as_deref(), Consumer::parse)?;
        let session = name(Column::Session, given(Column::Session).as_deref(), SessionId::parse)?;
        let reference =
            name(Column::Reference, given(Column::Reference).as_deref(), Reference::parse)?;
        let since = given(Column::Since).map(|text| time(&text, expected)).transpose()?;
        let other_mode = |column| Err(Wrong::OtherMode { column, mode: expected.mode });
        if id.mode() != expected.mode {
            return other_mode(Column::TokenId);
        }
        let prefix = format!("checkout_{}_", expected.mode);
        if session.as_ref().is_some_and(|session| !session.as_str().starts_with(&prefix)) {
            return other_mode(Column::Session);
        }
        let consumer = consumer.ok_or(Wrong::Missing(Column::Consumer))?;
        Ok(Self { id, consumer, session, since, reference })
    }

    pub(crate) fn canonical(&self) -> Vec<u8> {
        let canonical = Canonical {
            token_id: self.id.expose(),
            consumer: &self.consumer,
            session: self.session.as_ref(),
            since: self.since,
            reference: self.reference.as_ref(),
        };
        serde_json::to_vec(&canonical).expect("a struct of texts and a number is always JSON")
    }

    /// Without a time of its own the token is said to be as old as the import: whatever Smartpay
    /// says of it is earlier, and the earliest counts.
    pub(crate) fn claim(&self, now: ProviderTime) -> Claim {
        Claim {
            token_created_at: self.since.unwrap_or(now),
            session: self.session.clone(),
            consumer: Some(self.consumer.clone()),
            reference: self.reference.clone(),
            origin: ClaimOrigin::Import,
        }
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn name<T>(
    column: Column,
    text: Option<&str>,
    parse: fn(&str) -> Result<T, NameError>,
) -> Result<Option<T>, Wrong> {
    text.map(parse).transpose().map_err(|error| Wrong::Name { column, error })
}

fn time(text: &str, expected: &Expected) -> Result<ProviderTime, Wrong> {
    let time = DateTime::parse_from_rfc3339(text).map_err(|_| Wrong::NotATime)?;
    let time = ProviderTime::from_millis(time.timestamp_millis());
    if expected.admits(time) { Ok(time) } else { Err(Wrong::ImplausibleTime) }
}
