//! The page of the book that lists the mutations.

use super::table::Mutant;
use super::{ALL, Outcome};

/// Where the page is, from the root of the workspace.
pub(super) const PATH: &str = "book/src/mutants.md";

/// What stands beside a rule that was not broken since it came to the list.
const NOT_YET: &str = "not run yet";

/// What stands beside a rule whose break no test noticed: a finding.
const SURVIVED: &str = "**SURVIVED**";

/// How the names of the suites begin that are about no rule in particular: they disturb every point, or run all orders.
const GENERAL: &[&str] =
    &["`crash_matrix", "`transactions_matrix", "`interleavings", "`travel_matrix", "`movie_review_matrix"];

/// The page, with what became of each rule; of those that were not run now, what the page `before` says.
pub(super) fn of(outcomes: &[(&str, Outcome)], before: &str) -> String {
    let mut sections = String::new();
    let (mut noticed, mut by_general) = (0, 0);
    let mut rules = 0;
    for (about, mutants) in ALL {
        sections.push_str(&format!("\n## {about}\n\n| rule that was broken | where | what noticed |\n|---|---|---|\n"));
        for mutant in *mutants {
            let outcome = outcomes.iter().find(|(rule, _)| *rule == mutant.rule).map(|(_, outcome)| outcome);
            let what = match outcome {
                Some(Outcome::NoticedBy(target)) => format!("`{target}`"),
                Some(other) => format!("**{other}**"),
                None => as_before(mutant, before),
            };
            rules += 1;
            noticed += usize::from(what.starts_with('`'));
            by_general += usize::from(GENERAL.iter().any(|suite| what.starts_with(suite)));
            sections.push_str(&format!("{}{what} |\n", start_of(mutant)));
        }
    }
    format!(
        "# Mutations\n\n\
         Each rule of the protocol is broken once, in a copy of the sources, and a test must fail: a rule whose removal\n\
         no test notices is either useless or untested. `cargo xtask mutants` does it, and writes this page. Of {rules}\n\
         rules, {noticed} were broken and noticed: {by_general} by crash matrices and interleavings, the others by tests\n\
         for a rule, which are quicker to run and to read. A rule may be noticed by more tests than the first that failed.\n\
         Tests that come to no end within ten minutes count as failed.\n\
         {sections}"
    )
}

/// What the page says of a rule: it counts as long as the tests named are those that are to notice it.
fn as_before(mutant: &Mutant, before: &str) -> String {
    let line = before.lines().find_map(|line| line.strip_prefix(&start_of(mutant)));
    let what = line.and_then(|line| line.strip_suffix(" |")).unwrap_or(NOT_YET);
    let still = mutant.noticed_by.iter().any(|target| what == format!("`{target}`"));
    if still || what == SURVIVED { what.to_owned() } else { NOT_YET.to_owned() }
}

/// Whether the page lists a rule as noticed.
pub(super) fn is_noticed(mutant: &Mutant, page: &str) -> bool {
    as_before(mutant, page).starts_with('`')
}

/// How the line of a rule begins, with a digest of the change: what was noticed of one says nothing of another.
fn start_of(mutant: &Mutant) -> String {
    let change = [mutant.original, "\n", mutant.broken].concat();
    format!("| {} <!-- {:08x} --> | `{}` | ", mutant.rule, crc32fast::hash(change.as_bytes()), mutant.file)
}
