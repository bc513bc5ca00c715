//! What the clients know: a file beside the data that says what was asked for and what was accepted.
//!
//! Invariant: a request stands here as asked for before it is sent, and as accepted before anybody is told so.
//! So after the process was killed, a request that stands as accepted must have been executed once, one that is
//! only asked for once or not at all.
//!
//! Each line is one write to the end of the file. That survives a killed process; a power failure, which would
//! take more than that, is not what is tried here.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The file, open for more lines. `T` is what can be asked for.
pub(crate) struct Ledger<T> {
    path: PathBuf,
    file: Mutex<File>,
    /// How many of the requests in the file were asked for by earlier runs.
    earlier: usize,
    asked: PhantomData<fn(T) -> T>,
}

/// Something that was asked for.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub(crate) struct Asked<T> {
    /// The idempotency key.
    pub(crate) key: Uuid,
    /// What it was.
    pub(crate) what: T,
}

/// What became of a request, as far as its client knows.
#[derive(Serialize, Deserialize, Debug, Clone, Copy, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// It was answered with the id of what was made.
    Answered(Uuid),
    /// It was taken down and will be executed.
    Started,
    /// It was answered with an error: nothing was made.
    Refused,
}

/// A request with its outcome; `None` if the client never got one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Request<T> {
    /// What was asked for.
    pub(crate) asked: Asked<T>,
    /// What came of it.
    pub(crate) outcome: Option<Outcome>,
    /// Whether an earlier run asked.
    pub(crate) earlier: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line<T> {
    Asked(Asked<T>),
    Got { key: Uuid, outcome: Outcome },
}

impl<T> Request<T> {
    /// Whether somebody was told that it has happened or will.
    pub(crate) fn is_accepted(&self) -> bool {
        matches!(self.outcome, Some(Outcome::Answered(_) | Outcome::Started))
    }
}

impl<T: Serialize + DeserializeOwned> Ledger<T> {
    /// Opens the ledger for more lines, or begins it.
    pub(crate) fn open(path: PathBuf) -> io::Result<Self> {
        let earlier = read::<T>(&path, usize::MAX)?.len();
        let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
        if !ends_with_line(&path)? {
            // The process died in the middle of a line: it stays alone on its line, and counts for nothing.
            file.write_all(b"\n")?;
        }
        Ok(Self { path, file: Mutex::new(file), earlier, asked: PhantomData })
    }

    /// Notes that a request is about to be sent.
    pub(crate) fn asked(&self, asked: Asked<T>) -> io::Result<()> {
        self.append(&Line::Asked(asked))
    }

    /// Notes what came of a request.
    pub(crate) fn got(&self, key: Uuid, outcome: Outcome) -> io::Result<()> {
        self.append(&Line::Got { key, outcome })
    }

    /// All requests in the file, in the order in which they were asked for.
    pub(crate) fn requests(&self) -> io::Result<Vec<Request<T>>> {
        read(&self.path, self.earlier)
    }

    fn append(&self, line: &Line<T>) -> io::Result<()> {
        let mut text = serde_json::to_string(line)?;
        text.push('\n');
        self.file.lock().unwrap_or_else(PoisonError::into_inner).write_all(text.as_bytes())
    }
}

/// The requests in the file; the first `earlier` of them are an earlier run's.
fn read<T: DeserializeOwned>(path: &Path, earlier: usize) -> io::Result<Vec<Request<T>>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut requests: Vec<Request<T>> = Vec::new();
    let mut places = HashMap::new();
    for line in text.lines().filter_map(|line| serde_json::from_str(line).ok()) {
        match line {
            Line::Asked(asked) => {
                let place = requests.len();
                places.insert(asked.key, place);
                requests.push(Request { asked, outcome: None, earlier: place < earlier });
            }
            Line::Got { key, outcome } => {
                if let Some(place) = places.get(&key) {
                    requests[*place].outcome = Some(outcome);
                }
            }
        }
    }
    Ok(requests)
}

fn ends_with_line(path: &Path) -> io::Result<bool> {
    Ok(fs::read(path)?.last().is_none_or(|last| *last == b'\n'))
}
