//! The log of the service under test, as JSON lines in memory.

use std::io;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::OnceLock;

use tracing::Dispatch;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

/// While a process has one subscriber only, a line that a thread without it comes to first is
/// switched off for all; with another one beside, each thread's own is asked.
static BESIDE: OnceLock<Dispatch> = OnceLock::new();

/// What was logged, in memory.
#[derive(Clone, Default)]
pub(crate) struct Logged(Arc<Mutex<Vec<u8>>>);

impl Logged {
    /// Of everything on this thread, as long as the guard lives.
    pub(crate) fn begin() -> (Self, DefaultGuard) {
        BESIDE.get_or_init(|| {
            Dispatch::new(tracing_subscriber::fmt().with_writer(io::sink).finish())
        });
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt().json().with_writer(log.clone()).finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    /// Other tests' threads, which have no subscriber, may have switched lines off for all.
    pub(crate) fn insist() {
        tracing::callsite::rebuild_interest_cache();
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Logged {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
