//! The plan of a demo: every step and its time, from a seed.
//!
//! What happens within an hour to different tokens is one wave: it happens at once, at one time of
//! the simulated clock, so that waves are few and their steps can be taken side by side.

use std::iter;
use std::ops::Range;

use chrono::DateTime;
use chrono::DurationRound;
use chrono::SubsecRound;
use chrono::TimeDelta;
use chrono::Timelike;
use chrono::Utc;
use rand::Rng;
use rand::RngExt;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use crate::sandbox::demo::life::By;
use crate::sandbox::demo::life::Deed;
use crate::sandbox::demo::life::Fate;
use crate::sandbox::demo::life::Happening;
use crate::sandbox::demo::life::KINDS;
use crate::sandbox::demo::life::Kind;
use crate::sandbox::demo::life::LATE;
use crate::sandbox::demo::life::between;
use crate::sandbox::demo::life::live;
use crate::sandbox::demo::life::somewhere;
use crate::sandbox::demo::people;
use crate::token::Consumer;
use crate::token::Reference;

/// More would take many minutes to make.
pub const TOKENS_MAX: u32 = 10_000;
/// Provider times before 2020 are not plausible.
pub const DAYS_MAX: u32 = 730;

/// Nothing new happens this shortly before the end, so that every webhook arrives in time.
const QUIET: TimeDelta = TimeDelta::minutes(10);
const REFERENCE_FIRST: usize = 993;
/// Between which thousandths of the time tokens are created; the story's first is earlier.
const CREATED: Range<i64> = 20..999;
/// At which thousandth of the time strangers try the webhook door.
const STRANGERS_COME: i64 = 700;
const JAPAN: TimeDelta = TimeDelta::hours(9);
const SLEEP: TimeDelta = TimeDelta::hours(7);
/// The hour of night, in Japan, at which what webhooks missed is looked for.
const RECONCILED_AT: TimeDelta = TimeDelta::hours(3);
/// A webhook usually takes a second or two.
const LAG_MS: Range<i64> = 600..3_000;
/// Between two waves at least, so that the webhooks of one arrive before the next.
const APART: TimeDelta = TimeDelta::seconds(5);
/// When the ledger looks at a session that nobody used: a day, ten minutes and a little.
const LOOKED_AT: TimeDelta = TimeDelta::seconds(24 * 3_600 + 11 * 60);
/// Longer than dense waves may push a late webhook's wave back.
const LATE_SLACK: TimeDelta = TimeDelta::minutes(1);

/// What will be done, in strictly increasing time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    waves: Vec<Wave>,
    tokens: Vec<Planned>,
    starts_at: DateTime<Utc>,
    until: DateTime<Utc>,
}

/// A token to be made; its place in the plan is its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// None: a session made past the ledger.
    pub owner: Option<Consumer>,
    pub reference: Reference,
}

/// What happens at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wave {
    pub at: DateTime<Utc>,
    /// How much later its webhooks arrive.
    pub lag: TimeDelta,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// To different tokens. One whose webhook is not to arrive soon is alone.
    Steps(Vec<Step>),
    /// A webhook that is late arrives.
    Wait,
    /// The time of a session is over, and the ledger looks at it.
    Expiry,
    /// The ledger compares itself with Smartpay.
    Reconciliation,
    /// Somebody without the secret tries the webhook door.
    Strangers,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub token: usize,
    pub deed: Deed,
    pub fate: Fate,
}

/// A token before anything has happened to it.
struct Draft {
    created_at: DateTime<Utc>,
    kind: Kind,
    owner: Option<Consumer>,
}

impl Plan {
    /// The same arguments make the same plan. Numbers beyond the limits are cut to them.
    pub fn make(seed: u64, tokens: u32, days: u32, until: DateTime<Utc>) -> Plan {
        let mut rng = StdRng::seed_from_u64(seed);
        let until = until.trunc_subsecs(3);
        let starts_at = until - TimeDelta::days(i64::from(days.clamp(1, DAYS_MAX)));
        let count = usize::try_from(tokens.min(TOKENS_MAX)).expect("a small number fits");
        let end = until - QUIET;
        let mut tokens = Vec::with_capacity(count);
        let mut timed = Vec::new();
        for draft in drafts(count, starts_at, end, &mut rng) {
            timed.extend(life(&draft, tokens.len(), end, &mut rng));
            let reference = format!("sub-{:04}", REFERENCE_FIRST + tokens.len());
            let reference = Reference::parse(&reference).expect("letters, a dash and digits");
            tokens.push(Planned { owner: draft.owner, reference });
        }
        if !tokens.is_empty() {
            timed.push((between(starts_at, end, STRANGERS_COME), What::Strangers));
        }
        timed.sort_by_key(|(at, _)| *at);
        let waves = in_waves(timed, starts_at, &mut rng);
        Plan { waves, tokens, starts_at, until }
    }

    pub fn waves(&self) -> &[Wave] {
        &self.waves
    }

    /// In the order of their creation.
    pub fn tokens(&self) -> &[Planned] {
        &self.tokens
    }

    /// The beginning of the simulated time: before the first wave.
    pub fn starts_at(&self) -> DateTime<Utc> {
        self.starts_at
    }

