//! The rules of the watermark, how each is broken, and which tests are to notice.

use super::table::Mutant;

pub(super) const WATERMARK: &[Mutant] = &[
    Mutant {
        rule: "a watermark takes force when no attempt lives that it does not wait for",
        file: "beldi-core/src/garbage/watermark.rs",
        original: "millis(settings.longest_timeout) + millis(settings.margin)",
        broken: "0",
        noticed_by: &["interleavings_garbage::a_segment"],
    },
    Mutant {
        rule: "a watermark ripens a margin longer than any attempt lives",
        file: "beldi-core/src/garbage/watermark.rs",
        original: "millis(settings.longest_timeout) + millis(settings.margin)",
        broken: "millis(settings.longest_timeout)",
        noticed_by: &["garbage::ripens_longer"],
    },
    Mutant {
        rule: "a watermark ripens from when the index was read",
        file: "beldi-core/src/garbage/watermark.rs",
        original: "(read_ms, lowest_ms), publish_ms).await",
        broken: "(read_ms.min(now_ms), lowest_ms), publish_ms).await",
        noticed_by: &["garbage::ripens_from"],
    },
    Mutant {
        rule: "what a watermark takes for the present is before the index is read",
        file: "beldi-core/src/garbage/watermark.rs",
        original: "lowest(environment, service, now_ms).await?;",
        broken: "lowest(environment, service, u64::MAX).await?;\n    let after_ms = environment.world.now_ms() - ripening_ms(&environment.settings);\n    let lowest_ms = lowest_ms.min(after_ms / 1000 * 1000);",
        noticed_by: &["garbage::puts_its_record_while"],
    },
    Mutant {
        rule: "a watermark stays a margin behind who is open",
        file: "beldi-core/src/garbage/watermark.rs",
        original: "lowest_ms.saturating_sub(margin_ms) / 1000 * 1000",
        broken: "lowest_ms.saturating_sub(margin_ms / 1000) / 1000 * 1000",
        noticed_by: &["garbage::a_margin_behind"],
    },
    Mutant {
        rule: "who is open when a watermark is published was open when it was computed",
        file: "beldi-core/src/garbage/watermark.rs",
        original: ".unwrap_or_default().min(lowest_ms);",
        broken: ".unwrap_or_default();",
        noticed_by: &["garbage::who_is_shown"],
    },
    Mutant {
        rule: "what a collector could not publish is no watermark",
        file: "beldi-core/src/garbage/watermark.rs",
        original: "Err(StoreError::ConditionFailed { .. }) => published_ms,",
        broken: "Err(StoreError::ConditionFailed { .. }) => publish_ms,",
        noticed_by: &["garbage::what_is_not_published"],
    },
    Mutant {
        rule: "a watermark is published only where the candidate is the one that was read",
        file: "beldi-core/src/garbage/watermark.rs",
        original: "format!(\"{} = {}\", names[2], placeholders.value(number(computed_ms)))",
        broken: "format!(\"{} >= {}\", names[2], placeholders.value(number(computed_ms)))",
        noticed_by: &["garbage::takes_no_watermark_back"],
    },
    Mutant {
        rule: "the first candidate is put only where there is none",
        file: "beldi-core/src/garbage/watermark.rs",
        original: "format!(\"attribute_not_exists({})\", names[2])",
        broken: "format!(\"({0} = {0} OR attribute_not_exists({0}))\", names[2])",
        noticed_by: &["garbage::takes_no_watermark_back"],
    },
    Mutant {
        rule: "a watermark never goes back",
        file: "beldi-core/src/garbage/watermark.rs",
        original: "published_ms.max(candidate_ms)",
        broken: "candidate_ms",
        noticed_by: &["garbage::takes_no_watermark_back"],
    },
];
