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
];
