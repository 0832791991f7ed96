//! Shops that send webhooks as Smartpay does, each until it is taken, and note every answer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use tokenledger::clock::Clock;
use tokenledger::sandbox::Action;
use tokenledger::sandbox::Message;
use tokenledger::sandbox::Sender;
use tokenledger::sandbox::Token;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Interval;
use tokio::time::MissedTickBehavior;
use tokio::time::interval;

const SHOPS: u64 = 8;
/// What is noted when there was no answer at all.
pub(crate) const NO_ANSWER: u16 = 0;

/// A load that runs until it is stopped.
pub(crate) struct Shops {
    stopping: Arc<AtomicBool>,
    tasks: JoinSet<()>,
    book: Arc<Mutex<Book>>,
}

/// What became of the deliveries.
#[derive(Default)]
pub(crate) struct Book {
    /// The event ids that were answered 200.
    pub(crate) taken: Vec<String>,
    /// How often each status was the answer.
    pub(crate) answers: BTreeMap<u16, usize>,
}

struct Shop {
    sender: Sender,
    rng: StdRng,
    pace: Interval,
    stopping: Arc<AtomicBool>,
    book: Arc<Mutex<Book>>,
    count: watch::Sender<usize>,
}

impl Shops {
    /// Each sends one delivery after the other, with `pause` from one to the next. Also gives the
    /// number of acknowledged deliveries as it grows.
    pub(crate) fn start(
        sender: &Sender,
        seed: u64,
        pause: Duration,
    ) -> (Self, watch::Receiver<usize>) {
        let stopping = Arc::new(AtomicBool::new(false));
        let book = Arc::new(Mutex::new(Book::default()));
        let (count, counted) = watch::channel(0);
        let mut tasks = JoinSet::new();
        for number in 0..SHOPS {
            let mut pace = interval(pause);
            pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let shop = Shop {
                sender: sender.clone(),
                rng: StdRng::seed_from_u64(seed.wrapping_add(number)),
                pace,
                stopping: stopping.clone(),
                book: book.clone(),
                count: count.clone(),
            };
            tasks.spawn(shop.run());
        }
        (Self { stopping, tasks, book }, counted)
    }

    /// Every delivery that was begun is taken first.
    pub(crate) async fn stop(mut self) -> Book {
        self.stopping.store(true, Ordering::SeqCst);
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap();
        }
        std::mem::take(&mut *self.book.lock().unwrap())
    }
}

impl Shop {
    async fn run(mut self) {
        while !self.stopping.load(Ordering::SeqCst) {
            for message in life(&mut self.rng) {
                self.until_taken(&message).await;
            }
        }
    }

    /// As Smartpay does: anything but a 200, also no answer at all, and it comes again.
    async fn until_taken(&mut self, message: &Message) {
        loop {
            self.pace.tick().await;
            let answer = self.sender.send(message).await;
            let status = answer.map_or(NO_ANSWER, |status| status.as_u16());
            let mut book = self.book.lock().unwrap();
            *book.answers.entry(status).or_default() += 1;
            if status == 200 {
                book.taken.push(message.event_id().to_string());
                self.count.send_replace(book.taken.len());
                return;
            }
        }
    }
}

/// A token from its creation to its deletion.
fn life(rng: &mut StdRng) -> Vec<Message> {
    let now = Clock::system().now();
    let (mut token, created) = Token::create(None, now, rng);
    let later = [Action::Approve, Action::Disable, Action::Enable, Action::Delete];
    let later = later.map(|action| token.apply(action, now, rng).unwrap());
    std::iter::once(created).chain(later).collect()
}
