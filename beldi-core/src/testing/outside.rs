//! The world outside, as a test sees it: what external actions did there.
//!
//! Invariant: all of a run is on one thread, so that tests that run at the same time do not see each other's effects. What
//! is called on another thread is told so, and not overlooked.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::attempt::CurrentStep;

thread_local! {
    /// What has happened in the run on this thread, if there is one.
    static EFFECTS: RefCell<Option<Vec<Effect>>> = const { RefCell::new(None) };
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
/// twice: the key that [`external`](crate::external) hands to its action was not passed on. For that, it is to be called
/// by the action itself and not in a task of its own.
///
/// ```
/// use beldi_core::testing::happens;
///
/// /// Takes the place of the provider's client. Gives whether the account was charged now.
/// fn charge(cents: u64, key: Option<&str>) -> bool {
///     happens(format!("charge {cents}"), key)
/// }
/// ```
///
/// # Panics
///
/// If no test runs on this thread: what happens on another one would go unseen.
pub fn happens(what: impl Into<String>, key: Option<&str>) -> bool {
    let (what, key) = (what.into(), key.map(str::to_owned));
    EFFECTS.with_borrow_mut(|effects| {
        let effects = effects.as_mut().expect("`happens` is called in a test of `beldi::testing`, and on its thread");
        if key.is_some() && effects.iter().any(|effect| effect.key == key && effect.what == what) {
            return false;
        }
        effects.push(Effect { what, key, step: CurrentStep::get() });
        true
    })
}

/// A run begins on this thread. Nothing has happened yet.
pub(super) fn forget() {
    EFFECTS.set(Some(Vec::new()));
}

/// What has happened, in this order.
pub(super) fn effects() -> Vec<String> {
    EFFECTS.with_borrow(|effects| effects.iter().flatten().map(|effect| effect.what.clone()).collect())
}

/// The external actions that did the same more than once.
pub(super) fn repeated() -> Vec<String> {
    EFFECTS.with_borrow(|effects| {
        let mut done: BTreeMap<_, Vec<Option<&str>>> = BTreeMap::new();
        for Effect { what, key, step } in effects.iter().flatten() {
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
