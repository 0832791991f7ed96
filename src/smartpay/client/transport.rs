//! One try: a request over one connection, and how far it came.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use http_body_util::Full;
use http_body_util::LengthLimitError;
use http_body_util::Limited;
use hyper::HeaderMap;
use hyper::Method;
use hyper::Request;
use hyper::Response;
use hyper::Uri;
use hyper::body::Bytes;
use hyper::body::Incoming;
use hyper::header::ACCEPT;
use hyper::header::AUTHORIZATION;
use hyper::header::CONTENT_LENGTH;
use hyper::header::CONTENT_TYPE;
use hyper::header::HeaderName;
use hyper::header::RETRY_AFTER;
use hyper::header::USER_AGENT;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_rustls::MaybeHttpsStream;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use hyper_util::rt::TokioIo;
use hyper_util::rt::TokioTimer;
use thiserror::Error;
use tokio::net::TcpStream;
use tower::BoxError;
use tower::timeout::Timeout;
use tower::util::BoxCloneSyncService;

use crate::clock::Clock;
use crate::smartpay::client::call::Call;
use crate::smartpay::client::limits::CONNECT_TIMEOUT;
use crate::smartpay::client::outcome::Answer;
use crate::smartpay::client::outcome::Earlier;
use crate::smartpay::client::outcome::NotSent;
use crate::smartpay::client::outcome::Unknown;
use crate::smartpay::client::retry_after;
use crate::smartpay::client::secret_key::SecretKey;
use crate::smartpay::client::url::ApiUrl;

/// The largest body that is read: a full page is well under a tenth of it.
pub const ANSWER_BYTES_MAX: usize = 1024 * 1024;
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// Shorter than what servers and balancers usually keep a connection for.
const IDLE_MAX: Duration = Duration::from_secs(20);
const IDLE_CONNECTIONS_MAX: usize = 8;
const AGENT: &str = concat!("tokenledger/", env!("CARGO_PKG_VERSION"));
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// How the header that marks a replay begins; the documentation at hand breaks off there.
const REPLAY_PREFIX: &str = "idempot";

type Connector = BoxCloneSyncService<Uri, MaybeHttpsStream<TokioIo<TcpStream>>, BoxError>;

/// Connections to Smartpay, kept between calls.
#[derive(Clone)]
pub(crate) struct Transport {
    connections: legacy::Client<Connector, Full<Bytes>>,
    url: ApiUrl,
    key: SecretKey,
    clock: Clock,
}

/// How a try ended.
pub(crate) enum Try {
    Answered(Answer),
    NotSent(NotSent),
    Unknown(Unknown),
}

/// The machine trusts nobody.
#[derive(Debug, Error)]
#[error("no root certificates were found: install the system's (on Debian, ca-certificates)")]
pub struct NoRoots(#[source] io::Error);

impl Transport {
    pub(crate) fn new(url: ApiUrl, key: SecretKey, clock: Clock) -> Result<Transport, NoRoots> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false); // `https:` passes through it too
        tcp.set_nodelay(true);
        // Named, because a second provider anywhere in the tree would leave the choice to chance.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(provider)
            .map_err(NoRoots)?
            .https_or_http() // which of them, `ApiUrl` has decided
            .enable_http1()
            .wrap_connector(tcp);
        // Around name resolution, TCP and TLS, so that a connection that does not come about in
        // time is known to have carried nothing.
        let connector = BoxCloneSyncService::new(Timeout::new(tls, CONNECT_TIMEOUT));
        let connections = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_MAX)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            .http1_max_buf_size(HEAD_BYTES_MAX)
            .build(connector);
        Ok(Transport { connections, url, key, clock })
    }

    pub(crate) async fn once(&self, call: &Call, earlier: Earlier, limit: Duration) -> Try {
        match tokio::time::timeout(limit, self.exchange(call, earlier)).await {
            Ok(tried) => tried,
            Err(_elapsed) => Try::Unknown(Unknown::TimedOut),
        }
    }

    async fn exchange(&self, call: &Call, earlier: Earlier) -> Try {
        let sent_at = self.clock.now();
        let response = match self.connections.request(self.request(call)).await {
            Ok(response) => response,
            Err(error) if error.is_connect() => return Try::NotSent(NotSent::NoConnection(error)),
            Err(error) => return Try::Unknown(Unknown::Cut(error.into())),
        };
        let status = response.status().as_u16();
        let replayed = marks_replay(response.headers());
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after.and_then(|text| retry_after::parse(text, self.clock.now()));
        match body(response).await {
            Ok(body) => Try::Answered(Answer {
                status,
                body,
                sent_at,
                answered_at: self.clock.now(),
                replayed,
                retry_after,
                earlier,
            }),
            Err(unknown) => Try::Unknown(unknown),
        }
    }

    fn request(&self, call: &Call) -> Request<Full<Bytes>> {
        let mut request = Request::builder()
            .method(call.method.clone())
            .uri(self.url.join(&call.path))
            .header(AUTHORIZATION, self.key.authorization())
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, AGENT);
        if let Some(key) = &call.idempotency_key {
            request = request.header(IDEMPOTENCY_KEY, key.as_str());
        }
        if !call.body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        } else if call.method == Method::PUT {
            // Some servers refuse a PUT without a length (411). Three SDKs send it, hyper does not.
            request = request.header(CONTENT_LENGTH, 0_u16);
        }
        let body = Full::new(Bytes::from(call.body.clone()));
        request.body(body).expect("every part of it was checked when it was made")
    }
}

/// Reads to the end or to the limit, whichever comes first.
async fn body(response: Response<Incoming>) -> Result<Vec<u8>, Unknown> {
    match Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await {
        Ok(collected) => Ok(collected.to_bytes().into()),
        Err(error) if error.is::<LengthLimitError>() => Err(Unknown::TooLarge),
        Err(error) => Err(Unknown::Cut(error)),
    }
}

/// The request's own header, sent back, marks nothing.
fn marks_replay(headers: &HeaderMap) -> bool {
    headers.iter().any(|(name, value)| {
        name.as_str().starts_with(REPLAY_PREFIX) && name != IDEMPOTENCY_KEY && value != "false"
    })
}
