//! Metrics, as lines of CloudWatch's embedded metric format on the standard output, which Lambda makes logs of.

#![expect(clippy::print_stdout, reason = "CloudWatch reads metrics from what a function prints")]

use serde_json::{Map, Value, json};

use crate::error::InvokeError;
use crate::function::FunctionEntry;
use crate::host::http::Outcome;

/// The namespace of all metrics.
const NAMESPACE: &str = "Beldi";

/// A metric of a moment.
pub(super) struct Metric {
    pub(super) name: &'static str,
    pub(super) unit: &'static str,
    pub(super) value: u64,
}

/// Counts an answer that is no success: a result that is the function's own error, or a refusal. An attempt that died
/// is counted by Lambda, as an error.
pub(super) fn count(function: &FunctionEntry, answer: &Result<String, InvokeError>, now_ms: u64) {
    let name = match answer {
        Ok(result) if matches!(Outcome::of(function, result), Ok(Outcome::Err(_))) => "FailedResults",
        Err(InvokeError::Refused(_)) => "RefusedCalls",
        _ => return,
    };
    put(Some(function.name), &[Metric { name, unit: "Count", value: 1 }], now_ms);
}

/// Puts metrics of this Lambda function, or of one function in it.
pub(super) fn put(function: Option<&str>, metrics: &[Metric], now_ms: u64) {
    let lambda_function = std::env::var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default();
    println!("{}", line(&lambda_function, function, metrics, now_ms));
}

fn line(lambda_function: &str, function: Option<&str>, metrics: &[Metric], now_ms: u64) -> Value {
    let mut line = Map::new();
    let mut dimensions = vec!["FunctionName"];
    line.insert("FunctionName".to_owned(), lambda_function.into());
    if let Some(function) = function {
        dimensions.push("Function");
        line.insert("Function".to_owned(), function.into());
    }
    let definitions: Vec<_> =
        metrics.iter().map(|metric| json!({ "Name": metric.name, "Unit": metric.unit })).collect();
    line.extend(metrics.iter().map(|metric| (metric.name.to_owned(), metric.value.into())));
    let directive = json!({ "Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": definitions });
    line.insert("_aws".to_owned(), json!({ "Timestamp": now_ms, "CloudWatchMetrics": [directive] }));
    line.into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Metric, line};

    #[test]
    fn each_metric_is_a_member_and_is_defined() {
        let metrics = [Metric { name: "ParkedInstances", unit: "Count", value: 2 }];
        let expected = json!({
            "FunctionName": "shop-hotel",
            "ParkedInstances": 2,
            "_aws": {
                "Timestamp": 7,
                "CloudWatchMetrics": [{
                    "Namespace": "Beldi",
                    "Dimensions": [["FunctionName"]],
                    "Metrics": [{ "Name": "ParkedInstances", "Unit": "Count" }],
                }],
            },
        });
        assert_eq!(line("shop-hotel", None, &metrics, 7), expected);
        let of_function = line("shop-hotel", Some("reserve"), &metrics, 7);
        assert_eq!(of_function["Function"], "reserve");
        assert_eq!(of_function["_aws"]["CloudWatchMetrics"][0]["Dimensions"], json!([["FunctionName", "Function"]]));
    }
}
