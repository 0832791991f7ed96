//! The spans of a group: one of the group, and in each delivery's own trace one of its part.

use crate::traces::Span;

pub(crate) struct GroupSpans {
    group: Span,
    /// They end with the group.
    _parts: Vec<Span>,
}

impl GroupSpans {
    /// The waits are over. Whoever is not traced has none.
    pub(super) fn begin(waits: Vec<Span>, submissions: usize) -> Option<Self> {
        let mut group = waits.first()?.apart("record group")?;
        group.number("tokenledger.submissions", i64::try_from(submissions).unwrap_or(i64::MAX));
        let mut parts = Vec::with_capacity(waits.len());
        for wait in waits {
            let Some(mut part) = wait.sibling("record") else { continue };
            part.link(&group);
            group.link(&part);
            parts.push(part);
        }
        Some(Self { group, _parts: parts })
    }

    /// As long as the flush to disk takes, on every standby that must have it.
    pub(crate) fn commit(&self) -> Option<Span> {
        self.group.child("commit")
    }
}
