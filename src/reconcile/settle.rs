//! What is done with answers: compared, kept as a difference, and told the door.

use std::collections::HashMap;
use std::collections::HashSet;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::time::sleep;

use crate::ledger::Answered;
use crate::ledger::Gone;
use crate::ledger::Identified;
use crate::ledger::KnownToken;
use crate::ledger::Receipt;
use crate::ledger::Refused;
use crate::ledger::Says;
use crate::ledger::Submission;
use crate::ledger::Verdict;
use crate::ledger::intents;
use crate::ledger::look;
use crate::reconcile::compare::Statement;
use crate::reconcile::compare::compare;
use crate::reconcile::compare::is_in_flight;
use crate::reconcile::difference::Difference;
use crate::reconcile::difference::Done;
use crate::reconcile::differences;
use crate::reconcile::differences::KEPT_MAX;
use crate::reconcile::ending::Ending;
use crate::reconcile::ending::Stop;
use crate::reconcile::work::Work;
use crate::smartpay::reading;
use crate::token::Absence;
use crate::token::Command;
use crate::token::Heard;
use crate::token::ProviderTime;

/// How often the door is asked again when it is full or the database is away, and the pause.
const TRIES_MAX: u32 = 10;
const PAUSE: Duration = Duration::from_millis(500);

/// One answer about one token.
#[derive(Clone)]
pub(super) struct Told {
    pub token: Identified,
    pub answered: Answered,
}

/// What is foretold of one.
pub(super) struct Foretold {
    pub told: Told,
    pub difference: Option<Difference>,
}

