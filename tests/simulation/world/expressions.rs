//! DynamoDB's condition and update expressions, evaluated while they are read.
//!
//! Only what the protocol sends: attributes at the top level, and always by placeholders.

use std::borrow::Cow;
use std::cmp::Ordering;

use beldi::store::{AttributeValue, Attributes, Placeholders};

/// What is wrong with an expression.
pub(super) type Malformed = String;

/// An expression that is being read.
pub(super) struct Expression<'a> {
    rest: &'a str,
    placeholders: &'a Placeholders,
    item: Option<&'a Attributes>,
}

type Operand<'a> = Option<Cow<'a, AttributeValue>>;

/// Whether a condition holds of an item, or of its absence.
pub(super) fn holds(
    condition: &str,
    placeholders: &Placeholders,
    item: Option<&Attributes>,
) -> Result<bool, Malformed> {
    let mut expression = Expression::new(condition, placeholders, item);
    let held = expression.alternatives()?;
    if expression.rest.is_empty() { Ok(held) } else { Err(format!("`{}` is too much", expression.rest)) }
}

impl<'a> Expression<'a> {
    pub(super) fn new(text: &'a str, placeholders: &'a Placeholders, item: Option<&'a Attributes>) -> Self {
        Self { rest: text.trim(), placeholders, item }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next word or sign.
    pub(super) fn token(&mut self) -> &'a str {
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '#' | ':');
        let end = match self.rest.find(|c| !is_word(c)) {
            Some(0) if ["<>", "<=", ">="].iter().any(|sign| self.rest.starts_with(sign)) => 2,
            Some(0) => 1,
            Some(end) => end,
            None => self.rest.len(),
        };
        let (token, rest) = self.rest.split_at(end.min(self.rest.len()));
        self.rest = rest.trim_start();
        token
    }

    pub(super) fn peek(&self) -> &'a str {
        Expression { rest: self.rest, placeholders: self.placeholders, item: self.item }.token()
    }

    pub(super) fn expect(&mut self, wanted: &str) -> Result<(), Malformed> {
        let token = self.token();
        if token == wanted { Ok(()) } else { Err(format!("`{token}` where `{wanted}` was due")) }
    }

    fn alternatives(&mut self) -> Result<bool, Malformed> {
        let mut held = self.conjunction()?;
        while self.peek() == "OR" {
            self.token();
            held |= self.conjunction()?;
        }
        Ok(held)
    }

    fn conjunction(&mut self) -> Result<bool, Malformed> {
        let mut held = self.negation()?;
        while self.peek() == "AND" {
            self.token();
            held &= self.negation()?;
        }
        Ok(held)
    }

    fn negation(&mut self) -> Result<bool, Malformed> {
        match self.peek() {
            "NOT" => {
                self.token();
                Ok(!self.negation()?)
            }
            "(" => {
                self.token();
                let held = self.alternatives()?;
                self.expect(")")?;
                Ok(held)
            }
            "attribute_exists" => Ok(self.one_argument()?.is_some()),
            "attribute_not_exists" => Ok(self.one_argument()?.is_none()),
            "contains" => self.two_arguments().map(|(of, what)| contains(&of, &what)),
            "begins_with" => self.two_arguments().map(|(of, what)| begins_with(&of, &what)),
            _ => self.comparison(),
        }
    }

    fn one_argument(&mut self) -> Result<Operand<'a>, Malformed> {
        self.token();
        self.expect("(")?;
        let operand = self.operand()?;
        self.expect(")")?;
        Ok(operand)
    }

    fn two_arguments(&mut self) -> Result<(Operand<'a>, Operand<'a>), Malformed> {
        self.token();
        self.expect("(")?;
        let first = self.operand()?;
        self.expect(",")?;
        let second = self.operand()?;
        self.expect(")")?;
        Ok((first, second))
    }

    fn comparison(&mut self) -> Result<bool, Malformed> {
        let left = self.operand()?;
        let sign = self.token();
        if sign == "BETWEEN" {
            let low = self.operand()?;
            self.expect("AND")?;
            let high = self.operand()?;
            let at_least = compare(left.as_deref(), low.as_deref()).is_some_and(Ordering::is_ge);
            return Ok(at_least && compare(left.as_deref(), high.as_deref()).is_some_and(Ordering::is_le));
        }
        if sign == "IN" {
            return self.is_in(left.as_deref());
        }
        let right = self.operand()?;
        let (left, right) = (left.as_deref(), right.as_deref());
        match sign {
            "=" => Ok(left.is_some() && same(left, right)),
            "<>" => Ok(!same(left, right)),
            "<" => Ok(compare(left, right).is_some_and(Ordering::is_lt)),
            "<=" => Ok(compare(left, right).is_some_and(Ordering::is_le)),
            ">" => Ok(compare(left, right).is_some_and(Ordering::is_gt)),
            ">=" => Ok(compare(left, right).is_some_and(Ordering::is_ge)),
            other => Err(format!("`{other}` is no comparison")),
        }
    }

    fn is_in(&mut self, left: Option<&AttributeValue>) -> Result<bool, Malformed> {
        self.expect("(")?;
        let mut found = false;
        loop {
            let right = self.operand()?;
            found |= left.is_some() && same(left, right.as_deref());
            match self.token() {
                "," => {}
                ")" => return Ok(found),
                other => return Err(format!("`{other}` in a list")),
            }
        }
    }

    /// The name of the attribute that comes next.
    pub(super) fn name(&mut self) -> Result<&'a str, Malformed> {
        let token = self.token();
        let found = self.placeholders.names().find(|(placeholder, _)| *placeholder == token);
        found.map(|(_, name)| name).ok_or_else(|| format!("`{token}` is no name"))
    }

    /// The value of a placeholder, an attribute or a function that comes next.
    pub(super) fn operand(&mut self) -> Result<Operand<'a>, Malformed> {
        match self.peek() {
            "size" => Ok(self.one_argument()?.map(|value| Cow::Owned(AttributeValue::N(size(&value).to_string())))),
            token if token.starts_with(':') => {
                self.token();
                let found = self.placeholders.values().find(|(placeholder, _)| *placeholder == token);
                let (_, value) = found.ok_or_else(|| format!("`{token}` has no value"))?;
                Ok(Some(Cow::Borrowed(value)))
            }
            "if_not_exists" => {
                let (attribute, default) = self.two_arguments()?;
                Ok(attribute.or(default))
            }
            "list_append" => match self.two_arguments()? {
                (Some(first), Some(second)) => match (first.into_owned(), second.into_owned()) {
                    (AttributeValue::L(mut list), AttributeValue::L(more)) => {
                        list.extend(more);
                        Ok(Some(Cow::Owned(AttributeValue::L(list))))
                    }
                    _ => Err("`list_append` of what is no list".to_owned()),
                },
                _ => Err("`list_append` of nothing".to_owned()),
            },
            _ => {
                let name = self.name()?;
                Ok(self.item.and_then(|item| item.get(name)).map(Cow::Borrowed))
            }
        }
    }
}

