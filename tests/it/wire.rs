//! A client that sends bytes and reads answers, so that tests can say what no HTTP library would.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The service's own deadlines are 10 s; an answer that comes later is a failed test.
const DEADLINE: Duration = Duration::from_secs(40);
const HEAD_END: &[u8] = b"\r\n\r\n";

/// What came back. Status 0: the connection was closed without an answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// One connection.
pub(crate) struct Wire {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let named = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// Asserts a refusal of this status and code, in the one shape that all refusals have.
    pub(crate) fn refuses(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        let problem = self.problem();
        assert_eq!(problem.get("code").unwrap(), code, "{problem}");
        problem
    }

    pub(crate) fn problem(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let problem = self.json();
        let text = |name: &str| problem.get(name).and_then(Value::as_str).unwrap_or_default();
        assert_eq!(problem.get("status").and_then(Value::as_u64), Some(self.status.into()));
        assert_eq!(text("type"), format!("urn:tokenledger:problem:{}", text("code")));
        assert!(!text("title").is_empty() && !text("detail").is_empty(), "{problem}");
        assert!(text("request_id").starts_with("req_"), "{problem}");
        assert_eq!(self.header("request-id"), Some(text("request_id")));
        assert_eq!(self.header("retry-after").is_some(), self.status == 503, "{self:?}");
        assert_eq!(self.header("www-authenticate").is_some(), self.status == 401, "{self:?}");
        assert_eq!(self.header("allow").is_some(), self.status == 405, "{self:?}");
        problem
    }
}

impl Wire {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap(), received: Vec::new() }
    }

    /// A server that has answered early may have closed already: that is seen by reading.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        drop(self.stream.write_all(bytes).await);
    }

    /// The next answer; to a HEAD it has no body whatever its headers say.
    pub(crate) async fn answer(&mut self, to_head: bool) -> Answer {
        timeout(DEADLINE, self.read_answer(to_head)).await.expect("no answer in time")
    }

    /// Whether the server ends the connection with nothing more to say.
    pub(crate) async fn is_closed(&mut self) -> bool {
        timeout(DEADLINE, self.more()).await.is_ok_and(|more| !more) && self.received.is_empty()
    }

    async fn read_answer(&mut self, to_head: bool) -> Answer {
        let end = loop {
            if let Some(at) = self.received.windows(HEAD_END.len()).position(|w| w == HEAD_END) {
                break at;
            }
            if !self.more().await {
                assert!(self.received.is_empty(), "half an answer");
                return Answer::default();
            }
        };
        let rest = self.received.split_off(end + HEAD_END.len());
        let head = std::mem::replace(&mut self.received, rest);
        let mut answer = parse(std::str::from_utf8(&head).unwrap());
        let length = answer.header("content-length").map_or(0, |text| text.parse().unwrap());
        let length = if to_head || answer.status == 304 { 0 } else { length };
        while self.received.len() < length {
            assert!(self.more().await, "half a body: {answer:?}");
        }
        let rest = self.received.split_off(length);
        answer.body = std::mem::replace(&mut self.received, rest);
        answer
    }

    async fn more(&mut self) -> bool {
        self.stream.read_buf(&mut self.received).await.is_ok_and(|read| read > 0)
    }
}

fn parse(head: &str) -> Answer {
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.filter_map(|line| line.split_once(':'));
    let headers = headers.map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
    Answer { status, headers: headers.collect(), body: Vec::new() }
}
