//! The plan of a demo: every step and its time, from a seed.

use std::fmt;
use std::iter;
use std::ops::Range;

use chrono::DateTime;
use chrono::SubsecRound;
use chrono::TimeDelta;
use chrono::Timelike;
use chrono::Utc;
use rand::Rng;
use rand::RngExt;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use crate::sandbox::demo::life::KINDS;
use crate::sandbox::demo::life::Kind;
use crate::sandbox::demo::life::between;
use crate::sandbox::demo::life::live;
use crate::sandbox::demo::life::somewhere;
use crate::sandbox::demo::life::soon;
use crate::sandbox::demo::people;
use crate::sandbox::ids;
use crate::sandbox::message::Message;
use crate::sandbox::token::Token;
use crate::smartpay::TokenId;
use crate::token::Consumer;
use crate::token::ProviderTime;
use crate::token::Reference;
use crate::token::SessionId;

/// More would take minutes to send.
pub const TOKENS_MAX: u32 = 10_000;
/// Provider times before 2020 are not plausible.
pub const DAYS_MAX: u32 = 730;

/// Nothing new happens this shortly before the end, so that every webhook arrives in time.
const QUIET: TimeDelta = TimeDelta::minutes(10);
const REFERENCE_FIRST: usize = 993;
/// Of a hundred webhooks this many come twice.
const TWICE_PERCENT: u32 = 4;
/// Between which thousandths of the time tokens are created; the story's first is earlier.
const CREATED: Range<i64> = 20..930;
const JAPAN: TimeDelta = TimeDelta::hours(9);
const SLEEP: TimeDelta = TimeDelta::hours(7);

/// What will be sent and claimed, in strictly increasing time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    steps: Vec<Step>,
    tokens: Vec<Token>,
    starts_at: DateTime<Utc>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When it reaches the ledger.
    pub at: DateTime<Utc>,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    Claim(DemoClaim),
    Webhook(Message),
}

/// The shop notes whose a token is, as soon as it has the session.
#[derive(Clone, PartialEq, Eq)]
pub struct DemoClaim {
    pub token_id: TokenId,
    pub session: SessionId,
    pub consumer: Consumer,
    pub reference: Option<Reference>,
    pub token_created_at: ProviderTime,
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
        let mut plan = Plan { steps: Vec::new(), tokens: Vec::new(), starts_at };
        let tokens = usize::try_from(tokens.min(TOKENS_MAX)).expect("a small number fits");
        let end = until - QUIET;
        for draft in drafts(tokens, starts_at, end, &mut rng) {
            plan.add(draft, end, &mut rng);
        }
        plan.put_in_order();
        plan
    }

    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The tokens as the last step leaves them at Smartpay, in the order of their creation.
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// The beginning of the simulated time: before the first step.
    pub fn starts_at(&self) -> DateTime<Utc> {
        self.starts_at
    }

    fn add(&mut self, draft: Draft, end: DateTime<Utc>, rng: &mut StdRng) {
        let reference = format!("sub-{:04}", REFERENCE_FIRST + self.tokens.len());
        let reference = Reference::parse(&reference).expect("letters, a dash and digits");
        let (mut token, created) = Token::create(Some(reference.clone()), draft.created_at, rng);
        self.tell(soon(draft.created_at, rng), created, rng);
        if let Some(consumer) = draft.owner {
            let claim = DemoClaim {
                token_id: token.id().clone(),
                session: ids::session_id(rng),
                consumer,
                reference: Some(reference),
                token_created_at: token.created_at(),
            };
            self.steps.push(Step { at: soon(draft.created_at, rng), what: What::Claim(claim) });
        }
        for happening in live(draft.kind, draft.created_at, end, rng) {
            let message = token.apply(happening.action, happening.at, rng);
            self.tell(happening.told_at, message.expect("lives keep to what is legal"), rng);
        }
        self.tokens.push(token);
    }

    fn tell(&mut self, at: DateTime<Utc>, message: Message, rng: &mut impl Rng) {
        if rng.random_ratio(TWICE_PERCENT, 100) {
            let again = at + TimeDelta::milliseconds(rng.random_range(2_000..90_000));
            self.steps.push(Step { at: again, what: What::Webhook(message.clone()) });
        }
        self.steps.push(Step { at, what: What::Webhook(message) });
    }

    /// No two steps share a time: the time of the last one recorded says which those are.
    fn put_in_order(&mut self) {
        self.steps.sort_by_key(|step| step.at);
        let mut earliest = self.starts_at + TimeDelta::milliseconds(1);
        for step in &mut self.steps {
            step.at = step.at.max(earliest);
            earliest = step.at + TimeDelta::milliseconds(1);
        }
    }
}

impl fmt::Debug for DemoClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DemoClaim({}, token redacted)", self.consumer)
    }
}

/// All tokens in the order of their creation; the story's first one is the first of all.
fn drafts(tokens: usize, start: DateTime<Utc>, end: DateTime<Utc>, rng: &mut StdRng) -> Vec<Draft> {
    let story = [(10, Kind::Eventful), (100, Kind::Deleted), (300, Kind::Active)];
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
        let created_at = if sleeps { awake(created_at) } else { created_at };
        drafts.push(Draft { created_at, kind, owner });
    }
    drafts.sort_by_key(|draft| draft.created_at);
    drafts
}

/// Every kind comes as often as it should, also among few tokens.
fn draw(deck: &mut Vec<Kind>, rng: &mut StdRng) -> Kind {
    if deck.is_empty() {
        deck.extend(KINDS.iter().flat_map(|(kind, count)| iter::repeat_n(*kind, *count)));
        deck.shuffle(rng);
    }
    deck.pop().expect("the deck was filled")
}

/// In Japan people sleep from one to eight.
fn awake(at: DateTime<Utc>) -> DateTime<Utc> {
    if (1..8).contains(&(at + JAPAN).hour()) { at + SLEEP } else { at }
}
