//! Alarms. They tell an SNS topic if the deployment names one.

use super::yaml::{Map, Yaml};
use super::{reference, resource};

pub(super) const TOPIC: &str = "AlarmTopic";
pub(super) const HAS_TOPIC: &str = "HasAlarmTopic";

/// The parameter that names the topic.
pub(super) fn topic() -> Map {
    Map::new()
        .with("Type", "String")
        .with("Default", "")
        .with("Description", "ARN of the SNS topic that alarms are sent to; none when empty")
}

pub(super) fn has_topic() -> Map {
    let is_empty = Map::new().with("Fn::Equals", vec![Yaml::from(reference(TOPIC)), "".into()]);
    Map::new().with("Fn::Not", vec![is_empty])
}

/// What an alarm thinks of a time without any data.
#[derive(Clone, Copy)]
pub(super) enum Missing {
    /// Nothing: it stays as it is.
    Ignored,
    /// Nothing has happened, which is good.
    IsGood,
    /// Who should have told is silent.
    Rings,
}

/// An alarm on one metric that is above a threshold.
pub(super) struct Alarm {
    pub(super) id: String,
    pub(super) description: String,
    pub(super) namespace: &'static str,
    pub(super) metric: &'static str,
    pub(super) dimension: (&'static str, Yaml),
    pub(super) statistic: &'static str,
    pub(super) threshold: u32,
    pub(super) period_s: u32,
    pub(super) missing: Missing,
}

impl Alarm {
    pub(super) fn resource(self) -> Map {
        let (name, value) = self.dimension;
        let missing = match self.missing {
            Missing::Ignored => "ignore",
            Missing::IsGood => "notBreaching",
            Missing::Rings => "breaching",
        };
        let topics: Vec<Yaml> = vec![HAS_TOPIC.into(), vec![reference(TOPIC)].into(), reference("AWS::NoValue").into()];
        let properties = Map::new()
            .with("AlarmDescription", self.description)
            .with("Namespace", self.namespace)
            .with("MetricName", self.metric)
            .with("Dimensions", vec![Map::new().with("Name", name).with("Value", value)])
            .with("Statistic", self.statistic)
            .with("Period", self.period_s)
            .with("EvaluationPeriods", 1)
            .with("ComparisonOperator", "GreaterThanThreshold")
            .with("Threshold", self.threshold)
            .with("TreatMissingData", missing)
            .with("AlarmActions", Map::new().with("Fn::If", topics));
        Map::new().with(self.id, resource("AWS::CloudWatch::Alarm", properties))
    }
}
