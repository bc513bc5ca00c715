//! Spans of time, as `5s`: how long an attempt may live, and how long a result is kept.

use std::time::Duration;

use syn::LitStr;

use crate::catalogue;
use crate::errors::Errors;

/// AWS Lambda ends each invocation after 15 minutes.
const MAX: Duration = Duration::from_secs(15 * 60);

/// A result that is to be kept longer than a year belongs into a table.
const MAX_RETENTION: Duration = Duration::from_secs(366 * 24 * 3600);

/// The limit of time that a text stands for.
pub(crate) fn parse(text: &LitStr, errors: &mut Errors) -> Option<Duration> {
    let parsed = duration(&text.value()).filter(|timeout| *timeout <= MAX);
    if parsed.is_none() {
        errors.push(text, &catalogue::malformed_timeout(&text.value()));
    }
    parsed
}

/// The time that results are kept, which a text stands for.
pub(crate) fn parse_retention(text: &LitStr, errors: &mut Errors) -> Option<Duration> {
    let parsed = duration(&text.value()).filter(|retention| *retention <= MAX_RETENTION);
    if parsed.is_none() {
        errors.push(text, &catalogue::malformed_retention(&text.value()));
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
        "h" => 3_600_000,
        "d" => 24 * 3_600_000,
        _ => return None,
    };
    let duration = Duration::from_millis(number.parse::<u64>().ok()?.checked_mul(unit_ms)?);
    (!duration.is_zero()).then_some(duration)
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
        assert_eq!(duration("36h"), Some(Duration::from_secs(36 * 3600)));
        assert_eq!(duration("7d"), Some(Duration::from_secs(7 * 24 * 3600)));
    }

    #[test]
    fn nothing_else() {
        for text in ["", "5", "s", "0s", "0d", "-5s", "5 weeks", "5 parsecs", "99999999999999999999s"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
