//! Tries until an answer is final, nothing more may be gained, or time is up.

use std::fmt;
use std::time::Duration;

use hyper::Method;
use tokio::time::Instant;

use crate::clock::Clock;
use crate::smartpay::client::call::Call;
use crate::smartpay::client::limits::DEADLINE_MAX;
use crate::smartpay::client::limits::Limits;
use crate::smartpay::client::outcome::Answer;
use crate::smartpay::client::outcome::Called;
use crate::smartpay::client::outcome::Earlier;
use crate::smartpay::client::outcome::NotSent;
use crate::smartpay::client::outcome::Outcome;
use crate::smartpay::client::outcome::Unknown;
use crate::smartpay::client::secret_key::SecretKey;
use crate::smartpay::client::transport::NoRoots;
use crate::smartpay::client::transport::Transport;
use crate::smartpay::client::transport::Try;
use crate::smartpay::client::url::ApiUrl;
use crate::smartpay::mode::Mode;

const TOO_MANY_REQUESTS: u16 = 429;
const OK: u16 = 200;
const NO_CONTENT: u16 = 204;

/// Calls Smartpay. Clones share their connections.
#[derive(Clone)]
pub struct Client {
    transport: Transport,
    limits: Limits,
    mode: Mode,
}

/// What the tries so far have left.
#[derive(Default)]
struct Tries {
    not_final: Vec<Answer>,
    /// Why it is open whether one of them had its effect.
    open: Option<Unknown>,
    not_sent: Option<NotSent>,
}

impl Client {
    pub fn new(
        url: ApiUrl,
        key: SecretKey,
        clock: Clock,
        limits: Limits,
    ) -> Result<Client, NoRoots> {
        let mode = key.mode();
        Ok(Client { transport: Transport::new(url, key, clock)?, limits, mode })
    }

    /// That of the key.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Sends until there is a final answer, at most `within`. Every try carries the same idempotency
    /// key and the same bytes. A caller that drops this future knows as little as if it had timed
    /// out: whoever needs to know keeps an intent first.
    pub async fn send(&self, call: &Call, within: Duration) -> Called {
        self.go_on(call, within, Tries::default()).await
    }

    /// The same for a call that an earlier process, or an earlier hour, may have sent already.
    pub async fn resume(&self, call: &Call, within: Duration) -> Called {
        let open = call.acts().then_some(Unknown::SentEarlier);
        self.go_on(call, within, Tries { open, ..Tries::default() }).await
    }

    async fn go_on(&self, call: &Call, within: Duration, mut tries: Tries) -> Called {
        let deadline = Instant::now() + within.min(DEADLINE_MAX);
        for number in 1..=self.limits.tries_max {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let limit = left.min(self.limits.try_timeout);
            let mut asked_pause = Duration::ZERO;
            match self.transport.once(call, tries.earlier(), limit).await {
                Try::Answered(answer) if is_final(call, &answer) => return tries.answered(answer),
                Try::Answered(answer) => {
                    asked_pause = answer.retry_after.unwrap_or_default();
                    tries.settled_nothing(answer);
                }
                Try::NotSent(cause) => tries.not_sent = Some(cause),
                Try::Unknown(cause) => {
                    let again = !matches!(cause, Unknown::TooLarge);
                    tries.open = Some(cause);
                    if !again {
                        break;
                    }
                }
            }
            let pause = self.limits.pause(number).max(asked_pause);
            let left = deadline.saturating_duration_since(Instant::now());
            // A pause that leaves no time for a try is not worth the caller's waiting.
            if number == self.limits.tries_max || pause >= left {
                break;
            }
            tokio::time::sleep(pause).await;
        }
        tries.end()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({})", self.mode)
    }
}

impl Tries {
    fn earlier(&self) -> Earlier {
        if self.open.is_some() { Earlier::MayHaveActed } else { Earlier::NoEffect }
    }

    fn answered(self, answer: Answer) -> Called {
        Called { outcome: Outcome::Answered(answer), not_final: self.not_final }
    }

    /// A server that fails may fail after the effect; 429 is a refusal, and the other answers come
    /// only after a try that left it open.
    fn settled_nothing(&mut self, answer: Answer) {
        if answer.status >= 500 {
            self.open = Some(Unknown::NotFinal(answer.status));
        }
        self.not_sent = None;
        self.not_final.push(answer);
    }

    fn end(mut self) -> Called {
        let outcome = match (self.open, self.not_sent) {
            (Some(cause), _) => Outcome::Unknown(cause),
            (None, Some(cause)) => Outcome::NotSent(cause),
            // Nothing is open: if there was an answer at all, it was a refusal.
            (None, None) => {
                self.not_final.pop().map_or(Outcome::NotSent(NotSent::NoTime), Outcome::Answered)
            }
        };
        Called { outcome, not_final: self.not_final }
    }
}

/// Whether an answer settles the call. After a try that may have acted, a refusal of this one says
/// nothing of that one; but done is done, and what is not there (any more) has been deleted. Then it
/// must be Smartpay's own word: a gateway's page is neither.
fn is_final(call: &Call, answer: &Answer) -> bool {
    let passing = answer.status == TOO_MANY_REQUESTS || answer.status >= 500;
    let settles_earlier =
        !call.acts() || answer.earlier == Earlier::NoEffect || confirms(call, answer);
    !passing && settles_earlier
}

fn confirms(call: &Call, answer: &Answer) -> bool {
    if call.method == Method::DELETE {
        return answer.status == NO_CONTENT || answer.received().says_not_found();
    }
    // Nothing to a change, an object to a creation; its reader will look closely.
    let empty = call.method == Method::PUT && answer.body.is_empty();
    answer.status == OK && (empty || answer.body.first() == Some(&b'{'))
}
