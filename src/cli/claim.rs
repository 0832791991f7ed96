//! `claim`: records whose a token is. Its id comes on stdin, so that it stands in no process list.

use std::io::Read;

use anyhow::Context;

use tokenledger::clock::Clock;
use tokenledger::ledger::Authority;
use tokenledger::smartpay::TokenId;
use tokenledger::token::Claim;
use tokenledger::token::ClaimOrigin;
use tokenledger::token::Consumer;
use tokenledger::token::NameError;
use tokenledger::token::ProviderTime;
use tokenledger::token::Reference;
use tokenledger::token::SessionId;

use crate::cli::exit::Exit;
use crate::cli::ledger::Opened;
use crate::cli::options::ClaimOptions;
use crate::cli::output::Printer;
use crate::cli::settings::Settings;

/// More than any token id has.
const STDIN_BYTES_MAX: u64 = 1024;

pub(crate) async fn run(
    options: &ClaimOptions,
    settings: &Settings,
    printer: &Printer,
) -> Result<(), Exit> {
    let mut text = String::new();
    std::io::stdin().take(STDIN_BYTES_MAX).read_to_string(&mut text).context("reading stdin")?;
    let id = TokenId::parse(text.trim()).map_err(|error| Exit::usage(format!("stdin: {error}")))?;
    let now = Clock::system().now().timestamp_millis();
    let claim = Claim {
        token_created_at: ProviderTime::from_millis(options.created_at.unwrap_or(now)),
        session: name("--session", options.session.as_deref(), SessionId::parse)?,
        consumer: name("--consumer", options.consumer.as_deref(), Consumer::parse)?,
        reference: name("--reference", options.reference.as_deref(), Reference::parse)?,
        origin: ClaimOrigin::Import,
    };
    let authority =
        Authority { actor: "cli".to_owned(), reason: "recorded by the claim command".to_owned() };
    let receipt = Opened::open(settings).await?.claim(id, claim, authority).await?;
    printer.say(&format!("{} as in_{}", receipt.verdict.as_str(), receipt.input));
    Ok(())
}

pub(crate) fn name<T>(
    flag: &str,
    text: Option<&str>,
    parse: fn(&str) -> Result<T, NameError>,
) -> Result<Option<T>, Exit> {
    text.map(parse).transpose().map_err(|error| Exit::usage(format!("{flag}: {error}")))
}
