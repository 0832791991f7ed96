//! Logs: on stderr, for people in a terminal and as JSON for machines.

use std::io::IsTerminal;

use anyhow::Context;
use tracing_subscriber::EnvFilter;

use crate::cli::exit::Exit;
use crate::cli::options::Command;

/// Who reads the logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Somebody who looks something up: warnings only.
    Quiet,
    /// Somebody who watches.
    Plain,
    /// A collector.
    Json,
}

impl Form {
    pub(crate) fn of(command: &Command) -> Self {
        match command {
            Command::Dev(_) | Command::Sandbox(_) | Command::Demo(_) => Self::Plain,
            Command::Serve if std::io::stderr().is_terminal() => Self::Plain,
            Command::Serve => Self::Json,
            Command::Migrate
            | Command::Config(_)
            | Command::Token(_)
            | Command::Consumer(_)
            | Command::Inbox(_)
            | Command::Events(_)
            | Command::Keys(_)
            | Command::Trigger(_)
            | Command::Doctor(_)
            | Command::Verify(_)
            | Command::Replay(_)
            | Command::Reconcile(_)
            | Command::Import(_)
            | Command::Webhooks(_)
            | Command::Vault(_) => Self::Quiet,
        }
    }

    const fn level(self) -> &'static str {
        match self {
            Self::Quiet => "warn",
            Self::Plain => "info,sqlx=warn,tokenledger::api::wrap=warn",
            Self::Json => "info,sqlx=warn",
        }
    }
}

/// From here on what the program does is logged.
pub(crate) fn start(filter: Option<&str>, form: Form) -> Result<(), Exit> {
    let filter = parse(filter.unwrap_or(form.level())).map_err(Exit::Usage)?;
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match form {
        Form::Quiet | Form::Plain => {
            logs.with_ansi(std::io::stderr().is_terminal()).compact().init();
        }
        Form::Json => logs.json().flatten_event(true).init(),
    }
    Ok(())
}

pub(crate) fn parse(filter: &str) -> anyhow::Result<EnvFilter> {
    EnvFilter::builder().parse(filter).with_context(|| {
        format!("TOKENLEDGER_LOG {filter:?} is no filter: write a level, such as info, or tokenledger=debug")
    })
}
