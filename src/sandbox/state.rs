//! Everything the pretend Smartpay knows, in one file that two processes may change in turn.

use std::collections::HashSet;
use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::fs::TryLockError;
use std::io;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use chrono::DateTime;
use chrono::Utc;
use rand::Rng;
use serde::Deserialize;
use serde::Serialize;
use thiserror::Error;

use crate::sandbox::action::Action;
use crate::sandbox::action::Illegal;
use crate::sandbox::message::Message;
use crate::sandbox::token::Token;
use crate::smartpay::TokenId;
use crate::token::Reference;

const FORMAT: u32 = 1;
/// Token ids stand in it.
const FILE_MODE: u32 = 0o600;
/// Whoever holds the file holds it for a moment only.
const LOCK_TRIES_MAX: u32 = 250;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// The tokens, open for change: no other process can open them until this is dropped. Changes are
/// kept by [`Sandbox::save`]; dropped without it, they never happened.
#[derive(Debug)]
pub struct Sandbox {
    path: PathBuf,
    tokens: Vec<Token>,
    /// A file of its own, because the other one is replaced at every save.
    _lock: File,
}

#[derive(Debug, Error)]
pub enum StateError {
    #[error("the sandbox's file {} could not be read or written", .path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error(
        "the sandbox's file {} is damaged at line {line}, column {column}: restore it, or delete \
         it to begin without tokens",
        .path.display()
    )]
    Damaged { path: PathBuf, line: usize, column: usize },
    #[error(
        "the sandbox's file {} has format {found}, this program knows {FORMAT}: run the newer \
         tokenledger",
        .path.display()
    )]
    Format { path: PathBuf, found: u32 },
    #[error(
        "the sandbox's file {} names one token twice: restore it, or delete it to begin without \
         tokens",
        .path.display()
    )]
    Twice { path: PathBuf },
    #[error(
        "another process keeps the sandbox's file {} to itself: end it, then try again",
        .path.display()
    )]
    InUse { path: PathBuf },
}

/// Why something did not happen to a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ActError {
    #[error("the sandbox has no such token")]
    NoSuchToken,
    #[error(transparent)]
    Illegal(#[from] Illegal),
}

#[derive(Serialize, Deserialize)]
struct Stored {
    format: u32,
    tokens: Vec<Token>,
}

impl Sandbox {
    /// Opens the file for change; one that does not exist holds no tokens. Blocks the thread while
    /// another process has it open, for five seconds at most.
    pub fn open(path: &Path) -> Result<Sandbox, StateError> {
        let lock = lock(path)?;
        let tokens = match fs::read(path) {
            Ok(bytes) => read(path, &bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(source) => return Err(StateError::Io { path: path.to_owned(), source }),
        };
        Ok(Sandbox { path: path.to_owned(), tokens, _lock: lock })
    }

    /// In the order in which they were made.
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    pub fn token(&self, id: &TokenId) -> Option<&Token> {
        self.tokens.iter().find(|token| token.id() == id)
    }

    /// The token made last to which this can happen.
    pub fn newest_for(&self, action: Action) -> Option<&Token> {
        self.tokens.iter().rev().find(|token| action.applied_to(Some(token.status())).is_ok())
    }

    pub fn create(
        &mut self,
        reference: Option<Reference>,
        at: DateTime<Utc>,
        rng: &mut impl Rng,
    ) -> Message {
        let (token, message) = Token::create(reference, at, rng);
        self.tokens.push(token);
        message
    }

    pub fn apply(
        &mut self,
        id: &TokenId,
        action: Action,
        at: DateTime<Utc>,
        rng: &mut impl Rng,
    ) -> Result<Message, ActError> {
        let found = self.tokens.iter_mut().find(|token| token.id() == id);
        Ok(found.ok_or(ActError::NoSuchToken)?.apply(action, at, rng)?)
    }

    /// Takes in the tokens that are not there yet: what happened here since is not undone.
    pub fn adopt(&mut self, tokens: &[Token]) {
        let known: HashSet<TokenId> = self.tokens.iter().map(|token| token.id().clone()).collect();
        self.tokens.extend(tokens.iter().filter(|token| !known.contains(token.id())).cloned());
    }

    /// Replaces the file as a whole, so that a crash leaves the old one or the new one.
    pub fn save(&self) -> Result<(), StateError> {
        self.replace().map_err(|source| StateError::Io { path: self.path.clone(), source })
    }

    fn replace(&self) -> io::Result<()> {
        let stored = Stored { format: FORMAT, tokens: self.tokens.clone() };
        let mut text = serde_json::to_vec_pretty(&stored)?;
        text.push(b'\n');
        let beside = beside(&self.path, "new");
        // One that a crash left behind might not be ours alone to read.
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(&beside)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&beside, &self.path)?;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }
}

fn read(path: &Path, bytes: &[u8]) -> Result<Vec<Token>, StateError> {
    // The parser's own words could repeat a token id.
    let stored: Stored = serde_json::from_slice(bytes).map_err(|error| StateError::Damaged {
        path: path.to_owned(),
        line: error.line(),
        column: error.column(),
    })?;
    if stored.format != FORMAT {
        return Err(StateError::Format { path: path.to_owned(), found: stored.format });
    }
    let mut seen = HashSet::new();
    if !stored.tokens.iter().all(|token| seen.insert(token.id())) {
        return Err(StateError::Twice { path: path.to_owned() });
    }
    Ok(stored.tokens)
}

fn lock(path: &Path) -> Result<File, StateError> {
    let io = |source| StateError::Io { path: path.to_owned(), source };
    let beside = beside(path, "lock");
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(false).mode(FILE_MODE).open(&beside);
    let file = file.map_err(io)?;
    for _ in 0..LOCK_TRIES_MAX {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => thread::sleep(LOCK_PAUSE),
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
    }
    Err(StateError::InUse { path: path.to_owned() })
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}
