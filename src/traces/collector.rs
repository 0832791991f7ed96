//! Sending spans to the collector: in batches, from a short queue, and never in anybody's way.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1 as otlp;
use prost::Message;
use reqwest::Client;
use reqwest::header;
use reqwest::redirect::Policy;
use tokio::sync::mpsc;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio::time::sleep_until;
use tokio::time::timeout;

use crate::traces::RequestSpan;
use crate::traces::span::attribute;

/// The most spans that wait; one more is lost.
const QUEUE_MAX: usize = 8192;
/// The most spans of one request to the collector.
const BATCH_MAX: usize = 512;
/// How long a batch waits for more.
const BATCH_PAUSE: Duration = Duration::from_secs(1);
/// The collector must have answered by then.
const SEND_DEADLINE: Duration = Duration::from_secs(5);
/// What has not been sent by then when the service ends is lost.
const END_DEADLINE: Duration = Duration::from_secs(2);
/// How often the log may say that spans are lost.
const COMPLAINT_PAUSE: Duration = Duration::from_mins(1);

/// Makes spans. The default one is off and makes none.
#[derive(Clone, Default)]
pub struct Traces(Option<Arc<Sink>>);

/// Where ended spans go.
pub(super) struct Sink {
    queue: mpsc::Sender<otlp::Span>,
    lost: Arc<AtomicU64>,
    one_in: NonZeroU32,
}

/// The task that sends.
pub struct Sending {
    task: JoinHandle<()>,
    end: oneshot::Sender<()>,
}

struct Sender {
    client: Client,
    url: String,
    lost: Arc<AtomicU64>,
    /// No complaint before then.
    quiet_until: Option<Instant>,
}

impl Traces {
    /// Spans of one in so many requests, and of those whose callers ask for it, go to the collector
    /// at this address.
    pub fn start(endpoint: &str, one_in: NonZeroU32) -> (Self, Sending) {
        let client = Client::builder().no_proxy().redirect(Policy::none()).timeout(SEND_DEADLINE);
        let client = client.build().expect("a client without TLS needs nothing that can fail");
        let (queue, spans) = mpsc::channel(QUEUE_MAX);
        let (end, ended) = oneshot::channel();
        let lost = Arc::new(AtomicU64::new(0));
        let url = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
        let sender = Sender { client, url, lost: Arc::clone(&lost), quiet_until: None };
        let task = tokio::spawn(sender.run(spans, ended));
        (Self(Some(Arc::new(Sink { queue, lost, one_in }))), Sending { task, end })
    }

    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// A request that begins now; none while traces are off.
    pub fn request(&self, method: &'static str, route: &str) -> Option<RequestSpan> {
        self.0.as_ref().map(|sink| RequestSpan::begin(sink, method, route))
    }
}

impl Sink {
    /// Whether this one is recorded.
    pub(super) fn samples(&self) -> bool {
        self.one_in.get() == 1 || rand::random::<u32>() % self.one_in == 0
    }

    pub(super) fn take(&self, span: otlp::Span) {
        if self.queue.try_send(span).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Sending {
    /// Sends what was recorded until now, or gives it up.
    pub async fn end(self) {
        let Self { mut task, end } = self;
        let told = end.send(()).is_ok();
        if told && timeout(END_DEADLINE, &mut task).await.is_err() {
            task.abort();
        }
    }
}

impl Sender {
    async fn run(mut self, mut spans: mpsc::Receiver<otlp::Span>, mut end: oneshot::Receiver<()>) {
        let mut ending = false;
        loop {
            let mut batch = Vec::new();
            let ended = tokio::select! {
                any = fill(&mut spans, &mut batch) => !any,
                _ = &mut end, if !ending => {
                    ending = true;
                    spans.close();
                    false
                }
            };
            if !batch.is_empty() {
                self.send(batch).await;
            }
            if ended {
                return;
            }
        }
    }

    async fn send(&mut self, spans: Vec<otlp::Span>) {
        let count = u64::try_from(spans.len()).unwrap_or(u64::MAX);
        let body = request(spans).encode_to_vec();
        let request = self.client.post(&self.url);
        let request = request.header(header::CONTENT_TYPE, "application/x-protobuf").body(body);
        let sent = request.send().await.and_then(reqwest::Response::error_for_status);
        let unsent = if sent.is_ok() { 0 } else { count };
        let lost = unsent + self.lost.swap(0, Ordering::Relaxed);
        metrics::counter!("tokenledger_spans_total", "outcome" => "sent").increment(count - unsent);
        metrics::counter!("tokenledger_spans_total", "outcome" => "lost").increment(lost);
        if lost > 0 && self.quiet_until.is_none_or(|until| Instant::now() >= until) {
            self.quiet_until = Some(Instant::now() + COMPLAINT_PAUSE);
            let error = sent.err().map(|error| anyhow::Error::from(error.without_url()));
            let error = error.map_or("too many at once".to_owned(), |error| format!("{error:#}"));
            tracing::warn!(lost, error, "spans did not reach the collector");
        }
    }
}

/// Until the batch is full, or has waited. False: nothing will come any more.
async fn fill(spans: &mut mpsc::Receiver<otlp::Span>, batch: &mut Vec<otlp::Span>) -> bool {
    if spans.recv_many(batch, BATCH_MAX).await == 0 {
        return false;
    }
    let late = Instant::now() + BATCH_PAUSE;
    while batch.len() < BATCH_MAX {
        let room = BATCH_MAX - batch.len();
        tokio::select! {
            more = spans.recv_many(batch, room) => if more == 0 { break },
            () = sleep_until(late) => break,
        }
    }
    true
}

fn request(spans: Vec<otlp::Span>) -> ExportTraceServiceRequest {
    let word = |key, text: &str| attribute(key, Value::StringValue(text.to_owned()));
    let (name, version) = (env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    let attributes = vec![word("service.name", name), word("service.version", version)];
    let scope = InstrumentationScope { name: name.to_owned(), ..InstrumentationScope::default() };
    ExportTraceServiceRequest {
        resource_spans: vec![otlp::ResourceSpans {
            resource: Some(Resource { attributes, ..Resource::default() }),
            scope_spans: vec![otlp::ScopeSpans {
                scope: Some(scope),
                spans,
                schema_url: String::new(),
            }],
            schema_url: String::new(),
        }],
    }
}
