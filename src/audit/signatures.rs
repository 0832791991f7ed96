//! Each delivery's MAC, verified again with the secret of its day; those of copies too.

use std::collections::HashMap;

use sqlx::postgres::PgConnection;

use crate::audit::Check;
use crate::audit::Place;
use crate::audit::Report;
use crate::audit::Snapshot;
use crate::audit::bodies;
use crate::audit::bodies::Sealed;
use crate::audit::report::counted;
use crate::smartpay::SigningSecret;
use crate::smartpay::keys::KeyVariant;
use crate::smartpay::signature;
use crate::vault::Vault;
use crate::vault::store;

/// More secrets than a ledger will ever have: what lies beyond is opened again each time.
const SECRETS_MAX: usize = 1_000;

/// A delivery or a copy (0 is the delivery itself) with its sealed body.
struct Signed {
    input: i64,
    copy: i32,
    endpoint: String,
    signature: Option<String>,
    timestamp: Option<String>,
    variant: Option<String>,
    fingerprint: Option<String>,
    sealed: Vec<u8>,
    sealed_for: Option<String>,
    own_salt: Option<Vec<u8>>,
    token_salt: Option<Vec<u8>>,
}

/// By endpoint and fingerprint. Why a secret cannot be had is kept too.
type Secrets = HashMap<(String, String), Result<SigningSecret, String>>;

pub(super) async fn check(snapshot: &mut Snapshot) -> anyhow::Result<Report> {
    let mut report = Report::new(Check::Signatures);
    let Snapshot { connection, vault, step: limit, .. } = snapshot;
    let mut secrets = Secrets::new();
    let mut count = 0;
    let mut after = i64::MIN;
    loop {
        let step = deliveries(connection, after, *limit).await?;
        let Some(end) = step.last() else { break };
        after = end.input;
        count += verify(connection, vault.as_ref(), &step, &mut secrets, &mut report).await?;
    }
    let mut after = (i64::MIN, i32::MIN);
    let mut of_copies = 0;
    loop {
        let step = copies(connection, after, *limit).await?;
        let Some(end) = step.last() else { break };
        after = (end.input, end.copy);
        of_copies += verify(connection, vault.as_ref(), &step, &mut secrets, &mut report).await?;
    }
    let words = format!(
        "{} deliveries and {} copies, secrets: {}",
        counted(count),
        counted(of_copies),
        secrets.len()
    );
    Ok(report.looked_at(words))
}

async fn verify(
    connection: &mut PgConnection,
    vault: Option<&Vault>,
    step: &[Signed],
    secrets: &mut Secrets,
    report: &mut Report,
) -> anyhow::Result<i64> {
    let mut count = 0;
    for signed in step {
        count += 1;
        if let Err(wrong) = verify_one(connection, vault, signed, secrets).await? {
            let of = if signed.copy == 0 {
                "a signature".to_owned()
            } else {
                format!("a signature of copy {}", signed.copy)
            };
            let expected = format!("{of} that the secret of its day verifies");
            report.find(Place::Input(signed.input), expected, wrong);
        }
    }
    Ok(count)
}

