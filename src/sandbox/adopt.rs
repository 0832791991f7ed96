//! Takes in the tokens of a demo, with their sessions and all that happened to them, at once.

use std::collections::HashMap;
use std::collections::HashSet;

use sqlx::Connection;
use sqlx::postgres::PgConnection;

use crate::sandbox::Sandbox;
use crate::sandbox::demo::DemoClaim;
use crate::sandbox::demo::Plan;
use crate::sandbox::demo::What;
use crate::sandbox::ids;
use crate::sandbox::message::Message;
use crate::sandbox::sessions::LIFETIME_MS;
use crate::sandbox::sessions::Terms;
use crate::sandbox::token::Token;
use crate::token::Reference;

impl Sandbox {
    /// Takes in the tokens that are not there yet: what happened here since is not undone.
    pub async fn adopt(&self, plan: &Plan) -> Result<(), sqlx::Error> {
        let mut connection = self.pool.acquire().await?;
        let mut tx = connection.begin().await?;
        let fresh = adopt_tokens(&mut tx, plan.tokens()).await?;
        let fresh = |id: &str| fresh.contains(id);
        let tokens: Vec<&Token> =
            plan.tokens().iter().filter(|token| fresh(token.id.expose())).collect();
        adopt_sessions(&mut tx, &tokens, plan).await?;
        adopt_changes(&mut tx, plan, &fresh).await?;
        tx.commit().await
    }
}

async fn adopt_tokens(
    tx: &mut PgConnection,
    tokens: &[Token],
) -> Result<HashSet<String>, sqlx::Error> {
    let text = |text: &str| text.to_owned();
    let ids: Vec<String> = tokens.iter().map(|token| text(token.id.expose())).collect();
    let statuses: Vec<String> = tokens.iter().map(|token| text(token.status.as_str())).collect();
    let reference = |token: &Token| token.reference().map(Reference::as_str).map(text);
    let references: Vec<String> =
        tokens.iter().map(|token| reference(token).unwrap_or_default()).collect();
    let created: Vec<i64> = tokens.iter().map(|token| token.created_at.millis()).collect();
    let updated: Vec<i64> = tokens.iter().map(|token| token.updated_at.millis()).collect();
    let fresh = sqlx::query_scalar!(
        "INSERT INTO sandbox.tokens (
            id, status, reference, metadata, created_at_ms, updated_at_ms
         )
         SELECT id, status, nullif(reference, ''), '{}', created_at_ms, updated_at_ms
         FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[])
            WITH ORDINALITY
            AS made (id, status, reference, created_at_ms, updated_at_ms, place)
         ORDER BY place
         ON CONFLICT (id) DO NOTHING
         RETURNING id",
        &ids,
        &statuses,
        &references,
        &created,
        &updated,
    )
    .fetch_all(tx)
    .await?;
    Ok(fresh.into_iter().collect())
}

async fn adopt_sessions(
    tx: &mut PgConnection,
    tokens: &[&Token],
    plan: &Plan,
) -> Result<(), sqlx::Error> {
    let claims: HashMap<&str, &DemoClaim> = plan.steps().iter().filter_map(claim).collect();
    let mut rng = rand::rng();
    let (mut sessions, mut pages, mut customers) = (Vec::new(), Vec::new(), Vec::new());
    for token in tokens {
        let claim = claims.get(token.id.expose());
        let session =
            claim.map_or_else(|| ids::session_id(&mut rng), |claim| claim.session.clone());
        sessions.push(session.as_str().to_owned());
        pages.push(ids::page(&mut rng));
        let consumer = claim.map(|claim| serde_json::json!({"reference": claim.consumer}));
        customers.push(consumer.unwrap_or_else(|| serde_json::json!({})).to_string());
    }
    let ids: Vec<String> = tokens.iter().map(|token| token.id.expose().to_owned()).collect();
    let created: Vec<i64> = tokens.iter().map(|token| token.created_at.millis()).collect();
    let terms = Terms::of_nobody();
    sqlx::query!(
        "INSERT INTO sandbox.sessions (
            id, page, token, success_url, cancel_url, customer_info, locale, description, canceled,
            created_at_ms, updated_at_ms, expires_at_ms
         )
         SELECT
            id, page, token, $6, $7, customer_info::json, NULL, NULL, false, created_at_ms,
            created_at_ms, created_at_ms + $8
         FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[])
            WITH ORDINALITY
            AS made (id, page, token, customer_info, created_at_ms, place)
         ORDER BY place",
        &sessions,
        &pages,
        &ids,
        &customers,
        &created,
        terms.success_url,
        terms.cancel_url,
        LIFETIME_MS,
    )
    .execute(tx)
    .await?;
    Ok(())
}

async fn adopt_changes(
    tx: &mut PgConnection,
    plan: &Plan,
    fresh: &impl Fn(&str) -> bool,
) -> Result<(), sqlx::Error> {
    let mut told = HashSet::new();
    // What arrives twice happened once.
    let mut messages: Vec<&Message> = plan
        .steps()
        .iter()
        .filter_map(|step| match &step.what {
            What::Webhook(message) => Some(message),
            What::Claim(_) => None,
        })
        .filter(|message| fresh(message.token.expose()) && told.insert(&message.event_id))
        .collect();
    messages.sort_by_key(|message| message.created_at);
    let tokens: Vec<String> = messages.iter().map(|one| one.token.expose().to_owned()).collect();
    let actions: Vec<String> = messages.iter().map(|one| one.action.as_str().to_owned()).collect();
    let times: Vec<i64> = messages.iter().map(|one| one.created_at.millis()).collect();
    sqlx::query!(
        "INSERT INTO sandbox.changes (token, action, at_ms)
         SELECT token, action, at_ms
         FROM unnest($1::text[], $2::text[], $3::bigint[]) WITH ORDINALITY
            AS told (token, action, at_ms, place)
         ORDER BY place",
        &tokens,
        &actions,
        &times,
    )
    .execute(tx)
    .await?;
    Ok(())
}

fn claim(step: &crate::sandbox::demo::Step) -> Option<(&str, &DemoClaim)> {
    match &step.what {
        What::Claim(claim) => Some((claim.token_id.expose(), claim)),
        What::Webhook(_) => None,
    }
}
