//! Access keys: which key opens which route, and for how long.

mod commands;
mod keys;
mod log;
mod routes;

use chrono::DateTime;
use chrono::Utc;
use secrecy::ExposeSecret;
use tokenledger::access::NewKey;
use tokenledger::access::Scope;
use tokenledger::access::store;
use tokenledger::access::store::Grant;
use tokenledger::database::SERVICE;
use tokenledger::smartpay::Mode;

use crate::request::Request;
use crate::world::World;

/// A key as its holder has it.
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) text: String,
}

impl World {
    pub(crate) async fn key(&self, scopes: &[Scope]) -> Key {
        self.key_until(scopes, None).await
    }

    pub(crate) async fn key_until(
        &self,
        scopes: &[Scope],
        expires_at: Option<DateTime<Utc>>,
    ) -> Key {
        let key = NewKey::random(Mode::Test);
        let grant = Grant {
            name: "of a test".to_owned(),
            scopes: scopes.iter().copied().collect(),
            created_at: self.clock.now(),
            expires_at,
        };
        let mut connection = self.sql_as(SERVICE).await;
        assert!(store::insert(&mut connection, &key, &grant).await.unwrap());
        Key { text: key.text.expose_secret().to_owned(), id: key.id }
    }
}

impl Key {
    pub(crate) fn get(&self, path: &str) -> Request {
        self.on(Request::new("GET", path))
    }

    pub(crate) fn on(&self, request: Request) -> Request {
        request.set("Authorization", &format!("Bearer {}", self.text))
    }
}
