//! Inputs in the words of the reference model, and verbs that tell them to a token.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::Serialize;

use tokenledger::token::Absence;
use tokenledger::token::Cancel;
use tokenledger::token::Command;
use tokenledger::token::Conclusion;
use tokenledger::token::Decision;
use tokenledger::token::Event;
use tokenledger::token::Happened;
use tokenledger::token::Notice;
use tokenledger::token::ProviderTime;
use tokenledger::token::Reading;
use tokenledger::token::Said;
use tokenledger::token::Sequence;
use tokenledger::token::Token;
use tokenledger::token::decide;

/// One input, as the histories spell it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "input", rename_all = "lowercase")]
pub(crate) enum Input {
    Notice { r#type: String, status: Said, updated_at: i64, created_at: i64, token_created_at: i64 },
    Reading { status: Said, updated_at: i64, fresh: bool },
    Absent { at: i64 },
    Cancel { at: i64 },
}

/// One event, as the histories spell it: `Canceled{rejected}` is `Rejected` there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ModelEvent {
    pub(crate) r#type: String,
    pub(crate) at: i64,
    #[serde(default)]
    pub(crate) round: u32,
    pub(crate) basis: String,
    #[serde(default)]
    pub(crate) seq: Sequence,
    #[serde(default)]
    pub(crate) undated: bool,
    #[serde(default)]
    pub(crate) refutes: Option<Sequence>,
    #[serde(default, skip_serializing)]
    reason: Option<String>,
}

impl Input {
    pub(crate) fn command(&self) -> Command {
        match self {
            Self::Notice { r#type, status, updated_at, created_at, token_created_at } => {
                Command::Notice(Notice {
                    happened: happened(r#type),
                    said: *status,
                    updated_at: ms(*updated_at),
                    created_at: ms(*created_at),
                    token_created_at: ms(*token_created_at),
                    reference: None,
                })
            }
            Self::Reading { status, updated_at, fresh } => Command::Reading(Reading {
                said: *status,
                updated_at: ms(*updated_at),
                fresh: *fresh,
            }),
            Self::Absent { at } => Command::Absence(Absence { at: ms(*at), own_delete: false }),
            Self::Cancel { at } => {
                Command::Cancel(Cancel { reason: Conclusion::Shopper, at: ms(*at) })
            }
        }
    }
}

pub(crate) fn ms(millis: i64) -> ProviderTime {
    ProviderTime::from_millis(millis)
}

/// Decides one command and takes in what follows.
pub(crate) fn tell(token: &mut Token, command: &Command) -> Decision {
    let decision = decide(token, command);
    decision.apply_to(token);
    decision
}

pub(crate) fn after<'a>(commands: impl IntoIterator<Item = &'a Command>) -> Token {
    let mut token = Token::default();
    for command in commands {
        tell(&mut token, command);
    }
    token
}

/// What stands, through the stored text, in the model's words.
pub(crate) fn in_model_words(token: &Token) -> Vec<ModelEvent> {
    token
        .history()
        .map(|(seq, event)| {
            let stored = serde_json::to_string(event).unwrap();
            let mut event: ModelEvent = serde_json::from_str(&stored).unwrap();
            event.seq = seq;
            if event.reason.take().as_deref() == Some("rejected") {
                "Rejected".clone_into(&mut event.r#type);
            }
            event
        })
        .collect()
}

/// Type and provider time of every event, whatever their order.
pub(crate) fn happenings(token: &Token) -> BTreeSet<(String, i64)> {
    in_model_words(token).into_iter().map(|event| (event.r#type, event.at)).collect()
}

/// The same token, made from the stored texts alone.
pub(crate) fn rebuilt(token: &Token) -> Token {
    let texts: Vec<String> =
        token.events().iter().map(|event| serde_json::to_string(event).unwrap()).collect();
    Token::rebuild(texts.iter().map(|text| serde_json::from_str::<Event>(text).unwrap()))
}

fn happened(name: &str) -> Happened {
    match name {
        "SessionCreated" => Happened::Created,
        "Activated" => Happened::Approved,
        "Rejected" => Happened::Rejected,
        "Enabled" => Happened::Enabled,
        "Disabled" => Happened::Disabled,
        "Deleted" => Happened::Deleted,
        other => panic!("the histories know no type {other}"),
    }
}
