//! Sends what is due, again and again until it is answered 200, also after a restart.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use reqwest::Client;
use sqlx::postgres::PgPool;
use tokio::sync::Notify;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::clock::Clock;
use crate::sandbox::deliveries;
use crate::sandbox::deliveries::Delivery;
use crate::sandbox::endpoints;
use crate::sandbox::endpoints::Endpoint;
use crate::sandbox::faults;
use crate::sandbox::faults::Faults;
use crate::sandbox::message::Message;
use crate::sandbox::sender;
use crate::sandbox::sender::Addressee;
use crate::sandbox::sender::Sender;
use crate::sandbox::sender::Spoil;
use crate::sandbox::token::millis;
use crate::sandbox::tokens;
use crate::smartpay::SigningSecret;

/// Deliveries under way at once.
const UNDER_WAY_MAX: usize = 8;
/// How often is looked for what has become due by the passing of time.
const POLL: Duration = Duration::from_millis(250);

#[derive(Clone)]
pub(crate) struct Outbox {
    pool: PgPool,
    clock: Clock,
    client: Client,
    wake: Arc<Notify>,
    in_hand: Arc<Mutex<BTreeSet<i64>>>,
    /// How often somebody began to wait until nothing is due.
    asked: Arc<AtomicU64>,
    /// Which of them need not wait any more.
    drained: Arc<watch::Sender<u64>>,
}

/// A delivery that somebody sends now; nobody else takes it meanwhile.
pub(crate) struct InHand {
    number: i64,
    all: Arc<Mutex<BTreeSet<i64>>>,
}

impl Drop for InHand {
    fn drop(&mut self) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.number);
    }
}

impl Outbox {
    pub(crate) fn new(pool: PgPool, clock: Clock) -> Outbox {
        let client = sender::client();
        Outbox {
            pool,
            clock,
            client,
            wake: Arc::default(),
            in_hand: Arc::default(),
            asked: Arc::default(),
            drained: Arc::default(),
        }
    }

    /// There may be something to send.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Resolves when nothing is due by the clock and nothing is under way.
    pub(crate) async fn drained(&self) {
        let mut drained = self.drained.subscribe();
        let asked = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        self.wake();
        // The one that could close it is our own.
        drop(drained.wait_for(|done| *done >= asked).await);
    }

    /// None: somebody else has it.
    pub(crate) fn take(&self, number: i64) -> Option<InHand> {
        let mut in_hand = self.in_hand.lock().unwrap_or_else(PoisonError::into_inner);
        in_hand.insert(number).then(|| InHand { number, all: Arc::clone(&self.in_hand) })
    }

    pub(crate) fn sender(&self, endpoint: &Endpoint) -> Sender {
        let to = Addressee {
            url: endpoint.url.clone(),
            secret: SigningSecret::parse(&endpoint.signing_secret)
                .expect("only secrets that can sign are written"),
            subscription_id: endpoint.id.clone(),
        };
        Sender::through(self.client.clone(), to, self.clock.clone())
    }

    /// Until told to end.
    pub(crate) async fn run(self, mut closing: watch::Receiver<bool>) {
        let mut under_way = JoinSet::new();
        loop {
            let asked = self.asked.load(Ordering::SeqCst);
            // Asked before the table is: what fails after that may be due again.
            let quiet = self.in_hand.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
            match self.due(UNDER_WAY_MAX - under_way.len()).await {
                Ok(due) => {
                    if quiet && due.is_empty() {
                        self.drained.send_replace(asked);
                    }
                    for taken in due.into_iter().filter_map(|number| self.take(number)) {
                        let outbox = self.clone();
                        under_way.spawn(async move { outbox.send(&taken).await });
                    }
                }
                Err(error) => tracing::warn!(%error, "the sandbox's outbox cannot be read"),
            }
            tokio::select! {
                _ = closing.wait_for(|closing| *closing) => break,
                () = self.wake.notified() => {}
                Some(_) = under_way.join_next() => {}
                () = sleep(POLL) => {}
            }
        }
        under_way.shutdown().await;
    }

    /// One try of one delivery, if it is still to be sent. What fails is tried again.
    pub(crate) async fn send(&self, held: &InHand) {
        if let Err(error) = self.try_to_send(held).await {
            tracing::warn!(%error, "a webhook of the sandbox waits for its database");
        }
    }

    async fn try_to_send(&self, held: &InHand) -> Result<(), sqlx::Error> {
        let mut connection = self.pool.acquire().await?;
        let waiting = deliveries::waiting(&mut connection, held.number).await?;
        let Some(delivery) = waiting else { return Ok(()) };
        let endpoint = endpoints::find(&mut connection, &delivery.endpoint).await?;
        let Some(endpoint) = endpoint.filter(|endpoint| endpoint.active) else {
            return deliveries::give_up(&mut connection, delivery.number).await;
        };
        let faults = faults::read(&mut connection).await?;
        let token = tokens::find(&mut connection, delivery.message.token.expose()).await?;
        let token = token.ok_or(sqlx::Error::RowNotFound)?;
        // Sending takes as long as the other side likes.
        drop(connection);
        let (message, spoil) = spoiled(&delivery, &faults, |message| {
            Message::render(message.event_id.clone(), message.action, &token, message.created_at)
        });
        let answered = self.sender(&endpoint).send_with(&message, spoil).await;
        let answer = answered.ok().and_then(|answers| answers.first().copied());
        let answer = answer.map_or(0, |status| status.as_u16());
        tracing::info!(
            event = %message.event_id,
            kind = %message.action,
            endpoint = delivery.endpoint,
            tries = delivery.tries + 1,
            answer,
            "the sandbox sent a webhook"
        );
        let mut connection = self.pool.acquire().await?;
        deliveries::tried(&mut connection, &delivery, answer, millis(self.clock.now())).await
    }

    async fn due(&self, limit: usize) -> Result<Vec<i64>, sqlx::Error> {
        let Some(limit) = i64::try_from(limit).ok().filter(|limit| *limit > 0) else {
            return Ok(Vec::new());
        };
        let in_hand: Vec<i64> = {
            let in_hand = self.in_hand.lock().unwrap_or_else(PoisonError::into_inner);
            in_hand.iter().copied().collect()
        };
        let mut connection = self.pool.acquire().await?;
        deliveries::due(&mut connection, millis(self.clock.now()), &in_hand, limit).await
    }
}

/// The message as this try sends it, and what is wrong with its signature.
fn spoiled(
    delivery: &Delivery,
    faults: &Faults,
    rerender: impl Fn(&Message) -> Message,
) -> (Message, Spoil) {
    let draw = faults.draw(delivery.draw);
    let word = |word: &str| format!("{word} {} {}", delivery.copy, delivery.tries);
    let repeated = delivery.copy || delivery.tries > 0;
    let fresh = repeated && draw.happens(&word("rerender"), faults.webhooks.rerender);
    let message = if fresh { rerender(&delivery.message) } else { delivery.message.clone() };
    let bad_signature = draw.happens(&word("bad signature"), faults.webhooks.bad_signature);
    (message, Spoil { bad_signature, ..Spoil::default() })
}
