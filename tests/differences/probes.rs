//! The probes: what is asked, and what DynamoDB's documentation says of it.

use std::hash::{BuildHasher, RandomState};

use beldi::store::{
    AttributeValue, Attributes, BatchGetItem, GetItem, IndexSchema, KeyAttribute, Placeholders, PutItem, QueryItems,
    Request, Response, ReturnValues, ScalarType, SharedStore, StoreError, TableSchema, TransactWrite, UpdateItem,
    WriteItem,
};

use crate::Answers;

pub(crate) struct Probe {
    pub(crate) asked: &'static str,
    pub(crate) documented: &'static str,
    /// Empty where all agree.
    pub(crate) why_it_does_not_matter: &'static str,
    /// The requests, of which the last is the probe.
    requests: fn(&str) -> Vec<Request>,
}

const fn probe(
    asked: &'static str,
    documented: &'static str,
    why_it_does_not_matter: &'static str,
    requests: fn(&str) -> Vec<Request>,
) -> Probe {
    Probe { asked, documented, why_it_does_not_matter, requests }
}

const OWN_EXPRESSIONS: &str =
    "beldi's own expressions stay far below it; a condition of a user's that is longer is refused with a typed error";

pub(crate) const PROBES: &[Probe] = &[
    probe("`IN` with 101 operands", "refused", OWN_EXPRESSIONS, |table| {
        vec![guarded(table, 101, |values| format!("#0 IN ({})", values.join(", ")))]
    }),
    probe("`IN` with 100 operands", "condition failed", "", |table| {
        vec![guarded(table, 100, |values| format!("#0 IN ({})", values.join(", ")))]
    }),
    probe("an expression with 301 operators", "refused", OWN_EXPRESSIONS, |table| {
        vec![guarded(table, 302, |values| {
            values.iter().map(|value| format!("#0={value}")).collect::<Vec<_>>().join(" OR ")
        })]
    }),
    probe("an expression of more than 4 KB", "refused", "", |table| {
        vec![guarded(table, 1, |values| format!("#0 = {}{}", values[0], " ".repeat(5_000)))]
    }),
    probe(
        "a name that begins with an underscore, in an expression",
        "refused",
        "beldi names all attributes by placeholders",
        |table| vec![update(table, "SET #0 = :0, _y = :1", "x", [n("1"), n("2")])],
    ),
    probe("`ADD` and `DELETE` of one attribute in one update", "refused", "", |table| {
        vec![update(table, "ADD #0 :0 DELETE #0 :1", "log", [bytes(1), bytes(2)])]
    }),
    probe("`ADD` of an entry to a set that is not there", "done", "", |table| {
        vec![update(table, "ADD #0 :0", "log", [bytes(1)])]
    }),
    probe("`ADD` of a number to a text", "refused", "", |table| {
        vec![put(table, [("x", s("a"))]), update(table, "ADD #0 :0", "x", [n("1")])]
    }),
    probe("an update of a key attribute", "refused", "", |table| vec![update(table, "SET #0 = :0", "id", [s("b")])]),
    probe("a value that no expression names", "refused", "", |table| {
        vec![update(table, "SET #0 = :0", "x", [n("1"), n("2")])]
    }),
    probe("the item of a failed condition", "condition failed, with the item", "", |table| {
        vec![
            put(table, [("x", n("1"))]),
            guarded(table, 1, |values| format!("#0 = {} AND #0 <> {}", values[0], values[0])),
        ]
    }),
    probe("a number of 39 digits", "refused", "", |table| vec![put(table, [("x", n(&"9".repeat(39)))])]),
    probe("the number 1e126", "refused", "", |table| vec![put(table, [("x", n("1e126"))])]),
    probe("the number 1.50, read again", "x = 1.5", "", |table| vec![put(table, [("x", n("1.50"))]), get(table)]),
    probe("the number 1e3, read again", "x = 1000", "", |table| vec![put(table, [("x", n("1e3"))]), get(table)]),
    probe("the number -0, read again", "x = 0", "", |table| vec![put(table, [("x", n("-0"))]), get(table)]),
    probe("an empty key", "refused", "", |table| vec![put(table, [("id", s(""))])]),
    probe("a partition key of 2049 bytes", "refused", "", |table| vec![put(table, [("id", s(&"k".repeat(2049)))])]),
    probe("an empty text", "done", "", |table| vec![put(table, [("x", s(""))])]),
    probe("an empty set", "refused", "", |table| vec![put(table, [("x", AttributeValue::Ss(Vec::new()))])]),
    probe("a set with an entry twice", "refused", "", |table| {
        vec![put(table, [("x", AttributeValue::Ss(vec!["a".into(), "a".into()]))])]
    }),
    probe("an item of 410 KB", "too large", "", |table| vec![put(table, [("x", s(&"x".repeat(410 * 1024)))])]),
    probe("a list 33 deep", "refused", "", |table| {
        let deep = (0..33).fold(n("1"), |inner, _| AttributeValue::L(vec![inner]));
        vec![put(table, [("x", deep)])]
    }),
    probe("a table with a name of 2 characters", "refused", "", |_| {
        let schema = TableSchema::new("ab", KeyAttribute::new("id", ScalarType::String), None);
        vec![Request::CreateTable(beldi::store::CreateTable { schema })]
    }),
    probe("a consistent read of an index", "refused", "", |table| {
        vec![query(table, Some("by_user"), "#0 = :0", [("user", s("ann"))], true)]
    }),
    probe("a range whose end is before its start", "refused", "", |table| {
        vec![query(
            table,
            None,
            "#0 = :0 AND #1 BETWEEN :1 AND :2",
            [("id", s("a")), ("at", n("3")), ("", n("1"))],
            true,
        )]
    }),
    probe("numbers as sort keys", "2, 10", "", |table| {
        vec![
            put(table, [("at", n("10"))]),
            put(table, [("at", n("2"))]),
            query(table, None, "#0 = :0", [("id", s("a"))], true),
        ]
    }),
    probe(
        "a query of three items of 390 KB",
        "a page of 2 items, and more",
        "pages are read until the store says that there are no more, never by their size",
        |table| {
            let mut requests: Vec<_> =
                ["1", "2", "3"].map(|at| put(table, [("at", n(at)), ("x", s(&"x".repeat(390 * 1024)))])).into();
            requests.push(query(table, None, "#0 = :0", [("id", s("a"))], true));
            requests
        },
    ),
    probe("a batch with a key twice", "refused", "", |table| vec![batch(table, vec![key("1"), key("1")])]),
    probe("a batch of 101 keys", "refused", "", |table| {
        vec![batch(table, (0..101).map(|at| key(&at.to_string())).collect())]
    }),
    probe("a transactional write of one item twice", "refused", "", |table| vec![transact(table, vec!["1", "1"])]),
    probe("a transactional write of 101 items", "refused", "", |table| {
        vec![transact(
            table,
            (0..101).map(|at| at.to_string()).collect::<Vec<_>>().iter().map(String::as_str).collect(),
        )]
    }),
];

