//! What the stock path and the floor have in common: axum, and the same check of the signature.

use std::net::SocketAddr;

use axum::Router;
use axum::http::HeaderMap;
use tokenledger::smartpay::SigningSecret;
use tokenledger::smartpay::signature;
use tokio::net::TcpListener;

use crate::shared::SECRET;

pub(crate) fn secrets() -> Vec<SigningSecret> {
    vec![SigningSecret::parse(SECRET).expect("the benchmark's secret is a good one")]
}

pub(crate) fn is_authentic(secrets: &[SigningSecret], headers: &HeaderMap, body: &[u8]) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let timestamp = text("smartpay-signature-timestamp");
    signature::verify(secrets, text("smartpay-signature"), timestamp, body).is_some()
}

pub(crate) async fn serve(listen: SocketAddr, routes: Router) -> anyhow::Result<()> {
    use axum::serve::ListenerExt;
    let listener = TcpListener::bind(listen).await?.tap_io(|stream| drop(stream.set_nodelay(true)));
    Ok(axum::serve(listener, routes).await?)
}
