//! Compile errors are an interface: what the compiler says to a user for each mistake, and what compiles.
//!
//! `tests/ui/README.md` says how the cases are grouped and how to write one. This is a step of its own,
//! `cargo test --no-default-features --test ui`, because the texts are those of the pinned toolchain.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

#[test]
fn mistakes_are_explained() {
    trybuild::TestCases::new().compile_fail("tests/ui/[!p]*/*.rs");
}

#[test]
fn what_is_right_compiles() {
    trybuild::TestCases::new().pass("tests/ui/pass/*.rs");
}

/// The codes are contiguous, each has a page, the index lists it, and what it shows exists.
#[test]
fn every_code_has_a_page() {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("book/src/errors");
    let index = read(&pages.join("README.md"));
    let reported: BTreeSet<String> = texts().iter().flat_map(|text| codes(&read(text))).collect();
    let last = reported.last().expect("some case reports a code").clone();
    for number in 1.. {
        let code = format!("BELDI{number:03}");
        let page = read(&pages.join(format!("{code}.md")));
        assert!(page.starts_with(&format!("# {code}: ")) && index.contains(&format!("({code}.md)")), "{code}");
        for shown in page.lines().filter_map(|line| line.strip_prefix("{{#include ")) {
            let path = shown.trim_end_matches('}').split(':').next().unwrap_or_default();
            assert!(pages.join(path).is_file(), "{code} shows {path}");
        }
        if code == last {
            break;
        }
    }
}

fn texts() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui");
    let folders = entries(&root).into_iter().filter(|path| path.is_dir());
    let files = folders.flat_map(|folder| entries(&folder));
    files.filter(|path| path.extension().is_some_and(|extension| extension == "stderr")).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("readable").path()).collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn codes(text: &str) -> Vec<String> {
    let starts = text.match_indices("BELDI").map(|(start, _)| start);
    starts.filter_map(|start| text.get(start..start + 8)).map(str::to_owned).collect()
}
