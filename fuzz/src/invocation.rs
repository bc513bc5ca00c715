//! What travels between hosts: invocations with their transaction contexts, answers of participants, problems.
//!
//! Law: what was read and written reads the same.

use beldi_core::{Invocation, Problem, fuzzing};

use super::Found;

/// Checks the laws on these bytes. Gives what they are.
pub fn check(data: &[u8]) -> Found {
    let mut found = Found::new();
    let text = super::text(data);
    if let Ok(invocation) = serde_json::from_str::<Invocation>(text) {
        found.push("invocation");
        let json = serde_json::to_string(&invocation).expect("an invocation is JSON");
        let again: Invocation = serde_json::from_str(&json).expect("an invocation");
        assert_eq!(format!("{again:?}"), format!("{invocation:?}"));
    }
    if let Ok(problem) = serde_json::from_str::<Problem>(text) {
        found.push("problem");
        let json = serde_json::to_string(&problem).expect("a problem is JSON");
        assert_eq!(serde_json::from_str::<Problem>(&json).ok(), Some(problem));
    }
    if let Some(answer) = fuzzing::answer(text) {
        found.push("answer");
        assert_eq!(fuzzing::answer(&answer), Some(answer));
    }
    found
}
