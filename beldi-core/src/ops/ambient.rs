//! The clock, ids and random numbers, deterministic in replay.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_dynamo::AttributeValue;

use super::{Observation, Operation};
use crate::attempt::{Step, What};
use crate::attributes::number;
use crate::data::DataError;
use crate::error::Fault;
use crate::service::AnyService;

/// The time now, in whole milliseconds: an observation, so that replay sees the same time.
pub fn now() -> Now {
    Now
}

/// A UUID that is the same in every attempt of this instance and different in every other step. It costs
/// nothing: it is derived from the instance id and the step.
pub fn uuid() -> Uuid {
    Uuid
}

/// A random number that is the same in every attempt of this instance, derived like [`uuid()`]. For more
/// than one, seed a generator of your own with it.
pub fn random() -> Random {
    Random
}

/// A random number below `limit`, which is at least 1; derived like [`random`].
pub fn random_below(limit: u64) -> RandomBelow {
    RandomBelow(limit)
}

/// See [`now`].
#[derive(Debug)]
#[must_use = "BELDI011: this operation is built and dropped; nothing happens until it is awaited"]
pub struct Now;

/// See [`uuid()`].
#[derive(Debug)]
#[must_use = "BELDI011: this operation is built and dropped; nothing happens until it is awaited"]
pub struct Uuid;

/// See [`random`].
#[derive(Debug)]
#[must_use = "BELDI011: this operation is built and dropped; nothing happens until it is awaited"]
pub struct Random;

/// See [`random_below`].
#[derive(Debug)]
#[must_use = "BELDI011: this operation is built and dropped; nothing happens until it is awaited"]
pub struct RandomBelow(u64);

#[diagnostic::do_not_recommend]
impl Operation for Now {
    type Output = SystemTime;
    type Owner = AnyService;

    async fn perform(self, step: Step) -> Result<SystemTime, Fault> {
        let what = What::new("now", "clock", String::new(), &[]);
        let now = step.observe(what, async { Ok(number(step.environment().world.now_ms())) }).await?;
        let millis = match &now {
            AttributeValue::N(digits) => digits.parse().ok(),
            _ => None,
        };
        let millis = millis.ok_or_else(|| DataError::foreign("a recorded time", std::fmt::Error))?;
        Ok(UNIX_EPOCH + Duration::from_millis(millis))
    }
}

#[diagnostic::do_not_recommend]
impl Operation for Uuid {
    type Output = uuid::Uuid;
    type Owner = AnyService;

    async fn perform(self, step: Step) -> Result<uuid::Uuid, Fault> {
        Ok(uuid::Uuid::new_v8(derived(&step, b"uuid").to_be_bytes()))
    }
}

#[diagnostic::do_not_recommend]
impl Operation for Random {
    type Output = u64;
    type Owner = AnyService;

    async fn perform(self, step: Step) -> Result<u64, Fault> {
        Ok(derived(&step, b"random") as u64)
    }
}

#[diagnostic::do_not_recommend]
impl Operation for RandomBelow {
    type Output = u64;
    type Owner = AnyService;

    async fn perform(self, step: Step) -> Result<u64, Fault> {
        // 128 random bits leave no bias that could be seen below 2^64.
        Ok((derived(&step, b"random") % u128::from(self.0.max(1))) as u64)
    }
}

fn derived(step: &Step, purpose: &[u8]) -> u128 {
    step.journal().identity().instance.derive(purpose, step.path())
}

#[diagnostic::do_not_recommend]
impl Observation for Now {}
#[diagnostic::do_not_recommend]
impl Observation for Uuid {}
#[diagnostic::do_not_recommend]
impl Observation for Random {}
#[diagnostic::do_not_recommend]
impl Observation for RandomBelow {}
