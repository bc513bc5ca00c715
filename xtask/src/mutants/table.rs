//! The rules, how each is broken, and which tests are to notice.

/// One broken rule: what is replaced where, and the tests of which at least one must fail.
pub(super) struct Mutant {
    pub(super) rule: &'static str,
    pub(super) file: &'static str,
    pub(super) original: &'static str,
    pub(super) broken: &'static str,
    /// Test targets, the one that should notice first; `target::name` stands for those of its tests whose names
    /// contain `name`.
    pub(super) noticed_by: &'static [&'static str],
}

const BAD_INPUT: &str = "bad_input";
const CRASH_MATRIX: &str = "crash_matrix";
const INTERLEAVINGS: &str = "interleavings";
const PROTOCOL: &str = "protocol";
const REGRESSIONS: &str = "regressions";
const RULES: &str = "rules";
const SLOW_CLOCK: &str = "garbage::segments::an_instance_finds";

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant {
        rule: "observations are flushed before an effect",
        file: "beldi-core/src/attempt/mod.rs",
        original: "self.journal().flush(Some((&self.path, &fingerprint))).await?;\n        match execute",
        broken: "match execute",
        noticed_by: &[CRASH_MATRIX],
    },
    Mutant {
        rule: "a journal record is put only where there is none",
        file: "beldi-core/src/attempt/journal.rs",
        original: "format!(\"attribute_not_exists({})\", placeholders.name(\"instance\"))",
        broken: "format!(\"({0} = {0} OR attribute_not_exists({0}))\", placeholders.name(\"instance\"))",
        noticed_by: &[INTERLEAVINGS],
    },
    Mutant {
        rule: "a write is conditional on the absence of its log entry",
        file: "beldi-core/src/daal/update.rs",
        original: "format!(\"NOT contains({log}, {value})\")",
        broken: "format!(\"(attribute_exists({log}) OR NOT contains({log}, {value}))\")",
        noticed_by: &[CRASH_MATRIX],
    },
    Mutant {
        rule: "a write after a read is conditional on the epoch",
        file: "beldi-core/src/daal/update.rs",
        original: "format!(\"{epoch} = {value}\")",
        broken: "format!(\"{epoch} >= {value}\")",
        noticed_by: &[CRASH_MATRIX, INTERLEAVINGS],
    },
    Mutant {
        rule: "a write without a read is conditional on there being no segment",
        file: "beldi-core/src/daal/update.rs",
        original: "format!(\"attribute_not_exists({epoch}) OR {epoch} = {first}\")",
        broken: "format!(\"attribute_not_exists({epoch}) OR {epoch} >= {first}\")",
        noticed_by: &[CRASH_MATRIX, INTERLEAVINGS],
    },
    Mutant {
        rule: "segments are searched where the epoch has moved on",
        file: "beldi-core/src/daal/segments.rs",
        original: "if row.epoch < since || from == row.epoch {",
        broken: "if row.epoch < since || row.epoch > 0 {",
        noticed_by: &[CRASH_MATRIX, INTERLEAVINGS],
    },
    Mutant {
        rule: "segments matter that ended before the start of an instance by another clock",
        file: "beldi-core/src/daal/segments.rs",
        original: "saturating_sub(millis(environment.settings.margin))",
        broken: "saturating_sub(millis(environment.settings.margin) / 1000)",
        noticed_by: &[SLOW_CLOCK],
    },
    Mutant {
        rule: "a segment matters that began before an instance started and ended afterwards",
        file: "beldi-core/src/daal/segments.rs",
        original: "checksum::verify(segment)?;",
        broken: "if get_u64(segment, JOURNAL_RECORD).is_some_and(|began| began < since) {\n                    return Ok(Search::Over(0));\n                }\n                checksum::verify(segment)?;",
        noticed_by: &[SLOW_CLOCK],
    },
    Mutant {
        rule: "a roll takes the time for its epoch",
        file: "beldi-core/src/daal/segments.rs",
        original: "(from + 1).max(self.environment.world.now_ms())",
        broken: "from + 1",
        noticed_by: &[SLOW_CLOCK],
    },
    Mutant {
        rule: "a roll's epoch is later than the one before",
        file: "beldi-core/src/daal/segments.rs",
        original: "(from + 1).max(self.environment.world.now_ms())",
        broken: "from.max(self.environment.world.now_ms())",
        noticed_by: &["garbage::segments::a_roll_by_a_clock"],
    },
    Mutant {
        rule: "segments are searched before a step waits for who holds the row",
        file: "beldi-core/src/daal/write.rs",
        original: "if !expected {\n                let found",
        broken: "if !expected && row.holders_but(self.own_lock.as_deref()).is_empty() {\n                let found",
        noticed_by: &["garbage::segments::who_finds_a_row_held"],
    },
    Mutant {
        rule: "a detached call's intent is durable before the step that makes it completes",
        file: "beldi-core/src/attempt/drive.rs",
        original: "match environment.store.put(put).await {\n        Ok(()) => {\n            // What is accepted",
        broken: "match Ok(drop(put)) {\n        Ok(()) => {\n            // What is accepted",
        noticed_by: &[CRASH_MATRIX],
    },
    Mutant {
        rule: "an external action is given the same key in every attempt",
        file: "beldi-core/src/ops/external.rs",
        original: "uuid::Uuid::new_v8(key.to_be_bytes())",
        broken: "uuid::Uuid::new_v8((key ^ uuid::Uuid::new_v4().as_u128()).to_be_bytes())",
        noticed_by: &[CRASH_MATRIX],
    },
    Mutant {
        rule: "the witness of who has waited is no later than what it has seen",
        file: "beldi-core/src/daal/write.rs",
        original: "Busy { holders, epoch: row.epoch }",
        broken: "Busy { holders, epoch: row.epoch + 1 }",
        noticed_by: &["garbage::segments::who_has_waited"],
    },
    Mutant {
        rule: "the witness of who has waited for a lock is no later than what it has seen",
        file: "beldi-core/src/daal/lock.rs",
        original: "Busy { holders, epoch: row.epoch }",
        broken: "Busy { holders, epoch: row.epoch + 1 }",
        noticed_by: &["garbage::segments::who_has_waited"],
    },
    Mutant {
        rule: "an instance without effects returns only what is journaled",
        file: "beldi-core/src/attempt/journal.rs",
        original: "if !is_durable && (function.read_only || self.identity.own_id) {",
        broken: "if !is_durable {",
        noticed_by: &[INTERLEAVINGS],
    },
    Mutant {
        rule: "observations after the last effect are journaled before the return",
        file: "beldi-core/src/attempt/journal.rs",
        original: "if is_durable && pending.is_empty() {",
        broken: "if is_durable {",
        noticed_by: &[INTERLEAVINGS],
    },
    Mutant {
        rule: "a conditional write records that its condition did not hold",
        file: "beldi-core/src/daal/write.rs",
        original: "outcome = !outcome;",
        broken: "return Ok(Written::Refused(old));",
        noticed_by: &[INTERLEAVINGS],
    },
    Mutant {
        rule: "a refused conditional write is recorded only where the condition still does not hold",
        file: "beldi-core/src/daal/update.rs",
        original: "format!(\"NOT {rendered}\")",
        broken: "format!(\"({rendered} OR NOT {rendered})\")",
        noticed_by: &[INTERLEAVINGS],
    },
    Mutant {
        rule: "a conflict too large to be journaled is refused before it is recorded",
        file: "beldi-core/src/daal/write.rs",
        original: "if bytes <= MAX_VALUE_BYTES {",
        broken: "if bytes < usize::MAX {",
        noticed_by: &[BAD_INPUT],
    },
    Mutant {
        rule: "an instance that waits for a place to run is not started again",
        file: "beldi-core/src/host/places.rs",
        original: "self.queued().contains_key(&instance)",
        broken: "self.queued().get(&instance) == Some(&0)",
        noticed_by: &["regressions::when_others_nudge"],
    },
    Mutant {
        rule: "a collector's claim is conditional on the due time that it saw",
        file: "beldi-core/src/intent.rs",
        original: ".when(\"due\", number(due_ms))\n        .set(\"due\", number(next_ms))",
        broken: ".set(\"due\", number(next_ms))",
        noticed_by: &[RULES],
    },
    Mutant {
        rule: "only an open instance is parked",
        file: "beldi-core/src/intent.rs",
        original: "let open = Transition::of_open().when(\"shard\", string(shard_of(instance)));",
        broken: "let open = Transition::of_open();",
        noticed_by: &[RULES],
    },
    Mutant {
        rule: "a collector parks nothing that was restarted since it looked",
        file: "beldi-core/src/intent.rs",
        original: ".fold(open, |open, due_ms| open.when(\"due\", number(due_ms)))",
        broken: ".fold(open, |open, _| open)",
        noticed_by: &["regressions::by_a_slow_collector"],
    },
    Mutant {
        rule: "an attempt that could not be sent does not count",
        file: "beldi-core/src/collector.rs",
        original: "intent::give_back(environment, &service, instance, due_ms, attempts).await {",
        broken: "intent::give_back(environment, &service, instance, due_ms, attempts + 1).await {",
        noticed_by: &["regressions::could_not_be_sent"],
    },
    Mutant {
        rule: "what is due has its turn where all places are taken",
        file: "beldi-core/src/host/collectors.rs",
        original: "self.places().free(function).max(1)",
        broken: "self.places().free(function)",
        noticed_by: &["regressions::always_full"],
    },
    Mutant {
        rule: "an external result is journaled before the next step",
        file: "beldi-core/src/attempt/mod.rs",
        original: "self.journal().flush(None).await?;\n",
        broken: "",
        noticed_by: &[RULES],
    },
    Mutant {
        rule: "branches journal one after another",
        file: "beldi-core/src/attempt/journal.rs",
        original: "let _one_at_a_time = self.turns.next().await;\n        let (pending, is_durable) = self.take_pending()?;\n        if pending",
        broken: "let (pending, is_durable) = self.take_pending()?;\n        if pending",
        noticed_by: &[RULES],
    },
    Mutant {
        rule: "no branch goes on after a record that could not be put",
        file: "beldi-core/src/attempt/journal.rs",
        original: "Err(_) => state.broken = true,",
        broken: "Err(_) => state.broken = false,",
        noticed_by: &[REGRESSIONS],
    },
    Mutant {
        rule: "a number in a key has one spelling",
        file: "beldi-core/src/key.rs",
        original: "(\"\", \"\") => \"0\".to_owned(),",
        broken: "(\"\", \"\") => format!(\"{sign}0\"),",
        noticed_by: &["core::key"],
    },
    Mutant {
        rule: "whoever is parked can be seen",
        file: "beldi-core/src/collector.rs",
        original: "Some(next) => query.start = Some(next),",
        broken: "Some(_) => return Ok(parked),",
        noticed_by: &[PROTOCOL],
    },
    Mutant {
        rule: "nothing happens outside in an attempt that another one is ahead of",
        file: "beldi-core/src/attempt/journal.rs",
        original: "let untouched = records.len() as u64 == self.state().next_record && ",
        broken: "let untouched = ",
        noticed_by: &["regressions::has_put_a_record"],
    },
    Mutant {
        rule: "nothing happens outside in an attempt of what is done, though its records are gone",
        file: "beldi-core/src/attempt/journal.rs",
        original: " && !records[0].contains_key(\"done\");",
        broken: ";",
        noticed_by: &["regressions::its_records_are_gone"],
    },
    Mutant {
        rule: "an attempt does nothing from its deadline on",
        file: "beldi-core/src/host/local.rs",
        original: "() = tokio::time::sleep(timeout) => { timed_out.fetch_add(1, Ordering::Relaxed); }\n            () = attempt => {}",
        broken: "() = attempt => {}\n            () = tokio::time::sleep(timeout) => { timed_out.fetch_add(1, Ordering::Relaxed); }",
        noticed_by: &["regressions::from_its_deadline_on"],
    },
];
