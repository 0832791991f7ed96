//! Every command and flag. The doc comments are the `--help`.

use std::path::PathBuf;

use chrono_tz::Tz;
use clap::Args;
use clap::Parser;
use clap::Subcommand;
use clap::ValueEnum;
use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser;

use tokenledger::ledger::Verdict;

use crate::cli::dev::postgres::DatabaseOptions;
use crate::cli::dev::reset::DemoCommand;
use crate::cli::dev::sandbox::SandboxOptions;
use crate::cli::doctor::DoctorOptions;
use crate::cli::import::ImportCommand;
use crate::cli::keys::KeysCommand;
use crate::cli::named::input_number;
use crate::cli::named::zone;
use crate::cli::reconcile::ReconcileCommand;
use crate::cli::replay::ReplayOptions;
use crate::cli::vault::VaultCommand;
use crate::cli::verify::VerifyOptions;
use crate::cli::webhooks::WebhooksCommand;

const EXAMPLES: &str = "\
Examples:
  tokenledger dev                                  a ledger with demo data, nothing to install
  tokenledger --data .tokenledger consumer tokens C-1001
  tokenledger --data .tokenledger events tail      follow what is recorded
  tokenledger config show                          every setting, and where it comes from
";

/// A ledger of Smartpay payment tokens: verified webhooks in, an event-sourced record, answers out.
#[derive(Debug, Parser)]
#[command(name = "tokenledger", version, before_help = EXAMPLES, arg_required_else_help = true)]
pub(crate) struct Options {
    #[command(flatten)]
    pub shared: SharedOptions,
    #[command(subcommand)]
    pub command: Command,
}

/// Flags that every command takes.
#[derive(Debug, Args)]
pub(crate) struct SharedOptions {
    /// Configuration file [default: tokenledger.toml when present]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Data directory of `dev`; other commands then work on the `dev` running there
    #[arg(long, global = true, value_name = "DIR", env = "TOKENLEDGER_DATA")]
    pub data: Option<PathBuf>,
    /// Form of the output
    #[arg(short, long, global = true, value_name = "FORM", value_enum, default_value_t)]
    pub output: Format,
    /// The same as `-o json`
    #[arg(long, global = true, conflicts_with = "output")]
    pub json: bool,
    /// Print ids only, and no talk
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// No colour, also on a terminal
    #[arg(long, global = true)]
    pub no_color: bool,
    /// Time zone of the times in tables; JSON is in UTC
    #[arg(long, global = true, value_name = "ZONE", default_value = "Asia/Tokyo", value_parser = zone)]
    pub tz: Tz,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Table,
    /// Tab-separated, without a heading
    Plain,
    /// One JSON document
    Json,
    /// One JSON document per line
    Jsonl,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Everything in one process: private PostgreSQL, pretend Smartpay, service, demo data
    Dev(DevOptions),
    /// The demo of a `dev` that has ended
    #[command(subcommand)]
    Demo(DemoCommand),
    /// The pretend Smartpay alone
    Sandbox(SandboxOptions),
    /// The service, from its configuration
    Serve,
    /// Make the schema or bring it up to date, as the owner role
    Migrate,
    /// The configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// One token
    #[command(subcommand)]
    Token(TokenCommand),
    /// One consumer
    #[command(subcommand)]
    Consumer(ConsumerCommand),
    /// Deliveries: what came in, and what became of it
    #[command(subcommand)]
    Inbox(InboxCommand),
    /// The record, in the order in which it was written
    #[command(subcommand)]
    Events(EventsCommand),
    /// What exists already when a ledger begins
    #[command(subcommand)]
    Import(ImportCommand),
    /// Comparing with Smartpay: what webhooks missed
    #[command(subcommand)]
    Reconcile(ReconcileCommand),
    /// Access keys of the services that ask this ledger
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Webhook endpoints at Smartpay, and their secrets
    #[command(subcommand)]
    Webhooks(WebhooksCommand),
    /// The keys that seal token ids, bodies and secrets
    #[command(subcommand)]
    Vault(VaultCommand),
    /// One look at everything; exit code 1 when something is wrong
    Doctor(DoctorOptions),
    /// Recompute everything the ledger holds; exit code 3 when something is not as it must be
    Verify(VerifyOptions),
    /// Fold all events again and compare with the projection
    Replay(ReplayOptions),
    /// Send a signed webhook, as Smartpay would
    #[command(before_help = "\
Examples:
  tokenledger --data .tokenledger trigger token.created --consumer C-1001
  tokenledger --data .tokenledger trigger token.disabled --token tok_test_… --duplicate 20
  tokenledger --data .tokenledger trigger token.approved --bad-signature
")]
    Trigger(TriggerOptions),
}

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  tokenledger dev                       500 demo tokens over 180 days, on port 8787
  tokenledger dev --empty --port 9000   nothing but the service
