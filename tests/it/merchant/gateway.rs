//! Stands between the ledger and the pretend Smartpay: remembers what was asked, and holds, cuts or
//! falsifies an answer where told.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

const HEAD_END: &[u8] = b"\r\n\r\n";

/// What happens to one call, once.
pub(crate) enum Doing {
    /// This answer; Smartpay is not asked.
    Says(Vec<u8>),
    /// Smartpay acts, but this is the answer.
    ActsAndSays(Vec<u8>),
    /// Smartpay acts, and the line breaks before its answer.
    ActsAndCuts,
    /// The line breaks before Smartpay has it.
    Cuts,
    /// It waits on its way there until the test lets it go.
    Waits(oneshot::Receiver<()>),
}

/// A call as it was sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) line: String,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

struct Planned {
    begins: &'static str,
    ends: &'static str,
    doing: Doing,
}

#[derive(Default)]
struct Shared {
    planned: Mutex<Vec<Planned>>,
    sent: Mutex<Vec<Sent>>,
}

pub(crate) struct Gateway {
    pub(crate) address: SocketAddr,
    behind: SocketAddr,
    shared: Arc<Shared>,
    listening: Mutex<JoinHandle<()>>,
}

impl Gateway {
    pub(crate) async fn to(behind: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::<Shared>::default();
        let listening = tokio::spawn(listen(listener, behind, Arc::clone(&shared)));
        Self { address, behind, shared, listening: Mutex::new(listening) }
    }

    /// To the next call whose line (`PUT /v1/tokens/… HTTP/1.1`, without the version) is so.
    pub(crate) fn will(&self, begins: &'static str, ends: &'static str, doing: Doing) {
        self.shared.planned.lock().unwrap().push(Planned { begins, ends, doing });
    }

    /// Holds the next such call back, until the returned end is used or dropped.
    pub(crate) fn holds(&self, begins: &'static str, ends: &'static str) -> oneshot::Sender<()> {
        let (go, waits) = oneshot::channel();
        self.will(begins, ends, Doing::Waits(waits));
        go
    }

    /// Whether all that was planned has happened.
    pub(crate) fn did(&self) -> bool {
        self.shared.planned.lock().unwrap().is_empty()
    }

    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.shared.sent.lock().unwrap().clone()
    }

    /// How many calls had such a line.
    pub(crate) fn count(&self, begins: &str) -> usize {
        self.sent().iter().filter(|sent| sent.line.starts_with(begins)).count()
    }

    /// Nobody can connect any more.
    pub(crate) async fn closes(&self) {
        self.listening.lock().unwrap().abort();
        while TcpStream::connect(self.address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    }

    pub(crate) async fn opens(&self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        let listening = tokio::spawn(listen(listener, self.behind, Arc::clone(&self.shared)));
        *self.listening.lock().unwrap() = listening;
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.listening.lock().unwrap().abort();
    }
}

/// An answer as bytes.
pub(crate) fn says(status: u16, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status} Odd\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
    .into_bytes()
}

pub(crate) fn says_json(status: u16, body: &str) -> Vec<u8> {
    says(status, "Content-Type: application/json\r\n", body)
}

async fn listen(listener: TcpListener, behind: SocketAddr, shared: Arc<Shared>) {
    while let Ok((client, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        // A client may leave whenever it likes.
        tokio::spawn(async move { drop(serve(client, behind, &shared).await) });
    }
}

async fn serve(mut client: TcpStream, behind: SocketAddr, shared: &Shared) -> std::io::Result<()> {
    let Some(sent) = read(&mut client).await? else { return Ok(()) };
    let doing = take(shared, &sent);
    shared.sent.lock().unwrap().push(sent.clone());
    match doing {
        None => client.write_all(&passed_on(&sent, behind).await?).await,
        Some(Doing::Waits(go)) => {
            drop(go.await);
            client.write_all(&passed_on(&sent, behind).await?).await
        }
        Some(Doing::Says(answer)) => client.write_all(&answer).await,
        Some(Doing::ActsAndSays(answer)) => {
            passed_on(&sent, behind).await?;
            client.write_all(&answer).await
        }
        Some(Doing::ActsAndCuts) => passed_on(&sent, behind).await.map(drop),
        Some(Doing::Cuts) => Ok(()),
    }
}

fn take(shared: &Shared, sent: &Sent) -> Option<Doing> {
    let mut planned = shared.planned.lock().unwrap();
    let fits = |planned: &Planned| {
        sent.line.starts_with(planned.begins) && sent.line.ends_with(planned.ends)
    };
    let place = planned.iter().position(fits)?;
    Some(planned.remove(place).doing)
}

/// Smartpay's answer, which ends with its connection.
async fn passed_on(sent: &Sent, behind: SocketAddr) -> std::io::Result<Vec<u8>> {
    let mut smartpay = TcpStream::connect(behind).await?;
    let (line, rest) = sent.head.split_once("\r\n").unwrap();
    smartpay.write_all(format!("{line}\r\nConnection: close\r\n{rest}").as_bytes()).await?;
    smartpay.write_all(&sent.body).await?;
    let mut answer = Vec::new();
    smartpay.read_to_end(&mut answer).await?;
    Ok(answer)
}

/// One request, by the length that it tells. None if there is none.
async fn read(client: &mut TcpStream) -> std::io::Result<Option<Sent>> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(HEAD_END.len()).position(|window| window == HEAD_END) {
            break at + HEAD_END.len();
        }
        if client.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    };
    let mut body = bytes.split_off(end);
    let head = String::from_utf8(bytes).unwrap();
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, value)| value.trim().parse().unwrap());
    while body.len() < length {
        if client.read_buf(&mut body).await? == 0 {
            return Ok(None);
        }
    }
    let line = head.lines().next().unwrap().trim_end_matches(" HTTP/1.1").to_owned();
    Ok(Some(Sent { line, head, body }))
}
