//! The rules of rolling, how each is broken, and which tests are to notice.

use super::table::Mutant;

pub(super) const ROLLS: &[Mutant] = &[
    Mutant {
        rule: "the segment is put before the roll",
        file: "beldi-core/src/daal/segments.rs",
        original: "match self.put(row, youngest_s, watermark_s, shorter.as_ref()).await {",
        broken: "match if row.epoch == 1 { self.put(row, youngest_s, watermark_s, shorter.as_ref()).await } else { Ok(()) } {",
        noticed_by: &["interleavings", "rules"],
    },
    Mutant {
        rule: "a segment that may be needed is not replaced",
        file: "beldi-core/src/daal/segments.rs",
        original: "\"attribute_not_exists({instance}) OR {from} < {watermark}\"",
        broken: "\"attribute_not_exists({instance}) OR {from} < {watermark} OR attribute_exists({instance})\"",
        noticed_by: &["garbage", "rules", "interleavings", "regressions"],
    },
    Mutant {
        rule: "a log that nobody needs is rolled without a segment",
        file: "beldi-core/src/daal/segments.rs",
        original: "if u64::from(youngest_s) < watermark_s {",
        broken: "if u64::from(youngest_s) < watermark_s && youngest_s == u32::MAX {",
        noticed_by: &["garbage::pruning::a_log_that_nobody"],
    },
    Mutant {
        rule: "a log that somebody may need is rolled with a segment",
        file: "beldi-core/src/daal/segments.rs",
        original: "            if u64::from(youngest_s) < watermark_s {",
        broken: "            if u64::from(youngest_s) < watermark_s || youngest_s > 0 {",
        noticed_by: &["garbage::pruning::a_log_of_an_old"],
    },
    Mutant {
        rule: "a roll without a segment passes no segment that is live",
        file: "beldi-core/src/daal/segments.rs",
        original: "if disposable && first == from { to }",
        broken: "if disposable { to }",
        noticed_by: &["garbage::pruning::a_log_of_an_old"],
    },
    Mutant {
        rule: "segments are searched before a transaction waits for who holds the row",
        file: "beldi-core/src/daal/lock.rs",
        original: "if !expected {\n                let ended",
        broken: "if !expected && self.refused(&row, None).is_none() {\n                let ended",
        noticed_by: &["garbage::segments::who_finds_a_row_held"],
    },
];
