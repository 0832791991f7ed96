//! Asks a socket whether a PostgreSQL server behind it takes connections.

use std::io;
use std::io::Read;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

const ANSWER_LIMIT: Duration = Duration::from_secs(2);

/// Protocol 3.0, as user and to database `postgres`.
const GREETING: &[u8] = b"\0\x03\0\0user\0postgres\0database\0postgres\0\0";

const GOODBYE: &[u8] = b"X\0\0\0\x04";

/// Whether the server lets us in. One that is starting up or shutting down does not.
pub(crate) fn answers(sockets: &Path, port: u16) -> bool {
    ask(sockets, port).is_ok_and(|kind| kind == b'R')
}

/// The kind of the first message: `R` is about authentication, `E` an error.
fn ask(sockets: &Path, port: u16) -> io::Result<u8> {
    let mut server = UnixStream::connect(sockets.join(format!(".s.PGSQL.{port}")))?;
    server.set_read_timeout(Some(ANSWER_LIMIT))?;
    server.set_write_timeout(Some(ANSWER_LIMIT))?;
    let length = u32::try_from(GREETING.len() + 4).expect("the greeting is short");
    server.write_all(&length.to_be_bytes())?;
    server.write_all(GREETING)?;
    let mut kind = [0];
    server.read_exact(&mut kind)?;
    // The answer is known already: a server that does not hear the farewell only logs it.
    drop(server.write_all(GOODBYE));
    let [kind] = kind;
    Ok(kind)
}
