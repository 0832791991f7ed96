//! Stands between a ledger and the server, reads what they say, and cuts or delays it where told.
#![expect(
    clippy::indexing_slicing,
    reason = "a message that is shorter than the protocol says fails"
)]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;

use sqlx::postgres::PgConnectOptions;
use sqlx::postgres::PgSslMode;
use tempfile::TempDir;
use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::UnixListener;
use tokio::net::UnixStream;
use tokio::task::JoinHandle;

/// Happens once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The request that holds this text never reaches the server, and the line is dead.
    BeforeRequest(&'static str),
    /// The server has carried out what it answers with this text, but the line dies first.
    BeforeAnswer(&'static str),
    /// The same, but the line stays silent instead of dying.
    NoAnswer(&'static str),
    /// The last column of the next row of so many columns reads like this.
    Forged { columns: u16, last: String },
}

pub(crate) struct Proxy {
    options: PgConnectOptions,
    faults: Faults,
    listening: JoinHandle<()>,
    _sockets: TempDir,
}

type Faults = Arc<Mutex<Vec<Fault>>>;

/// What becomes of one message.
enum Passage {
    Passed(Vec<u8>),
    Cut,
    Silent,
}

impl Proxy {
    pub(crate) fn to(server: &PgConnectOptions) -> Self {
        let sockets = tempfile::tempdir().unwrap();
        let name = format!(".s.PGSQL.{}", server.get_port());
        let listener = UnixListener::bind(sockets.path().join(&name)).unwrap();
        let behind = server.get_socket().unwrap().join(name);
        let faults = Faults::default();
        let listening = tokio::spawn(listen(listener, behind, faults.clone()));
        let options = server.clone().socket(sockets.path()).ssl_mode(PgSslMode::Disable);
        Self { options, faults, listening, _sockets: sockets }
    }

    pub(crate) fn options(&self) -> PgConnectOptions {
        self.options.clone()
    }

    pub(crate) fn will(&self, fault: Fault) {
        self.faults.lock().unwrap().push(fault);
    }

    /// Whether every fault has happened.
    pub(crate) fn did(&self) -> bool {
        self.faults.lock().unwrap().is_empty()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(listener: UnixListener, behind: PathBuf, faults: Faults) {
    while let Ok((client, _)) = listener.accept().await {
        let Ok(server) = UnixStream::connect(&behind).await else { continue };
        tokio::spawn(serve(client, server, faults.clone()));
    }
}

/// Ends, and both lines with it, when one side does or a fault cuts them.
async fn serve(client: UnixStream, server: UnixStream, faults: Faults) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let requests = async {
        let mut message = Vec::new();
        read_rest(&mut from_client, &mut message).await?;
        loop {
            to_server.write_all(&message).await?;
            message = match request(&faults, read(&mut from_client).await?) {
                Passage::Passed(message) => message,
                Passage::Cut | Passage::Silent => return Ok(()),
            };
        }
    };
    let answers = async {
        loop {
            match answer(&faults, read(&mut from_server).await?) {
                Passage::Passed(message) => to_client.write_all(&message).await?,
                Passage::Cut => return Ok(()),
                Passage::Silent => std::future::pending().await,
            }
        }
    };
    // A side that is gone is what this is about.
    drop::<std::io::Result<()>>(tokio::select! { end = requests => end, end = answers => end });
}

fn request(faults: &Faults, message: Vec<u8>) -> Passage {
    match take(faults, |fault| matches!(fault, Fault::BeforeRequest(text) if holds(&message, text)))
    {
        Some(_) => Passage::Cut,
        None => Passage::Passed(message),
    }
}

fn answer(faults: &Faults, message: Vec<u8>) -> Passage {
    let due = take(faults, |fault| match fault {
        Fault::BeforeAnswer(text) | Fault::NoAnswer(text) => {
            message.starts_with(b"C") && holds(&message, text)
        }
        Fault::Forged { columns, .. } => {
            message.starts_with(b"D") && message[5..7] == columns.to_be_bytes()
        }
        Fault::BeforeRequest(_) => false,
    });
    match due {
        None | Some(Fault::BeforeRequest(_)) => Passage::Passed(message),
        Some(Fault::BeforeAnswer(_)) => Passage::Cut,
        Some(Fault::NoAnswer(_)) => Passage::Silent,
        Some(Fault::Forged { columns, last }) => Passage::Passed(forged(&message, columns, &last)),
    }
}

/// A row: its length, the number of columns, then each column behind its length.
fn forged(message: &[u8], columns: u16, last: &str) -> Vec<u8> {
    let length = |at: usize| u32::from_be_bytes(message[at..at + 4].try_into().unwrap());
    let mut at = 7;
    for _ in 1..columns {
        at += 4 + usize::try_from(length(at)).unwrap();
    }
    let mut rest = message[5..at].to_vec();
    rest.extend(u32::try_from(last.len()).unwrap().to_be_bytes());
    rest.extend(last.as_bytes());
    let total = u32::try_from(rest.len() + 4).unwrap().to_be_bytes();
    [b"D".as_slice(), &total, &rest].concat()
}

fn take(faults: &Faults, due: impl Fn(&Fault) -> bool) -> Option<Fault> {
    let mut faults = faults.lock().unwrap();
    let place = faults.iter().position(due)?;
    Some(faults.remove(place))
}

fn holds(message: &[u8], text: &str) -> bool {
    message.windows(text.len()).any(|window| window == text.as_bytes())
}

/// A message: its kind, its length, its contents.
async fn read(from: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Vec<u8>> {
    let mut message = vec![from.read_u8().await?];
    read_rest(from, &mut message).await?;
    Ok(message)
}

async fn read_rest(
    from: &mut (impl AsyncRead + Unpin),
    message: &mut Vec<u8>,
) -> std::io::Result<()> {
    let length = from.read_u32().await?;
    message.extend(length.to_be_bytes());
    let start = message.len();
    message.resize(start + usize::try_from(length).unwrap() - 4, 0);
    from.read_exact(&mut message[start..]).await?;
    Ok(())
}