async fn verify_one(
    connection: &mut PgConnection,
    vault: Option<&Vault>,
    signed: &Signed,
    secrets: &mut Secrets,
) -> anyhow::Result<Result<(), String>> {
    let Some(vault) = vault else { return Ok(Err("the vault has no keys".to_owned())) };
    let (Some(text), Some(timestamp), Some(variant), Some(fingerprint)) =
        (&signed.signature, &signed.timestamp, &signed.variant, &signed.fingerprint)
    else {
        return Ok(Err("a part of the signature is missing".to_owned()));
    };
    let Some(variant) = KeyVariant::parse(variant) else {
        return Ok(Err("the key variant is none that is known".to_owned()));
    };
    let body = bodies::open(
        Some(vault),
        &Sealed {
            input: signed.input,
            reference: signed.sealed_for.as_deref(),
            own_salt: signed.own_salt.as_deref(),
            token_salt: signed.token_salt.as_deref(),
            bytes: &signed.sealed,
        },
    );
    let body = match body {
        Ok(body) => body,
        Err(words) => return Ok(Err(format!("its body does not open: {words}"))),
    };
    let key = (signed.endpoint.clone(), fingerprint.clone());
    if !secrets.contains_key(&key) {
        if secrets.len() >= SECRETS_MAX {
            secrets.clear();
        }
        let secret = secret(connection, vault, &key).await?;
        secrets.insert(key.clone(), secret);
    }
    Ok(match secrets.get(&key).expect("it was put there") {
        Err(words) => Err(words.clone()),
        Ok(secret) if signature::matches_again(secret, variant, text, timestamp, &body) => Ok(()),
        Ok(_) => Err("it does not: signature, timestamp, variant or body were changed".to_owned()),
    })
}

async fn secret(
    connection: &mut PgConnection,
    vault: &Vault,
    (endpoint, fingerprint): &(String, String),
) -> anyhow::Result<Result<SigningSecret, String>> {
    Ok(match store::kept_secret(connection, vault, endpoint, fingerprint).await {
        Ok(Some(secret)) if secret.fingerprint() == *fingerprint => Ok(secret),
        Ok(Some(_)) => Err("the kept secret has another fingerprint".to_owned()),
        Ok(None) => Err("the vault keeps no secret of that endpoint and fingerprint".to_owned()),
        Err(error) if error.is::<sqlx::Error>() => return Err(error),
        Err(error) => Err(format!("the kept secret does not open: {error:#}")),
    })
}

/// Deliveries whose bodies are still there.
async fn deliveries(
    connection: &mut PgConnection,
    after: i64,
    limit: i64,
) -> Result<Vec<Signed>, sqlx::Error> {
    sqlx::query_as!(
        Signed,
        r#"SELECT
            inputs.number AS input,
            0 AS "copy!",
            inputs.endpoint,
            inputs.signature,
            inputs.signature_timestamp AS timestamp,
            inputs.key_variant AS variant,
            inputs.secret_fingerprint AS fingerprint,
            sealed_bodies.sealed,
            sealed_bodies.ref AS sealed_for,
            sealed_bodies.salt AS own_salt,
            vault.salt AS "token_salt?"
        FROM inputs
        JOIN sealed_bodies ON sealed_bodies.input = inputs.number
        LEFT JOIN vault ON vault.ref = sealed_bodies.ref
        WHERE inputs.number > $1 AND inputs.kind = 'delivery'
        ORDER BY inputs.number
        LIMIT $2"#,
        after,
        limit,
    )
    .fetch_all(connection)
    .await
}

/// Copies of deliveries whose bodies are still there.
async fn copies(
    connection: &mut PgConnection,
    (input, copy): (i64, i32),
    limit: i64,
) -> Result<Vec<Signed>, sqlx::Error> {
    sqlx::query_as!(
        Signed,
        r#"SELECT
            copies.input,
            copies.number AS copy,
            inputs.endpoint,
            copies.signature AS "signature?",
            copies.signature_timestamp AS "timestamp?",
            copies.key_variant AS "variant?",
            copies.secret_fingerprint AS "fingerprint?",
            sealed_bodies.sealed,
            sealed_bodies.ref AS sealed_for,
            sealed_bodies.salt AS own_salt,
            vault.salt AS "token_salt?"
        FROM copies
        JOIN inputs ON inputs.number = copies.input
        JOIN sealed_bodies ON sealed_bodies.input = inputs.number
        LEFT JOIN vault ON vault.ref = sealed_bodies.ref
        WHERE (copies.input, copies.number) > ($1, $2)
        ORDER BY copies.input, copies.number
        LIMIT $3"#,
        input,
        copy,
        limit,
    )
    .fetch_all(connection)
    .await
}
