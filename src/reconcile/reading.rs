//! One by one: what the list did not show, and whether the key is that of this ledger's account.

use tokio::task::JoinSet;

use crate::ledger::Identified;
use crate::ledger::Says;
use crate::readings::Kept;
use crate::reconcile::ending::Ending;
use crate::reconcile::ending::Stop;
use crate::reconcile::seen;
use crate::reconcile::settle::Told;
use crate::reconcile::work::Work;
use crate::smartpay::Reason;
use crate::smartpay::client::Answer;
use crate::smartpay::client::Call;
use crate::smartpay::client::answer;
use crate::smartpay::client::answer::TokenAnswer;
use crate::smartpay::client::answer::Wrong;
use crate::vault::Ref;

/// How many tokens are tried before a key that read none is refused.
const PROBES_MAX: i64 = 5;

/// What came of one read.
enum Heard {
    Told(Told),
    NotFound(Told),
}

impl Work<'_> {
    /// Those that are pending, and those that are active or disabled and were not listed.
    pub(super) async fn read_the_rest(&mut self) -> Result<(), Stop> {
        let mut after = String::new();
        loop {
            let mut connection = self.reader.pool.acquire().await?;
            let (run, position) = (self.run.id.clone(), self.run.position);
            let part = seen::part(&mut connection, &run, position, &after).await?;
            drop(connection);
            let mut unread = part.unread;
            while !unread.is_empty() {
                self.go_on()?;
                let rest = unread.split_off(unread.len().min(self.calls.width()));
                self.read_some(&unread).await?;
                unread = rest;
                if self.is_vanishing() {
                    return Ok(());
                }
            }
            match part.last {
                Some(last) => after = last,
                None => return Ok(()),
            }
        }
    }

    async fn read_some(&mut self, refs: &[String]) -> Result<(), Stop> {
        let mut tokens = Vec::with_capacity(refs.len());
        for reference in refs {
            let reference = Ref::parse(reference).map_err(anyhow::Error::from)?;
            tokens.extend(self.reader.identify(&reference).await?);
        }
        let (mut told, mut missing) = (Vec::new(), Vec::new());
        for heard in self.ask_together(tokens).await? {
            match heard {
                Heard::Told(one) => {
                    if matches!(one.answered.says, Says::Object(_)) {
                        self.proof.note(&one.token.reference);
                    }
                    told.push(one);
                }
                Heard::NotFound(one) => missing.push(one),
            }
        }
        let read: Vec<String> = told.iter().map(|one| one.token.reference.to_string()).collect();
        self.settle(told).await?;
        self.gather(missing).await?;
        Ok(self.save(&read).await?)
    }

    /// Every question is asked from where the ledger stands before the first.
    async fn ask_together(&self, tokens: Vec<Identified>) -> Result<Vec<Heard>, Stop> {
        let asked = self.reader.stand().await?;
        let mut under_way = JoinSet::new();
        for token in tokens {
            let calls = self.calls.clone();
            under_way.spawn(async move {
                let answer = calls.ask(Call::get_token(&token.id)).await;
                (token, answer)
            });
        }
        let whose = self.asker();
        let mut heard = Vec::new();
        while let Some(joined) = under_way.join_next().await {
            let (token, answer) = joined.map_err(anyhow::Error::from)?;
            let answer = answer?;
            let call = Call::get_token(&token.id);
            let kept = Kept { call: &call, token: Some(&token), asked, asker: &whose };
            let (says, found) = self.understand(&token, &answer)?;
            let one = Told { answered: kept.answered(&answer, says), token: token.clone() };
            heard.push(if found { Heard::Told(one) } else { Heard::NotFound(one) });
        }
        Ok(heard)
    }

    fn understand(&self, token: &Identified, answer: &Answer) -> Result<(Says, bool), Stop> {
        match answer::token(answer.received(), &token.id, &self.reader.expected()) {
            Ok(TokenAnswer::Found(object)) => Ok((Says::Object(object), true)),
            Ok(TokenAnswer::NotFound) => Ok((Says::Unclear(Reason::UnprovenAbsence), false)),
            Err(Wrong::KeyRefused) => Err(Ending::KeyRefused.into()),
            Err(wrong) => Ok((Says::Unclear(Reason::from(&wrong)), true)),
        }
    }

    /// Reads tokens that this ledger's key can read, until one is: or refuses the key. A ledger
    /// that holds none has nothing to lose.
    pub(super) async fn prove(&mut self) -> Result<(), Stop> {
        let mut connection = self.reader.pool.acquire().await?;
        let seen = seen::some(&mut connection, &self.run.id, PROBES_MAX).await?;
        let unseen = seen::readable(&mut connection, &self.run.id, PROBES_MAX).await?;
        drop(connection);
        if seen.is_empty() && unseen.is_empty() {
            return Ok(());
        }
        for probe in seen.iter().chain(&unseen) {
            let reference = Ref::parse(probe).map_err(anyhow::Error::from)?;
            let Some(token) = self.reader.identify(&reference).await? else { continue };
            let heard = self.ask_together(vec![token]).await?.pop();
            let Some(Heard::Told(told)) = heard else { continue };
            if !matches!(told.answered.says, Says::Object(_)) {
                continue;
            }
            self.proof.note(&reference);
            // What was not read yet need not be read again.
            if unseen.contains(probe) {
                self.settle(vec![told]).await?;
                self.save(&[reference.to_string()]).await?;
            }
            return Ok(());
        }
        Err(Ending::KeyUnproven.into())
    }
}
