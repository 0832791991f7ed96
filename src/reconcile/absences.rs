//! Those that are gone: gathered first, and recorded only if they are not more than are believed.

use std::mem;

use crate::ledger::Gone;
use crate::ledger::Says;
use crate::ledger::Submission;
use crate::ledger::Verdict;
use crate::ledger::fuse;
use crate::reconcile::difference::Done;
use crate::reconcile::differences;
use crate::reconcile::ending::Ending;
use crate::reconcile::ending::Stop;
use crate::reconcile::settle::Foretold;
use crate::reconcile::settle::Told;
use crate::reconcile::work::Work;
use crate::token::KeyProof;

/// So many 404s without a token that was read raise the question whose key it is.
const UNPROVEN_MAX: i64 = 20;
/// More are not counted: the fuse has gone long ago.
const COUNTED_MAX: i64 = 1_000;
/// Recorded at once.
const RECORDED_AT_ONCE: usize = 100;

/// What was answered 404 so far. Counted into the run at its end alone: a run that goes on reads
/// them again.
#[derive(Default)]
pub(super) struct Gathered {
    /// Answers that are to be recorded, no more than are believed and one.
    kept: Vec<Told>,
    /// Those that would add an absence.
    adding: i64,
    /// Left for webhooks.
    in_flight: i64,
    /// Known to be gone.
    known: i64,
}

impl Work<'_> {
    pub(super) async fn gather(&mut self, missing: Vec<Told>) -> Result<(), Stop> {
        if missing.is_empty() {
            return Ok(());
        }
        let allowed = self.allowed();
        let gone = missing.into_iter().map(|mut told| {
            told.answered.says = Says::Absent(Gone::Found { allowed });
            told
        });
        let mut found = Vec::new();
        for Foretold { told, difference } in self.foretell(gone.collect()).await? {
            let Some(mut difference) = difference else {
                self.gathered.known += 1;
                self.keep_absent(told);
                continue;
            };
            if difference.done == Done::InFlight {
                self.gathered.in_flight += 1;
            } else {
                self.gathered.adding += 1;
                self.keep_absent(told);
            }
            if difference.done == Done::Recorded {
                // Until the end it is not.
                difference.done = Done::NotRecorded;
            }
            found.push(difference);
        }
        let mut connection = self.reader.pool.acquire().await?;
        differences::keep(&mut connection, &self.run.id, &found).await?;
        drop(connection);
        if self.gathered.adding >= UNPROVEN_MAX && !self.proof.is_there() {
            self.prove().await?;
        }
        Ok(())
    }

    /// Whether more need not be known of a ledger that vanishes.
    pub(super) fn is_vanishing(&self) -> bool {
        self.gathered.adding > self.run.absences_allowed.max(COUNTED_MAX)
    }

    /// Records them, unless they are too many or the key has not shown that it is the right one.
    pub(super) async fn conclude_absences(&mut self) -> Result<(), Stop> {
        let gathered = mem::take(&mut self.gathered);
        let counts = &mut self.run.counts;
        counts.matched += gathered.known;
        counts.absent += gathered.adding + gathered.in_flight;
        counts.different += gathered.adding + gathered.in_flight;
        counts.in_flight += gathered.in_flight;
        if gathered.adding > 0 && !self.proof.is_there() {
            self.prove().await?;
        }
        if self.run.options.dry_run {
            return Ok(());
        }
        let now = self.reader.clock.now();
        let mut connection = self.reader.pool.acquire().await?;
        let before = fuse::recorded(&mut connection, now).await?;
        drop(connection);
        self.run.absences_before = i64::try_from(before).unwrap_or(i64::MAX);
        let together = self.run.absences_before.saturating_add(gathered.adding);
        if gathered.adding > 0 && together > self.run.absences_allowed {
            return Err(Ending::TooManyAbsences.into());
        }
        let mut kept = gathered.kept;
        kept.retain(|told| self.proof.of(&told.token.reference) == KeyProof::ReadAnotherToken);
        while !kept.is_empty() {
            let rest = kept.split_off(kept.len().min(RECORDED_AT_ONCE));
            self.record_absences(kept).await?;
            kept = rest;
        }
        Ok(())
    }

    async fn record_absences(&mut self, told: Vec<Told>) -> Result<(), Stop> {
        let refs: Vec<String> = told.iter().map(|one| one.token.reference.to_string()).collect();
        let submissions = told.into_iter().map(|one| Submission::Answered(one.answered));
        let receipts = self.submit(submissions.collect()).await?;
        let mut recorded = Vec::new();
        for (reference, receipt) in refs.iter().zip(&receipts) {
            if receipt.verdict != Verdict::Quarantined {
                recorded.push(reference.clone());
            }
        }
        let mut connection = self.reader.pool.acquire().await?;
        let run = &self.run.id;
        let marked = differences::mark(&mut connection, run, &recorded, Done::Recorded).await?;
        drop(connection);
        self.run.counts.recorded += i64::try_from(marked).unwrap_or(i64::MAX);
        self.save(&recorded).await?;
        // Others found some gone meanwhile: the door counts all of them.
        if recorded.len() < refs.len() { Err(Ending::TooManyAbsences.into()) } else { Ok(()) }
    }

    fn keep_absent(&mut self, told: Told) {
        let most = usize::try_from(self.run.absences_allowed).unwrap_or(usize::MAX);
        if !self.run.options.dry_run && self.gathered.kept.len() <= most {
            self.gathered.kept.push(told);
        }
    }

    fn allowed(&self) -> u64 {
        u64::try_from(self.run.absences_allowed).unwrap_or_default()
    }
}
