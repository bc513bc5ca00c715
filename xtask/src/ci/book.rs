//! The book: it is built, and everything that it includes and links to is there.
//!
//! mdbook itself only warns of files that it cannot include, and says nothing of parts of them that it does not
//! find.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::tools::MDBOOK;
use super::{Result, run_command};
use crate::cargo;

pub(super) fn build_and_check() -> Result<()> {
    let built = cargo::target_directory().join("book");
    run_command(Command::new(MDBOOK.path()?).args(["build", "book", "--dest-dir"]).arg(&built))?;
    let mut problems = Vec::new();
    for page in files(&built, "html")? {
        let text = fs::read_to_string(&page)?;
        for (mark, problem) in [("{{#include", "a file is not included"), ("\"></code></pre>", "code is empty")] {
            if text.contains(mark) {
                problems.push(format!("{}: {problem}", page.display()));
            }
        }
    }
    for chapter in files(&cargo::root().join("book/src"), "md")? {
        let text = fs::read_to_string(&chapter)?;
        let folder = chapter.parent().unwrap_or(&chapter);
        let dead = links(&text).filter(|link| !folder.join(link).exists());
        problems.extend(dead.map(|link| format!("{}: there is no {link}", chapter.display())));
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n").into()) }
}

/// The files that a text in Markdown links to, without what is elsewhere or on the same page.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    targets
        .map(|(target, _)| target.split('#').next().unwrap_or_default())
        .filter(|file| !file.is_empty() && !file.contains("://"))
}

/// All files below a folder with this extension.
fn files(folder: &Path, extension: &str) -> Result<Vec<std::path::PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path, extension)?);
        } else if path.extension().is_some_and(|other| other == extension) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::links;

    #[test]
    fn links_to_files_are_found() {
        let text = "[a](a.md) and [b](b.md#part), [here](#part), [there](https://example.org/c.md)";
        assert_eq!(links(text).collect::<Vec<_>>(), ["a.md", "b.md"]);
    }
}
