//! The world outside, as a test sees it: what external actions did there.
//!
//! Invariant: all of a run is on one thread, so that tests that run at the same time do not see each other's effects.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::attempt::CurrentStep;

thread_local! {
    static EFFECTS: RefCell<Vec<Effect>> = const { RefCell::new(Vec::new()) };
}

/// Something that happened outside.
struct Effect {
    what: String,
    key: Option<String>,
    step: Option<CurrentStep>,
}

/// Takes down that something happened outside: a fake of a payment provider or a mail server calls it in a test. With an
/// idempotency key it happens once for each key, as at a provider who heeds it; without one each time. Gives whether it
/// happened now.
///
/// [`Trial::effects`](super::Trial::effects) lists what happened. A test fails if one external action did the same
/// twice: the key that [`external`](crate::external) hands to its action was not passed on.
///
/// ```
/// use beldi_core::testing::happens;
///
/// /// Takes the place of the provider's client.
/// fn charge(cents: u64, key: Option<&str>) {
///     happens(format!("charge {cents}"), key);
/// }
///
/// charge(100, Some("order 17"));
/// assert!(!happens("charge 100", Some("order 17")), "it is known already");
/// ```
pub fn happens(what: impl Into<String>, key: Option<&str>) -> bool {
    let (what, key) = (what.into(), key.map(str::to_owned));
    EFFECTS.with_borrow_mut(|effects| {
        if key.is_some() && effects.iter().any(|effect| effect.key == key && effect.what == what) {
            return false;
        }
        effects.push(Effect { what, key, step: CurrentStep::get() });
        true
    })
}

/// Nothing has happened yet.
pub(super) fn forget() {
    EFFECTS.with_borrow_mut(Vec::clear);
}

/// What has happened, in this order.
pub(super) fn effects() -> Vec<String> {
    EFFECTS.with_borrow(|effects| effects.iter().map(|effect| effect.what.clone()).collect())
}

/// The external actions that did the same more than once.
pub(super) fn repeated() -> Vec<String> {
    EFFECTS.with_borrow(|effects| {
        let mut done: BTreeMap<_, Vec<Option<&str>>> = BTreeMap::new();
        for Effect { what, key, step } in effects {
            let Some(CurrentStep { service, function, instance, path }) = step else { continue };
            let place = (format!("{service}/{function}, step {path}"), instance.to_string(), what.as_str());
            done.entry(place).or_default().push(key.as_deref());
        }
        let repeated = done.into_iter().filter(|(_, keys)| keys.len() > 1);
        let told = repeated.map(|((place, _, what), keys)| {
            let how = match keys.contains(&None) {
                true => "without an idempotency key",
                false => "with another key each time",
            };
            format!(
                "the external action of {place} did `{what}` {} times, {how}: it was run again because no result \
                 was recorded yet. Pass the key on that `beldi::external` gives to its action",
                keys.len()
            )
        });
        told.collect()
    })
}
