//! Scopes: the closed list of what a key may be good for.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Tokens, consumers, usability checks, lookup.
    TokensRead,
    /// Disable, enable, delete, refresh, claim.
    TokensWrite,
    /// The Smartpay id behind a ref.
    TokensReveal,
    /// Checkout sessions.
    SessionsWrite,
    /// Events, feed, proofs.
    EventsRead,
    /// The inbox.
    DeliveriesRead,
    /// Deciding deliveries anew.
    DeliveriesWrite,
    /// Comparing with Smartpay.
    Reconcile,
    /// Checkpoints and evidence packs.
    EvidenceRead,
}

/// A word that is no scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a scope is one of {}", Scope::ALL.map(Scope::as_str).join(", "))]
pub struct NotAScope;

/// Some of the scopes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes(BTreeSet<Scope>);

impl Scope {
    pub const ALL: [Self; 9] = [
        Self::TokensRead,
        Self::TokensWrite,
        Self::TokensReveal,
        Self::SessionsWrite,
        Self::EventsRead,
        Self::DeliveriesRead,
        Self::DeliveriesWrite,
        Self::Reconcile,
        Self::EvidenceRead,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TokensRead => "tokens:read",
            Self::TokensWrite => "tokens:write",
            Self::TokensReveal => "tokens:reveal",
            Self::SessionsWrite => "sessions:write",
            Self::EventsRead => "events:read",
            Self::DeliveriesRead => "deliveries:read",
            Self::DeliveriesWrite => "deliveries:write",
            Self::Reconcile => "reconcile",
            Self::EvidenceRead => "evidence:read",
        }
    }
}

impl Scopes {
    pub fn all() -> Self {
        Self(Scope::ALL.into())
    }

    pub fn contain(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// The words, in the order of the list.
    pub fn words(&self) -> Vec<String> {
        self.0.iter().map(Scope::to_string).collect()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = NotAScope;

    fn from_str(word: &str) -> Result<Self, NotAScope> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word).ok_or(NotAScope)
    }
}