fn same(left: Option<&AttributeValue>, right: Option<&AttributeValue>) -> bool {
    use AttributeValue::{Bs, N, Ns, Ss};
    match (left, right) {
        (Some(N(_)), Some(N(_))) => compare(left, right) == Some(Ordering::Equal),
        (Some(Bs(one)), Some(Bs(other))) => one.len() == other.len() && one.iter().all(|part| other.contains(part)),
        (Some(Ss(one) | Ns(one)), Some(Ss(other) | Ns(other))) => {
            one.len() == other.len() && one.iter().all(|part| other.contains(part))
        }
        _ => left == right,
    }
}

fn compare(left: Option<&AttributeValue>, right: Option<&AttributeValue>) -> Option<Ordering> {
    match (left?, right?) {
        (AttributeValue::N(one), AttributeValue::N(other)) => match (one.parse::<i128>(), other.parse::<i128>()) {
            (Ok(one), Ok(other)) => Some(one.cmp(&other)),
            _ => one.parse::<f64>().ok()?.partial_cmp(&other.parse().ok()?),
        },
        (AttributeValue::S(one), AttributeValue::S(other)) => Some(one.cmp(other)),
        (AttributeValue::B(one), AttributeValue::B(other)) => Some(one.cmp(other)),
        _ => None,
    }
}

fn contains(of: &Operand<'_>, what: &Operand<'_>) -> bool {
    match (of.as_deref(), what.as_deref()) {
        (Some(AttributeValue::Bs(set)), Some(AttributeValue::B(one))) => set.contains(one),
        (Some(AttributeValue::Ss(set)), Some(AttributeValue::S(one))) => set.contains(one),
        (Some(AttributeValue::Ns(set)), Some(AttributeValue::N(one))) => set.contains(one),
        (Some(AttributeValue::S(text)), Some(AttributeValue::S(part))) => text.contains(part.as_str()),
        (Some(AttributeValue::L(list)), Some(one)) => list.iter().any(|part| same(Some(part), Some(one))),
        _ => false,
    }
}

fn begins_with(of: &Operand<'_>, what: &Operand<'_>) -> bool {
    match (of.as_deref(), what.as_deref()) {
        (Some(AttributeValue::S(text)), Some(AttributeValue::S(part))) => text.starts_with(part.as_str()),
        (Some(AttributeValue::B(bytes)), Some(AttributeValue::B(part))) => bytes.starts_with(part),
        _ => false,
    }
}

fn size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::B(bytes) => bytes.len(),
        AttributeValue::Bs(set) => set.len(),
        AttributeValue::Ss(set) | AttributeValue::Ns(set) => set.len(),
        AttributeValue::L(list) => list.len(),
        AttributeValue::M(map) => map.len(),
        AttributeValue::N(_) | AttributeValue::Bool(_) | AttributeValue::Null(_) => 0,
    }
}
