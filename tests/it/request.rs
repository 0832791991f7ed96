//! Requests as bytes: every part of them can be spoiled.

use std::fmt::Write;

use serde_json::Value;

/// How the body's length is told.
#[derive(Clone, Debug)]
pub(crate) enum Framing {
    Length,
    /// These `Content-Length` headers, and the body whatever they say.
    Lengths(Vec<String>),
    Chunked,
    /// Chunked, with a `Content-Length` of 5 beside it.
    ChunkedAndLength,
}

#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) version: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    pub(crate) framing: Framing,
}

impl Request {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            version: "HTTP/1.1".to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            framing: Framing::Length,
        }
        .with("Host", "ledger.test")
    }

    /// One more header.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.as_bytes().to_vec()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    /// With this value only.
    pub(crate) fn set(self, name: &str, value: &str) -> Self {
        self.without(name).with(name, value)
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.set("Content-Type", "application/json").body(body.to_string())
    }

    /// The position of a header, for those who add one before or after it.
    pub(crate) fn place(&self, name: &str) -> usize {
        let named = self.headers.iter().position(|(known, _)| known.eq_ignore_ascii_case(name));
        named.unwrap_or_else(|| panic!("no header {name}"))
    }

    pub(crate) fn value(&self, name: &str) -> &[u8] {
        &self.headers.get(self.place(name)).unwrap().1
    }

    pub(crate) fn is_head(&self) -> bool {
        self.method == "HEAD"
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{} {} {}\r\n", self.method, self.path, self.version).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend(name.as_bytes());
            bytes.extend(b": ");
            bytes.extend(value);
            bytes.extend(b"\r\n");
        }
        let framing = match &self.framing {
            Framing::Length if self.body.is_empty() && self.method != "POST" => String::new(),
            Framing::Length => lengths(&[self.body.len().to_string()]),
            Framing::Lengths(values) => lengths(values),
            Framing::Chunked => "Transfer-Encoding: chunked\r\n".to_owned(),
            Framing::ChunkedAndLength => {
                lengths(&["5".to_owned()]) + "Transfer-Encoding: chunked\r\n"
            }
        };
        bytes.extend(framing.as_bytes());
        bytes.extend(b"\r\n");
        match self.framing {
            Framing::Length | Framing::Lengths(_) => bytes.extend(&self.body),
            Framing::Chunked | Framing::ChunkedAndLength => bytes.extend(chunked(&self.body)),
        }
        bytes
    }
}

fn lengths(values: &[String]) -> String {
    values.iter().fold(String::new(), |mut lines, value| {
        write!(lines, "Content-Length: {value}\r\n").unwrap();
        lines
    })
}

fn chunked(body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for chunk in body.chunks(1_000) {
        bytes.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
        bytes.extend(chunk);
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"0\r\n\r\n");
    bytes
}
