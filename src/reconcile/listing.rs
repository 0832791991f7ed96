//! Page by page: what Smartpay's list shows, each row a reading.

use std::collections::HashSet;

use crate::ledger::Answered;
use crate::ledger::Asked;
use crate::ledger::Identified;
use crate::ledger::KnownToken;
use crate::ledger::Says;
use crate::ledger::look;
use crate::reconcile::ending::Ending;
use crate::reconcile::ending::Stop;
use crate::reconcile::seen;
use crate::reconcile::settle::Told;
use crate::reconcile::work::Work;
use crate::smartpay::Expected;
use crate::smartpay::Reason;
use crate::smartpay::client::Answer;
use crate::smartpay::client::Call;
use crate::smartpay::client::Page;
use crate::smartpay::client::PageSize;
use crate::smartpay::client::answer::Listed;
use crate::smartpay::client::answer::Wrong;
use crate::smartpay::client::answer::listed_tokens;
use crate::token::ProviderTime;
use crate::token::Status;

/// Pages in a row that show no other token than those before: a list that moves while it is read
/// may have some, a list that goes round has nothing else.
const PAGES_WITHOUT_NEWS_MAX: i64 = 10;
/// Rows that are settled together: as many as a page should have.
const ROWS_AT_ONCE: usize = 100;

impl Work<'_> {
    pub(super) async fn list(&mut self) -> Result<(), Stop> {
        // What an earlier process has read is no news, if the list begins anew.
        let mut allowed = PAGES_WITHOUT_NEWS_MAX;
        let mut without_news = 0;
        let mut begins_anew = self.run.page.is_some();
        loop {
            self.go_on()?;
            let asked = self.reader.stand().await?;
            let call = Call::list_tokens(PageSize::LARGEST, self.run.page.as_ref());
            let answer = self.calls.ask(call).await?;
            let page = match self.read_page(&answer) {
                Ok(page) => page,
                Err(Wrong::KeyRefused) => return Err(Ending::KeyRefused.into()),
                // The page was named by an earlier process: its name may be too old.
                Err(wrong) if begins_anew && (400..500).contains(&answer.status) => {
                    tracing::info!(%wrong, "the list of tokens begins anew");
                    allowed += self.run.counts.pages;
                    begins_anew = false;
                    self.run.page = None;
                    continue;
                }
                Err(wrong) => {
                    tracing::warn!(%wrong, "the list of tokens cannot be read");
                    return Err(Ending::ListUnreadable.into());
                }
            };
            begins_anew = false;
            let next = page.next.clone();
            let news = self.take_page(page, &answer, asked).await?;
            self.digest(&answer.body);
            without_news = if news { 0 } else { without_news + 1 };
            self.run.counts.pages += 1;
            self.run.listed_all = next.is_none();
            self.run.page = next;
            self.save(&[]).await?;
            if self.run.listed_all {
                return Ok(());
            }
            if without_news >= allowed {
                return Err(Ending::ListRepeats.into());
            }
            if self.run.counts.pages >= self.pace.pages_max {
                return Err(Ending::ListEndless.into());
            }
        }
    }

    fn read_page(&self, answer: &Answer) -> Result<Page<Listed>, Wrong> {
        let received_at = ProviderTime::from_millis(answer.answered_at.timestamp_millis());
        let (mode, window_ms) = (self.reader.mode, self.reader.window_ms);
        let expected = Expected { mode, received_at, window_ms };
        listed_tokens(answer.received(), self.run.page.as_ref(), &expected)
    }

    /// Whether it shows a token that no page has shown.
    async fn take_page(
        &mut self,
        page: Page<Listed>,
        answer: &Answer,
        asked: Asked,
    ) -> Result<bool, Stop> {
        let mut told = Vec::new();
        let mut here = HashSet::new();
        for listed in page.rows.into_iter().flatten() {
            let Some(id) = listed.token.clone() else {
                self.run.counts.unreadable += 1;
                continue;
            };
            let reference = self.reader.vault.reference(&id);
            if here.insert(reference.clone()) {
                let token = Identified { id, reference };
                let answered = self.answered(&token, listed, answer, asked);
                told.push(Told { token, answered });
            }
        }
        let mut news = false;
        while !told.is_empty() {
            let rest = told.split_off(told.len().min(ROWS_AT_ONCE));
            news |= self.take_rows(told).await?;
            told = rest;
        }
        Ok(news)
    }

    async fn take_rows(&mut self, mut told: Vec<Told>) -> Result<bool, Stop> {
        let refs: Vec<String> = told.iter().map(|one| one.token.reference.to_string()).collect();
        let mut connection = self.reader.pool.acquire().await?;
        let seen = seen::among(&mut connection, &self.run.id, &refs).await?;
        told.retain(|one| !seen.contains(one.token.reference.as_str()));
        if told.is_empty() {
            return Ok(false);
        }
        let refs: Vec<String> = told.iter().map(|one| one.token.reference.to_string()).collect();
        let known = look(&mut connection, &refs).await?;
        drop(connection);
        let (mut strangers, mut unattributed) = (false, 0);
        for one in &told {
            let token = known.get(&one.token.reference).map(KnownToken::token);
            let token = token.unwrap_or_default();
            if token.status() == Status::Unknown {
                strangers = true;
            } else {
                self.proof.note(&one.token.reference);
            }
            unattributed += i64::from(token.consumer().is_none());
        }
        if strangers && !self.proof.is_there() {
            self.prove().await?;
        }
        self.run.counts.listed += i64::try_from(told.len()).unwrap_or(i64::MAX);
        self.run.counts.unattributed += unattributed;
        self.settle(told).await?;
        self.save(&refs).await?;
        Ok(true)
    }

    fn answered(
        &self,
        token: &Identified,
        listed: Listed,
        answer: &Answer,
        asked: Asked,
    ) -> Answered {
        let says = match listed.object {
            Ok(object) => Says::Object(object),
            Err(wrong) => Says::Unclear(Reason::from(&wrong)),
        };
        Answered {
            token: Some(token.clone()),
            call: format!("GET /tokens {}", answer.status),
            digest: Answered::digest(&listed.body),
            body: listed.body,
            asked,
            received_at: answer.answered_at,
            asker: self.asker(),
            says,
            settles: None,
            concludes: None,
        }
    }
}
