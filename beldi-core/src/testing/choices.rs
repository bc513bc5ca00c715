//! Paths through the tree of choices: who was next at each place where there was a choice.

use super::scheduler::Waiting;
use crate::ids::digest;

/// A choice that is to be made, or was made, in each run that comes to it.
struct Choice {
    chosen: usize,
    options: usize,
    /// Who was offered with what.
    offered: u128,
}

/// A path through the tree of choices.
#[derive(Default)]
pub(super) struct Choices {
    /// What was chosen at each depth where there was a choice.
    path: Vec<Choice>,
    depth: usize,
    /// All that was chosen in this run, where there was no choice too.
    made: Vec<usize>,
    /// What is to be chosen, in a run that is made once more and printed.
    script: Option<Vec<usize>>,
    /// Chooses at random instead of exhausting the tree.
    random: Option<fastrand::Rng>,
    /// How often somebody may be interrupted who could go on.
    interruptions: Option<usize>,
    interrupted: usize,
    /// Whether a choice was not offered because of that.
    leaves_out: bool,
}

impl Choices {
    /// The first path; or random ones.
    pub(super) fn new(random: Option<fastrand::Rng>, interruptions: Option<usize>) -> Self {
        Self { random, interruptions, ..Self::default() }
    }

    /// One path, which is printed.
    pub(super) fn replaying(script: Vec<usize>) -> Self {
        Self { script: Some(script), ..Self::default() }
    }

    /// The choice among these that wait. `going_on` is the one that does not interrupt anybody.
    pub(super) fn choose(&mut self, offered: &[&Waiting], going_on: Option<usize>) -> usize {
        let chosen = self.chosen(offered, going_on);
        self.made.push(chosen);
        chosen
    }

    /// The one that is to be explored at this depth, or the first at a new depth.
    fn chosen(&mut self, offered: &[&Waiting], going_on: Option<usize>) -> usize {
        if let Some(script) = &self.script {
            let chosen = script.get(self.made.len()).copied().unwrap_or_default();
            return chosen.min(offered.len() - 1);
        }
        let exhausted = self.interruptions.is_some_and(|limit| self.interrupted >= limit);
        if let Some(going_on) = going_on.filter(|_| exhausted) {
            self.leaves_out |= offered.len() > 1;
            return going_on;
        }
        let options = offered.len();
        let bytes: Vec<_> =
            offered.iter().map(|one| [u128::from(one.attempt), one.next].map(u128::to_be_bytes)).collect();
        let digest = digest(&[bytes.as_flattened().as_flattened()]);
        if self.depth == self.path.len() {
            let chosen = self.random.as_mut().map_or(0, |random| random.usize(..options));
            self.path.push(Choice { chosen, options, offered: digest });
        }
        let choice = &self.path[self.depth];
        let asked =
            || offered.iter().map(|one| format!("\n  attempt {} of {}", one.attempt, one.asks)).collect::<String>();
        assert!(
            choice.options == options && choice.offered == digest,
            "the scenario is not deterministic: after the choices {:?} other requests are to be sent than in the run before, \
             namely{}",
            self.made,
            asked()
        );
        let chosen = choice.chosen;
        self.depth += 1;
        self.interrupted += usize::from(going_on.is_some_and(|going_on| going_on != chosen));
        chosen
    }

    /// Prints what is released, if this is a run that is made once more.
    #[expect(clippy::print_stderr, reason = "a test that is replayed tells what it does")]
    pub(super) fn tell(&self, attempt: u64, asks: &str) {
        if self.script.is_some() {
            eprintln!("{:>4}  attempt {attempt} of {asks}", self.made.len());
        }
    }

    /// Whether the choice to be made next is one that was never made before.
    pub(super) fn is_new(&self) -> bool {
        self.depth == self.path.len()
    }

    /// How many interruptions may still come.
    pub(super) fn spare(&self) -> usize {
        self.interruptions.map_or(usize::MAX, |limit| limit.saturating_sub(self.interrupted))
    }

    /// How often somebody was interrupted at most, if there are other paths with more interruptions.
    pub(super) fn left_out(&self) -> Option<usize> {
        self.interruptions.filter(|_| self.leaves_out)
    }

    /// Goes to the next path; gives whether there is one.
    pub(super) fn next(&mut self) -> bool {
        self.path.truncate(self.depth);
        (self.depth, self.interrupted) = (0, 0);
        self.made.clear();
        if self.script.is_some() {
            return false;
        }
        if self.random.is_some() {
            self.path.clear();
            return true;
        }
        while let Some(Choice { chosen, options, offered }) = self.path.pop() {
            if chosen + 1 < options {
                self.path.push(Choice { chosen: chosen + 1, options, offered });
                return true;
            }
        }
        false
    }

    /// What was chosen in this run.
    pub(super) fn made(&self) -> Vec<usize> {
        self.made.clone()
    }
}
