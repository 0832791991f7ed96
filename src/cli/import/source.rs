//! The file, read by a thread of its own into batches that wait in a short queue.

use std::fs::File;
use std::io::BufRead;
use std::io::BufReader;
use std::thread;

use tokio::sync::mpsc;

use tokenledger::ledger::GROUP_MAX;
use tokenledger::ledger::import::Line;
use tokenledger::ledger::import::Reader;
use tokenledger::ledger::import::Unreadable;
use tokenledger::ledger::import::Wrong;
use tokenledger::smartpay::Expected;

use crate::cli::exit::Exit;
use crate::cli::import::options::TokensOptions;

/// Lines by their numbers: at most as many as one transaction records.
pub(super) type Batch = Vec<(u64, Result<Line, Wrong>)>;

/// One is read while another is recorded.
const BATCHES_WAITING_MAX: usize = 1;

/// Begins to read. The thread ends with the file, or when nobody takes its batches; on stdin it may
/// wait for ever, and ends with the process: hence it is not joined.
pub(super) fn start(
    options: &TokensOptions,
    expected: Expected,
) -> Result<mpsc::Receiver<Result<Batch, Unreadable>>, Exit> {
    let source: Box<dyn BufRead + Send> = if options.is_stdin() {
        Box::new(BufReader::new(std::io::stdin()))
    } else {
        let file = File::open(&options.file).map_err(|error| {
            Exit::usage(format!("{} cannot be opened: {error}", options.file.display()))
        })?;
        Box::new(BufReader::new(file))
    };
    let format = options.format();
    let (batches, coming) = mpsc::channel(BATCHES_WAITING_MAX);
    thread::spawn(move || {
        let read = Reader::open(source, format, expected)
            .and_then(|mut reader| pass_on(&mut reader, &batches));
        if let Err(error) = read {
            // Whoever no longer listens has stopped for a reason of its own.
            drop(batches.blocking_send(Err(error)));
        }
    });
    Ok(coming)
}

fn pass_on(
    reader: &mut Reader<Box<dyn BufRead + Send>>,
    batches: &mpsc::Sender<Result<Batch, Unreadable>>,
) -> Result<(), Unreadable> {
    loop {
        let mut batch = Batch::new();
        let mut ended = Ok(false);
        while batch.len() < GROUP_MAX {
            match reader.read_line() {
                Ok(Some(line)) => batch.push(line),
                Ok(None) => {
                    ended = Ok(true);
                    break;
                }
                Err(error) => {
                    ended = Err(error);
                    break;
                }
            }
        }
        // What was read before an error goes in first.
        if batches.blocking_send(Ok(batch)).is_err() || ended? {
            return Ok(());
        }
    }
}
