//! Sees that a file has changed of which the program may be made.
//!
//! Invariant: nothing that a build or the program itself writes is such a file, or there would be no end of building.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::super::Result;

/// Changes that follow each other faster are one: an editor writes a file in several steps, and git many files.
const QUIET: Duration = Duration::from_millis(100);

/// Watches folders for as long as it lives.
pub(super) struct Watch {
    changes: UnboundedReceiver<()>,
    _watcher: RecommendedWatcher,
}

impl Watch {
    /// Watches these folders and those below them. `data` is a file of the program's.
    pub(super) fn of<'a>(folders: impl IntoIterator<Item = &'a PathBuf>, data: &OsStr) -> Result<Self> {
        let data = std::path::absolute(data)?;
        let (tell, changes) = unbounded_channel();
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if event.is_ok_and(|event| is_change(&event, &data)) {
                // Nobody listens any more when the watch is dropped.
                let _ = tell.send(());
            }
        })?;
        for folder in folders {
            watch(folder, &mut watcher)?;
        }
        Ok(Self { changes, _watcher: watcher })
    }

    /// Resolves when something has changed and no more does.
    pub(super) async fn changed(&mut self) {
        if self.changes.recv().await.is_none() {
            // The watcher has ended, with nothing to tell any more.
            std::future::pending::<()>().await;
        }
        while let Ok(Some(())) = tokio::time::timeout(QUIET, self.changes.recv()).await {}
    }
}

/// Each folder by itself, to leave out those that are built into.
fn watch(folder: &Path, watcher: &mut RecommendedWatcher) -> Result<()> {
    watcher.watch(folder, RecursiveMode::NonRecursive)?;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        // A folder with this file can be made again, and is made by tools: cargo marks `target` so.
        let is_made = || entry.path().join("CACHEDIR.TAG").exists();
        if entry.file_type()?.is_dir() && !is_hidden(&entry.path()) && !is_made() {
            watch(&entry.path(), watcher)?;
        }
    }
    Ok(())
}

fn is_change(event: &Event, data: &Path) -> bool {
    let is_change = matches!(event.kind, EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_));
    is_change && event.paths.iter().any(|path| !is_hidden(path) && !is_of(path, data) && !is_target(path))
}

/// What editors and tools write beside the files.
fn is_hidden(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.') || name.ends_with('~')
}

/// The file of the tables and those beside it, such as `beldi.db-wal`.
fn is_of(path: &Path, data: &Path) -> bool {
    let rest = path.as_os_str().as_encoded_bytes().strip_prefix(data.as_os_str().as_encoded_bytes());
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"-"))
}

/// The folder that cargo makes at the first build.
fn is_target(path: &Path) -> bool {
    path.join("CACHEDIR.TAG").exists()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use notify::event::{AccessKind, CreateKind, DataChange, ModifyKind};
    use notify::{Event, EventKind};

    use super::is_change;

    fn changes(kind: EventKind, path: &str) -> bool {
        is_change(&Event::new(kind).add_path(path.into()), Path::new("/shop/beldi.db"))
    }

    #[test]
    fn what_a_program_is_made_of_is_a_change() {
        assert!(changes(EventKind::Modify(ModifyKind::Data(DataChange::Any)), "/shop/src/stock.rs"));
        assert!(changes(EventKind::Create(CreateKind::Folder), "/shop/src/stock"));
    }

    #[test]
    fn what_tools_and_the_program_write_is_none() {
        let written = EventKind::Modify(ModifyKind::Data(DataChange::Any));
        for path in ["/shop/src/.stock.rs.swp", "/shop/src/stock.rs~", "/shop/beldi.db", "/shop/beldi.db-wal"] {
            assert!(!changes(written, path), "{path}");
        }
        assert!(!changes(EventKind::Access(AccessKind::Any), "/shop/src/stock.rs"));
    }
}
