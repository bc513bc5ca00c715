//! Mistakes in `#[derive(Item)]`: BELDI025 to BELDI032.

use super::Mistake;

/// Not a struct with named fields.
pub(crate) fn item_shape(found: &str) -> Mistake {
    Mistake::new(
        25,
        format!("`#[derive(Item)]` is for structs with named fields, not for {found}"),
        "each field is an attribute of a row",
        "make it a struct with named fields; other types can be the types of its fields",
    )
}

/// A generic struct.
pub(crate) fn item_generic() -> Mistake {
    Mistake::new(
        25,
        "an item cannot be generic",
        "one type stands for the rows of one table",
        "write one struct for each table",
    )
}

/// No partition key.
pub(crate) fn no_partition_key(item: &str) -> Mistake {
    Mistake::new(
        26,
        format!("`{item}` has no partition key"),
        "a row is found by it",
        "mark a field with `#[beldi(partition_key)]`",
    )
}

/// Two fields with the same role, or one field with two roles.
pub(crate) fn repeated_key(role: &str) -> Mistake {
    Mistake::new(
        27,
        format!("this is a second {role}"),
        "a table has one partition key and at most one sort key",
        "keep one; other ways to find an item are indexes: `#[beldi(index(name = \"..\", partition_key = field))]`",
    )
}

/// One field is both keys.
pub(crate) fn both_keys() -> Mistake {
    Mistake::new(
        27,
        "one field cannot be both the partition key and the sort key",
        "",
        "keep `partition_key` if that alone names the row, and mark another field with `sort_key` otherwise",
    )
}

/// A key of a type that DynamoDB cannot index.
pub(crate) fn key_type(role: &str, type_name: &str) -> Mistake {
    Mistake::new(
        28,
        format!("`{type_name}` cannot be a {role}"),
        "keys are strings, whole numbers or binary in DynamoDB, and never absent",
        "use a `String`, an integer, a date, an id, or a newtype of one of them",
    )
}

/// A table name that DynamoDB refuses.
pub(crate) fn table_name(name: &str) -> Mistake {
    Mistake::new(
        29,
        format!("`{name}` is no name of a table"),
        "DynamoDB refuses it",
        "use 3 to 255 of the characters `a-z`, `A-Z`, `0-9`, `_`, `.` and `-`",
    )
}

/// An index name that DynamoDB refuses.
pub(crate) fn index_name(name: &str) -> Mistake {
    Mistake::new(
        30,
        format!("`{name}` is no name of an index"),
        "DynamoDB refuses it",
        "use 3 to 255 of the characters `a-z`, `A-Z`, `0-9`, `_`, `.` and `-`",
    )
}

/// Two indexes, or an index and a field, with the same constant.
pub(crate) fn index_constant(name: &str) -> Mistake {
    Mistake::new(
        30,
        format!("the constant `{name}` of this index is taken"),
        "each field and each index becomes a constant of the item",
        "give the index another name, as `by_city` for an index over `city`",
    )
}

/// An index over a field that does not exist.
pub(crate) fn index_field(field: &str, fields: &[String]) -> Mistake {
    let fields: Vec<String> = fields.iter().map(|name| format!("`{name}`")).collect();
    Mistake::new(
        30,
        format!("`{field}` is no stored field of this item"),
        "an index is over fields of the item",
        format!("the fields are {}", fields.join(", ")),
    )
}

/// An attribute name that belongs to the protocol.
pub(crate) fn reserved_attribute(name: &str) -> Mistake {
    Mistake::new(
        31,
        format!("the attribute `{name}` begins with `_beldi_`"),
        "these attributes hold the protocol's own state in each row",
        "give it another name, with `#[serde(rename = \"..\")]` if the field must keep its own",
    )
}

/// Two fields in one attribute.
pub(crate) fn repeated_attribute(name: &str) -> Mistake {
    Mistake::new(
        31,
        format!("two fields are stored in the attribute `{name}`"),
        "the second would overwrite the first",
        "rename one of them",
    )
}

/// Another name to write than to read.
pub(crate) fn asymmetric_name() -> Mistake {
    Mistake::new(
        31,
        "this field is written under one name and read under another",
        "a row that was written could not be read",
        "use one name for both: `#[serde(rename = \"..\")]`; `#[serde(alias = \"..\")]` reads an old name too",
    )
}

/// A key field that serde leaves out.
pub(crate) fn skipped_key() -> Mistake {
    Mistake::new(
        31,
        "a key field cannot be skipped",
        "a row cannot be stored or found without it",
        "drop `skip`, or make another field the key",
    )
}

/// Attributes that only serde knows.
pub(crate) fn hidden_attributes(option: &str) -> Mistake {
    Mistake::new(
        32,
        format!("`#[serde({option})]` hides the attributes of an item"),
        "their names must be known when it is compiled, to tell them from the attributes of others",
        "write the fields out, or put the value into a field of its own",
    )
}

/// A key in a form that only a function of the user knows.
pub(crate) fn converted_key(option: &str) -> Mistake {
    Mistake::new(
        32,
        format!("`#[serde({option})]` hides the form of a key"),
        "a key is also written alone, in `get` and `query`, where the field's attributes are not seen",
        "use a newtype that implements `Serialize` and `Deserialize` in this form",
    )
}
