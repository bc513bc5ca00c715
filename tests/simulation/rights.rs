//! The rights that deployed services have on their tables: all that the protocol asks for, and nothing else.

use std::collections::BTreeSet;

use beldi::store::{Request, WriteItem};
use beldi_build::{ITEM_ACTIONS, JOURNAL_ACTIONS};

use crate::world::{Plan, run};

/// What a request needs a right to, as IAM names it. A transaction needs the rights of what it consists of.
fn actions(request: &Request) -> Vec<(&str, String)> {
    let Request::TransactWrite(transaction) = request else {
        return vec![(request.table(), format!("dynamodb:{}", request.operation()))];
    };
    let action = |write: &WriteItem| match write {
        WriteItem::Put(_) => "dynamodb:PutItem",
        WriteItem::Update(_) => "dynamodb:UpdateItem",
        WriteItem::Delete(_) => "dynamodb:DeleteItem",
    };
    transaction.writes.iter().map(|write| (write.table(), action(write).to_owned())).collect()
}

#[test]
fn roles_allow_what_a_world_of_faults_asks_for_and_nothing_else() {
    let requests = run(&Plan { keeps_requests: true, ..crate::plan(4, 600) }).requests;
    let (mut of_items, mut of_journals) = (BTreeSet::new(), BTreeSet::new());
    for (table, action) in requests.iter().flat_map(actions) {
        let used = if table.ends_with("-journal") { &mut of_journals } else { &mut of_items };
        // A deployment has made its tables, and nobody looks at them later.
        if !["dynamodb:CreateTable", "dynamodb:DescribeTable"].contains(&action.as_str()) {
            used.insert(action);
        }
    }
    assert_eq!(of_items, ITEM_ACTIONS.map(str::to_owned).into());
    assert_eq!(of_journals, JOURNAL_ACTIONS.map(str::to_owned).into());
}
