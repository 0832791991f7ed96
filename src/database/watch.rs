//! Following the primary from host to host.

use std::time::Duration;

use sqlx::Connection;
use sqlx::postgres::PgConnection;
use sqlx::postgres::PgPool;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio::time::sleep;
use tokio::time::timeout;

use crate::database::Found;
use crate::database::Hosts;
use crate::database::Writable;
use crate::database::address;
use crate::database::choose;
use crate::database::describe;
use crate::database::look::look;
use crate::database::look_around;
use crate::database::primary::Current;

/// Between two looks at the primary; while there is none, between two looks at all hosts.
const PAUSE: Duration = Duration::from_millis(250);
/// A primary that does not answer within this time is looked for among all hosts.
const ANSWER_DEADLINE: Duration = Duration::from_secs(1);
/// So often all hosts are looked at while the primary answers: it may not know of its successor.
const LOOK_AROUND_PAUSE: Duration = Duration::from_secs(5);

/// Looks at the hosts for as long as it runs. With one host there is nothing to do.
pub struct Watch {
    hosts: Hosts,
    current: watch::Sender<Current>,
    /// A connection that is kept to look at the primary.
    kept: Option<PgConnection>,
    /// What was logged last: each state is told once.
    told: String,
}

impl Watch {
    pub(crate) fn new(hosts: Hosts, current: watch::Sender<Current>) -> Self {
        Self { hosts, current, kept: None, told: String::new() }
    }

    /// Until the task is aborted. New connections of the pool go to where the primary is.
    pub async fn run(mut self, pool: PgPool) {
        if !self.hosts.are_several() {
            return;
        }
        let mut looked_around: Option<Instant> = None;
        loop {
            let sound = self.primary_is_sound().await;
            let lately = looked_around.is_some_and(|then| then.elapsed() < LOOK_AROUND_PAUSE);
            if !(sound && lately) {
                looked_around = Some(Instant::now());
                self.look_around(&pool).await;
            }
            sleep(PAUSE).await;
        }
    }

    /// Whether the primary is where it was, and what it was.
    async fn primary_is_sound(&mut self) -> bool {
        let Current { options, known, .. } = self.current.borrow().clone();
        let kept = self.kept.take();
        let asking = async {
            let mut connection = match kept {
                Some(connection) => connection,
                None => PgConnection::connect_with(&options).await?,
            };
            let seen = look(&mut connection).await?;
            Ok::<_, sqlx::Error>((connection, seen))
        };
        let Ok(Ok((connection, Some(seen)))) = timeout(ANSWER_DEADLINE, asking).await else {
            return false;
        };
        let sound = known.is_some_and(|(_, known)| seen.is_on_line_of(&known));
        self.kept = Some(connection).filter(|_| sound);
        sound
    }

    async fn look_around(&mut self, pool: &PgPool) {
        let found = look_around(&self.hosts).await;
        let seen: Vec<Option<Writable>> = found.iter().map(Found::writable).collect();
        let known = self.current.borrow().known;
        match choose(known, &seen) {
            Ok(chosen) => {
                self.follow(chosen, pool);
                self.tell_of_rivals(chosen, &found);
            }
            Err(why) => self.tell(format!("{why} ({})", describe(&self.hosts, &found))),
        }
    }

    /// Moves to the host that was chosen, when that is another one, or has become another.
    fn follow(&mut self, (host, server): (usize, Writable), pool: &PgPool) {
        let before = self.current.borrow().clone();
        let stays = before
            .known
            .is_some_and(|(known_host, known)| known_host == host && server.is_on_line_of(&known));
        let options = self.hosts.get(host).expect("the choice is one of the hosts").clone();
        if !stays {
            let (from, to) = (address(&before.options), address(&options));
            tracing::warn!(from, to, timeline = server.timeline, "the primary moved");
            metrics::counter!("tokenledger_database_moves_total").increment(1);
            pool.set_connect_options(options.clone());
            self.kept = None;
        }
        let moved = u64::from(!stays);
        let since = if stays { before.since } else { Instant::now() };
        let epoch = before.epoch + moved;
        self.current.send_replace(Current { options, known: Some((host, server)), epoch, since });
    }

    /// Two servers that take writes are two ledgers soon: people must act, although ours is clear.
    fn tell_of_rivals(&mut self, (host, server): (usize, Writable), found: &[Found]) {
        let rival = |(other, found): (usize, &Found)| {
            other != host && found.writable().is_some_and(|seen| seen.started != server.started)
        };
        if found.iter().enumerate().any(rival) {
            let seen = describe(&self.hosts, found);
            self.tell(format!("a second server takes writes, and is not used: stop it ({seen})"));
        } else {
            self.told.clear();
        }
    }

    fn tell(&mut self, words: String) {
        if self.told != words {
            tracing::error!("{words}");
            self.told = words;
        }
    }
}