/// Sends all probes, each to a table of its own.
pub(crate) async fn ask_all(store: &SharedStore) -> Answers {
    let run = RandomState::new().hash_one(std::process::id());
    let mut answers = Answers::new();
    for (number, probe) in PROBES.iter().enumerate() {
        let table = format!("probe-{run:016x}-{number}");
        let at = || Some(KeyAttribute::new("at", ScalarType::Number));
        let schema = TableSchema::new(&table, KeyAttribute::new("id", ScalarType::String), at())
            .with_index(IndexSchema::new("by_user", KeyAttribute::new("user", ScalarType::String), at()));
        store.create_table(schema).await.expect("a new table");
        let mut answer = String::new();
        for request in (probe.requests)(&table) {
            answer = told(store.execute(request).await);
        }
        answers.insert(probe.asked.to_owned(), answer);
    }
    answers
}

fn told(answer: Result<Response, StoreError>) -> String {
    match answer {
        Ok(Response::Item(Some(item))) => match item.get("x") {
            Some(AttributeValue::N(digits)) => format!("x = {digits}"),
            other => format!("x = {other:?}"),
        },
        Ok(Response::Page(page)) if page.next.is_some() => format!("a page of {} items, and more", page.items.len()),
        Ok(Response::Page(page)) => {
            let at = page.items.iter().filter_map(|item| match item.get("at") {
                Some(AttributeValue::N(digits)) => Some(digits.as_str()),
                _ => None,
            });
            at.collect::<Vec<_>>().join(", ")
        }
        Ok(_) => "done".to_owned(),
        Err(StoreError::ConditionFailed { item: Some(_) }) => "condition failed, with the item".to_owned(),
        Err(StoreError::ConditionFailed { item: None }) => "condition failed".to_owned(),
        Err(StoreError::ItemTooLarge { .. }) => "too large".to_owned(),
        Err(StoreError::Invalid { .. }) => "refused".to_owned(),
        Err(other) => format!("{other:?}").split([' ', '(']).next().unwrap_or_default().to_owned(),
    }
}

fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn n(digits: &str) -> AttributeValue {
    AttributeValue::N(digits.to_owned())
}

fn bytes(byte: u8) -> AttributeValue {
    AttributeValue::Bs(vec![vec![byte]])
}

fn key(at: &str) -> Attributes {
    Attributes::from([("id".to_owned(), s("a")), ("at".to_owned(), n(at))])
}

fn put<const N: usize>(table: &str, more: [(&str, AttributeValue); N]) -> Request {
    let mut item = key("1");
    item.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
    Request::Put(PutItem { table: table.to_owned(), item, condition: None, placeholders: Placeholders::default() })
}

fn get(table: &str) -> Request {
    Request::Get(GetItem { table: table.to_owned(), key: key("1"), consistent: true })
}

/// A put on a condition on attribute `x` with so many values.
fn guarded(table: &str, values: usize, condition: impl Fn(&[String]) -> String) -> Request {
    let mut placeholders = Placeholders::default();
    placeholders.name("x");
    let values: Vec<_> = (0..values).map(|value| placeholders.value(n(&value.to_string()))).collect();
    let condition = Some(condition(&values));
    Request::Put(PutItem { table: table.to_owned(), item: key("1"), condition, placeholders })
}

fn update<const N: usize>(table: &str, expression: &str, name: &str, values: [AttributeValue; N]) -> Request {
    let mut placeholders = Placeholders::default();
    placeholders.name(name);
    values.into_iter().for_each(|value| drop(placeholders.value(value)));
    Request::Update(UpdateItem {
        table: table.to_owned(),
        key: key("1"),
        update: expression.to_owned(),
        condition: None,
        placeholders,
        return_values: ReturnValues::None,
    })
}

fn query<const N: usize>(
    table: &str,
    index: Option<&str>,
    condition: &str,
    named: [(&str, AttributeValue); N],
    consistent: bool,
) -> Request {
    let mut placeholders = Placeholders::default();
    for (name, value) in named {
        if !name.is_empty() {
            placeholders.name(name);
        }
        placeholders.value(value);
    }
    let (table, index, key_condition) = (table.to_owned(), index.map(str::to_owned), condition.to_owned());
    let (filter, limit, start) = (None, None, None);
    Request::Query(QueryItems {
        table,
        index,
        key_condition,
        filter,
        placeholders,
        forward: true,
        limit,
        start,
        consistent,
    })
}

fn batch(table: &str, keys: Vec<Attributes>) -> Request {
    Request::BatchGet(BatchGetItem { table: table.to_owned(), keys, consistent: true })
}

fn transact(table: &str, at: Vec<&str>) -> Request {
    let item =
        |at| PutItem { table: table.to_owned(), item: key(at), condition: None, placeholders: Placeholders::default() };
    Request::TransactWrite(TransactWrite { writes: at.into_iter().map(|at| WriteItem::Put(item(at))).collect() })
}
