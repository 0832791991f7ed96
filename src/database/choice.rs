//! Which of several servers is the primary. Pure.
//!
//! Promoting a standby begins a new timeline, numbered one higher. So the server that takes writes
//! on the highest timeline is the primary, and an old one that comes back and takes writes too is
//! known by its lower number. Two servers on one timeline are two promotions of the same past:
//! nothing tells which of them has what was acknowledged, so neither is taken for the other.

use chrono::DateTime;
use chrono::Utc;
use thiserror::Error;

/// A server that takes writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Writable {
    /// Made by `initdb`, and the same in all copies: timelines of others cannot be compared.
    pub system: i64,
    pub timeline: u32,
    /// Two hosts that started at the same microsecond are one server with two names.
    pub started: DateTime<Utc>,
}

/// Why there is no primary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NoPrimary {
    #[error("no host takes writes now")]
    Nobody,
    #[error(
        "hosts that take writes have fallen behind: timeline {found}, and {known} was the primary's"
    )]
    Behind { found: u32, known: u32 },
    #[error(
        "two servers take writes on timeline {timeline}, and nothing tells which has what was \
         acknowledged: stop one of them, and if it is the right one, restart this"
    )]
    Twins { timeline: u32 },
    #[error(
        "the hosts are not copies of one another: one cluster and its standbys are to be named"
    )]
    Strangers,
}

impl Writable {
    /// Whether it writes the same log: the same server, maybe restarted, or one that was promoted
    /// from the same past.
    pub fn is_on_line_of(&self, other: &Self) -> bool {
        (self.system, self.timeline) == (other.system, other.timeline)
    }
}

/// The primary among the hosts: its index, and what it is. `current` is the one known up to now:
/// nothing leads from there to a lower timeline, to another server on the same one, or to another
/// cluster.
pub fn choose(
    current: Option<(usize, Writable)>,
    seen: &[Option<Writable>],
) -> Result<(usize, Writable), NoPrimary> {
    let seen = seen.iter().enumerate().filter_map(|(host, seen)| Some((host, (*seen)?)));
    let seen: Vec<(usize, Writable)> = seen.collect();
    let Some((_, one)) = current.as_ref().or(seen.first()).copied() else {
        return Err(NoPrimary::Nobody);
    };
    let (kin, strangers): (Vec<_>, Vec<_>) =
        seen.into_iter().partition(|(_, server)| server.system == one.system);
    if !strangers.is_empty() && (current.is_none() || kin.is_empty()) {
        return Err(NoPrimary::Strangers);
    }
    let newest = kin.iter().map(|(_, server)| server.timeline).max().ok_or(NoPrimary::Nobody)?;
    let leaders: Vec<_> = kin.into_iter().filter(|(_, server)| server.timeline == newest).collect();
    match current.filter(|(_, known)| known.timeline >= newest) {
        Some((_, known)) if known.timeline > newest => {
            Err(NoPrimary::Behind { found: newest, known: known.timeline })
        }
        Some(current) => again(current, &leaders),
        None => only(&leaders),
    }
}

/// The one that is known already, on its own timeline.
fn again(
    (host, known): (usize, Writable),
    leaders: &[(usize, Writable)],
) -> Result<(usize, Writable), NoPrimary> {
    let there = leaders.iter().find(|(other, _)| *other == host);
    let named = || leaders.iter().find(|(_, server)| server.started == known.started);
    there.or_else(named).copied().ok_or(NoPrimary::Twins { timeline: known.timeline })
}

