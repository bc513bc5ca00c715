//! The rules by which garbage collection acts on what is as it was seen, how each is broken, and which tests are to
//! notice.

use super::table::Mutant;

pub(super) const SEEN: &[Mutant] = &[
    Mutant {
        rule: "a collector that comes late takes no first live epoch back",
        file: "beldi-core/src/daal/prune.rs",
        original: "        update.first_is(seen.first);\n        update.set(FIRST,",
        broken: "        update.set(FIRST,",
        noticed_by: &["garbage::takes_no_first_live_epoch_back"],
    },
    Mutant {
        rule: "the first live epoch is moved only of a row at the epoch that was seen",
        file: "beldi-core/src/daal/prune.rs",
        original: "        update.at_epoch_of(&Place::AppendAt(seen.epoch));\n        update.first_is(seen.first);\n        update.set(FIRST,",
        broken: "        update.first_is(seen.first);\n        update.set(FIRST,",
        noticed_by: &["garbage::makes_no_row_that_is_gone"],
    },
    Mutant {
        rule: "a log that is dropped is the one that was seen",
        file: "beldi-core/src/daal/prune.rs",
        original: "        update.log_is(seen.log.len(), seen.log.first().map(Vec::as_slice));\n        update.set(EPOCH,",
        broken: "        update.set(EPOCH,",
        noticed_by: &["garbage::is_not_dropped"],
    },
    Mutant {
        rule: "a log is known by its size",
        file: "beldi-core/src/daal/update.rs",
        original: "format!(\"size({log}) = {size}\")",
        broken: "format!(\"size({log}) >= {size}\")",
        noticed_by: &["garbage::is_not_rolled_without", "garbage::is_not_dropped"],
    },
    Mutant {
        rule: "a tombstone that is removed has the log that was seen",
        file: "beldi-core/src/daal/prune.rs",
        original: "        update.log_is(seen.log.len(), seen.log.first().map(Vec::as_slice));\n        update.unlocked(None);",
        broken: "        update.unlocked(None);",
        noticed_by: &["garbage::a_tombstone_that_is_written"],
    },
    Mutant {
        rule: "a tombstone with live segments stays",
        file: "beldi-core/src/garbage/tombstones.rs",
        original: " || seen.first != seen.epoch || ",
        broken: " || ",
        noticed_by: &["garbage::a_tombstone_with_a_segment"],
    },
    Mutant {
        rule: "a segment is deleted only below the watermark, whatever was found in its place",
        file: "beldi-core/src/daal/prune.rs",
        original: "format!(\"{from} < {}\", placeholders.value(number(watermark_ms)))",
        broken: "format!(\"({from} < {0} OR {from} >= {0})\", placeholders.value(number(watermark_ms)))",
        noticed_by: &["garbage::has_taken_the_place"],
    },
    Mutant {
        rule: "a result is deleted only if it is the one that was found",
        file: "beldi-core/src/garbage/journals.rs",
        original: "format!(\"{class} = {result} AND {from} = {}\", placeholders.value(number(from_ms)))",
        broken: "format!(\"{class} = {result} AND {from} >= {}\", placeholders.value(number(from_ms)))",
        noticed_by: &["garbage::the_result_of_another"],
    },
    Mutant {
        rule: "records are deleted only of the instance that was found",
        file: "beldi-core/src/garbage/journals.rs",
        original: "            \"{} = {} AND {} = {}\",\n",
        broken: "            \"{} >= {} AND {} = {}\",\n",
        noticed_by: &["garbage::the_records_of_another"],
    },
    Mutant {
        rule: "a record says how many there are after some were deleted",
        file: "beldi-core/src/garbage/journals.rs",
        original: "(vec![(RECORDS, number(rest))], vec![TOMBSTONES])",
        broken: "(vec![(RECORDS, number(1))], vec![TOMBSTONES])",
        noticed_by: &["garbage::many_records"],
    },
];
