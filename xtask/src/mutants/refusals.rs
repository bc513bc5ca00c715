//! What the store refuses, and what a transaction may not have.

use super::table::Mutant;

pub(super) const REFUSALS: &[Mutant] = &[
    Mutant {
        rule: "what is decided is never decided again",
        file: "beldi-core/src/txn/coordinator.rs",
        original: "        self.count(decision.outcome);\n        Ok(decision)\n",
        broken: "        self.count(decision.outcome);\n        self.carry_out(current, &decision).await?;\n        Ok(decision)\n",
        noticed_by: &["walks::what_is_decided"],
    },
    Mutant {
        rule: "a value that cannot be stored is refused before the decision",
        file: "beldi-core/src/ops/write.rs",
        original: "storable::check(I::TABLE, &indexes, &change.actions)?;",
        broken: "storable::check(I::TABLE, &indexes, &change.actions).or(Ok::<(), Fault>(()))?;",
        noticed_by: &["walks::unstorable"],
    },
    Mutant {
        rule: "what fails in a step by itself ends no walk",
        file: "beldi-core/src/txn/evaluate.rs",
        original: "Fault::Unstorable(StoreError::Invalid { table: table.to_owned(), message })",
        broken: "Fault::Store(StoreError::Invalid { table: table.to_owned(), message })",
        noticed_by: &["walks::unstorable"],
    },
    Mutant {
        rule: "a row that no journal can hold is let go with the others",
        file: "beldi-core/src/txn/acquire.rs",
        original: "            // Also a row that no journal can hold is let go.\n",
        broken: "            unless_unfit(&wanted, &base)?;\n",
        noticed_by: &["walks::unstorable"],
    },
    Mutant {
        rule: "rows that are taken together are awaited together, also where one is refused",
        file: "beldi-core/src/txn/call.rs",
        original: "    for one in join_all(takes).await {\n",
        broken: "    let takes = takes.map(|take| async {\n        match take.await {\n            Err(Fault::Over) => Ok(Err(Fault::Over)),\n            taken => taken.map(Ok),\n        }\n    });\n    for one in futures_util::future::try_join_all(takes).await? {\n",
        noticed_by: &["walks::unstorable"],
    },
    Mutant {
        rule: "a body that is run once more sees what it has observed",
        file: "beldi-core/src/attempt/mod.rs",
        original: "over.has_observed(&self.path, &fingerprint).ok_or(Fault::Over)",
        broken: "over.has_observed(&self.path, &fingerprint).filter(|_| false).ok_or(Fault::Over)",
        noticed_by: &["walks::unstorable"],
    },
    Mutant {
        rule: "a record that the store refuses keeps none after it from being put",
        file: "beldi-core/src/attempt/journal.rs",
        original: "Err(fault) if fault.is_permanent() => state.pending.extend(record.observations),\n",
        broken: "",
        noticed_by: &["walks::unstorable"],
    },
    Mutant {
        rule: "a transaction waits for the lock of another branch",
        file: "beldi-core/src/txn/acquire.rs",
        original: " && journal.guards().is_held_before(&row, wanted.path)",
        broken: "",
        noticed_by: &["regressions::locks"],
    },
    Mutant {
        rule: "nobody is told of a rollback before the walk is over",
        file: "beldi-core/src/txn/settle.rs",
        original: "let told = if found.is_ok() {",
        broken: "let told = if found.is_ok() || !commits {",
        noticed_by: &["walks::refusals"],
    },
    Mutant {
        rule: "a participant that fails stays due when it is",
        file: "beldi-core/src/intent.rs",
        original: "Some(_) => noted,\n",
        broken: "Some(_) => noted.set(\"due\", number(environment.world.now_ms() + millis(wait))),\n",
        noticed_by: &["walks::unstorable"],
    },
];
