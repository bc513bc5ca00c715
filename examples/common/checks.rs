//! What must hold.

use std::collections::HashMap;
use std::fmt::Display;
use std::hash::Hash;

/// Something that must hold, and whether it did.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Check {
    pub(crate) name: &'static str,
    pub(crate) held: bool,
    pub(crate) detail: String,
}

/// How many of the things that are wrong are told.
const TOLD: usize = 3;

impl Check {
    /// Holds if there are no problems; otherwise some of them are told.
    pub(crate) fn new(name: &'static str, looked_at: &str, problems: &[String]) -> Self {
        let held = problems.is_empty();
        let detail = match problems.len() {
            0 => looked_at.to_owned(),
            1..=TOLD => problems.join("\n"),
            more => format!("{}\nand {} more", problems[..TOLD].join("\n"), more - TOLD),
        };
        Self { name, held, detail }
    }
}

/// How often each thing is there.
pub(crate) fn counted<T: Hash + Eq>(things: impl IntoIterator<Item = T>) -> HashMap<T, usize> {
    let mut counts = HashMap::new();
    things.into_iter().for_each(|thing| *counts.entry(thing).or_default() += 1);
    counts
}

/// What is wrong where each of these must have been counted once.
pub(crate) fn once<T: Hash + Eq, N: Display>(
    counts: &HashMap<T, usize>,
    wanted: impl IntoIterator<Item = (T, N)>,
) -> Vec<String> {
    let times = wanted.into_iter().map(|(thing, name)| (counts.get(&thing).copied().unwrap_or(0), name));
    times.filter(|(times, _)| *times != 1).map(|(times, name)| format!("{name} is there {times} times")).collect()
}

/// A number of things, in words: `1 review`, `1,024 reviews`.
pub(crate) fn several(number: usize, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", indicatif::HumanCount(number as u64))
}
