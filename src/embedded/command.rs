//! Runs other programs, none for longer than its limit.

use std::io;
use std::io::Read;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use crate::embedded::error::Error;

/// How often a condition is looked at again while waiting for it.
pub(crate) const POLL: Duration = Duration::from_millis(20);

/// Only the end of a long complaint is shown.
const OUTPUT_CHARS_MAX: usize = 2000;

/// Returns the standard output of a program that succeeded. The program must not leave behind a
/// child that holds its output open.
pub(crate) fn run(
    doing: &'static str,
    command: &mut Command,
    limit: Duration,
) -> Result<String, Error> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| Error::Command { doing, output: error.to_string() })?;
    let failed = |error: io::Error| Error::Command { doing, output: error.to_string() };
    let out = drain(child.stdout.take());
    let err = drain(child.stderr.take());
    if !ends_within(&mut child, limit).map_err(failed)? {
        child.kill().map_err(failed)?;
        child.wait().map_err(failed)?;
        return Err(Error::TooSlow { doing, limit_s: limit.as_secs() });
    }
    let status = child.wait().map_err(failed)?;
    let (out, err) = (out.join().unwrap_or_default(), err.join().unwrap_or_default());
    if status.success() {
        return Ok(out);
    }
    let said = format!("{err}{out}");
    let said = if said.trim().is_empty() { status.to_string() } else { said };
    Err(Error::Command { doing, output: tail(said.trim()) })
}

/// The last part of a text.
pub(crate) fn tail(text: &str) -> String {
    let skipped = text.chars().count().saturating_sub(OUTPUT_CHARS_MAX);
    text.chars().skip(skipped).collect()
}

fn ends_within(child: &mut Child, limit: Duration) -> io::Result<bool> {
    let started = Instant::now();
    while child.try_wait()?.is_none() {
        if started.elapsed() >= limit {
            return Ok(false);
        }
        thread::sleep(POLL);
    }
    Ok(true)
}

/// Reads beside the wait, because a program whose pipe is full never ends.
fn drain(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What was read before a broken pipe is still worth showing.
            drop(pipe.read_to_end(&mut bytes));
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
