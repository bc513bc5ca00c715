//! A limit of time, as `5s`.

use std::time::Duration;

use syn::LitStr;

use crate::catalogue;
use crate::errors::Errors;

/// AWS Lambda ends each invocation after 15 minutes.
const MAX: Duration = Duration::from_secs(15 * 60);

/// The time that a text stands for.
pub(crate) fn parse(text: &LitStr, errors: &mut Errors) -> Option<Duration> {
    let parsed = duration(&text.value());
    if parsed.is_none() {
        errors.push(text, &catalogue::malformed_timeout(&text.value()));
    }
    parsed
}

fn duration(text: &str) -> Option<Duration> {
    let digits = text.find(|character: char| !character.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let unit_ms: u64 = match unit.trim() {
        "ms" => 1,
        "s" => 1_000,
        "m" | "min" => 60_000,
        _ => return None,
    };
    let duration = Duration::from_millis(number.parse::<u64>().ok()?.checked_mul(unit_ms)?);
    (!duration.is_zero() && duration <= MAX).then_some(duration)
}

#[cfg(test)]
mod tests {
    use super::duration;
    use std::time::Duration;

    #[test]
    fn a_number_and_a_unit() {
        assert_eq!(duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(duration("5s"), Some(Duration::from_secs(5)));
        assert_eq!(duration("5 s"), Some(Duration::from_secs(5)));
        assert_eq!(duration("15m"), Some(Duration::from_secs(900)));
    }

    #[test]
    fn nothing_else() {
        for text in ["", "5", "s", "0s", "16m", "901s", "-5s", "5h", "5 parsecs", "99999999999999999999s"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
