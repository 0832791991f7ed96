//! Flags of `vault`.

use std::path::PathBuf;

use clap::Args;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum VaultCommand {
    /// Make one more data key, or wrap all keys by another master key; services go on meanwhile
    Rotate(RotateOptions),
    /// Print the vault's keys as they are wrapped, for escrow beside the master key
    Export(ExportOptions),
}

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  tokenledger vault rotate --reason 'yearly'
  tokenledger vault rotate --reason 'an administrator left' --new-master-key-file new.key

A new data key is loaded by every running service and seals within the minute; what older ones sealed
opens as before. A new master key wraps the same keys: put it into escrow first, then restart the
services with it, then make a new data key.
")]
pub(crate) struct RotateOptions {
    #[command(flatten)]
    pub by: Authorized,
    /// Wrap all keys by the master key in FILE, as the owner role
    #[arg(long, value_name = "FILE")]
    pub new_master_key_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  tokenledger vault export --reason escrow > vault-keys.json

The keys are worth nothing without the master key, and cannot be made again if they are lost.
")]
pub(crate) struct ExportOptions {
    #[command(flatten)]
    pub by: Authorized,
}

/// Both go on record.
#[derive(Debug, Args)]
pub(crate) struct Authorized {
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// On whose word
    #[arg(long, value_name = "NAME", default_value = "cli")]
    pub actor: String,
}
