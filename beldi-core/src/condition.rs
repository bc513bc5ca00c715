//! Conditions on a row, typed by its item.

use std::marker::PhantomData;
use std::ops::Not;

use serde::Serialize;
use serde_dynamo::AttributeValue;

use crate::attributes::{is_empty_range, string};
use crate::daal::DELETED;
use crate::data::DataError;
use crate::item::{Field, Item};
use crate::store::Placeholders;
use crate::txn::holds;

/// A condition on a row of `I`, evaluated by the store in the same atomic step as the write.
///
/// Conditions are made from fields (`Room::FREE.ge(1)`) and from [`Item::exists`] and [`Item::absent`], and
/// combined with [`and`](Self::and), [`or`](Self::or) and `!`. A comparison with an attribute that the row
/// does not have is false.
#[must_use = "a condition does nothing until it is given to `.when(..)`"]
pub struct Condition<I> {
    pub(crate) expression: Result<Expression, DataError>,
    item: PhantomData<fn() -> I>,
}

/// The condition as a tree, rendered anew for every try.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expression {
    Compare(String, &'static str, AttributeValue),
    Between(String, AttributeValue, AttributeValue),
    Function(&'static str, String, Option<AttributeValue>),
    Exists(&'static str),
    And(Box<Expression>, Box<Expression>),
    Or(Box<Expression>, Box<Expression>),
    Not(Box<Expression>),
}

impl Expression {
    /// A condition that never holds: DynamoDB knows no constants.
    fn never(name: &str) -> Self {
        let is = |function| Box::new(Self::Function(function, name.to_owned(), None));
        Self::And(is("attribute_exists"), is("attribute_not_exists"))
    }

    /// The text of the condition; what it names goes into `placeholders`. Everything but a single comparison
    /// is in parentheses, exactly one pair of them: DynamoDB refuses redundant ones.
    pub(crate) fn render(&self, placeholders: &mut Placeholders) -> String {
        match self {
            Self::Compare(name, operator, value) => {
                let (name, value) = (placeholders.name(name), placeholders.value(value.clone()));
                format!("{name} {operator} {value}")
            }
            Self::Between(name, low, high) => {
                let name = placeholders.name(name);
                let (low, high) = (placeholders.value(low.clone()), placeholders.value(high.clone()));
                format!("{name} BETWEEN {low} AND {high}")
            }
            Self::Function(function, name, None) => format!("{function}({})", placeholders.name(name)),
            Self::Function(function, name, Some(value)) => {
                let (name, value) = (placeholders.name(name), placeholders.value(value.clone()));
                format!("{function}({name}, {value})")
            }
            Self::Exists(key) => format!("attribute_exists({})", placeholders.name(key)),
            Self::And(left, right) => format!("({} AND {})", left.render(placeholders), right.render(placeholders)),
            Self::Or(left, right) => format!("({} OR {})", left.render(placeholders), right.render(placeholders)),
            Self::Not(inner) => format!("(NOT {})", inner.render(placeholders)),
        }
    }
}

impl Expression {
    /// The text of the condition on a row that may be a tombstone. What is left in one does not count: the condition
    /// holds of it as it does where there is no row.
    pub(crate) fn render_on_row(&self, placeholders: &mut Placeholders) -> String {
        let (rendered, deleted) = (self.render(placeholders), placeholders.name(DELETED));
        match holds(self, None) {
            true => format!("({rendered} OR attribute_exists({deleted}))"),
            false => format!("({rendered} AND attribute_not_exists({deleted}))"),
        }
    }
}

impl<I> Condition<I> {
    fn new(expression: Result<Expression, DataError>) -> Self {
        Self { expression, item: PhantomData }
    }

    /// Both conditions hold.
    pub fn and(self, other: Self) -> Self {
        self.combine(other, Expression::And)
    }

    /// At least one of the conditions holds.
    pub fn or(self, other: Self) -> Self {
        self.combine(other, Expression::Or)
    }

    fn combine(self, other: Self, with: fn(Box<Expression>, Box<Expression>) -> Expression) -> Self {
        let both = self.expression.and_then(|left| Ok(with(Box::new(left), Box::new(other.expression?))));
        Self::new(both)
    }
}

impl<I: Item> Condition<I> {
    pub(crate) fn exists() -> Self {
        Self::new(Ok(Expression::Exists(I::SCHEMA.partition_key)))
    }

    pub(crate) fn absent() -> Self {
        !Self::exists()
    }
}

impl<I> Not for Condition<I> {
    type Output = Self;

    fn not(self) -> Self {
        Self::new(self.expression.map(|inner| Expression::Not(Box::new(inner))))
    }
}

/// Conditions on one attribute.
impl<I, T: Serialize> Field<I, T> {
    /// The attribute equals `value`.
    pub fn eq(self, value: impl Into<T>) -> Condition<I> {
        self.compare("=", value.into())
    }

    /// The attribute is there and differs from `value`, or is not there.
    pub fn ne(self, value: impl Into<T>) -> Condition<I> {
        self.compare("<>", value.into())
    }

    /// The attribute is less than `value`.
    pub fn lt(self, value: impl Into<T>) -> Condition<I> {
        self.compare("<", value.into())
    }

    /// The attribute is at most `value`.
    pub fn le(self, value: impl Into<T>) -> Condition<I> {
        self.compare("<=", value.into())
    }

    /// The attribute is greater than `value`.
    pub fn gt(self, value: impl Into<T>) -> Condition<I> {
        self.compare(">", value.into())
    }

    /// The attribute is at least `value`.
    pub fn ge(self, value: impl Into<T>) -> Condition<I> {
        self.compare(">=", value.into())
    }

    /// The attribute is at least `low` and at most `high`; never true where `low` is greater.
    pub fn between(self, low: impl Into<T>, high: impl Into<T>) -> Condition<I> {
        let values = self.value(&low.into()).and_then(|low| Ok((low, self.value(&high.into())?)));
        Condition::new(values.map(|(low, high)| match is_empty_range(&low, &high) {
            true => Expression::never(self.name),
            false => Expression::Between(self.name.to_owned(), low, high),
        }))
    }

    /// The attribute is there.
    pub fn is_set(self) -> Condition<I> {
        Condition::new(Ok(Expression::Function("attribute_exists", self.name.to_owned(), None)))
    }

    /// The attribute is not there.
    pub fn is_unset(self) -> Condition<I> {
        !self.is_set()
    }

    fn compare(self, operator: &'static str, value: T) -> Condition<I> {
        let value = self.value(&value);
        Condition::new(value.map(|value| Expression::Compare(self.name.to_owned(), operator, value)))
    }

    pub(crate) fn value(self, value: &impl Serialize) -> Result<AttributeValue, DataError> {
        serde_dynamo::to_attribute_value(value)
            .map_err(|error| DataError::foreign(&format!("a value for attribute `{}`", self.name), error))
    }
}

impl<I> Field<I, String> {
    /// The attribute begins with `prefix`.
    pub fn begins_with(self, prefix: &str) -> Condition<I> {
        let value = Some(string(prefix));
        Condition::new(Ok(Expression::Function("begins_with", self.name.to_owned(), value)))
    }

    /// The attribute contains `part`.
    pub fn contains(self, part: &str) -> Condition<I> {
        let value = Some(string(part));
        Condition::new(Ok(Expression::Function("contains", self.name.to_owned(), value)))
    }
}
