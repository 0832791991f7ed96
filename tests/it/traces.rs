//! Traces: what a collector is sent of a request, what it is never sent, and that it cannot hinder.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::Mutex;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use tokenledger::smartpay::SigningSecret;
use tokenledger::traces::Traces;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::task::yield_now;
use tokio::time::Instant;
use tokio::time::timeout;

use crate::home::DEADLINE;
use crate::logged::Logged;
use crate::request::Request;
use crate::site::Site;
use crate::wire::Wire;
use crate::world::API_KEY;
use crate::world::SECRET;
use crate::world::SUBSCRIPTION;
use crate::world::Serving;
use crate::world::World;
use crate::world::approved;
use crate::world::claim;
use crate::world::get;
use crate::world::serves_routes;
use crate::world::token_id;
use crate::world::write;

const ALL: NonZeroU32 = NonZeroU32::MIN;
const NEXT_TO_NONE: NonZeroU32 = NonZeroU32::MAX;
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";
const WEBHOOK: &str = "POST /webhooks/smartpay/{endpoint}";

/// Keeps what it is sent.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<Bytes>>>);

impl Collector {
    async fn listens(&self) -> String {
        let kept = self.clone();
        let take = async move |body: Bytes| kept.0.lock().unwrap().push(body);
        let routes = Router::new().route("/v1/traces", post(take));
        format!("http://{}", serves_routes(routes).await)
    }

    fn spans(&self) -> Vec<Span> {
        let bodies = self.0.lock().unwrap();
        let requests =
            bodies.iter().map(|body| ExportTraceServiceRequest::decode(body.clone()).unwrap());
        let resources = requests.flat_map(|request| request.resource_spans);
        resources.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans).collect()
    }

    fn holds(&self, text: &str) -> bool {
        let bodies = self.0.lock().unwrap();
        bodies.iter().any(|body| body.windows(text.len()).any(|part| part == text.as_bytes()))
    }
}

fn named<'a>(spans: &'a [Span], name: &str) -> Vec<&'a Span> {
    spans.iter().filter(|span| span.name == name).collect()
}

fn attribute(span: &Span, key: &str) -> Option<Value> {
    let found = span.attributes.iter().find(|attribute| attribute.key == key)?;
    found.value.clone()?.value
}

fn is_within(part: &Span, whole: &Span) -> bool {
    part.trace_id == whole.trace_id
        && part.parent_span_id == whole.span_id
        && whole.start_time_unix_nano <= part.start_time_unix_nano
        && part.end_time_unix_nano <= whole.end_time_unix_nano
}

fn traceparent(flags: &str) -> String {
    format!("00-{TRACE}-{PARENT}-{flags}")
}

#[tokio::test]
async fn a_webhook_is_followed_from_the_request_to_the_commit() {
    let world = World::new().await;
    let collector = Collector::default();
    let (traces, sending) = Traces::start(&collector.listens().await, ALL);
    let served = world.serves_with(Serving { traces, ..world.serving() }).await;
    let body = approved(&token_id(1));
    let delivery = world.signed(&body).with("traceparent", &traceparent("01"));
    assert_eq!(served.sends(&delivery).await.status, 200);
    sending.end().await;

    let spans = collector.spans();
    let [request] = named(&spans, WEBHOOK)[..] else { panic!("{spans:#?}") };
    assert!(request.parent_span_id.is_empty(), "a sender decides nothing");
    assert_ne!(hex::encode(&request.trace_id), TRACE);
    assert_eq!(attribute(request, "http.response.status_code"), Some(Value::IntValue(200)));
    let [wait] = named(&spans, "queue")[..] else { panic!("{spans:#?}") };
    let [part] = named(&spans, "record")[..] else { panic!("{spans:#?}") };
    assert!(is_within(wait, request) && is_within(part, request));
    let [group] = named(&spans, "record group")[..] else { panic!("{spans:#?}") };
    assert!(group.parent_span_id.is_empty() && group.trace_id != request.trace_id);
    assert_eq!(attribute(group, "tokenledger.submissions"), Some(Value::IntValue(1)));
    for (from, to) in [(group, part), (part, group)] {
        let [link] = &from.links[..] else { panic!("{from:?}") };
        assert_eq!((&link.trace_id, &link.span_id), (&to.trace_id, &to.span_id));
    }
    let [commit] = named(&spans, "commit")[..] else { panic!("{spans:#?}") };
    assert!(is_within(commit, group));
    assert_eq!(spans.len(), 5);
}

#[tokio::test]
async fn only_a_caller_with_a_key_goes_on_with_its_own_trace() {
    let world = World::new().await;
    let collector = Collector::default();
    let (traces, sending) = Traces::start(&collector.listens().await, NEXT_TO_NONE);
    let served = world.serves_with(Serving { traces, ..world.serving() }).await;
    let asked = get("/v1/tokens").with("traceparent", &traceparent("01"));
    assert_eq!(served.sends(&asked).await.status, 200);
    for (request, status) in [
        (get("/v1/events").with("traceparent", &traceparent("00")), 200),
        (get("/v1/events").with("traceparent", "garbage"), 200),
        (get("/v1/events"), 200),
        (asked.set("Authorization", "Bearer tl_test_00000000000000000000000000000000"), 401),
        (Request::new("GET", "/livez").with("traceparent", &traceparent("01")), 200),
        (world.signed(&approved(&token_id(1))).with("traceparent", &traceparent("01")), 200),
    ] {
        assert_eq!(served.sends(&request).await.status, status);
    }
    let reprocess = write("POST", "/v1/deliveries/in_1/reprocess");
    let reprocess = reprocess.with("traceparent", &traceparent("01"));
    assert_eq!(served.sends(&reprocess).await.status, 200);
    sending.end().await;
    let spans = collector.spans();
    for name in ["GET /v1/tokens", "POST /v1/deliveries/{id}/reprocess"] {
        let [span] = named(&spans, name)[..] else { panic!("{spans:#?}") };
        let place = (hex::encode(&span.trace_id), hex::encode(&span.parent_span_id));
        assert_eq!(place, (TRACE.to_owned(), PARENT.to_owned()));
        let parts = spans.iter().filter(|part| is_within(part, span)).count();
        assert_eq!(parts, if name.starts_with("POST") { 2 } else { 0 }, "its wait and its part");
    }
    assert_eq!(spans.iter().filter(|span| span.kind == 2).count(), 2, "{spans:#?}");
}

