//! The role of a service.
//!
//! Invariant: a role has its service's own tables, its own journal and its own log group, each by its exact name, and
//! may invoke what the plan says. There is no wildcard in it, neither in an action nor in a resource.

use super::function::{function_name, log_group_id};
use super::yaml::{Map, Yaml};
use super::{arn_of, sub, table, texts};
use crate::Holds;
use crate::plan::{ALIAS, Plan, ServicePlan, TablePlan};

/// What the protocol does with a table of items: every change of a row is an update that writes its entry too, and what
/// a transaction left behind of rows that never were is deleted. An index is only queried.
pub const ITEM_ACTIONS: [&str; 6] = [
    "dynamodb:BatchGetItem",
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:Query",
    "dynamodb:Scan",
    "dynamodb:UpdateItem",
];

/// What the protocol does with a journal: it is never scanned. Garbage goes in transactions, for which DynamoDB wants
/// the rights of what they consist of.
pub const JOURNAL_ACTIONS: [&str; 5] =
    ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"];

const INDEX_ACTIONS: [&str; 1] = ["dynamodb:Query"];

pub(super) fn role(plan: &Plan, service: &ServicePlan) -> Map {
    let tables = |holds: Holds| plan.tables_of(&service.name).filter(move |plan| plan.table.holds == holds);
    let mut statements = vec![logs(service)];
    statements.extend(on_tables("Journal", &JOURNAL_ACTIONS, tables(Holds::Journal)));
    statements.extend(on_tables("Items", &ITEM_ACTIONS, tables(Holds::Items)));
    statements.push(invoke(service));
    let policy = Map::new().with("PolicyName", "service").with("PolicyDocument", document(statements));
    let trust = Map::new()
        .with("Effect", "Allow")
        .with("Principal", Map::new().with("Service", "lambda.amazonaws.com"))
        .with("Action", "sts:AssumeRole");
    Map::new().with("AssumeRolePolicyDocument", document(vec![trust])).with("Policies", vec![policy])
}

/// The ARN of a log group stands for its streams.
fn logs(service: &ServicePlan) -> Map {
    let resource = arn_of(&log_group_id(&service.name)).into();
    allow("Logs", &["logs:CreateLogStream", "logs:PutLogEvents"], vec![resource])
}

/// Statements for tables and for their indexes.
fn on_tables<'a>(sid: &str, actions: &[&str], tables: impl Iterator<Item = &'a TablePlan>) -> Vec<Map> {
    let (mut of_tables, mut of_indexes) = (Vec::new(), Vec::new());
    for plan in tables {
        of_tables.push(table::arn(plan).into());
        of_indexes.extend(table::index_arns(plan).map(Yaml::from));
    }
    let mut statements = Vec::new();
    if !of_tables.is_empty() {
        statements.push(allow(sid, actions, of_tables));
    }
    if !of_indexes.is_empty() {
        statements.push(allow(&format!("{sid}Indexes"), &INDEX_ACTIONS, of_indexes));
    }
    statements
}

fn invoke(service: &ServicePlan) -> Map {
    let here = service.invokes.iter().map(|name| format!("{}:{ALIAS}", function_name(name)));
    let functions = here.chain(service.invokes_remote.values().cloned());
    let arn = |function| {
        sub(format!("arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:{function}"))
    };
    allow("Invoke", &["lambda:InvokeFunction"], functions.map(|function| arn(function).into()).collect())
}

fn allow(sid: &str, actions: &[&str], resources: Vec<Yaml>) -> Map {
    Map::new().with("Sid", sid).with("Effect", "Allow").with("Action", texts(actions)).with("Resource", resources)
}

fn document(statements: Vec<Map>) -> Map {
    Map::new().with("Version", "2012-10-17").with("Statement", statements)
}
