//! What happens to one token of the demo, who does it, and what becomes of its webhook.

use std::ops::Range;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use rand::Rng;
use rand::RngExt;

use crate::sandbox::action::Action;

/// How long a webhook that takes a detour is under way, and a pause that is over before it arrives.
pub(crate) const LATE: TimeDelta = TimeDelta::minutes(190);
const PAUSE_SHORT: TimeDelta = TimeDelta::minutes(110);
/// How long a shopper who turned back thinks about it.
const SECOND_THOUGHTS_S: Range<i64> = 1_800..14_400;
/// The shop charges on Mondays at ten in Japan (this is the first there was), each token every
/// fourth week.
const CHARGES_FIRST_S: i64 = 4 * 86_400 + 3_600;
const WEEK_S: i64 = 7 * 86_400;
const CHARGED_EVERY_WEEKS: i64 = 4;

/// How a token's story goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Active,
    Awaiting,
    Rejected,
    /// The shopper turns back, comes again and confirms.
    Returned,
    /// Disabled, then enabled.
    Paused,
    Disabled,
    Deleted,
    /// Disabled at the dashboard without a webhook, and deleted weeks later.
    Missed,
    /// Disabled, enabled, and disabled for good; the webhook of the first disabling comes hours
    /// late, after that of the enabling.
    Eventful,
}

/// Whose hand it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The shop, through the ledger.
    Us,
    /// Somebody at Smartpay's own dashboard, so that the ledger knows nothing of it.
    Dashboard,
}

/// Where a shopper goes who has confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Back to the shop, past the ledger.
    Returns,
    /// Closes the page, so that only a webhook tells of it.
    Leaves,
}

/// What somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A session is asked for.
    Ask(By),
    Confirm(Then),
    TurnBack,
    Decline,
    Disable(By),
    Enable(By),
    Delete(By),
    Charge,
}

/// What becomes of the webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Soon,
    Late,
    Lost,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Happening {
    pub(crate) at: DateTime<Utc>,
    pub(crate) deed: Deed,
    pub(crate) fate: Fate,
}

/// Of every 25 tokens; which is which is left to chance.
pub(crate) const KINDS: [(Kind, usize); 7] = [
    (Kind::Active, 11),
    (Kind::Returned, 1),
    (Kind::Paused, 4),
    (Kind::Deleted, 3),
    (Kind::Disabled, 2),
    (Kind::Rejected, 2),
    (Kind::Awaiting, 2),
];

impl Deed {
    /// What it does to the token at Smartpay. To turn back does nothing to it.
    pub const fn action(self) -> Option<Action> {
        match self {
            Deed::Ask(_) => Some(Action::Create),
            Deed::Confirm(_) => Some(Action::Approve),
            Deed::TurnBack => None,
            Deed::Decline => Some(Action::Reject),
            Deed::Disable(_) => Some(Action::Disable),
            Deed::Enable(_) => Some(Action::Enable),
            Deed::Delete(_) => Some(Action::Delete),
            Deed::Charge => Some(Action::Use),
        }
    }
}

/// What happens after the creation and before `end`, in order. `place` spreads the charges.
pub(crate) fn live(
    (kind, place): (Kind, i64),
    created_at: DateTime<Utc>,
    end: DateTime<Utc>,
    rng: &mut impl Rng,
) -> Vec<Happening> {
    let changes = changes(kind, created_at, end, rng);
    let orders = charges(&changes, place, end);
    let mut all = [changes, orders].concat();
    all.retain(|happening| happening.at < end);
    all.sort_by_key(|happening| happening.at);
    all
}

/// A point between two times.
pub(crate) fn between(from: DateTime<Utc>, to: DateTime<Utc>, permille: i64) -> DateTime<Utc> {
    from + TimeDelta::milliseconds((to - from).num_milliseconds() * permille / 1000)
}

/// A random point between two thousandths of the time between two times.
pub(crate) fn somewhere(
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    permille: Range<i64>,
    rng: &mut impl Rng,
) -> DateTime<Utc> {
    let first = between(from, to, permille.start).timestamp_millis();
    let last = between(from, to, permille.end).timestamp_millis();
    from + TimeDelta::milliseconds(rng.random_range(first..=last) - from.timestamp_millis())
}

