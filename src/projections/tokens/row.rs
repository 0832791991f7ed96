//! One token as the projection holds it, folded from its entries.

use chrono::DateTime;
use chrono::Utc;

use crate::journal::Entry;
use crate::journal::Happening;
use crate::journal::Position;
use crate::token::Token;
use crate::token::TokenView;
use crate::vault::Ref;

/// The fold of a token's entries so far, never of none.
#[derive(Clone, Debug)]
pub struct TokenRow {
    pub reference: Ref,
    pub view: TokenView,
    pub position: Position,
    pub first_position: Position,
    pub occurred_at: DateTime<Utc>,
    pub recorded_at: DateTime<Utc>,
}

impl TokenRow {
    /// The row after one more entry of the same token, which must be the next in sequence.
    pub fn apply(row: Option<Self>, entry: &Entry) -> Self {
        Self::follow(row, Happening::from(entry))
    }

    /// The same, for readers that have no more than what happened.
    pub fn follow(row: Option<Self>, happening: Happening) -> Self {
        let Happening { position, reference, event, occurred_at, recorded_at, .. } = happening;
        let mut row = row.unwrap_or_else(|| Self {
            reference,
            view: TokenView::default(),
            position: 0,
            first_position: position,
            occurred_at,
            recorded_at,
        });
        assert!(row.position < position, "entries are applied in position order");
        row.view.follow(event);
        row.position = position;
        row.occurred_at = occurred_at;
        row.recorded_at = recorded_at;
        row
    }

    pub fn token(&self) -> &Token {
        self.view.token()
    }
}
