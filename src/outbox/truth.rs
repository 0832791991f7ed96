//! After Smartpay's window: what is true, read instead of asked for again.

use anyhow::Context;

use crate::ledger::How;
use crate::ledger::intents::Intent;
use crate::ledger::intents::IntentKind;
use crate::ledger::intents::IntentState;
use crate::outbox::CALL_WITHIN;
use crate::outbox::Left;
use crate::outbox::Outbox;
use crate::outbox::asker;
use crate::outbox::keep::Sent;
use crate::outbox::session::METADATA_INTENT;
use crate::readings::Kept;
use crate::smartpay::client::Call;
use crate::smartpay::client::Outcome;
use crate::smartpay::client::PageSize;
use crate::smartpay::client::PageToken;
use crate::smartpay::client::answer;
use crate::token::SessionId;

const PAGE_ROWS: u8 = 100;
/// Sessions that are looked through for one that was lost.
const PAGES_MAX: u32 = 500;

/// What a look through all sessions found.
enum Search {
    Found(SessionId),
    NotThere,
    /// A page could not be had, or there are too many.
    Incomplete,
}

impl Outbox {
    pub(super) async fn find_out(&self, intent: &Intent) -> anyhow::Result<Left> {
        if !intent.sent {
            self.end(intent, IntentState::NotCreated).await?;
            return Ok(Left::Nothing);
        }
        if intent.kind == IntentKind::CreateSession {
            return self.find_session(intent).await;
        }
        let wanted = intent.kind.wants().context("a change wants a status")?;
        let token = self.token(intent).await?;
        // What we asked to be deleted and is not there was deleted by us, if the key is the right one.
        let own_delete =
            intent.kind == IntentKind::Delete && self.key_is_ours(intent, &token).await;
        self.read_back(intent, &token, own_delete, How::ReadBack { wanted, lags_until: None }).await
    }

    async fn find_session(&self, intent: &Intent) -> anyhow::Result<Left> {
        match self.search(intent).await {
            Search::Found(session) => self.fetch(intent, &session).await,
            Search::NotThere => {
                self.end(intent, IntentState::NotCreated).await?;
                Ok(Left::Nothing)
            }
            Search::Incomplete => Ok(Left::NoAnswer),
        }
    }

    async fn search(&self, intent: &Intent) -> Search {
        let size = PageSize::of(PAGE_ROWS);
        let mut page: Option<PageToken> = None;
        for _ in 0..PAGES_MAX {
            let call = Call::list_sessions(size, page.as_ref());
            let called = self.reader.client.send(&call, CALL_WITHIN).await;
            let Outcome::Answered(answer) = called.outcome else { return Search::Incomplete };
            let expected = self.reader.expected();
            let Ok(read) = answer::sessions(answer.received(), page.as_ref(), &expected) else {
                return Search::Incomplete;
            };
            let ours = read.rows.iter().flatten().find(|session| {
                session.metadata.get(METADATA_INTENT).is_some_and(|id| id == intent.id.as_str())
            });
            if let Some(session) = ours {
                return Search::Found(session.id.clone());
            }
            match read.next {
                None => return Search::NotThere,
                next => page = next,
            }
        }
        Search::Incomplete
    }

    /// Its own answer is the one that is kept.
    async fn fetch(&self, intent: &Intent, session: &SessionId) -> anyhow::Result<Left> {
        let call = Call::get_session(session);
        let (stood, asker) = (self.reader.stand().await?, asker(intent));
        let kept = Kept { call: &call, token: None, asked: stood, asker: &asker };
        let called = self.reader.client.send(&call, CALL_WITHIN).await;
        let Outcome::Answered(answer) = called.outcome else {
            return Ok(Left::NoAnswer);
        };
        let sent = Sent { answer, kept };
        match answer::session(sent.answer.received(), Some(session), &self.reader.expected()) {
            Ok(session) => self.made(intent, &session, &sent).await,
            Err(_) => Ok(Left::OddAnswer),
        }
    }
}