/// The one that leads, under whichever names.
fn only(leaders: &[(usize, Writable)]) -> Result<(usize, Writable), NoPrimary> {
    let first = leaders.first().ok_or(NoPrimary::Nobody)?;
    let twins = leaders.iter().any(|(_, server)| server.started != first.1.started);
    if twins { Err(NoPrimary::Twins { timeline: first.1.timeline }) } else { Ok(*first) }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::Strategy;
    use proptest::prelude::any;
    use proptest::proptest;

    use crate::database::choice::NoPrimary;
    use crate::database::choice::Writable;
    use crate::database::choice::choose;

    fn server(timeline: u32, started: i64) -> Option<Writable> {
        let started = DateTime::from_timestamp_micros(started)?;
        Some(Writable { system: 1, timeline, started })
    }

    fn index(
        current: Option<(usize, Writable)>,
        seen: &[Option<Writable>],
    ) -> Result<usize, NoPrimary> {
        choose(current, seen).map(|(host, _)| host)
    }

    #[test]
    fn the_highest_timeline_is_the_primary_wherever_it_stands() {
        assert_eq!(index(None, &[server(1, 1), server(2, 2), None]), Ok(1));
        assert_eq!(index(None, &[None, None]), Err(NoPrimary::Nobody));
        let current = server(1, 1).map(|known| (0, known));
        assert_eq!(index(current, &[server(1, 1), server(2, 2)]), Ok(1));
    }

    #[test]
    fn an_old_primary_that_comes_back_is_not_taken() {
        let current = server(2, 2).map(|known| (1, known));
        let behind = Err(NoPrimary::Behind { found: 1, known: 2 });
        assert_eq!(index(current, &[server(1, 9), None]), behind);
        assert_eq!(index(current, &[server(1, 9), server(2, 2)]), Ok(1));
    }

    #[test]
    fn two_promotions_of_one_timeline_are_refused_and_a_restart_is_not() {
        let current = server(2, 2).map(|known| (1, known));
        let twins = Err(NoPrimary::Twins { timeline: 2 });
        assert_eq!(index(current, &[server(2, 9), None]), twins);
        assert_eq!(index(current, &[None, server(2, 9)]), Ok(1), "it was restarted");
        assert_eq!(index(None, &[server(2, 8), server(2, 9)]), twins);
        assert_eq!(index(None, &[server(2, 8), server(2, 8)]), Ok(0), "one server, two names");
        assert_eq!(index(current, &[server(2, 2), None]), Ok(0), "by its other name");
    }

    #[test]
    fn another_cluster_is_never_taken() {
        let stranger = Some(Writable { system: 2, ..server(9, 9).unwrap() });
        let current = server(2, 2).map(|known| (1, known));
        assert_eq!(index(None, &[server(1, 1), stranger]), Err(NoPrimary::Strangers));
        assert_eq!(index(current, &[stranger, None]), Err(NoPrimary::Strangers));
        assert_eq!(index(current, &[stranger, server(2, 2)]), Ok(1));
    }

    fn servers() -> impl Strategy<Value = Vec<Option<Writable>>> {
        let server =
            (any::<bool>(), 1..3_i64, 1..4_u32, 1..4_i64).prop_map(|(up, system, t, s)| {
                server(t, s).filter(|_| up).map(|server| Writable { system, ..server })
            });
        proptest::collection::vec(server, 1..5)
    }

    proptest! {
        /// Whatever comes and goes, the timeline never falls, and on one timeline no other server
        /// follows but the same one by another name.
        #[test]
        fn nothing_leads_back(looks in proptest::collection::vec(servers(), 1..12)) {
            let mut current: Option<(usize, Writable)> = None;
            for seen in looks {
                let Ok((host, found)) = choose(current, &seen) else { continue };
                assert_eq!(seen[host], Some(found));
                if let Some((before, known)) = current {
                    assert_eq!(found.system, known.system);
                    assert!(found.timeline >= known.timeline);
                    let same = host == before || found.started == known.started;
                    assert!(found.timeline > known.timeline || same);
                }
                let higher = seen.iter().flatten().any(|other| {
                    other.system == found.system && other.timeline > found.timeline
                });
                assert!(!higher, "a newer one was passed over");
                current = Some((host, found));
            }
        }
    }
}
