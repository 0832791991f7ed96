//! Processor time: it tells where the time goes even while others use the machine. Linux only.

use std::fs;

/// Linux counts in hundredths of a second, whatever its kernel's own tick.
const TICK_US: u64 = 10_000;

/// What a process has used, in microseconds.
pub(crate) fn of_process(pid: u32) -> u64 {
    stat(pid).map_or(0, |stat| stat.own) * TICK_US
}

/// What a process, its children that live and those that ended have used.
pub(crate) fn of_family(pid: u32) -> u64 {
    let Some(parent) = stat(pid) else { return 0 };
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let children: u64 = processes
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(stat)
        .filter(|stat| stat.parent == pid)
        .map(|stat| stat.own)
        .sum();
    (parent.own + parent.ended_children + children) * TICK_US
}

struct Stat {
    parent: u32,
    own: u64,
    ended_children: u64,
}

/// Behind the name, which may hold anything: state, parent, …, and 14th to 17th the times.
fn stat(pid: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let number = |place: usize| fields.get(place)?.parse::<u64>().ok();
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        own: number(11)? + number(12)?,
        ended_children: number(13)? + number(14)?,
    })
}
