//! Contracts between programs.

use super::table::Mutant;

const CALLS: &str = "remote::calls";
const MISMATCH: &str = "remote::mismatch";

pub(super) const CONTRACTS: &[Mutant] = &[
    Mutant {
        rule: "a function is not begun for a contract with another signature",
        file: "beldi-core/src/contract.rs",
        original: "if self.signature != fnv1a(signature.as_bytes(), 0) {",
        broken: "if self.signature == 0 && !signature.is_empty() {",
        noticed_by: &[MISMATCH],
    },
    Mutant {
        rule: "a function is not begun for a contract that relies on results for too long",
        file: "beldi-core/src/contract.rs",
        original: "(self.kept_ms > kept_ms).then",
        broken: "(self.kept_ms > kept_ms && kept_ms == 0).then",
        noticed_by: &[MISMATCH],
    },
    Mutant {
        rule: "calls within a service carry no contract",
        file: "beldi-core/src/ops/call.rs",
        original: "is_foreign.then(||",
        broken: "(is_foreign || !service.is_empty()).then(||",
        noticed_by: &[CALLS],
    },
    Mutant {
        rule: "a call in a transaction carries the contract",
        file: "beldi-core/src/txn/call.rs",
        original: "contract: callee.contract,\n        }\n    }",
        broken: "contract: callee.contract.filter(|_| false),\n        }\n    }",
        noticed_by: &[CALLS],
    },
    Mutant {
        rule: "a call that a transaction has held back carries the contract",
        file: "beldi-core/src/txn/settle.rs",
        original: "Invocation { service, function, instance, arguments, caller, delivery, transaction, contract }",
        broken: "Invocation {\n                service,\n                function,\n                instance,\n                arguments,\n                caller,\n                delivery,\n                transaction,\n                contract: contract.filter(|_| false),\n            }",
        noticed_by: &[MISMATCH],
    },
    Mutant {
        rule: "what was accepted runs without the contract",
        file: "beldi-core/src/attempt/drive.rs",
        original: "(Delivery::Accepted { start_ms }, None)",
        broken: "(Delivery::Accepted { start_ms }, invocation.contract)",
        noticed_by: &[CALLS],
    },
    Mutant {
        rule: "a caller that is refused for its contract is not parked at once",
        file: "beldi-core/src/problem.rs",
        original: "Self::InvalidArguments\n                | Self::ArgumentsTooLarge",
        broken: "Self::InvalidArguments\n                | Self::ContractMismatch\n                | Self::ArgumentsTooLarge",
        noticed_by: &[MISMATCH],
    },
    Mutant {
        rule: "a participant whose callee refuses the contract ends the transaction",
        file: "beldi-core/src/attempt/drive.rs",
        original: "match error.fault.is_told() {",
        broken: "match permanent {",
        noticed_by: &[MISMATCH],
    },
    Mutant {
        rule: "a result that does not fit the contract parks the caller",
        file: "beldi-core/src/error.rs",
        original: "Self::Item { .. } | Self::TooLarge { .. } | Self::UnexpectedResult { .. } => true,",
        broken: "Self::Item { .. } | Self::TooLarge { .. } => true,\n            Self::UnexpectedResult { .. } => false,",
        noticed_by: &[MISMATCH],
    },
];
