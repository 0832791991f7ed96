//! The table of rights: what service and reader may do to each table, and nothing else.

/// One row of it: initials of SELECT, INSERT, UPDATE, DELETE, TRUNCATE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Right {
    pub table: &'static str,
    pub service: &'static str,
    pub reader: &'static str,
    /// What of it may be updated, where that is not every column.
    pub columns: Option<&'static str>,
    pub triggers: &'static [Trigger],
}

/// A trigger that stands in everybody's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trigger {
    pub name: &'static str,
    pub function: &'static str,
    /// `pg_trigger.tgtype`: before which of INSERT (4), DELETE (8), UPDATE (16), TRUNCATE (32) it
    /// fires; 2 is "before", 1 "for each row".
    pub kind: i16,
}

const FINAL: &[Trigger] =
    &[Trigger { name: "history_is_final", function: "history_is_final", kind: 2 + 8 + 16 + 32 }];
const FORWARD: &[Trigger] = &[
    Trigger { name: "head_moves_forward", function: "head_moves_forward", kind: 1 + 2 + 8 + 16 },
    Trigger { name: "head_stays", function: "head_moves_forward", kind: 2 + 32 },
];

const fn history(table: &'static str) -> Right {
    Right { table, service: "SI", reader: "S", columns: None, triggers: FINAL }
}

const fn changeable(table: &'static str, service: &'static str, reader: &'static str) -> Right {
    Right { table, service, reader, columns: None, triggers: &[] }
}

pub const RIGHTS: &[Right] = &[
    history("acts"),
    history("copies"),
    history("events"),
    history("inputs"),
    history("usage"),
    history("verdicts"),
    history("witnesses"),
    Right {
        table: "head",
        service: "SU",
        reader: "S",
        columns: Some("act, arrival, chain, input, position, recorded_at"),
        triggers: FORWARD,
    },
    Right {
        table: "access_keys",
        service: "SIU",
        reader: "",
        columns: Some("last_used_at, revoked_at"),
        triggers: &[],
    },
    changeable("idempotency", "SIUD", ""),
    changeable("intents", "SIU", ""),
    changeable("readings_due", "SIUD", "S"),
    changeable("refusals", "SIUD", "S"),
    changeable("run_differences", "SIUD", "S"),
    changeable("run_seen", "SID", ""),
    changeable("runs", "SIUD", "S"),
    changeable("sealed_bodies", "SID", ""),
    changeable("tokens", "SIU", "S"),
    changeable("vault", "SI", ""),
    changeable("vault_keys", "SI", ""),
    changeable("vault_secrets", "SIU", ""),
    Right {
        table: "webhook_endpoints",
        service: "SIU",
        reader: "S",
        columns: Some(
            "deleted_at, fingerprint, given_up_at, subscription_id, valid_from, valid_until",
        ),
        triggers: &[],
    },
    changeable("words", "SIUD", "S"),
    changeable("_sqlx_migrations", "S", "S"),
];
