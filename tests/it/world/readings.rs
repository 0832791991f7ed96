//! Verbs of what Smartpay's API answers about a token.

use serde_json::Value;
use serde_json::json;
use tokenledger::journal::CauseKind;
use tokenledger::ledger::Answered;
use tokenledger::ledger::Asked;
use tokenledger::ledger::Asker;
use tokenledger::ledger::Gone;
use tokenledger::ledger::Identified;
use tokenledger::ledger::Receipt;
use tokenledger::ledger::Says;
use tokenledger::ledger::Submission;
use tokenledger::ledger::Wanted;
use tokenledger::ledger::standing;
use tokenledger::smartpay::Expected;
use tokenledger::smartpay::Mode;
use tokenledger::smartpay::TokenId;
use tokenledger::smartpay::reading;
use tokenledger::token::ProviderTime;
use tokenledger::token::Said;

use crate::world::World;

const WINDOW_MS: i64 = 300_000;
/// Asked before anything was recorded.
pub(crate) const LONG_AGO: Asked = Asked { position: 0, input: 0 };

impl World {
    /// Where the ledger stands, for a question that is sent now.
    pub(crate) async fn asks_now(&self) -> Asked {
        Asked::from(&standing(&mut self.pool.acquire().await.unwrap()).await.unwrap())
    }

    /// The oldest reading that is wanted, as it stands.
    pub(crate) async fn wanted(&self) -> Wanted {
        Wanted {
            asked_at: self.one("SELECT min(asked_at) FROM readings_due").await,
            asks: self.one("SELECT max(asks) FROM readings_due").await,
        }
    }

    /// Smartpay shows the token; the answer is asked for now.
    pub(crate) async fn reads(&self, token: &str, said: Said, updated_at: i64) -> Receipt {
        let asked = self.asks_now().await;
        self.ledger.submit(self.shown(token, said, updated_at, asked)).await.unwrap()
    }

    pub(crate) fn shown(
        &self,
        token: &str,
        said: Said,
        updated_at: i64,
        asked: Asked,
    ) -> Submission {
        let object = json!({
            "id": token, "object": "token", "status": said.as_str(), "test": true,
            "updatedAt": updated_at, "createdAt": updated_at,
        });
        Submission::Answered(self.answer(token, &object, asked))
    }

    pub(crate) fn absent(&self, token: &str, gone: Gone) -> Submission {
        let body = json!({"statusCode": 404, "errorCode": "token.not-found"});
        let says = Says::Absent(gone);
        Submission::Answered(Answered { says, ..self.answer(token, &body, LONG_AGO) })
    }

    /// The answer to a GET as the client would hand it on.
    pub(crate) fn answer(&self, token: &str, object: &Value, asked: Asked) -> Answered {
        let received_at = self.clock.now();
        let expected = Expected {
            mode: Mode::Test,
            received_at: ProviderTime::from_millis(received_at.timestamp_millis()),
            window_ms: WINDOW_MS,
        };
        let says = match reading::read(object, &expected) {
            Ok(object) => Says::Object(object),
            Err(not) => Says::Unclear(not.0),
        };
        let body = object.to_string().into_bytes();
        Answered {
            token: Some(Identified {
                reference: self.ref_of(token),
                id: TokenId::parse(token).unwrap(),
            }),
            call: "GET /tokens/{id} 200".to_owned(),
            digest: Answered::digest(&body),
            body,
            asked,
            received_at,
            asker: Asker {
                kind: CauseKind::Schedule,
                id: "run_1".to_owned(),
                actor: None,
                reason: None,
                due: None,
            },
            says,
            settles: None,
            concludes: None,
        }
    }
}
