//! The rules of garbage collection, how each is broken, and which tests are to notice.

use super::table::Mutant;

const REMOVED_AND_MADE_AGAIN: &str = "garbage::a_row_that_was_removed_and_made_again";
const DIES: &str = "garbage::a_collector_that_dies";
const RECLAIMED: &str = "garbage::reclaimed";
const RETENTION: &str = "garbage::retention";
const ZOMBIES: &str = "garbage::safety::an_attempt";

pub(super) const GARBAGE: &[Mutant] = &[
    Mutant {
        rule: "whoever finds an intent repeats, and calls nobody anew whose result may be gone",
        file: "beldi-core/src/attempt/load.rs",
        original: "journal.after(attempts.max(1))",
        broken: "journal.after(attempts)",
        noticed_by: &["garbage::retention::a_restarted_caller"],
    },
    Mutant {
        rule: "what is known of rows whose table is gone is reclaimed",
        file: "beldi-core/src/daal/prune.rs",
        original: "Err(StoreError::TableNotFound { .. }) => Ok(None),",
        broken: "Err(StoreError::TableNotFound { .. }) if self.journal.is_empty() => Ok(None),",
        noticed_by: &["garbage::reclaimed::nothing_is_left_of_tables"],
    },
    Mutant {
        rule: "rows of a table that the program declares are not given up",
        file: "beldi-core/src/daal/prune.rs",
        original: "Err(StoreError::Denied { .. }) if !self.is_declared() => Ok(None),",
        broken: "Err(StoreError::Denied { .. }) => Ok(None),",
        noticed_by: &["garbage::reclaimed::nothing_is_left_of_tables"],
    },
    Mutant {
        rule: "a watermark ripens before it is published",
        file: "beldi-core/src/garbage/watermark.rs",
        original: "now_ms < computed_ms + ripening_ms(&environment.settings)",
        broken: "now_ms < computed_ms",
        noticed_by: &[ZOMBIES],
    },
    Mutant {
        rule: "a watermark is older than any attempt that has left no record",
        file: "beldi-core/src/garbage/watermark.rs",
        original: "now_ms.saturating_sub(millis(environment.settings.longest_timeout))",
        broken: "now_ms",
        noticed_by: &[ZOMBIES],
    },
    Mutant {
        rule: "a watermark is older than every open instance",
        file: "beldi-core/src/garbage/watermark.rs",
        original: "lowest_ms = lowest_ms.min(start_ms.unwrap_or(lowest_ms));",
        broken: "lowest_ms = lowest_ms.min(start_ms.unwrap_or(lowest_ms).max(lowest_ms));",
        noticed_by: &["garbage::safety::an_instance_that_is_parked"],
    },
    Mutant {
        rule: "an open instance stays where it is in the index when it is parked",
        file: "beldi-core/src/intent.rs",
        original: ".set(\"shard\", string(PARKED))",
        broken: ".set(\"reclaim_from\", number(now))\n        .set(\"shard\", string(PARKED))",
        noticed_by: &["garbage::safety::an_instance_that_is_parked"],
    },
    Mutant {
        rule: "the first live epoch is moved past segments that are deleted",
        file: "beldi-core/src/garbage/segments.rs",
        original: "if first > seen.first && !pruner.raise_first(&seen, first).await? {",
        broken: "if first > seen.first && first == 0 && !pruner.raise_first(&seen, first).await? {",
        noticed_by: &[RECLAIMED],
    },
    Mutant {
        rule: "the first live epoch stays behind segments that are needed",
        file: "beldi-core/src/garbage/segments.rs",
        original: "let first = live.unwrap_or(seen.epoch);",
        broken: "let first = live.map_or(seen.epoch, |_| seen.epoch);",
        noticed_by: &["garbage::safety::an_instance_that_is_parked"],
    },
    Mutant {
        rule: "the first live epoch is moved before the segments are deleted",
        file: "beldi-core/src/garbage/segments.rs",
        original: "            let (below, live) = pruner.segments(",
        broken: "            for record in &found {\n                pruner.delete(*record, self.watermark_ms).await?;\n            }\n            let (below, live) = pruner.segments(",
        noticed_by: &[DIES],
    },
    Mutant {
        rule: "a roll that was begun and not made is ended with its segment",
        file: "beldi-core/src/garbage/segments.rs",
        original: "if found.contains(&seen.epoch) && !seen.log.is_empty()",
        broken: "if found.contains(&seen.epoch) && seen.log.len() > 1_000",
        noticed_by: &["garbage::safety::a_roll_that_was_begun"],
    },
    Mutant {
        rule: "a roll does not take back the first live epoch",
        file: "beldi-core/src/daal/update.rs",
        original: "            self.first_is(roll.first);",
        broken: "            self.first_is(0);\n            self.condition.pop();",
        noticed_by: &["garbage::safety::a_roll_does_not"],
    },
    Mutant {
        rule: "a roll knows its log by an entry",
        file: "beldi-core/src/daal/update.rs",
        original: "        self.condition.push(format!(\"contains({log}, {entry})\"));",
        broken: "        self.condition.push(format!(\"(contains({log}, {entry}) OR attribute_exists({log}))\"));",
        noticed_by: &[REMOVED_AND_MADE_AGAIN],
    },
    Mutant {
        rule: "a segment gives way to a longer log only if it has no other entries",
        file: "beldi-core/src/daal/segments.rs",
        original: "if entries.iter().all(|entry| row.log.contains(entry)) {",
        broken: "if entries.len() < row.log.len() {",
        noticed_by: &["garbage::safety::a_longer_log"],
    },
    Mutant {
        rule: "the segment of epoch 0 is looked into, whatever a search knows from the order of epochs",
        file: "beldi-core/src/daal/segments.rs",
        original: "row.first == 0 && row.epoch > 0 && down_to > 0 =>",
        broken: "row.first == 0 && row.epoch > 0 && down_to == u64::MAX =>",
        noticed_by: &["garbage::safety::a_segment_of", "garbage::segments::a_witness_of"],
    },
    Mutant {
        rule: "a segment that is there is the same one only if it has the entries",
        file: "beldi-core/src/daal/segments.rs",
        original: "if row.log.iter().all(|entry| entries.contains(entry)) {",
        broken: "if row.log.iter().all(|entry| entries.contains(entry) || !entries.is_empty()) {",
        noticed_by: &["garbage::safety::a_segment_of_a_row"],
    },
    Mutant {
        rule: "a row that is no tombstone stays",
        file: "beldi-core/src/garbage/tombstones.rs",
        original: ".filter(|seen| seen.tombstone)",
        broken: ".filter(|seen| seen.present)",
        noticed_by: &[RECLAIMED],
    },
    Mutant {
        rule: "a tombstone goes only when its log is below the watermark",
        file: "beldi-core/src/garbage/tombstones.rs",
        original: " || !seen.is_below(self.watermark_ms) {",
        broken: " {",
        noticed_by: &["garbage::safety::a_tombstone_that_is_needed"],
    },
    Mutant {
        rule: "a tombstone that somebody holds stays",
        file: "beldi-core/src/daal/prune.rs",
        original: "        update.unlocked(None);\n",
        broken: "",
        noticed_by: &["garbage::collectors::a_tombstone_that_is_locked"],
    },
    Mutant {
        rule: "a tombstone that cannot go yet is remembered",
        file: "beldi-core/src/garbage/tombstones.rs",
        original: "remember(self.environment, self.service, row, from_ms).await?;\n                return Ok(false);",
        broken: "let _ = from_ms;\n                return Ok(true);",
        noticed_by: &["garbage::reclaimed::a_tombstone_with_a_younger"],
    },
    Mutant {
        rule: "tombstones are listed with a result that another attempt marks",
        file: "beldi-core/src/attempt/journal.rs",
        original: "Record { result, tombstones, ..Record::default() }",
        broken: "Record { result, tombstones: tombstones.filter(|_| false), ..Record::default() }",
        noticed_by: &["garbage::reclaimed::a_result_that_another"],
    },
    Mutant {
        rule: "records of a done instance go with their count",
        file: "beldi-core/src/garbage/journals.rs",
        original: "writes.push(WriteItem::Update(update));",
        broken: "drop(update);",
        noticed_by: &[RECLAIMED, DIES],
    },
    Mutant {
        rule: "a result is kept for its retention",
        file: "beldi-core/src/garbage/leftovers.rs",
        original: "done_ms + millis(retention) + ",
        broken: "done_ms + millis(retention.min(settings.margin)) + ",
        noticed_by: &[RETENTION],
    },
    Mutant {
        rule: "a caller older than the retention calls nobody anew",
        file: "beldi-core/src/ops/call.rs",
        original: "if !repeats || age_ms < kept_ms {",
        broken: "if !repeats || age_ms < kept_ms || kept_ms > 0 {",
        noticed_by: &[RETENTION],
    },
    Mutant {
        rule: "a commit is acknowledged when the participant is gone",
        file: "beldi-core/src/txn/told.rs",
        original: "let Some(intent) = check(&records, id)?.filter(|intent| !intent.contains_key(\"done\")) else { continue };",
        broken: "let Some(intent) = check(&records, id)?.filter(|intent| !intent.contains_key(\"done\")) else {\n            return Err(Untold::Refused(\"gone\".to_owned()));\n        };",
        noticed_by: &[RETENTION],
    },
];
