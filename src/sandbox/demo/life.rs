//! What happens to one token of the demo, and how long its webhooks take.

use std::ops::Range;

use chrono::DateTime;
use chrono::TimeDelta;
use chrono::Utc;
use rand::Rng;
use rand::RngExt;

use crate::sandbox::action::Action;

/// A shop with subscriptions charges about weekly.
const USE_EVERY_HOURS: Range<i64> = 72..240;
const USES_MAX: usize = 400;
/// How long a webhook that takes a detour is under way, and a pause that is over before it arrives.
const LATE: TimeDelta = TimeDelta::minutes(190);
const PAUSE_SHORT: TimeDelta = TimeDelta::minutes(110);

/// How a token's story goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Active,
    Awaiting,
    Rejected,
    /// Disabled, then enabled.
    Paused,
    Disabled,
    Deleted,
    /// Disabled, enabled, and disabled for good; the webhook of the first disabling comes hours
    /// late, after that of the enabling.
    Eventful,
}

/// Something that happens, and when the shop is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Happening {
    pub at: DateTime<Utc>,
    pub action: Action,
    pub told_at: DateTime<Utc>,
}

/// Of every 25 tokens; which is which is left to chance.
pub(crate) const KINDS: [(Kind, usize); 6] = [
    (Kind::Active, 12),
    (Kind::Paused, 4),
    (Kind::Deleted, 3),
    (Kind::Disabled, 2),
    (Kind::Rejected, 2),
    (Kind::Awaiting, 2),
];

/// What happens after the creation and before `end`, in order.
pub(crate) fn live(
    kind: Kind,
    created_at: DateTime<Utc>,
    end: DateTime<Utc>,
    rng: &mut impl Rng,
) -> Vec<Happening> {
    let changes = changes(kind, created_at, end, rng);
    let uses = uses(&changes, end, rng);
    let mut all = [changes, uses].concat();
    all.retain(|happening| happening.at < end);
    all.sort_by_key(|happening| happening.at);
    all
}

/// A webhook usually takes a second or two.
pub(crate) fn soon(at: DateTime<Utc>, rng: &mut impl Rng) -> DateTime<Utc> {
    at + TimeDelta::milliseconds(rng.random_range(300..3_000))
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
    let answered_at = created_at + TimeDelta::milliseconds(rng.random_range(40_000..720_000));
    let answer = |action, rng: &mut _| Happening {
        at: answered_at,
        action,
        told_at: soon(answered_at, rng),
    };
    if kind == Kind::Awaiting {
        return Vec::new();
    }
    if kind == Kind::Rejected {
        return vec![answer(Action::Reject, rng)];
    }
    let mut all = vec![answer(Action::Approve, rng)];
    let end = end.max(answered_at);
    let mut then = |action, permille| {
        let at = somewhere(answered_at, end, permille, rng);
        Happening { at, action, told_at: soon(at, rng) }
    };
    match kind {
        Kind::Awaiting | Kind::Rejected | Kind::Active => {}
        Kind::Paused => {
            all.push(then(Action::Disable, 150..600));
            all.push(then(Action::Enable, 650..900));
        }
        Kind::Disabled => all.push(then(Action::Disable, 300..900)),
        Kind::Deleted => all.push(then(Action::Delete, 300..900)),
        Kind::Eventful => {
            let mut paused = then(Action::Disable, 400..450);
            let mut enabled = paused;
            enabled.action = Action::Enable;
            enabled.at += PAUSE_SHORT;
            enabled.told_at += PAUSE_SHORT;
            paused.told_at = paused.at + LATE;
            all.extend([paused, enabled, then(Action::Disable, 850..900)]);
        }
    }
    all
}

/// Charges now and then, while the token can be charged.
fn uses(changes: &[Happening], end: DateTime<Utc>, rng: &mut impl Rng) -> Vec<Happening> {
    let mut uses = Vec::new();
    let Some(mut at) = changes.first().map(|first| first.at) else { return uses };
    for _ in 0..USES_MAX {
        let minutes = rng.random_range(USE_EVERY_HOURS.start * 60..USE_EVERY_HOURS.end * 60);
        at += TimeDelta::milliseconds(minutes * 60_000 + rng.random_range(0..60_000));
        if at >= end {
            break;
        }
        let newest = changes.iter().rfind(|change| change.at <= at);
        if newest.is_some_and(|c| matches!(c.action, Action::Approve | Action::Enable)) {
            uses.push(Happening { at, action: Action::Use, told_at: soon(at, rng) });
        }
    }
    uses
}
