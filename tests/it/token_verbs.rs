//! Commands in few words, for tests that tell a token's story.

use tokenledger::token::Absence;
use tokenledger::token::Cancel;
use tokenledger::token::Claim;
use tokenledger::token::ClaimOrigin;
use tokenledger::token::Command;
use tokenledger::token::Conclusion;
use tokenledger::token::Consumer;
use tokenledger::token::Happened;
use tokenledger::token::Notice;
use tokenledger::token::Reading;
use tokenledger::token::Said;
use tokenledger::token::SessionId;

use crate::token_inputs::ms;

pub(crate) const CREATED_AT: i64 = 1;

/// A webhook whose body was rendered when it happened.
pub(crate) fn notice(happened: Happened, at: i64) -> Command {
    rendered_late(happened, at, happened.implies(), at)
}

pub(crate) fn rendered_late(
    happened: Happened,
    created_at: i64,
    said: Said,
    updated_at: i64,
) -> Command {
    Command::Notice(Notice {
        happened,
        said,
        updated_at: ms(updated_at),
        created_at: ms(created_at),
        token_created_at: ms(CREATED_AT),
        reference: None,
    })
}

pub(crate) fn fresh(said: Said, at: i64) -> Command {
    Command::Reading(Reading { said, updated_at: ms(at), fresh: true })
}

pub(crate) fn late(said: Said, at: i64) -> Command {
    Command::Reading(Reading { said, updated_at: ms(at), fresh: false })
}

pub(crate) fn absence(at: i64) -> Command {
    Command::Absence(Absence { at: ms(at), own_delete: false })
}

pub(crate) fn canceled(at: i64) -> Command {
    Command::Cancel(Cancel { reason: Conclusion::Shopper, at: ms(at) })
}

pub(crate) fn claim(origin: ClaimOrigin, session: &str, consumer: &str) -> Command {
    Command::Claim(Claim {
        token_created_at: ms(CREATED_AT),
        session: Some(SessionId::parse(session).unwrap()),
        consumer: Some(Consumer::parse(consumer).unwrap()),
        reference: None,
        origin,
    })
}

pub(crate) fn created() -> Command {
    notice(Happened::Created, CREATED_AT)
}

pub(crate) fn approved(at: i64) -> Command {
    notice(Happened::Approved, at)
}

pub(crate) fn disabled(at: i64) -> Command {
    notice(Happened::Disabled, at)
}

pub(crate) fn enabled(at: i64) -> Command {
    notice(Happened::Enabled, at)
}