    /// Its end: after the last webhook.
    pub fn until(&self) -> DateTime<Utc> {
        self.until
    }
}

type Timed = (DateTime<Utc>, What);

/// Everything about one token.
fn life(draft: &Draft, token: usize, end: DateTime<Utc>, rng: &mut StdRng) -> Vec<Timed> {
    let by = if draft.owner.is_some() { By::Us } else { By::Dashboard };
    let begin = Happening { at: draft.created_at, deed: Deed::Ask(by), fate: Fate::Soon };
    let place = i64::try_from(token).expect("a place in the plan is a small number");
    let happenings = live((draft.kind, place), draft.created_at, end, rng);
    let mut timed = Vec::new();
    let ends = happenings.last().map_or(end, |last| last.at);
    for Happening { at, deed, fate } in iter::once(begin).chain(happenings) {
        timed.push((at, What::Steps(vec![Step { token, deed, fate }])));
        if matches!(deed, Deed::Ask(By::Us)) && draft.kind == Kind::Awaiting && at + LOOKED_AT < end
        {
            timed.push((at + LOOKED_AT, What::Expiry));
        }
        if fate == Fate::Late {
            timed.push((at + LATE + LATE_SLACK, What::Wait));
        }
        if fate == Fate::Lost {
            timed.push((night_after(at).min(between(at, ends, 100)), What::Reconciliation));
        }
    }
    timed
}

fn night_after(at: DateTime<Utc>) -> DateTime<Utc> {
    let day = TimeDelta::days(1);
    let into_day = at.duration_trunc(day).map_or(TimeDelta::zero(), |midnight| at - midnight);
    let night = RECONCILED_AT - JAPAN + day;
    let left = night - into_day;
    at + if left > TimeDelta::zero() { left } else { left + day }
}

/// Puts together what can happen at once.
fn in_waves(timed: Vec<Timed>, starts_at: DateTime<Utc>, rng: &mut StdRng) -> Vec<Wave> {
    let mut waves: Vec<Wave> = Vec::new();
    let mut earliest = starts_at + APART;
    for (at, what) in timed {
        match waves.last_mut() {
            Some(wave) if joins(wave, at, &what) => {
                wave.at = wave.at.max(at);
                if let (What::Steps(all), What::Steps(more)) = (&mut wave.what, what) {
                    all.extend(more);
                }
            }
            _ => {
                let lag = TimeDelta::milliseconds(rng.random_range(LAG_MS));
                waves.push(Wave { at: at.max(earliest), lag, what });
            }
        }
        earliest = waves.last().map_or(earliest, |wave| wave.at + APART);
    }
    waves
}

fn joins(wave: &Wave, at: DateTime<Utc>, what: &What) -> bool {
    let hour = |at: DateTime<Utc>| at.duration_trunc(TimeDelta::hours(1)).ok();
    let (What::Steps(all), What::Steps(more)) = (&wave.what, what) else { return false };
    let soon = |step: &Step| step.fate == Fate::Soon;
    let new = |step: &Step| all.iter().all(|other| other.token != step.token);
    hour(wave.at) == hour(at) && all.iter().all(soon) && more.iter().all(|s| soon(s) && new(s))
}

/// All tokens in the order of their creation; the story's first one is the first of all.
fn drafts(tokens: usize, start: DateTime<Utc>, end: DateTime<Utc>, rng: &mut StdRng) -> Vec<Draft> {
    let story = [(10, Kind::Eventful), (100, Kind::Missed), (300, Kind::Returned)];
    let sleeps = between(start, end, 10) - start > SLEEP;
    let mut deck = Vec::new();
    let mut drafts = Vec::with_capacity(tokens);
    for (index, owner) in people::owners(tokens, rng).into_iter().enumerate() {
        let (created_at, kind) = match (story.get(index), &owner) {
            (Some((permille, kind)), _) => (between(start, end, *permille), *kind),
            // The one that nobody claims is one that matters.
            (None, None) => (somewhere(start, end, CREATED, rng), Kind::Active),
            (None, Some(_)) => (somewhere(start, end, CREATED, rng), draw(&mut deck, rng)),
        };
        // In a short demo there would not be time to sleep.
        let created_at = if sleeps { awake(created_at, end) } else { created_at };
        drafts.push(Draft { created_at, kind, owner });
    }
    drafts.sort_by_key(|draft| draft.created_at);
    drafts
}

/// Every kind comes as often as it should, also among few tokens.
fn draw(deck: &mut Vec<Kind>, rng: &mut impl Rng) -> Kind {
    if deck.is_empty() {
        deck.extend(KINDS.iter().flat_map(|(kind, count)| iter::repeat_n(*kind, *count)));
        deck.shuffle(rng);
    }
    deck.pop().expect("the deck was filled")
}

/// In Japan people sleep from one to eight, but for the last night of the demo.
fn awake(at: DateTime<Utc>, end: DateTime<Utc>) -> DateTime<Utc> {
    let asleep = (1..8).contains(&(at + JAPAN).hour()) && at + SLEEP < end;
    if asleep { at + SLEEP } else { at }
}
