//! All the ways in which one item of a journal table is damaged.

use beldi::store::{AttributeValue, Attributes};

use crate::halfway::Item;

/// An item with one damage.
pub(crate) struct Damaged {
    pub(crate) table: String,
    pub(crate) original: Attributes,
    /// What is there instead; nothing, if the item is gone.
    pub(crate) item: Option<Attributes>,
    /// How an error names the item.
    pub(crate) named: String,
    /// The attribute, and what was done to it.
    pub(crate) place: String,
}

/// The key is left as it is: with another one it is an item that nobody asks for, and this one is gone.
const KEY: [&str; 2] = ["instance", "record"];

/// The item with every damage of every attribute.
pub(crate) fn variants(table: &str, original: &Attributes) -> Vec<Damaged> {
    let mut damaged = Vec::new();
    for name in original.keys().filter(|name| !KEY.contains(&name.as_str())) {
        for (place, value) in of_value(&original[name]) {
            let mut item = original.clone();
            match value {
                Some(value) => item.insert(name.clone(), value),
                None => item.remove(name),
            };
            let (table, original, named) = (table.to_owned(), original.clone(), name_of(original));
            damaged.push(Damaged { table, original, item: Some(item), named, place: format!("{name}{place}") });
        }
    }
    damaged
}

/// Each record gone that stands between others of its instance.
pub(crate) fn removed_records(records: &[Item]) -> Vec<Damaged> {
    let number = |record: &Attributes| match &record["record"] {
        AttributeValue::N(digits) => digits.parse::<u64>().expect("a number"),
        other => panic!("{other:?}"),
    };
    let is_between = |record: &Attributes| {
        let is_followed =
            |other: &Attributes| other["instance"] == record["instance"] && number(other) > number(record);
        number(record) > 0 && records.iter().any(|(_, other)| is_followed(other))
    };
    let between = records.iter().filter(|(_, record)| is_between(record));
    between
        .map(|(table, record)| {
            let (table, original, named) = (table.clone(), record.clone(), name_of(record));
            Damaged { table, original, item: None, named, place: "removed".to_owned() }
        })
        .collect()
}

fn name_of(record: &Attributes) -> String {
    let (AttributeValue::S(instance), AttributeValue::N(record)) = (&record["instance"], &record["record"]) else {
        panic!("no key: {record:?}")
    };
    format!("journal record {record} of instance {instance}")
}

/// Every damage of a value: where, and what stands there then. `None`: it is gone.
fn of_value(value: &AttributeValue) -> Vec<(String, Option<AttributeValue>)> {
    let mut damages =
        vec![(" removed".to_owned(), None), (" of another type".to_owned(), Some(of_another_type(value)))];
    let mut add = |place: String, value| damages.push((place, Some(value)));
    match value {
        AttributeValue::S(text) => {
            texts(text).for_each(|(place, text)| add(place, AttributeValue::S(text)));
        }
        AttributeValue::N(digits) => {
            let numbers = texts(digits).filter(|(_, text)| text.parse::<u64>().is_ok_and(|n| Ok(n) != digits.parse()));
            numbers.for_each(|(place, text)| add(place, AttributeValue::N(text)));
        }
        AttributeValue::B(bytes) => {
            flipped(bytes).for_each(|(place, bytes)| add(place, AttributeValue::B(bytes)));
        }
        AttributeValue::Bool(flag) => add(" flipped".to_owned(), AttributeValue::Bool(!flag)),
        AttributeValue::M(map) => {
            for (name, inner) in map {
                for (place, inner) in of_value(inner) {
                    let mut map = map.clone();
                    match inner {
                        Some(inner) => map.insert(name.clone(), inner),
                        None => map.remove(name),
                    };
                    add(format!(".{name}{place}"), AttributeValue::M(map));
                }
            }
        }
        AttributeValue::L(list) => {
            for (number, inner) in list.iter().enumerate() {
                for (place, inner) in of_value(inner) {
                    let mut list = list.clone();
                    match inner {
                        Some(inner) => list[number] = inner,
                        None => drop(list.remove(number)),
                    }
                    add(format!(".{number}{place}"), AttributeValue::L(list));
                }
            }
        }
        AttributeValue::Bs(set) => {
            for (number, entry) in set.iter().enumerate() {
                for (place, entry) in flipped(entry) {
                    let mut set = set.clone();
                    set[number] = entry;
                    add(format!(".{number}{place}"), AttributeValue::Bs(set));
                }
            }
        }
        _ => {}
    }
    damages
}

fn of_another_type(value: &AttributeValue) -> AttributeValue {
    match value {
        AttributeValue::S(_) => AttributeValue::N("7".to_owned()),
        AttributeValue::N(digits) => AttributeValue::S(digits.clone()),
        _ => AttributeValue::S("7".to_owned()),
    }
}

fn flipped(bytes: &[u8]) -> impl Iterator<Item = (String, Vec<u8>)> {
    (0..bytes.len()).map(|place| {
        let mut bytes = bytes.to_vec();
        bytes[place] ^= 1;
        (format!(" byte {place}"), bytes)
    })
}

fn texts(text: &str) -> impl Iterator<Item = (String, String)> {
    let flipped = flipped(text.as_bytes()).filter_map(|(place, bytes)| Some((place, String::from_utf8(bytes).ok()?)));
    let halves = [text.len() / 2, text.len().saturating_sub(1)].into_iter().filter(move |end| *end < text.len());
    let cut = halves.filter_map(|end| Some((format!(" cut at {end}"), text.get(..end)?.to_owned())));
    flipped.chain(cut)
}