impl Work<'_> {
    /// Compares, keeps what differs, and records what is to be recorded.
    pub(super) async fn settle(&mut self, told: Vec<Told>) -> Result<(), Stop> {
        let mut foretold = self.foretell(told).await?;
        let run = self.run.id.clone();
        if self.run.counts.different < KEPT_MAX {
            let found: Vec<Difference> =
                foretold.iter().filter_map(|one| one.difference.clone()).collect();
            if !found.is_empty() {
                let mut connection = self.reader.pool.acquire().await?;
                differences::keep(&mut connection, &run, &found).await?;
            }
        }
        if !self.run.options.dry_run {
            self.record(&mut foretold).await?;
        }
        for one in &foretold {
            self.count(one);
        }
        Ok(())
    }

    pub(super) async fn foretell(&mut self, told: Vec<Told>) -> Result<Vec<Foretold>, Stop> {
        let refs: Vec<String> = told.iter().map(|one| one.token.reference.to_string()).collect();
        let mut connection = self.reader.pool.acquire().await?;
        let known = look(&mut connection, &refs).await?;
        let changing = intents::changing(&mut connection, &refs).await?;
        let earlier = if self.goes_on {
            differences::recorded(&mut connection, &self.run.id, &refs).await?
        } else {
            HashSet::new()
        };
        drop(connection);
        let mut foretold = Vec::with_capacity(told.len());
        for one in told {
            let known = known.get(&one.token.reference);
            let mut difference = difference(&one, known);
            let reference = one.token.reference.as_str();
            if let Some(found) = &mut difference {
                found.done = self.done(found, known, changing.contains(reference));
            } else if earlier.contains(reference) {
                // The killed process recorded it, and had not counted it yet.
                self.run.counts.different += 1;
                self.run.counts.recorded += 1;
                self.run.counts.matched -= 1;
            }
            foretold.push(Foretold { told: one, difference });
        }
        Ok(foretold)
    }

    fn done(&self, found: &Difference, known: Option<&KnownToken>, changing: bool) -> Done {
        let settle = TimeDelta::from_std(self.run.options.settle).unwrap_or(TimeDelta::MAX);
        let settles = !self.run.options.settle.is_zero();
        let now = self.reader.clock.now();
        if settles && (changing || is_in_flight(known, found, settle, now)) {
            Done::InFlight
        } else if found.done == Done::Recorded && self.run.options.dry_run {
            Done::Reported
        } else {
            found.done
        }
    }

    /// Tells the door, and corrects what was foretold by what it says.
    async fn record(&mut self, foretold: &mut [Foretold]) -> Result<(), Stop> {
        let waits = |one: &Foretold| {
            one.difference.as_ref().is_some_and(|found| found.done == Done::InFlight)
        };
        let (mut numbers, mut submissions) = (Vec::new(), Vec::new());
        for (number, one) in foretold.iter().enumerate().filter(|(_, one)| !waits(one)) {
            numbers.push(number);
            submissions.push(Submission::Answered(one.told.answered.clone()));
        }
        let receipts = self.submit(submissions).await?;
        let mut held_back = Vec::new();
        for (number, receipt) in numbers.into_iter().zip(receipts) {
            let Some(one) = foretold.get_mut(number) else { continue };
            let Some(found) = &mut one.difference else { continue };
            let recorded = match found.smartpay {
                Heard::Said(_) => receipt.verdict == Verdict::Applied,
                Heard::Absent => receipt.verdict != Verdict::Quarantined,
            };
            if found.done == Done::Recorded && !recorded {
                found.done = Done::NotRecorded;
                held_back.push(found.reference.to_string());
            }
        }
        if !held_back.is_empty() {
            let mut connection = self.reader.pool.acquire().await?;
            let done = Done::NotRecorded;
            differences::mark(&mut connection, &self.run.id, &held_back, done).await?;
        }
        Ok(())
    }

    /// With patience: the door may be full for a while, or its database away. What was recorded all
    /// the same agrees when it comes again.
    pub(super) async fn submit(&self, all: Vec<Submission>) -> Result<Vec<Receipt>, Stop> {
        let mut left = all;
        let mut receipts: HashMap<usize, Receipt> = HashMap::new();
        let mut numbers: Vec<usize> = (0..left.len()).collect();
        for _ in 0..TRIES_MAX {
            let results = self.reader.ledger.submit_all(left.clone()).await;
            let mut again = Vec::new();
            for ((number, submission), result) in numbers.into_iter().zip(left).zip(results) {
                match result {
                    Ok(receipt) => drop(receipts.insert(number, receipt)),
                    Err(Refused::Full | Refused::Unavailable) => again.push((number, submission)),
                    Err(Refused::Closed) => return Err(Ending::Interrupted.into()),
                }
            }
            (numbers, left) = again.into_iter().unzip();
            if left.is_empty() {
                let mut all: Vec<(usize, Receipt)> = receipts.into_iter().collect();
                all.sort_by_key(|(number, _)| *number);
                return Ok(all.into_iter().map(|(_, receipt)| receipt).collect());
            }
            sleep(PAUSE).await;
        }
        Err(Ending::NotRecorded.into())
    }

    fn count(&mut self, one: &Foretold) {
        let counts = &mut self.run.counts;
        let Some(found) = &one.difference else {
            match one.told.answered.says {
                Says::Unclear(_) | Says::Nothing => counts.unreadable += 1,
                Says::Object(_) | Says::Absent(_) => counts.matched += 1,
            }
            return;
        };
        counts.different += 1;
        counts.only_at_smartpay += i64::from(found.ledger.is_none());
        counts.absent += i64::from(found.smartpay == Heard::Absent);
        match found.done {
            Done::Recorded => counts.recorded += 1,
            Done::InFlight => counts.in_flight += 1,
            Done::Reported | Done::NotRecorded => {}
        }
    }
}

fn difference(told: &Told, known: Option<&KnownToken>) -> Option<Difference> {
    let reference = &told.token.reference;
    let token = known.map(KnownToken::token).unwrap_or_default();
    let (command, heard, at) = statement(&told.answered, known)?;
    compare(&token, &Statement { reference, command: &command, heard, at })
}

/// The answer as the rules take it. None where it says nothing of the token.
fn statement(
    answered: &Answered,
    known: Option<&KnownToken>,
) -> Option<(Command, Heard, Option<ProviderTime>)> {
    match &answered.says {
        Says::Object(object) => {
            let fresh = known.is_none_or(|known| known.stood_when(answered.asked));
            let asked = if fresh {
                reading::Asked::AfterEverythingRecorded
            } else {
                reading::Asked::Earlier
            };
            let command = Command::Reading(object.reading(asked));
            Some((command, Heard::Said(object.said), Some(object.updated_at)))
        }
        Says::Absent(gone) => {
            let at = ProviderTime::from_millis(answered.received_at.timestamp_millis());
            let command = Command::Absence(Absence { at, own_delete: *gone == Gone::ByUs });
            Some((command, Heard::Absent, None))
        }
        Says::Unclear(_) | Says::Nothing => None,
    }
}