#[tokio::test]
async fn a_collector_is_sent_no_id_no_name_and_no_secret() {
    let world = World::new().await;
    let collector = Collector::default();
    let (traces, sending) = Traces::start(&collector.listens().await, ALL);
    let served = world.serves_with(Serving { traces, ..world.serving() }).await;
    let token = token_id(424_242);
    let reference = world.ref_of(&token).to_string();
    world.claims(&token, claim("s424242", "c424242")).await;
    let body = approved(&token);
    assert_eq!(served.sends(&world.signed(&body)).await.status, 200);
    let forged = world.signed(&body).set("Smartpay-Signature", "f0f0f0f0");
    assert_eq!(served.sends(&forged).await.status, 401);
    let unknown = format!("/webhooks/smartpay/{token}");
    assert_eq!(served.sends(&world.signed_by(SECRET, &unknown, &body)).await.status, 404);
    served.reads("/v1/consumers/c424242/tokens?status=active").await;
    served.reads(&format!("/v1/tokens/{reference}")).await;
    assert_eq!(served.gets(&format!("/{token}?{token}")).await.status, 404);
    let method = Request::new("C424242", "/v1/tokens").with("tracestate", "c424242=1");
    assert_eq!(served.sends(&method).await.status, 405);
    sending.end().await;

    let spans = collector.spans();
    assert_eq!(spans.iter().filter(|span| span.kind == 2).count(), 7, "{spans:#?}");
    let event_id = body["id"].as_str().unwrap();
    let fingerprint = SigningSecret::parse(SECRET).unwrap().fingerprint();
    let key = API_KEY.trim_start_matches("tl_test_");
    for text in [
        "paytok_",
        "424242",
        "C424242",
        &reference,
        event_id,
        SECRET,
        &fingerprint,
        key,
        SUBSCRIPTION,
    ] {
        assert!(!collector.holds(text), "{text}: {spans:#?}");
    }
    assert!(collector.holds("/v1/tokens/{ref}") && collector.holds("_OTHER /v1/tokens"));
}

#[tokio::test]
async fn a_collector_that_never_answers_hinders_nobody() {
    let world = World::new().await;
    // It takes connections, and that is all it does.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (traces, sending) = Traces::start(&url(silent.local_addr().unwrap()), ALL);
    let served = world.serves_with(Serving { traces: traces.clone(), ..world.serving() }).await;
    for number in 0..20 {
        let delivery = world.signed(&approved(&token_id(number)));
        assert_eq!(served.sends(&delivery).await.status, 200);
    }
    // More than wait: the rest is lost, and the making of them does not wait.
    for _ in 0..20_000 {
        drop(traces.request("GET", "/livez").unwrap());
    }
    assert_eq!(served.sends(&world.signed(&approved(&token_id(20)))).await.status, 200);
    timeout(DEADLINE, sending.end()).await.unwrap();
    drop(silent);
}

#[tokio::test]
async fn a_collector_that_is_not_there_is_one_line_of_the_log() {
    let (log, _kept) = Logged::begin();
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let (traces, sending) = Traces::start(&url(nobody), ALL);
    Logged::insist();
    for _ in 0..3_000 {
        drop(traces.request("GET", "/livez").unwrap());
    }
    sending.end().await;
    assert_eq!(log.text().matches("spans did not reach the collector").count(), 1);
    assert!(log.text().contains("\"lost\":512"), "{}", log.text());
}

/// The last request ends when nothing is left of the service but this one connection.
#[tokio::test]
async fn a_service_that_is_told_to_end_sends_what_it_has() {
    let site = Site::new().await;
    site.migrate();
    let collector = Collector::default();
    let endpoint = collector.listens().await;
    let serving = site.serve_with(None, &[("TOKENLEDGER_OTLP_ENDPOINT", endpoint.as_str())]);
    serving.becomes_ready().await;
    let address = SocketAddr::from(([127, 0, 0, 1], serving.port));
    let mut last = Wire::connect(address).await;
    let webhook = Request::new("POST", "/webhooks/smartpay/main").body("{}").bytes();
    let (begin, end) = webhook.split_at(webhook.len() - 1);
    last.send(begin).await;
    serving.tell_to_end();
    let started = Instant::now();
    while TcpStream::connect(address).await.is_ok() {
        assert!(started.elapsed() < DEADLINE, "it still listens");
        yield_now().await;
    }
    last.send(end).await;
    assert_eq!(last.answer(false).await.status, 415);
    assert!(serving.ended().await.success());
    assert_eq!(named(&collector.spans(), WEBHOOK).len(), 1);
    site.clear().await;
}

fn url(address: SocketAddr) -> String {
    format!("http://{address}")
}
