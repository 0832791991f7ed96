//! A server that does as its script says, one request per connection, and remembers what was asked.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

const CHUNK_BYTES: usize = 64 * 1024;

/// What happens after a request was read.
#[derive(Clone, Debug)]
pub(crate) enum Then {
    /// These bytes, then the end.
    Bytes(Vec<u8>),
    /// These bytes, and then nothing until the client leaves.
    Hold(Vec<u8>),
    /// So much of a body as the client takes, at most this many bytes.
    Flood(usize),
    /// The end, before the request was read.
    Leave,
}

pub(crate) struct Server {
    pub address: String,
    requests: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
    flooded: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Server {
    /// The last step is repeated.
    pub(crate) async fn of(script: Vec<Then>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let flooded = Arc::new(AtomicUsize::new(0));
        let connections = Arc::new(AtomicUsize::new(0));
        let (seen, sent) = (Arc::clone(&requests), Arc::clone(&flooded));
        let accepted = Arc::clone(&connections);
        let task = tokio::spawn(async move {
            let last = script.last().unwrap().clone();
            let mut steps = script.into_iter();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                accepted.fetch_add(1, Ordering::SeqCst);
                serve(stream, steps.next().unwrap_or(last.clone()), &seen, &sent).await;
            }
        });
        Server { address, requests, connections, flooded, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Bytes of a flood that left the server, socket buffers included.
    pub(crate) fn flooded(&self) -> usize {
        self.flooded.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An answer with its length.
pub(crate) fn answer(status: u16, headers: &str, body: &str) -> Then {
    let length = body.len();
    let text = format!(
        "HTTP/1.1 {status} Odd\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    );
    Then::Bytes(text.into_bytes())
}

/// The end, after the request was read.
pub(crate) fn cut() -> Then {
    Then::Bytes(Vec::new())
}

async fn serve(
    mut stream: TcpStream,
    then: Then,
    requests: &Mutex<Vec<String>>,
    flooded: &AtomicUsize,
) {
    if matches!(then, Then::Leave) {
        return;
    }
    let Some(request) = read_request(&mut stream).await else { return };
    requests.lock().unwrap().push(request);
    match then {
        // A client may leave whenever it likes.
        Then::Bytes(bytes) => drop(stream.write_all(&bytes).await),
        Then::Hold(bytes) => {
            drop(stream.write_all(&bytes).await);
            let mut rest = [0; 1];
            drop(stream.read(&mut rest).await);
        }
        Then::Flood(bytes_max) => {
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {bytes_max}\r\n\r\n");
            drop(stream.write_all(head.as_bytes()).await);
            let chunk = vec![b' '; CHUNK_BYTES];
            for _ in 0..bytes_max / CHUNK_BYTES {
                if stream.write_all(&chunk).await.is_err() {
                    break;
                }
                flooded.fetch_add(CHUNK_BYTES, Ordering::SeqCst);
            }
        }
        Then::Leave => {}
    }
}

/// Head and body, or nothing when the client left.
async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return Some(text);
            }
        }
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return None;
        }
    }
}
