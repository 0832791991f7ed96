//! One span: it begins when it is made, and ends when it is dropped.

use std::mem;
use std::sync::Arc;
use std::time::Instant;

use opentelemetry_proto::tonic::common::v1::AnyValue;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1 as otlp;

use crate::clock::Clock;
use crate::traces::caller::Caller;
use crate::traces::collector::Sink;

pub(super) type TraceId = [u8; 16];
pub(super) type SpanId = [u8; 8];

/// When something began, on the calendar and on the clock that measures.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    unix_ns: u64,
    instant: Instant,
}

/// What happens between two moments, as a part of a trace.
pub struct Span {
    trace: TraceId,
    id: SpanId,
    parent: Option<SpanId>,
    began: Moment,
    /// Boxed: spans are handed on more often than they are written to.
    message: Box<otlp::Span>,
    /// None: it will not be sent.
    sink: Option<Arc<Sink>>,
}

impl Moment {
    pub(super) fn now() -> Self {
        let unix_ns = Clock::system().now().timestamp_nanos_opt().unwrap_or_default();
        Self { unix_ns: u64::try_from(unix_ns).unwrap_or_default(), instant: Instant::now() }
    }

    /// Measured, so that it never goes back.
    fn until_now(self) -> u64 {
        let elapsed_ns = u64::try_from(self.instant.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.unix_ns.saturating_add(elapsed_ns)
    }
}

impl Span {
    /// The first of a trace.
    pub(super) fn root(sink: &Arc<Sink>, name: &str, began: Moment) -> Self {
        let trace = rand::random();
        Self::begin(Arc::clone(sink), name, trace, None, began)
    }

    /// A new trace, beside this one.
    pub(crate) fn apart(&self, name: &str) -> Option<Self> {
        let sink = self.sink.as_ref()?;
        Some(Self::root(sink, name, Moment::now()))
    }

    /// A part of this one.
    pub(crate) fn child(&self, name: &str) -> Option<Self> {
        self.part(name, Some(self.id))
    }

    /// What comes after this one, within the same.
    pub(crate) fn sibling(&self, name: &str) -> Option<Self> {
        self.part(name, self.parent)
    }

    fn part(&self, name: &str, parent: Option<SpanId>) -> Option<Self> {
        let sink = Arc::clone(self.sink.as_ref()?);
        Some(Self::begin(sink, name, self.trace, parent, Moment::now()))
    }

    fn begin(
        sink: Arc<Sink>,
        name: &str,
        trace: TraceId,
        parent: Option<SpanId>,
        began: Moment,
    ) -> Self {
        let message = Box::new(otlp::Span {
            name: name.to_owned(),
            kind: otlp::span::SpanKind::Internal.into(),
            ..otlp::Span::default()
        });
        Self { trace, id: rand::random(), parent, began, message, sink: Some(sink) }
    }

    /// It goes on with what the caller began.
    pub(super) fn join(&mut self, caller: &Caller) {
        self.trace = caller.trace;
        self.parent = Some(caller.span);
    }

    /// Somebody waits for the answer.
    pub(super) fn serves(&mut self) {
        self.message.kind = otlp::span::SpanKind::Server.into();
    }

    pub(super) fn failed(&mut self) {
        let code = otlp::status::StatusCode::Error.into();
        self.message.status = Some(otlp::Status { code, message: String::new() });
    }

    pub(crate) fn number(&mut self, key: &str, value: i64) {
        self.message.attributes.push(attribute(key, Value::IntValue(value)));
    }

    /// For words of ours, and templates: never for what came from outside.
    pub(crate) fn word(&mut self, key: &str, value: &str) {
        self.message.attributes.push(attribute(key, Value::StringValue(value.to_owned())));
    }

    /// Points at a span of another trace.
    pub(crate) fn link(&mut self, other: &Self) {
        self.message.links.push(otlp::span::Link {
            trace_id: other.trace.to_vec(),
            span_id: other.id.to_vec(),
            ..otlp::span::Link::default()
        });
    }

    /// Forgets it.
    pub(super) fn discard(mut self) {
        self.sink = None;
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        let Some(sink) = self.sink.take() else { return };
        let message = otlp::Span {
            trace_id: self.trace.to_vec(),
            span_id: self.id.to_vec(),
            parent_span_id: self.parent.map(Vec::from).unwrap_or_default(),
            start_time_unix_nano: self.began.unix_ns,
            end_time_unix_nano: self.began.until_now(),
            ..mem::take(&mut *self.message)
        };
        sink.take(message);
    }
}

pub(super) fn attribute(key: &str, value: Value) -> KeyValue {
    let value = Some(AnyValue { value: Some(value) });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}
