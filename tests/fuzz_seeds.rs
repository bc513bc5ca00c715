//! The seeds of the fuzz targets, checked as the fuzzer checks them, and what it has found interesting here.

#![cfg(feature = "aws")]

#[path = "../fuzz/src/lib.rs"]
#[allow(unreachable_pub, reason = "it is a library there")]
mod targets;

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use targets::TARGETS;

fn below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.map(|entry| entry.expect("an entry").path()).collect()
}

#[test]
fn every_seed_keeps_the_laws_of_its_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let names = below(&folder.join("seeds"));
    let names: BTreeSet<_> = names.iter().map(|path| path.file_name().expect("a name").to_string_lossy()).collect();
    assert_eq!(names, TARGETS.iter().map(|(name, ..)| (*name).into()).collect());
    let mut unchecked = Vec::new();
    for (name, check, laws) in TARGETS {
        let seeds = folder.join("seeds").join(name);
        let mut found = BTreeSet::new();
        for file in below(&seeds).into_iter().chain(below(&folder.join("corpus").join(name))) {
            let bytes = match fs::read(&file) {
                // A fuzzer that is at work replaces what it has found by what is smaller.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                bytes => bytes.expect("a seed"),
            };
            match std::panic::catch_unwind(|| check(&bytes)) {
                // What a run of the fuzzer leaves is not committed, and is no seed.
                Ok(of_file) if file.starts_with(&seeds) => found.extend(of_file),
                Ok(_) => {}
                Err(panic) => {
                    eprintln!("on {}", file.display());
                    std::panic::resume_unwind(panic);
                }
            }
        }
        unchecked.extend(laws.iter().filter(|law| !found.contains(*law)).map(|law| format!("{name}: {law}")));
    }
    // The target of items had a type that no row could be decoded into, and so it had checked nothing.
    assert_eq!(unchecked, Vec::<String>::new(), "no seed comes to these laws");
}
