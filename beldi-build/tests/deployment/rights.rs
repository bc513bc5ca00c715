//! What the roles of the travel reservation may do, read from its template: no wildcards, and nothing of others'.

use std::collections::{BTreeMap, BTreeSet};

use beldi_build::{Holds, ITEM_ACTIONS, JOURNAL_ACTIONS};
use serde_json::Value;

use super::template::{parsed, resources};

/// A statement of a role, with its resources as text.
struct Right {
    actions: BTreeSet<String>,
    resources: Vec<String>,
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().expect("a list").iter().map(|text| text.as_str().expect("a text").to_owned()).collect()
}

/// `Fn::GetAtt` as `Fn::Sub` would write it.
fn resource(value: &Value) -> String {
    match (value.get("Fn::GetAtt"), value.get("Fn::Sub")) {
        (Some(attribute), None) => format!("${{{}}}", texts(attribute).join(".")),
        (None, Some(text)) => text.as_str().expect("a text").to_owned(),
        _ => panic!("a resource is an attribute or a text: {value}"),
    }
}

/// The rights of each service.
fn rights() -> BTreeMap<String, Vec<Right>> {
    let template = parsed();
    let mut rights = BTreeMap::new();
    for (id, function) in resources(&template, "AWS::Serverless::Function") {
        assert!(function.get("Policies").is_none(), "{id} has no rights beside its role");
        let role = function["Role"]["Fn::GetAtt"][0].as_str().expect("a role");
        let role = &template["Resources"][role]["Properties"];
        assert!(role.get("ManagedPolicyArns").is_none(), "{id} has no rights that others define");
        let policies = role["Policies"].as_array().expect("policies").iter();
        let statements = policies.flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().expect("a list"));
        let of_service: Vec<_> = statements
            .map(|statement| {
                assert_eq!(statement["Effect"], "Allow");
                for negation in ["NotAction", "NotResource"] {
                    assert!(statement.get(negation).is_none(), "{id}");
                }
                let resources = statement["Resource"].as_array().expect("a list").iter().map(resource);
                Right { actions: texts(&statement["Action"]).into_iter().collect(), resources: resources.collect() }
            })
            .collect();
        let service = function["Environment"]["Variables"]["BELDI_SERVICE"].as_str().expect("a service");
        assert!(rights.insert(service.to_owned(), of_service).is_none(), "{service} is there once");
    }
    rights
}

/// The ARN of each table, with its owner and what it holds.
fn tables() -> BTreeMap<String, (String, Holds)> {
    let template = parsed();
    let plan = crate::plan();
    let tables = resources(&template, "AWS::DynamoDB::Table").map(|(id, table)| {
        let name = table["TableName"].as_str().expect("a name");
        let declared = plan.tables.iter().find(|plan| plan.table.name == name).expect("a declared table");
        (format!("${{{id}.Arn}}"), (declared.table.owner.clone(), declared.table.holds))
    });
    tables.collect()
}

#[test]
fn no_right_has_a_wildcard() {
    for (service, rights) in rights() {
        for Right { actions, resources } in rights {
            for text in actions.iter().chain(&resources) {
                assert!(!text.contains(['*', '?']), "{service} has a right with a wildcard: {text}");
            }
        }
    }
}

#[test]
fn a_service_has_rights_on_its_own_tables_and_on_no_other() {
    let tables = tables();
    for (service, rights) in rights() {
        let mut seen = BTreeSet::new();
        for Right { actions, resources } in rights {
            let of_dynamodb = actions.iter().filter(|action| action.starts_with("dynamodb:")).count();
            assert!(of_dynamodb == 0 || of_dynamodb == actions.len(), "{service}: {actions:?}");
            for resource in resources.iter().filter(|_| of_dynamodb > 0) {
                let (table, index) = resource
                    .split_once("/index/")
                    .map_or((resource.as_str(), None), |(table, index)| (table, Some(index)));
                let (owner, holds) = tables.get(table).unwrap_or_else(|| panic!("{service} has a right on {table}"));
                assert_eq!(owner, &service, "{service} has a right on {table}");
                let allowed: &[&str] = match (index, holds) {
                    (Some(_), _) => &["dynamodb:Query"],
                    (None, Holds::Journal) => &JOURNAL_ACTIONS,
                    (None, Holds::Items) => &ITEM_ACTIONS,
                };
                assert_eq!(actions, allowed.iter().map(|action| (*action).to_owned()).collect(), "{resource}");
                seen.insert(resource.clone());
            }
        }
        let expected: BTreeSet<_> = crate::plan()
            .tables_of(&service)
            .flat_map(|plan| {
                let (arn, _) = tables
                    .iter()
                    .find(|(arn, _)| **arn == format!("${{{}Table.Arn}}", words(&plan.table.name)))
                    .expect("its ARN");
                let indexes = plan.table.indexes.iter().map(move |index| format!("{arn}/index/{}", index.name));
                std::iter::once(arn.clone()).chain(indexes)
            })
            .collect();
        assert_eq!(seen, expected, "{service} reaches all of its own");
    }
}

fn words(name: &str) -> String {
    name.split('-').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}

/// Who may invoke whom, each with itself left out.
#[test]
fn a_service_invokes_whom_it_calls_tells_or_nudges() {
    let rights = rights();
    let invoked = |service: &str| {
        let statements = rights[service].iter().filter(|right| right.actions.contains("lambda:InvokeFunction"));
        let resources = statements.flat_map(|right| {
            assert_eq!(right.actions.len(), 1);
            &right.resources
        });
        let prefix = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${AWS::StackName}-";
        let names = resources.map(|arn| {
            let name = arn.strip_prefix(prefix).and_then(|name| name.strip_suffix(":live"));
            name.unwrap_or_else(|| panic!("{arn} is the alias of a function of this stack"))
        });
        let names: BTreeSet<_> = names.collect();
        assert!(names.contains(service), "the collector of {service} starts what is due");
        names.into_iter().filter(|name| *name != service).collect::<Vec<_>>().join(" ")
    };
    // It calls them, and tells those that take part in its transactions.
    let all = "flight geo hotel order profile rate recommendation search";
    assert_eq!(invoked("frontend"), all);
    assert_eq!(invoked("search"), "frontend geo rate");
    // They call nobody, and nudge the coordinator that holds a row of theirs.
    for service in all.split(' ').filter(|service| *service != "search") {
        assert_eq!(invoked(service), "frontend");
    }
    // Nothing that has transactions reaches it.
    assert_eq!(invoked("user"), "");
}
