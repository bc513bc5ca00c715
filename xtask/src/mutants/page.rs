//! The page of the book that lists the mutations.

use super::table::Mutant;
use super::{ALL, Outcome};

/// Where the page is, from the root of the workspace.
pub(super) const PATH: &str = "book/src/mutants.md";

/// The page, with what became of each rule.
pub(super) fn of(outcomes: &[(&str, Outcome)]) -> String {
    let noticed = outcomes.iter().filter(|(_, outcome)| matches!(outcome, Outcome::NoticedBy(_))).count();
    let mut page = format!(
        "# Mutations\n\n\
         Each rule of the protocol is broken once, in a copy of the sources, and a test must fail: a rule whose removal\n\
         no test notices is either useless or untested. `cargo xtask mutants` does it, and writes this page. Of {} rules,\n\
         {noticed} were noticed. A rule may be noticed by more tests than the first that failed.\n",
        outcomes.len()
    );
    for (about, mutants) in ALL {
        page.push_str(&format!("\n## {about}\n\n| rule that was broken | where | noticed by |\n|---|---|---|\n"));
        for mutant in *mutants {
            let outcome = outcomes.iter().find(|(rule, _)| *rule == mutant.rule).map(|(_, outcome)| outcome);
            page.push_str(&match outcome {
                Some(Outcome::NoticedBy(target)) => line(mutant, target),
                Some(other) => format!("| {} | `{}` | **{other}** |\n", mutant.rule, mutant.file),
                None => continue,
            });
        }
    }
    page
}

/// The line of a rule that these tests noticed.
pub(super) fn line(mutant: &Mutant, target: &str) -> String {
    format!("| {} | `{}` | `{target}` |\n", mutant.rule, mutant.file)
}
