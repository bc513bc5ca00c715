//! Contracts: what a caller takes for granted about a function whose code it may not have.
//!
//! Invariant: nothing is begun for a caller that takes something else for granted. The receiver compares before it does
//! anything else, so a caller that is refused finds everything as it was, and asks again when one of the two is mended.
//!
//! A contract travels with the calls of other services and of clients. Functions of one service are always of one
//! build, so among them the compiler has checked it, and a deployment that renames a type interrupts none of them.

use serde::{Deserialize, Serialize};

use crate::environment::Settings;
use crate::error::{Problem, ProblemKind};
use crate::function::{Function, FunctionEntry};
use crate::hash::fnv1a;
use crate::world::millis;

/// What the sender of an [`Invocation`](crate::Invocation) takes for granted about the function.
///
/// Hosts pass it on as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contract {
    /// The hash of the signature, as hexadecimal digits.
    #[serde(with = "hexadecimal")]
    pub(crate) signature: u64,
    /// How long the caller relies on the result being kept, in milliseconds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) kept_ms: u64,
}

impl Contract {
    /// The contract of a caller that asks for the result again for as long as it believes that it is kept.
    pub(crate) fn of_caller<F: Function>(settings: &Settings) -> Self {
        let kept_ms = if F::READ_ONLY { 0 } else { millis(F::RETENTION.unwrap_or(settings.retention)) };
        Self { kept_ms, ..Self::of_client::<F>() }
    }

    /// The contract of a client, which relies on no time.
    pub(crate) fn of_client<F: Function>() -> Self {
        Self { signature: const { fnv1a(F::SIGNATURE.as_bytes(), 0) }, kept_ms: 0 }
    }

    /// What of it `function` does not keep, as a sentence.
    pub(crate) fn breach(&self, function: &FunctionEntry, settings: &Settings) -> Option<String> {
        let FunctionEntry { service, name, signature, retention, .. } = function;
        if self.signature != fnv1a(signature.as_bytes(), 0) {
            return Some(format!("the caller has another contract of {service}/{name}, which is `{signature}`"));
        }
        let kept_ms = millis(retention.unwrap_or(settings.retention));
        (self.kept_ms > kept_ms).then(|| {
            format!(
                "the caller relies on results of {service}/{name} for {} ms, and they are kept for {kept_ms} ms: \
                 it must declare that as `retention`",
                self.kept_ms
            )
        })
    }
}

/// Adds the caller's side to a refusal that is about the contract.
pub(crate) fn with_both_sides<F: Function>(mut problem: Box<Problem>) -> Box<Problem> {
    if problem.kind == ProblemKind::ContractMismatch {
        problem.detail.push_str(&format!("; the caller declares `{}`", F::SIGNATURE));
    }
    problem
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Numbers of 64 bits as text, because not every reader of JSON keeps all their digits.
mod hexadecimal {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{number:016x}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let number = u64::from_str_radix(&text, 16).map_err(serde::de::Error::custom)?;
        match format!("{number:016x}") == text {
            true => Ok(number),
            false => Err(serde::de::Error::custom("not 16 hexadecimal digits")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Contract;
    use crate::hash::fnv1a;

    #[test]
    fn a_contract_is_the_same_in_every_build() {
        assert_eq!(fnv1a(b"async fn free(night: u32) -> u32", 0), 0x8459_95e7_3514_e16d);
        let contract = Contract { signature: fnv1a(b"", 0), kept_ms: 0 };
        let json = r#"{"signature":"cbf29ce484222325"}"#;
        assert_eq!(serde_json::to_string(&contract).expect("JSON"), json);
        assert_eq!(serde_json::from_str::<Contract>(json).expect("a contract"), contract);
        for other in ["cbf29ce48422232", "+bf29ce484222325", "CBF29CE484222325", ""] {
            assert!(serde_json::from_str::<Contract>(&json.replace("cbf29ce484222325", other)).is_err(), "{other}");
        }
    }
}
