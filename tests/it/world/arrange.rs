//! Verbs that bring something about.

use serde_json::Value;
use sha2::Digest;
use sha2::Sha256;
use sqlx::Executor;
use tokenledger::ledger::Authority;
use tokenledger::ledger::Claimed;
use tokenledger::ledger::Content;
use tokenledger::ledger::Delivery;
use tokenledger::ledger::Identified;
use tokenledger::ledger::Ledger;
use tokenledger::ledger::Receipt;
use tokenledger::ledger::Submission;
use tokenledger::ledger::import::Reader;
use tokenledger::ledger::import::Run;
use tokenledger::ledger::import::Wrong;
use tokenledger::smartpay::Expected;
use tokenledger::smartpay::Mode;
use tokenledger::smartpay::TokenId;
use tokenledger::smartpay::keys::KeyVariant;
use tokenledger::smartpay::notice::Message;
use tokenledger::smartpay::notice::read;
use tokenledger::token::Claim;
use tokenledger::token::ProviderTime;
use tokenledger::vault::Ref;

use crate::bodies::WINDOW_MS;
use crate::world::ENDPOINT;
use crate::world::World;

impl World {
    /// Through the door of this world's ledger, at the usual endpoint.
    pub(crate) async fn delivers(&self, body: &Value) -> Receipt {
        self.delivers_at(ENDPOINT, body).await
    }

    pub(crate) async fn delivers_at(&self, endpoint: &str, body: &Value) -> Receipt {
        self.ledger.submit(self.delivery_at(endpoint, body)).await.unwrap()
    }

    /// In one group: the first ones wait until the last has come. Answers in their order.
    pub(crate) async fn delivers_together(&self, bodies: &[&Value]) -> Vec<Receipt> {
        let mut holder = self.holds_the_head().await;
        let patient = self.patient_ledger();
        let submit = |submission| {
            let ledger = patient.clone();
            tokio::spawn(async move { ledger.submit(submission).await.unwrap() })
        };
        // The writer takes this one alone, and waits with it for the head.
        let opener = submit(self.delivery_of_bytes("opener", b"[]".to_vec()));
        self.waiters(1).await;
        let mut answers = Vec::new();
        for (place, body) in bodies.iter().enumerate() {
            answers.push(submit(self.delivery(body)));
            while patient.waiting() <= place {
                tokio::task::yield_now().await;
            }
        }
        holder.execute("ROLLBACK").await.unwrap();
        opener.await.unwrap();
        let mut receipts = Vec::new();
        for answer in answers {
            receipts.push(answer.await.unwrap());
        }
        receipts
    }

    pub(crate) async fn claims(&self, token: &str, claim: Claim) -> Receipt {
        self.ledger.submit(self.claim(token, claim)).await.unwrap()
    }

    /// A file, in groups; what became of each line.
    pub(crate) async fn imports(&self, file: &[u8]) -> Vec<(u64, Result<Receipt, Wrong>)> {
        self.imports_through(&self.ledger, file).await
    }

    pub(crate) async fn imports_through(
        &self,
        ledger: &Ledger,
        file: &[u8],
    ) -> Vec<(u64, Result<Receipt, Wrong>)> {
        let received_at = ProviderTime::from_millis(self.clock.now().timestamp_millis());
        let expected = Expected { mode: Mode::Test, received_at, window_ms: WINDOW_MS };
        let authority =
            Authority { actor: "a test".to_owned(), reason: "it has a file".to_owned() };
        let run = Run::new(authority);
        let mut reader = Reader::open(file, None, expected).unwrap();
        let (mut numbers, mut claims, mut read) = (Vec::new(), Vec::new(), Vec::new());
        while let Some((number, line)) = reader.read_line().unwrap() {
            match line {
                Ok(line) => {
                    let claimed = Claimed::imported(&self.vault, line, &run, self.clock.now());
                    claims.push(Submission::Claim(claimed));
                    numbers.push(number);
                }
                Err(wrong) => read.push((number, Err(wrong))),
            }
        }
        let receipts = ledger.submit_all(claims).await;
        let receipts = numbers.into_iter().zip(receipts);
        read.extend(receipts.map(|(number, receipt)| (number, Ok(receipt.unwrap()))));
        read.sort_by_key(|(number, _)| *number);
        read
    }

    pub(crate) fn delivery(&self, body: &Value) -> Submission {
        self.delivery_at(ENDPOINT, body)
    }

    pub(crate) fn delivery_at(&self, endpoint: &str, body: &Value) -> Submission {
        self.delivery_of_bytes(endpoint, body.to_string().into_bytes())
    }

    pub(crate) fn delivery_of_bytes(&self, endpoint: &str, body: Vec<u8>) -> Submission {
        let received_at = self.clock.now();
        let expected = Expected {
            mode: Mode::Test,
            received_at: ProviderTime::from_millis(received_at.timestamp_millis()),
            window_ms: WINDOW_MS,
        };
        Submission::Delivery(Delivery {
            endpoint: endpoint.to_owned(),
            digest: Sha256::digest(&body).into(),
            received_at,
            signature: "of a test".to_owned(),
            signature_timestamp: received_at.timestamp_millis().to_string(),
            key_variant: KeyVariant::BaseX,
            secret_fingerprint: "of a test".to_owned(),
            content: self.content(&body, &expected),
            body,
        })
    }

    pub(crate) fn claim(&self, token: &str, claim: Claim) -> Submission {
        let id = TokenId::parse(token).unwrap();
        let authority =
            Authority { actor: "a test".to_owned(), reason: "it needs a consumer".to_owned() };
        Submission::Claim(Claimed::new(&self.vault, id, claim, authority, self.clock.now()))
    }

    pub(crate) fn ref_of(&self, token: &str) -> Ref {
        self.vault.reference(&TokenId::parse(token).unwrap())
    }

    fn content(&self, body: &[u8], expected: &Expected) -> Content {
        match read(body, expected) {
            Ok(message) => {
                let kind = message.kind().to_owned();
                match message {
                    Message::Token { event_id, token, notice } => {
                        Content::Notice { event_id, kind, token: self.identified(token), notice }
                    }
                    Message::Used { event_id, token, used_at, .. } => {
                        Content::Used { event_id, kind, token: self.identified(token), used_at }
                    }
                    Message::Ignored { event_id, .. } => Content::Ignored { event_id, kind },
                }
            }
            Err(quarantined) => {
                let token = quarantined.token.clone().map(|token| self.identified(token));
                Content::Quarantined { quarantined, token }
            }
        }
    }

    fn identified(&self, id: TokenId) -> Identified {
        Identified { reference: self.vault.reference(&id), id }
    }
}
