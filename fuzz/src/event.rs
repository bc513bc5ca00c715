//! Events of AWS Lambda: calls, invocations, requests of API Gateway and function URLs, SQS messages, schedules.
//!
//! Laws: every text is an event or an error that says what it is not; only who writes `beldi` into it tells beldi itself
//! anything, but for schedules.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Found;

/// What says whom an event is for.
#[derive(Deserialize)]
struct Marks<'a> {
    #[serde(borrow)]
    beldi: Option<&'a RawValue>,
    #[serde(borrow, rename = "detail-type")]
    detail_type: Option<&'a RawValue>,
}

/// Checks the laws on these bytes. Gives what they are.
pub fn check(data: &[u8]) -> Found {
    let text = super::text(data);
    match beldi_core::fuzzing::event(text) {
        Ok(kind) => {
            let marks: Marks<'_> = serde_json::from_str(text).expect("an event is JSON");
            let is_own = ["invocation", "collect", "collect-garbage", "create-tables"].contains(&kind);
            let is_due = marks.detail_type.is_some_and(|kind| kind.get() == "\"Scheduled Event\"");
            assert!(is_own == marks.beldi.is_some() || (kind == "collect" && is_due), "{kind}");
            vec![if is_own { "event of beldi" } else { "other event" }]
        }
        Err(error) => {
            assert_eq!(error.kind, "beldi.malformed-event");
            assert!(!error.message.is_empty());
            vec!["malformed"]
        }
    }
}