")]
pub(crate) struct DevOptions {
    /// Port of the service; the pretend Smartpay takes the next one
    #[arg(long, default_value_t = 8787)]
    pub port: u16,
    #[command(flatten)]
    pub database: DatabaseOptions,
    /// No demo data
    #[arg(long)]
    pub empty: bool,
    /// Number of demo tokens
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub tokens: u32,
    /// Days over which the demo happened
    #[arg(long, value_name = "N", default_value_t = 180, value_parser = clap::value_parser!(u32).range(1..=730))]
    pub days: u32,
    /// Make the same demo again
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Every setting with its source; secrets are not shown
    Show,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Status, lifeline and history of a token
    Show {
        #[arg(value_name = "REF", help = "tok_test_… or tok_live_…")]
        reference: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConsumerCommand {
    /// Which tokens a consumer has, newest first, and whether each can be charged
    Tokens {
        consumer: String,
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = limit())]
        limit: i64,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum InboxCommand {
    /// Deliveries, newest first
    List {
        /// Only those whose verdict is now this one
        #[arg(long, value_parser = verdict())]
        verdict: Option<Verdict>,
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = limit())]
        limit: i64,
        /// Only those older than this one
        #[arg(long, value_name = "ID", value_parser = input_number)]
        before: Option<i64>,
    },
    /// One delivery: verdicts and reasons in words, copies
    Show {
        #[arg(value_name = "ID", help = "as listed: in_17", value_parser = input_number)]
        number: i64,
    },
    /// Decide an ignored or quarantined delivery anew, from its sealed body
    Reprocess {
        #[arg(value_name = "ID", help = "as listed: in_17", value_parser = input_number)]
        number: i64,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum EventsCommand {
    /// Events in position order
    List {
        /// Only those behind this position [default: the newest events]
        #[arg(long, value_name = "POSITION", value_parser = clap::value_parser!(i64).range(0..))]
        after: Option<i64>,
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = limit())]
        limit: i64,
    },
    /// Follow events as they are recorded, until Ctrl-C
    Tail {
        /// Begin behind this position [default: what is recorded from now on]
        #[arg(long, value_name = "POSITION", value_parser = clap::value_parser!(i64).range(0..))]
        after: Option<i64>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct TriggerOptions {
    /// Type of the webhook, such as token.approved
    pub event: String,
    /// The token it is about [default: a new one]
    #[arg(long, value_name = "REF")]
    pub token: Option<String>,
    /// Whose the new token is
    #[arg(long)]
    pub consumer: Option<String>,
    /// Send it so many times at once
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=200))]
    pub duplicate: u8,
    /// Sign it with the wrong key
    #[arg(long)]
    pub bad_signature: bool,
    /// Shift the signed time by so many milliseconds
    #[arg(long, value_name = "MS", default_value_t = 0, allow_negative_numbers = true)]
    pub skew: i64,
}

fn limit() -> impl TypedValueParser<Value = i64> {
    clap::value_parser!(i64).range(1..=1_000)
}

fn verdict() -> impl TypedValueParser<Value = Verdict> {
    PossibleValuesParser::new(Verdict::ALL.map(Verdict::as_str))
        .map(|word| Verdict::parse(&word).expect("only the verdicts are possible values"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use crate::cli::options::Options;

    #[test]
    fn the_command_line_is_consistent() {
        Options::command().debug_assert();
    }
}
