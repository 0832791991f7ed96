//! This service: the binary itself, on a ledger that knows whose the tokens are.
#![expect(clippy::disallowed_methods, reason = "counts, in a benchmark's own words")]

use std::sync::Arc;

use anyhow::Context;
use secrecy::ExposeSecret;
use sqlx::Connection;
use sqlx::PgConnection;
use tokenledger::clock::Clock;
use tokenledger::database::SERVICE;
use tokenledger::ledger::Authority;
use tokenledger::ledger::Claimed;
use tokenledger::ledger::Ledger;
use tokenledger::ledger::Settings;
use tokenledger::ledger::Submission;
use tokenledger::smartpay::TokenId;
use tokenledger::token::Claim;
use tokenledger::token::ClaimOrigin;
use tokenledger::token::Consumer;
use tokenledger::token::ProviderTime;
use tokenledger::token::SessionId;
use tokenledger::vault;
use tokio::task::JoinSet;

use crate::deliveries::TOKENS;
use crate::deliveries::token_id;
use crate::shared::LEDGER;
use crate::shared::ledger;
use crate::shared::server::Server;

/// How long before the first delivery the tokens were made.
const AGE_MS: i64 = 3_600_000;

/// Makes the ledger in an empty database and claims the tokens. Gives the master key.
pub(crate) async fn prepare(server: &Server, database: &str) -> anyhow::Result<String> {
    let master_key = ledger::make(server, database).await?;
    let options = ledger::options(server, database, SERVICE)?;
    let mut connection = PgConnection::connect_with(&options).await?;
    let vault = Arc::new(vault::store::open(&mut connection, LEDGER, &master_key).await?);
    connection.close().await?;
    let clock = Clock::system();
    let (ledger, writer) = Ledger::start(Settings::new(options, Arc::clone(&vault), clock.clone()));
    let created_at = clock.now().timestamp_millis() - AGE_MS;
    let mut claims = JoinSet::new();
    for number in 0..TOKENS {
        let id = TokenId::parse(&token_id(number)).context("a token id")?;
        let claim = Claim {
            token_created_at: ProviderTime::from_millis(created_at),
            session: SessionId::parse(&format!("checkout_test_{number:022}")).ok(),
            consumer: Consumer::parse(&format!("C-{}", number % 2_500)).ok(),
            reference: None,
            origin: ClaimOrigin::Import,
        };
        let authority = Authority { actor: "benchmark".to_owned(), reason: "tokens".to_owned() };
        let claimed = Claimed::new(&vault, id, claim, authority, clock.now());
        let ledger = ledger.clone();
        claims.spawn(async move { ledger.submit(Submission::Claim(claimed)).await });
        // Below what may wait at once.
        if claims.len() >= 1_000 {
            claims.join_next().await.context("a claim")???;
        }
    }
    while let Some(claimed) = claims.join_next().await {
        claimed??;
    }
    drop(ledger);
    writer.await?;
    Ok(master_key.to_text().expose_secret().to_owned())
}

/// New events, after asserting that the record is whole: dense positions, an input for each.
pub(crate) async fn count(connection: &mut PgConnection) -> anyhow::Result<i64> {
    let (events, last, applied, head): (i64, i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM ledger.events),
            (SELECT max(position) FROM ledger.events),
            (SELECT count(*) FROM ledger.inputs WHERE verdict = 'applied'),
            (SELECT position FROM ledger.head)",
    )
    .fetch_one(connection)
    .await?;
    anyhow::ensure!(
        events == last && events == applied && events == head,
        "the record is not whole: {events} events, last {last}, {applied} applied, head {head}"
    );
    Ok(events - i64::try_from(TOKENS)?)
}
