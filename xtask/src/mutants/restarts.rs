//! The rules of replay, of restarts and of rows that others change meanwhile, how each is broken, and which tests are
//! to notice.

use super::table::Mutant;

const DAMAGE: &str = "damage";
const PROTOCOL: &str = "protocol";

pub(super) const RESTARTS: &[Mutant] = &[
    Mutant {
        rule: "a log takes no entry beyond its limit",
        file: "beldi-core/src/daal/update.rs",
        original: "OR size({log}) < {size})\"",
        broken: "OR size({log}) < {size} OR attribute_exists({log}))\"",
        noticed_by: &["garbage::a_collector_that_dies"],
    },
    Mutant {
        rule: "an entry goes to a row at epoch 0 only where it has no epoch yet",
        file: "beldi-core/src/daal/update.rs",
        original: "self.condition.push(format!(\"attribute_not_exists({epoch})\"));",
        broken: "self.condition.push(format!(\"({epoch} = {epoch} OR attribute_not_exists({epoch}))\"));",
        noticed_by: &["garbage::a_row_that_was_at_epoch_0"],
    },
    Mutant {
        rule: "a row that is taken and not there is a tombstone",
        file: "beldi-core/src/daal/lock.rs",
        original: "        update.present(present, self.key);\n",
        broken: "",
        noticed_by: &["garbage::a_collector_that_dies"],
    },
    Mutant {
        rule: "only a row that is not there becomes a tombstone",
        file: "beldi-core/src/daal/update.rs",
        original: "self.condition.push(format!(\"attribute_not_exists({key})\"));",
        broken: "self.condition.push(format!(\"({key} = {key} OR attribute_not_exists({key}))\"));",
        noticed_by: &["rules::made_meanwhile"],
    },
    Mutant {
        rule: "a row is held only while it is there, or not, as it was seen",
        file: "beldi-core/src/daal/update.rs",
        original: "self.condition.push(format!(\"attribute_exists({key})\"));",
        broken: "self.condition.push(format!(\"({key} = {key} OR attribute_not_exists({key}))\"));",
        noticed_by: &["garbage::a_collector_that_dies"],
    },
    Mutant {
        rule: "an acquisition is fenced only while it does not hold the row",
        file: "beldi-core/src/daal/release.rs",
        original: "                update.held_by(&self.first(), false);\n",
        broken: "",
        noticed_by: &["rules_of_transactions::what_another_attempt"],
    },
    Mutant {
        rule: "a row that is fenced and not there is a tombstone",
        file: "beldi-core/src/daal/release.rs",
        original: "                update.present(present, self.key);\n",
        broken: "",
        noticed_by: &["garbage::a_row_that_is_fenced"],
    },
    Mutant {
        rule: "a step that asks for something else than what is recorded is not answered",
        file: "beldi-core/src/attempt/journal.rs",
        original: "recorded.filter(|recorded| *recorded != asked)",
        broken: "recorded.filter(|recorded| *recorded != asked && asked.site.is_empty())",
        noticed_by: &[PROTOCOL],
    },
    Mutant {
        rule: "a record is obeyed only as it was put",
        file: "beldi-core/src/attempt/load.rs",
        original: "            records.iter().try_for_each(checksum::verify)?;\n",
        broken: "",
        noticed_by: &[DAMAGE],
    },
    Mutant {
        rule: "a journal with a gap is not obeyed",
        file: "beldi-core/src/attempt/load.rs",
        original: "if missing.is_none() || (is_done && missing > Some(0)) {",
        broken: "if missing.is_none() || is_done || missing > Some(0) {",
        noticed_by: &[DAMAGE],
    },
    Mutant {
        rule: "a segment is searched only as it was put",
        file: "beldi-core/src/daal/segments.rs",
        original: "                checksum::verify(segment)?;\n",
        broken: "",
        noticed_by: &[DAMAGE],
    },
    Mutant {
        rule: "what has failed as often as it may is parked",
        file: "beldi-core/src/collector.rs",
        original: "if attempts > environment.settings.max_attempts {",
        broken: "if attempts > environment.settings.max_attempts + 1 {",
        noticed_by: &["protocol::a_panic_is_retried"],
    },
    Mutant {
        rule: "each step calls an instance of its own",
        file: "beldi-core/src/ids.rs",
        original: "Self(self.derive(b\"call\", step))",
        broken: "Self(self.derive(b\"call\", &StepPath::new(&[], u32::from(step.to_bytes().is_empty()))))",
        noticed_by: &["crash_matrix::detached_call"],
    },
    Mutant {
        rule: "a call is accepted only where there is no record of it",
        file: "beldi-core/src/attempt/drive.rs",
        original: "format!(\"attribute_not_exists({})\", placeholders.name(\"instance\"))",
        broken: "format!(\"({0} = {0} OR attribute_not_exists({0}))\", placeholders.name(\"instance\"))",
        noticed_by: &["garbage::is_not_accepted_again"],
    },
    Mutant {
        rule: "an accepted call that is triggered late looks into its journal",
        file: "beldi-core/src/attempt/drive.rs",
        original: "Delivery::Accepted { start_ms } if is_prompt(environment, start_ms) => {",
        broken: "Delivery::Accepted { start_ms } if is_prompt(environment, start_ms) || start_ms > 0 => {",
        noticed_by: &["garbage::a_late_trigger"],
    },
    Mutant {
        rule: "an instance is due a margin after its first attempt must be dead",
        file: "beldi-core/src/intent.rs",
        original: "number(identity.deadline_ms + millis(settings.margin))",
        broken: "number(identity.deadline_ms)",
        noticed_by: &["protocol::after_the_margin"],
    },
    Mutant {
        rule: "an instance is due again a margin after the attempt that a collector starts must be dead",
        file: "beldi-core/src/collector.rs",
        original: "environment.world.now_ms() + timeout + millis(environment.settings.margin);",
        broken: "environment.world.now_ms() + timeout;",
        noticed_by: &["protocol::after_the_margin"],
    },
];
