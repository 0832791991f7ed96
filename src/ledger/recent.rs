//! Tokens as the last groups left them, so that their streams need not be read again.
//!
//! They hold only while the head stands where this process left it: then nobody else has written
//! since, for every change passes the head: events, and also words and what the vault holds of a
//! token, which therefore change only through the door. Otherwise, and after any failure, all are
//! forgotten.

use std::collections::HashMap;
use std::mem;

use crate::ledger::loaded::Head;
use crate::ledger::loaded::KnownToken;
use crate::vault::Ref;

/// At most twice as many are kept: those of late, and those that might be asked for once more.
const GENERATION_MAX: usize = 8_192;
/// Longer streams are read each time: few are, and memory has its limit.
const EVENTS_MAX: usize = 64;

#[derive(Debug, Default)]
pub(crate) struct Recent {
    /// Where the head must stand. None while a group is under way, and after one that failed.
    left_at: Option<Mark>,
    young: HashMap<Ref, KnownToken>,
    old: HashMap<Ref, KnownToken>,
}

/// The chain stands for all that ever arrived.
#[derive(Debug, PartialEq, Eq)]
struct Mark {
    incarnation: i32,
    position: i64,
    arrival: i64,
    chain: Vec<u8>,
}

impl Recent {
    /// Begins a group: what does not hold any more is forgotten. The head is locked.
    pub(crate) fn begin(&mut self, head: &Head) {
        if self.left_at.take() != Some(Mark::of(head)) {
            self.young.clear();
            self.old.clear();
        }
    }

    /// Gives a token away: the group will hand it back, or fail.
    pub(crate) fn take(&mut self, reference: &Ref) -> Option<KnownToken> {
        self.young.remove(reference).or_else(|| self.old.remove(reference))
    }

    /// Ends a group that is committed, with the head and the tokens as it left them.
    pub(crate) fn keep(&mut self, head: &Head, tokens: HashMap<Ref, KnownToken>) {
        if self.young.len() + tokens.len() > GENERATION_MAX {
            self.old = mem::take(&mut self.young);
        }
        let short = tokens.into_iter().filter(|(_, token)| token.positions.len() <= EVENTS_MAX);
        self.young.extend(short);
        self.left_at = Some(Mark::of(head));
    }
}

impl Mark {
    fn of(head: &Head) -> Self {
        Self {
            incarnation: head.incarnation,
            position: head.position,
            arrival: head.arrival,
            chain: head.chain.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use crate::ledger::loaded::Head;
    use crate::ledger::loaded::KnownToken;
    use crate::ledger::recent::EVENTS_MAX;
    use crate::ledger::recent::GENERATION_MAX;
    use crate::ledger::recent::Recent;
    use crate::vault::Ref;

    fn head(position: i64, arrival: i64) -> Head {
        Head {
            position,
            input: arrival,
            arrival,
            chain: vec![u8::try_from(arrival % 251).expect("below 251"); 32],
            recorded_at: chrono::DateTime::UNIX_EPOCH,
            incarnation: 1,
            transaction: String::new(),
        }
    }

    fn reference(number: usize) -> Ref {
        Ref::parse(&format!("tok_test_{number:022}")).expect("of the right form")
    }

    fn tokens(numbers: std::ops::Range<usize>) -> HashMap<Ref, KnownToken> {
        numbers.map(|number| (reference(number), KnownToken::default())).collect()
    }

    #[test]
    fn tokens_are_there_while_the_head_stands_and_are_given_away_once() {
        let mut recent = Recent::default();
        recent.begin(&head(1, 1));
        recent.keep(&head(2, 2), tokens(0..2));
        recent.begin(&head(2, 2));
        assert!(recent.take(&reference(0)).is_some());
        assert!(recent.take(&reference(0)).is_none());
    }

    #[test]
    fn a_head_that_moved_in_any_way_forgets_all() {
        let left = head(7, 9);
        let moved = [
            head(8, 10),
            head(7, 10),
            Head { position: 8, ..left.clone() },
            Head { incarnation: 2, ..left.clone() },
            Head { chain: vec![1; 32], ..left.clone() },
        ];
        for moved in moved {
            let mut recent = Recent::default();
            recent.keep(&left, tokens(0..1));
            recent.begin(&moved);
            assert!(recent.take(&reference(0)).is_none(), "{moved:?}");
        }
    }

    #[test]
    fn a_group_that_failed_forgets_all() {
        let mut recent = Recent::default();
        recent.keep(&head(1, 1), tokens(0..2));
        recent.begin(&head(1, 1));
        recent.begin(&head(1, 1));
        assert!(recent.take(&reference(1)).is_none());
    }

    #[test]
    fn there_is_a_limit_and_those_of_late_outlast_it() {
        let mut recent = Recent::default();
        for first in (0..10 * GENERATION_MAX).step_by(500) {
            recent.begin(&head(1, 1));
            recent.keep(&head(1, 1), tokens(first..first + 500));
            assert!(recent.young.len() + recent.old.len() <= 2 * GENERATION_MAX);
            assert!(recent.young.contains_key(&reference(first)));
        }
        let long = KnownToken { positions: vec![1; EVENTS_MAX + 1], ..KnownToken::default() };
        recent.keep(&head(1, 1), [(reference(0), long)].into());
        assert!(recent.take(&reference(0)).is_none(), "a long stream was kept");
    }
}
