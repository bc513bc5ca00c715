//! A table in the template, as the library would create it, with what production needs beyond that.

use std::collections::BTreeMap;

use beldi_core::store::tables::JOURNAL_EXPIRES;

use super::alarm::{Alarm, Missing};
use super::yaml::{Map, Yaml};
use super::{logical_id, reference, resource, sub};
use crate::plan::TablePlan;
use crate::{Holds, IndexManifest, KeyManifest, ScalarType, TableManifest};

/// The table, unless it exists already, and its alarms.
pub(super) fn resources(plan: &TablePlan) -> Map {
    let TablePlan { table, adopted } = plan;
    let mut resources = Map::new();
    if !adopted {
        // A stack that goes, or a key that changes, takes no data with it.
        let resource = resource("AWS::DynamoDB::Table", properties(table))
            .with("DeletionPolicy", "Retain")
            .with("UpdateReplacePolicy", "Retain");
        resources = resources.with(table_id(&table.name), resource);
    }
    for alarm in alarms(plan) {
        resources.extend(alarm.resource());
    }
    resources
}

/// The ARN of a table.
pub(super) fn arn(plan: &TablePlan) -> Map {
    match plan.adopted {
        true => sub(adopted_arn(&plan.table.name)),
        false => super::arn_of(&table_id(&plan.table.name)),
    }
}

/// The ARNs of its indexes.
pub(super) fn index_arns(plan: &TablePlan) -> impl Iterator<Item = Map> {
    let table = match plan.adopted {
        true => adopted_arn(&plan.table.name),
        false => format!("${{{}.Arn}}", table_id(&plan.table.name)),
    };
    plan.table.indexes.iter().map(move |index| sub(format!("{table}/index/{}", index.name)))
}

fn adopted_arn(table: &str) -> String {
    format!("arn:${{AWS::Partition}}:dynamodb:${{AWS::Region}}:${{AWS::AccountId}}:table/{table}")
}

fn table_id(table: &str) -> String {
    format!("{}Table", logical_id(table))
}

fn properties(table: &TableManifest) -> Map {
    let keys = std::iter::once(&table.key).chain(table.indexes.iter().map(|index| &index.key));
    let types: BTreeMap<_, _> =
        keys.flat_map(KeyManifest::attributes).map(|attribute| (&attribute.name, attribute.scalar_type)).collect();
    let attributes: Vec<_> = types.into_iter().map(|(name, scalar_type)| attribute(name, scalar_type)).collect();
    let indexes: Vec<_> = table.indexes.iter().map(index).collect();
    let expires = match table.holds {
        Holds::Journal => Some(Map::new().with("AttributeName", JOURNAL_EXPIRES).with("Enabled", true)),
        Holds::Items => None,
    };
    Map::new()
        .with("TableName", table.name.as_str())
        .with("BillingMode", "PAY_PER_REQUEST")
        .with("AttributeDefinitions", attributes)
        .with("KeySchema", key(&table.key))
        .with_some("GlobalSecondaryIndexes", (!indexes.is_empty()).then_some(indexes))
        .with_some("TimeToLiveSpecification", expires)
        .with("PointInTimeRecoverySpecification", Map::new().with("PointInTimeRecoveryEnabled", true))
        // By AWS's own key for DynamoDB in this account: its uses can be audited, and no role needs a right to it.
        .with("SSESpecification", Map::new().with("SSEEnabled", true))
}

fn attribute(name: &str, scalar_type: ScalarType) -> Map {
    let letter = match scalar_type {
        ScalarType::String => "S",
        ScalarType::Number => "N",
        ScalarType::Binary => "B",
    };
    Map::new().with("AttributeName", name).with("AttributeType", letter)
}

fn key(key: &KeyManifest) -> Vec<Map> {
    let types = ["HASH", "RANGE"];
    let element =
        |(name, key_type): (&String, &str)| Map::new().with("AttributeName", name.as_str()).with("KeyType", key_type);
    key.attributes().map(|attribute| &attribute.name).zip(types).map(element).collect()
}

fn index(index: &IndexManifest) -> Yaml {
    Map::new()
        .with("IndexName", index.name.as_str())
        .with("KeySchema", key(&index.key))
        .with("Projection", Map::new().with("ProjectionType", "ALL"))
        .into()
}

fn alarms(plan: &TablePlan) -> [Alarm; 2] {
    let TablePlan { table, adopted } = plan;
    let id = table_id(&table.name);
    let alarm = |metric: &'static str, suffix: &str, what: &str| Alarm {
        id: format!("{id}{suffix}"),
        description: format!("{what} of {} are throttled", table.name),
        namespace: "AWS/DynamoDB",
        metric,
        // The name of a table is what a reference to it gives.
        dimension: ("TableName", if *adopted { Yaml::from(table.name.as_str()) } else { reference(&id).into() }),
        statistic: "Sum",
        threshold: 0,
        period_s: 60,
        missing: Missing::IsGood,
    };
    [alarm("ReadThrottleEvents", "ThrottledReads", "Reads"), alarm("WriteThrottleEvents", "ThrottledWrites", "Writes")]
}
