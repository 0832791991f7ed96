//! A ledger in which everything happened that can: for those who look whether it is all right.

use std::time::Duration;

use serde_json::Value;
use serde_json::json;
use sqlx::Connection;
use sqlx::PgConnection;
use tokenledger::audit::Check;
use tokenledger::audit::Report;
use tokenledger::audit::Snapshot;
use tokenledger::database::SERVICE;
use tokenledger::ledger::BodyReader;
use tokenledger::ledger::Reprocessing;
use tokenledger::ledger::Submission;
use tokenledger::smartpay::Mode;
use tokenledger::smartpay::SigningSecret;
use tokenledger::smartpay::signature;
use tokenledger::token::Happened;
use tokenledger::vault::store;

use crate::bodies::NOW_MS;
use crate::bodies::TYPE;
use crate::bodies::set;
use crate::world::World;
use crate::world::claim;
use crate::world::token_id;
use crate::world::told;
use crate::world::used;

const ENDPOINTS: [&str; 2] = ["main", "two"];
const SECRET: &str = "gybcsjixKyBW2d4z6iNPlaYzHUMtawnodwZt3W0q";
const TOKENS: u64 = 6;
/// Small, so that everything takes several steps.
const STEP: i64 = 3;

/// A world whose deliveries are signed by a secret that the vault keeps.
pub(crate) struct Busy {
    pub(crate) world: World,
    secret: SigningSecret,
}

impl Busy {
    /// Tokens with claims and histories, imported ones, charges, copies, witnesses, conflicts, ignored and
    /// quarantined deliveries, and one that was decided anew.
    pub(crate) async fn new() -> Self {
        let busy = Self::quiet().await;
        for number in 0..TOKENS {
            busy.lives(number).await;
        }
        let lines = "token_id,consumer\npaytok_test_91,C-91\npaytok_test_92,C-92\n".as_bytes();
        busy.world.imports(lines).await;
        let late = told(&token_id(90), Happened::Approved, NOW_MS + 3_600_000);
        busy.delivers("main", &late).await;
        busy.world.clock.set(busy.world.clock.now() + Duration::from_secs(3_601));
        busy.delivers("main", &late).await;
        busy.delivers("main", &late).await;
        busy.decides_anew("ignored").await;
        busy.decides_anew("quarantined").await;
        busy
    }

    /// Somebody asks for a new verdict on the newest delivery of this one.
    async fn decides_anew(&self, verdict: &str) {
        let sql = format!("SELECT max(number) FROM inputs WHERE verdict = '{verdict}'");
        let number: i64 = self.world.one(&sql).await;
        let reader = BodyReader { vault: &self.world.vault, mode: Mode::Test, window_ms: 300_000 };
        let mut connection = self.world.sql_as(SERVICE).await;
        let asked = Reprocessing::of(&mut connection, &reader, number, "a test".to_owned()).await;
        self.world.ledger.submit(Submission::Reprocess(asked.unwrap())).await.unwrap();
    }

    /// Nothing has happened yet.
    pub(crate) async fn quiet() -> Self {
        let world = World::new().await;
        let secret = SigningSecret::parse(SECRET).unwrap();
        let mut connection = world.sql_as(SERVICE).await;
        for endpoint in ENDPOINTS {
            let now = world.clock.now();
            store::keep_secret(&mut connection, &world.vault, endpoint, &secret, now)
                .await
                .unwrap();
        }
        connection.close().await.unwrap();
        Self { world, secret }
    }

    async fn lives(&self, number: u64) {
        let token = token_id(number);
        let at = NOW_MS - 1_000 + i64::try_from(number).unwrap();
        let approved = told(&token, Happened::Approved, at);
        let disabled = told(&token, Happened::Disabled, at + 10);
        self.world.claims(&token, claim(&format!("s{number}"), &format!("C-{number}"))).await;
        for (endpoint, body) in [
            ("main", &approved),
            ("main", &disabled),
            ("two", &approved),
            ("main", &approved),
            ("main", &used(&token, at + 20)),
            ("two", &used(&token, at + 20)),
            ("main", &told(&token, Happened::Enabled, at + 5)),
        ] {
            self.delivers(endpoint, body).await;
        }
        let mut ignored = told(&token, Happened::Approved, at + 30);
        set(&mut ignored, TYPE, Some(json!("order.authorized")));
        self.delivers("main", &ignored).await;
        let mut unknown = told(&token, Happened::Approved, at + 31);
        set(&mut unknown, "/eventData/data/status", Some(json!("frozen")));
        self.delivers("main", &unknown).await;
    }

    pub(crate) async fn delivers(&self, endpoint: &str, body: &Value) {
        let mut submission = self.world.delivery_at(endpoint, body);
        if let Submission::Delivery(delivery) = &mut submission {
            let timestamp = &delivery.signature_timestamp;
            delivery.signature = signature::sign(&self.secret, timestamp, &delivery.body);
            delivery.secret_fingerprint = self.secret.fingerprint();
        }
        self.world.ledger.submit(submission).await.unwrap();
    }

    pub(crate) async fn snapshot(&self) -> Snapshot {
        let options = self.world.options(SERVICE);
        Snapshot::open(&options, Some(&self.world.master_key)).await.unwrap().in_steps_of(STEP)
    }

    /// What every check says.
    pub(crate) async fn verifies(&self) -> Vec<Report> {
        self.verifies_only(&Check::ALL).await
    }

    pub(crate) async fn verifies_only(&self, checks: &[Check]) -> Vec<Report> {
        let mut snapshot = self.snapshot().await;
        let mut reports = Vec::new();
        for check in checks {
            reports.push(snapshot.check(*check).await.unwrap());
        }
        snapshot.close().await.unwrap();
        reports
    }

    /// As the superuser, with nothing in the way but keys.
    pub(crate) async fn unguarded(&self) -> PgConnection {
        let mut connection = self.world.sql_as("postgres").await;
        sqlx::Executor::execute(
            &mut connection,
            "DO $$ DECLARE found record; BEGIN
                FOR found IN SELECT relname, tgname FROM pg_trigger
                    JOIN pg_class ON pg_class.oid = tgrelid
                    WHERE relnamespace = 'ledger'::regnamespace AND NOT tgisinternal
                LOOP
                    EXECUTE format('DROP TRIGGER %I ON %I', found.tgname, found.relname);
                END LOOP;
                FOR found IN SELECT relname, conname FROM pg_constraint
                    JOIN pg_class ON pg_class.oid = conrelid
                    WHERE connamespace = 'ledger'::regnamespace AND contype IN ('c', 'f')
                LOOP
                    EXECUTE format('ALTER TABLE %I DROP CONSTRAINT %I', found.relname, found.conname);
                END LOOP;
            END $$",
        )
        .await
        .unwrap();
        connection
    }
}
