//! What is to be sent, and what became of it: the table `deliveries`.

use sqlx::postgres::PgConnection;

use crate::sandbox::action::Action;
use crate::sandbox::endpoints;
use crate::sandbox::faults;
use crate::sandbox::message::Message;
use crate::sandbox::tokens;
use crate::smartpay::EventId;
use crate::token::ProviderTime;

/// The first pause after a try that was not answered 200; doubled after each further one.
const PAUSE_FIRST_MS: i64 = 1_000;
const PAUSE_MS_MAX: i64 = 3_600_000;
/// About eight hours after the first.
const TRIES_MAX: i32 = 20;
/// How long what is settled can still be looked at.
const SETTLED_KEPT_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// One message to one endpoint.
pub(crate) struct Delivery {
    pub(crate) number: i64,
    pub(crate) endpoint: String,
    pub(crate) message: Message,
    /// The second of the same event.
    pub(crate) copy: bool,
    pub(crate) draw: i64,
    /// How often it has been sent.
    pub(crate) tries: i32,
}

/// Puts a message to all who want it into the outbox, and says under which numbers.
pub(crate) async fn put(
    connection: &mut PgConnection,
    message: &Message,
    now: ProviderTime,
) -> Result<Vec<i64>, sqlx::Error> {
    let faults = faults::read(&mut *connection).await?;
    let mut numbers = Vec::new();
    for endpoint in endpoints::subscribed(&mut *connection, message.action.as_str()).await? {
        let draw = faults.draw(faults::next_webhook(&mut *connection).await?);
        let dropped = draw.happens("drop", faults.webhooks.drop);
        let twice = draw.happens("duplicate", faults.webhooks.duplicate);
        for copy in [false, true].into_iter().take(if twice { 2 } else { 1 }) {
            let word = if copy { "shuffle copy" } else { "shuffle" };
            let held_ms = draw.below(word, u64::from(faults.webhooks.shuffle_ms) + 1)
                + u64::from(faults.webhooks.delay_ms);
            let held_ms = i64::try_from(held_ms).expect("two small numbers fit");
            let number = sqlx::query_scalar!(
                "INSERT INTO sandbox.deliveries (
                    endpoint, event_id, token, action, created_at_ms, body, copy, draw, state,
                    tries, try_at_ms
                 )
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10)
                 RETURNING number",
                endpoint.id,
                message.event_id.as_str(),
                message.token.expose(),
                message.action.as_str(),
                message.created_at.millis(),
                message.body,
                copy,
                draw.number,
                if dropped { "dropped" } else { "waiting" },
                now.millis() + held_ms,
            )
            .fetch_one(&mut *connection)
            .await?;
            numbers.push(number);
        }
    }
    Ok(numbers)
}

/// Those whose time has come, but not those in other hands.
pub(crate) async fn due(
    connection: &mut PgConnection,
    now: ProviderTime,
    in_hand: &[i64],
    limit: i64,
) -> Result<Vec<i64>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT number FROM sandbox.deliveries
         WHERE state = 'waiting' AND try_at_ms <= $1 AND number <> ALL($2)
         ORDER BY try_at_ms, number
         LIMIT $3",
        now.millis(),
        in_hand,
        limit,
    )
    .fetch_all(connection)
    .await
}

/// One that is still to be sent.
pub(crate) async fn waiting(
    connection: &mut PgConnection,
    number: i64,
) -> Result<Option<Delivery>, sqlx::Error> {
    let row = sqlx::query!(
        "SELECT number, endpoint, event_id, token, action, created_at_ms, body, copy, draw, tries
         FROM sandbox.deliveries
         WHERE number = $1 AND state = 'waiting'",
        number,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Delivery {
        number: row.number,
        endpoint: row.endpoint,
        message: Message {
            event_id: EventId::parse(&row.event_id).expect("only event ids are written"),
            action: Action::parse(&row.action).expect("only actions are written"),
            token: tokens::id_of(&row.token),
            created_at: ProviderTime::from_millis(row.created_at_ms),
            body: row.body,
        },
        copy: row.copy,
        draw: row.draw,
        tries: row.tries,
    }))
}

/// What came of a try. `answer` is 0 when none came.
pub(crate) async fn tried(
    connection: &mut PgConnection,
    delivery: &Delivery,
    answer: u16,
    now: ProviderTime,
) -> Result<(), sqlx::Error> {
    let tries = delivery.tries + 1;
    let state = match answer {
        200 => "delivered",
        _ if tries >= TRIES_MAX => "given_up",
        _ => "waiting",
    };
    let doublings = u32::try_from(delivery.tries).unwrap_or(0);
    let pause_ms = PAUSE_FIRST_MS.saturating_mul(2_i64.saturating_pow(doublings)).min(PAUSE_MS_MAX);
    sqlx::query!(
        "UPDATE sandbox.deliveries SET tries = $2, answer = $3, state = $4, try_at_ms = $5
         WHERE number = $1",
        delivery.number,
        tries,
        i32::from(answer),
        state,
        now.millis() + pause_ms,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Its endpoint is gone.
pub(crate) async fn give_up(connection: &mut PgConnection, number: i64) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE sandbox.deliveries SET state = 'given_up' WHERE number = $1", number)
        .execute(connection)
        .await?;
    Ok(())
}

/// Forgets what was settled long ago.
pub(crate) async fn sweep(
    connection: &mut PgConnection,
    now: ProviderTime,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "DELETE FROM sandbox.deliveries WHERE state <> 'waiting' AND try_at_ms <= $1",
        now.millis() - SETTLED_KEPT_MS,
    )
    .execute(connection)
    .await?;
    Ok(())
}
