//! Just enough HTTP/1.1 to read an answer from a connection that is kept.

use anyhow::Context;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const RESPONSE_BYTES_MAX: usize = 64 * 1024;

pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Box<[u8]>,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream) -> anyhow::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; RESPONSE_BYTES_MAX].into_boxed_slice() })
    }

    /// Sends a whole request and reads the whole answer; gives its status.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> anyhow::Result<u16> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        let mut expected = None;
        loop {
            let free = self.buffer.get_mut(filled..).filter(|free| !free.is_empty());
            let read = self.stream.read(free.context("an answer is too long")?).await?;
            anyhow::ensure!(read > 0, "a service closed a connection");
            filled += read;
            let answer = self.buffer.get(..filled).unwrap_or_default();
            if expected.is_none() {
                expected = head_of(answer)?;
            }
            if let Some((status, length)) = expected
                && filled >= length
            {
                return Ok(status);
            }
        }
    }
}

/// The status and the length of the whole answer, once its head is there.
fn head_of(answer: &[u8]) -> anyhow::Result<Option<(u16, usize)>> {
    let Some(end) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(answer.get(..end).unwrap_or_default())?;
    let status = head.get(9..12).context("no status line")?.parse()?;
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .context("an answer without content-length")?;
    let body: usize = length.1.trim().parse()?;
    Ok(Some((status, end + 4 + body)))
}
