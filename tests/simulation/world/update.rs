//! DynamoDB's update expressions.

use beldi::store::{AttributeValue, Attributes, Placeholders};

use super::expressions::{Expression, Malformed};

/// What an update makes of an item. All that it reads is the item as it was.
pub(super) fn updated(
    update: &str,
    placeholders: &Placeholders,
    old: Option<&Attributes>,
    key: &Attributes,
) -> Result<Attributes, Malformed> {
    let mut new = old.unwrap_or(key).clone();
    let mut expression = Expression::new(update, placeholders, old);
    while !expression.is_at_end() {
        let clause = expression.token();
        loop {
            let name = expression.name()?;
            match clause {
                "SET" => {
                    if expression.token() != "=" {
                        return Err("`SET` without `=`".to_owned());
                    }
                    let value = value(&mut expression)?;
                    new.insert(name.to_owned(), value);
                }
                "REMOVE" => drop(new.remove(name)),
                "ADD" => add(&mut new, name, operand(&mut expression)?)?,
                "DELETE" => delete(&mut new, name, &operand(&mut expression)?)?,
                other => return Err(format!("`{other}` is no clause")),
            }
            if expression.peek() != "," {
                break;
            }
            expression.token();
        }
    }
    Ok(new)
}

fn operand(expression: &mut Expression<'_>) -> Result<AttributeValue, Malformed> {
    let operand = expression.operand()?;
    operand.map(std::borrow::Cow::into_owned).ok_or_else(|| "an attribute that is not there".to_owned())
}

fn value(expression: &mut Expression<'_>) -> Result<AttributeValue, Malformed> {
    let first = operand(expression)?;
    let sign = match expression.peek() {
        "+" => 1,
        "-" => -1,
        _ => return Ok(first),
    };
    expression.token();
    sum(&first, &operand(expression)?, sign)
}

fn sum(first: &AttributeValue, second: &AttributeValue, sign: i128) -> Result<AttributeValue, Malformed> {
    let whole = |value: &AttributeValue| match value {
        AttributeValue::N(number) => number.parse::<i128>().ok(),
        _ => None,
    };
    match (whole(first), whole(second)) {
        (Some(first), Some(second)) => Ok(AttributeValue::N((first + sign * second).to_string())),
        _ => Err("only whole numbers are added here".to_owned()),
    }
}

fn add(item: &mut Attributes, name: &str, value: AttributeValue) -> Result<(), Malformed> {
    match (item.get_mut(name), value) {
        (None, value) => drop(item.insert(name.to_owned(), value)),
        (Some(AttributeValue::Bs(set)), AttributeValue::Bs(more)) => {
            more.into_iter().for_each(|one| {
                if !set.contains(&one) {
                    set.push(one)
                }
            });
        }
        (Some(AttributeValue::Ss(set)), AttributeValue::Ss(more))
        | (Some(AttributeValue::Ns(set)), AttributeValue::Ns(more)) => {
            more.into_iter().for_each(|one| {
                if !set.contains(&one) {
                    set.push(one)
                }
            });
        }
        (Some(there), more) => *there = sum(there, &more, 1)?,
    }
    Ok(())
}

fn delete(item: &mut Attributes, name: &str, value: &AttributeValue) -> Result<(), Malformed> {
    let is_empty = match (item.get_mut(name), value) {
        (None, _) => false,
        (Some(AttributeValue::Bs(set)), AttributeValue::Bs(less)) => {
            set.retain(|one| !less.contains(one));
            set.is_empty()
        }
        (Some(AttributeValue::Ss(set)), AttributeValue::Ss(less)) => {
            set.retain(|one| !less.contains(one));
            set.is_empty()
        }
        _ => return Err("`DELETE` of what is no set".to_owned()),
    };
    if is_empty {
        item.remove(name);
    }
    Ok(())
}
