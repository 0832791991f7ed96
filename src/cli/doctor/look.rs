//! Asking for everything that is judged.

use serde_json::Value;
use serde_json::json;
use sqlx::postgres::PgConnection;

use tokenledger::audit::try_to_change_history;
use tokenledger::clock::Clock;
use tokenledger::database;
use tokenledger::database::MigrateError;
use tokenledger::ledger::intents;
use tokenledger::ledger::overview;
use tokenledger::ledger::readings_due;
use tokenledger::ledger::refusals;
use tokenledger::ledger::standing;
use tokenledger::reconcile;
use tokenledger::vault::store;
use tokenledger::webhooks::store::registered;

use crate::cli::doctor::arrivals;
use crate::cli::doctor::commands;
use crate::cli::doctor::compared;
use crate::cli::doctor::hosts;
use crate::cli::doctor::judge;
use crate::cli::doctor::line::Line;
use crate::cli::exit::Exit;
use crate::cli::ledger::target;
use crate::cli::output::Printer;
use crate::cli::settings::Settings;

/// Every check that can be made; without a ledger to ask, only whether there is one.
pub(crate) async fn look(
    connection: &mut PgConnection,
    settings: &Settings,
    printer: &Printer,
) -> Result<Vec<Line>, Exit> {
    let clock = Clock::system();
    let before = clock.now();
    let server = database::server(connection).await?;
    let now = clock.now();
    let mut found = vec![judge::server(&server, before + (now - before) / 2)];
    found.extend(hosts::look(&settings.database_hosts()?).await);
    let target = target(settings)?;
    match database::check_schema(connection, &target).await {
        Ok(()) => {}
        Err(MigrateError::Database(error)) => return Err(error.into()),
        Err(error) => {
            found.push(Line::bad("ledger", format!("{:#}", anyhow::anyhow!(error)), Value::Null));
            return Ok(found);
        }
    }
    let head = standing(connection).await?;
    found.push(judge::ledger(&target, &head, printer, now));
    found.push(judge::history(&try_to_change_history(connection).await?, &server.role));
    found.push(vault(connection, settings).await?);
    found.push(arrivals::readings(&readings_due::open(connection).await?, now));
    let last = reconcile::newest(connection, i64::MAX, 1).await?.pop();
    found.push(compared::last(last.as_ref(), settings.reconcile_every, now));
    found.push(commands::intents(&intents::unfinished(connection).await?, now));
    found.push(arrivals::inbox(&overview::undecided(connection).await?, now));
    let refused = refusals::since(connection, arrivals::refused_since(now)).await?;
    found.push(arrivals::refused(&refused));
    let last = overview::last_received(connection).await?;
    found.push(arrivals::last_webhook(last, settings.webhook_silence, now));
    let signers = overview::signers(connection).await?;
    let registered = registered(connection).await?;
    found.push(arrivals::secrets(&settings.webhooks, &registered, &signers, now));
    Ok(found)
}

async fn vault(connection: &mut PgConnection, settings: &Settings) -> Result<Line, Exit> {
    let Ok(master_key) = settings.master_key() else {
        let words = "not opened: no master key is configured here";
        return Ok(Line::odd("vault", words, Value::Null));
    };
    let ledger = settings.ledger.as_str();
    Ok(match store::open_to_read(connection, ledger, master_key).await {
        Ok(Some(vault)) => {
            let (versions, seals) = vault.data_key_versions();
            let all: Vec<String> = versions.iter().map(ToString::to_string).collect();
            let all = all.join(", ");
            let words =
                format!("opens with the master key; data keys: {all}, of which {seals} seals");
            let facts = json!({ "opens": true, "data_keys": versions, "seals": seals });
            Line::good("vault", words, facts)
        }
        Ok(None) => {
            let words = "has no keys yet: the first start of the service makes them";
            Line::odd("vault", words, json!({ "opens": null }))
        }
        Err(error) if error.is::<sqlx::Error>() => return Err(error.into()),
        Err(error) => {
            let words = format!("does not open with the master key: {error:#}");
            Line::bad("vault", words, json!({ "opens": false }))
        }
    })
}