fn changes(
    kind: Kind,
    created_at: DateTime<Utc>,
    end: DateTime<Utc>,
    rng: &mut impl Rng,
) -> Vec<Happening> {
    let mut at = created_at + TimeDelta::milliseconds(rng.random_range(40_000..720_000));
    let soon = |at, deed| Happening { at, deed, fate: Fate::Soon };
    let mut all = Vec::new();
    match kind {
        Kind::Awaiting => return all,
        Kind::Rejected => return vec![soon(at, Deed::Decline)],
        Kind::Returned => {
            all.push(soon(at, Deed::TurnBack));
            let thought_s = rng.random_range(SECOND_THOUGHTS_S);
            // Also on the last evening of the demo there is time for it.
            at = (at + TimeDelta::seconds(thought_s)).min(between(at, end, 700).max(at));
            at += TimeDelta::seconds(1);
        }
        Kind::Active
        | Kind::Paused
        | Kind::Disabled
        | Kind::Deleted
        | Kind::Missed
        | Kind::Eventful => {}
    }
    let returns = rng.random_ratio(2, 3);
    // A return asks for a reading, which could find out what a webhook is late, or never, to tell.
    let story = matches!(kind, Kind::Eventful | Kind::Missed);
    let then = if returns && !story { Then::Returns } else { Then::Leaves };
    all.push(soon(at, Deed::Confirm(then)));
    all.extend(merchants(kind, at, end.max(at), rng));
    all
}

/// What is done to a token that was approved.
fn merchants(
    kind: Kind,
    approved_at: DateTime<Utc>,
    end: DateTime<Utc>,
    rng: &mut impl Rng,
) -> Vec<Happening> {
    let mut then = |deed: fn(By) -> Deed, permille| {
        let at = somewhere(approved_at, end, permille, rng);
        let by = if rng.random_ratio(2, 3) { By::Us } else { By::Dashboard };
        Happening { at, deed: deed(by), fate: Fate::Soon }
    };
    match kind {
        Kind::Awaiting | Kind::Rejected | Kind::Active | Kind::Returned => Vec::new(),
        Kind::Paused => vec![then(Deed::Disable, 150..600), then(Deed::Enable, 650..900)],
        Kind::Disabled => vec![then(Deed::Disable, 300..900)],
        Kind::Deleted => vec![then(Deed::Delete, 300..900)],
        Kind::Missed => {
            let at = then(Deed::Disable, 200..250).at;
            let disabled = Happening { at, deed: Deed::Disable(By::Dashboard), fate: Fate::Lost };
            let last = then(Deed::Delete, 700..800);
            vec![disabled, Happening { deed: Deed::Delete(By::Us), ..last }]
        }
        Kind::Eventful => {
            let at = then(Deed::Disable, 400..450).at;
            let disabled = Happening { at, deed: Deed::Disable(By::Dashboard), fate: Fate::Late };
            let enabled = Happening {
                at: at + PAUSE_SHORT,
                deed: Deed::Enable(By::Dashboard),
                fate: Fate::Soon,
            };
            let last = then(Deed::Disable, 850..900);
            vec![disabled, enabled, Happening { deed: Deed::Disable(By::Us), ..last }]
        }
    }
}

/// On the days of charging, while the token can be charged.
fn charges(changes: &[Happening], place: i64, end: DateTime<Utc>) -> Vec<Happening> {
    let Some(first) = changes.first() else { return Vec::new() };
    let week = |at: DateTime<Utc>| (at.timestamp() - CHARGES_FIRST_S).div_euclid(WEEK_S);
    (week(first.at) + 1..=week(end))
        .filter(|week| (week + place) % CHARGED_EVERY_WEEKS == 0)
        .filter_map(|week| DateTime::from_timestamp(CHARGES_FIRST_S + week * WEEK_S, 0))
        .filter(|at| {
            let mut before = changes.iter().filter(|change| change.at <= *at);
            before.next_back().is_some_and(|c| matches!(c.deed, Deed::Confirm(_) | Deed::Enable(_)))
        })
        .map(|at| Happening { at, deed: Deed::Charge, fate: Fate::Soon })
        .collect()
}
