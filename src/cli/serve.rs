//! `serve`: the service from its configuration.

use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::net::TcpListener;

use tokenledger::api::ApiKey;
use tokenledger::api::Service;
use tokenledger::api::Setup;
use tokenledger::api::install_metrics;
use tokenledger::clock::Clock;
use tokenledger::readings::Points;
use tokenledger::traces::Traces;

use crate::cli::exit::Exit;
use crate::cli::ledger::target;
use crate::cli::settings::Settings;
use crate::cli::stop;

/// How long a proxy has to notice that the service is no longer ready.
const CLOSING_GRACE: Duration = Duration::from_secs(3);

pub(crate) async fn run(settings: &Settings) -> Result<(), Exit> {
    let database = settings.database_hosts()?;
    let target = target(settings)?;
    let master_key = settings.master_key()?;
    let api_key = ApiKey::parse(settings.api_key()?.expose_secret(), target.mode)
        .map_err(|error| Exit::usage(format!("TOKENLEDGER_API_KEY: {error}")))?;
    let (traces, sending) = match &settings.otlp_endpoint {
        Some(endpoint) => {
            let (traces, sending) = Traces::start(endpoint, settings.otlp_sample);
            (traces, Some(sending))
        }
        None => (Traces::default(), None),
    };
    let clock = Clock::system();
    let smartpay =
        settings.smartpay_secret_key.as_ref().map(|_| settings.smartpay(&clock)).transpose()?;
    let setup = Setup {
        database,
        master_key,
        endpoints: settings.endpoints(),
        webhook_silence: settings.webhook_silence,
        window_ms: i64::try_from(settings.webhook_window.as_millis())
            .map_err(|_| Exit::usage("TOKENLEDGER_WEBHOOK_WINDOW is too long"))?,
        api_key,
        target,
        clock: clock.clone(),
        metrics: install_metrics()?,
        traces,
        smartpay,
        public_url: settings.public_url.clone(),
        return_hosts: settings.return_hosts.clone(),
        reconcile_every: settings.reconcile_every,
        points: Points::default(),
    };
    let listener = TcpListener::bind(settings.listen).await.map_err(|error| {
        Exit::usage(format!(
            "{} cannot be listened on ({error}): stop what uses it, or set TOKENLEDGER_LISTEN",
            settings.listen
        ))
    })?;
    let mut stopped = stop::signal()?;
    let service = Service::open(setup).await?;
    if !service.app().webhooks.now().any_live(clock.now()) {
        service.close().await?;
        return Err(no_secrets(settings));
    }
    tracing::info!(listen = %settings.listen, "ready");
    let shutdown = async move {
        // The sender lives as long as the process: waiting for it cannot fail.
        drop(stopped.wait_for(|stopped| *stopped).await);
    };
    service.serve(listener, CLOSING_GRACE, shutdown).await;
    let closed = service.close().await;
    if let Some(sending) = sending {
        sending.end().await;
    }
    Ok(closed?)
}

/// Nobody's webhooks could be verified.
fn no_secrets(settings: &Settings) -> Exit {
    let why = match settings.webhooks() {
        Err(Exit::Usage(error)) => format!("{error:#}"),
        Err(_) | Ok(_) => "no webhook secret is live".to_owned(),
    };
    Exit::usage(format!(
        "{why}; or run `tokenledger webhooks register`, which makes the endpoint and keeps its \
         secret in the vault"
    ))
}
