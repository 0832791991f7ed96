//! Flags of `import`.

use std::path::PathBuf;

use clap::Args;
use clap::Subcommand;
use clap::ValueEnum;

use tokenledger::ledger::import::Format;

#[derive(Debug, Subcommand)]
pub(crate) enum ImportCommand {
    /// Whose tokens are that exist already; exit code 3 when lines are wrong, the others go in
    Tokens(TokensOptions),
}

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  tokenledger import tokens tokens.csv --actor aiko --reason 'our orders until 2026'
  tokenledger import tokens --dry-run tokens.jsonl      look at the file, record nothing
  pass show tokens | tokenledger import tokens -        from stdin

CSV names its columns in the first line, in any order: token_id and consumer, and where they are
known session, since (a time such as 2026-01-31T09:00:00+09:00) and reference. JSON lines have
fields of the same names. What was imported once has no effect when it is imported again.
")]
pub(crate) struct TokensOptions {
    /// CSV or JSON lines; `-` is stdin
    pub file: PathBuf,
    /// What FILE is [default: by its name, else by its first line]
    #[arg(long, value_enum)]
    pub format: Option<FileFormat>,
    /// On whose word
    #[arg(long, value_name = "NAME", default_value = "cli")]
    pub actor: String,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "imported from a file")]
    pub reason: String,
    /// Only look at FILE
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum FileFormat {
    Csv,
    Jsonl,
}

impl TokensOptions {
    pub(super) fn is_stdin(&self) -> bool {
        self.file.as_os_str() == "-"
    }

    pub(super) fn format(&self) -> Option<Format> {
        let extension = self.file.extension().and_then(|extension| extension.to_str());
        match (self.format, extension) {
            (Some(FileFormat::Csv), _) | (None, Some("csv")) => Some(Format::Csv),
            (Some(FileFormat::Jsonl), _) | (None, Some("jsonl" | "ndjson")) => {
                Some(Format::JsonLines)
            }
            (None, _) => None,
        }
    }
}
