//! Schedules: which disturbance happens where, as a text that can be replayed.

use std::fmt;
use std::str::FromStr;

use super::disturbance::Disturbance;
use crate::host::{CrashPoint, When};
use crate::ids::{InstanceId, digest};

/// A point of a run, named so that it is found again in a run with other disturbances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Place {
    /// The first digits of the instance id.
    instance: u32,
    /// The number of the attempt of this instance, from 1.
    attempt: u32,
    /// The number of the request or invocation in its attempt, from 1.
    number: u32,
    when: When,
}

/// A disturbance at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) place: Place,
    pub(super) disturbance: Disturbance,
}

/// All that distinguishes a run from others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Schedule {
    /// Ids, and how long requests take.
    pub(super) seed: u64,
    /// Whether requests take some time at all.
    pub(super) delays: bool,
    pub(super) events: Vec<Event>,
}

impl Place {
    pub(super) fn of(point: &CrashPoint, attempt: u32) -> Self {
        let instance = digits(point.invocation.instance);
        Self { instance, attempt, number: point.number, when: point.when }
    }

    /// Random bits of this place, the same for the same seed and purpose.
    pub(super) fn bits(&self, seed: u64, purpose: &str) -> u64 {
        (digest(&[purpose.as_bytes(), &seed.to_be_bytes(), self.to_string().as_bytes()]) >> 64) as u64
    }
}

/// The first digits of an instance id.
pub(super) fn digits(instance: InstanceId) -> u32 {
    let [one, two, three, four, ..] = instance.to_bytes();
    u32::from_be_bytes([one, two, three, four])
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { instance, attempt, number, when } = self;
        let when = if *when == When::Before { 'b' } else { 'a' };
        write!(f, "{instance:08x}.{attempt}.{number}{when}")
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let when = if text.ends_with('b') { When::Before } else { When::After };
        let text = text.strip_suffix(['a', 'b']).ok_or(())?;
        let [instance, attempt, number] = text.split('.').collect::<Vec<_>>()[..] else { return Err(()) };
        Ok(Self {
            instance: u32::from_str_radix(instance, 16).map_err(drop)?,
            attempt: attempt.parse().map_err(drop)?,
            number: number.parse().map_err(drop)?,
            when,
        })
    }
}

impl Schedule {
    /// Nothing is disturbed.
    pub(super) fn calm() -> Self {
        Self::default()
    }

    /// One disturbance.
    pub(super) fn one(place: Place, disturbance: Disturbance) -> Self {
        Self { events: vec![Event { place, disturbance }], ..Self::default() }
    }

    /// The same without one of its events.
    pub(super) fn without(&self, event: usize) -> Self {
        let mut rest = self.clone();
        rest.events.remove(event);
        rest
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed={}", self.seed)?;
        f.write_str(if self.delays { " delays" } else { "" })?;
        self.events.iter().try_for_each(|Event { place, disturbance }| write!(f, " {place}={}", disturbance.word()))
    }
}

impl FromStr for Schedule {
    /// The word that is none of a schedule's.
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut schedule = Self::calm();
        for word in text.split_whitespace() {
            match word.split_once('=') {
                None if word == "delays" => schedule.delays = true,
                Some(("seed", seed)) => schedule.seed = seed.parse().map_err(|_| word.to_owned())?,
                Some((place, disturbance)) => {
                    let place = place.parse().map_err(|()| word.to_owned())?;
                    let disturbance = Disturbance::of_word(disturbance).ok_or_else(|| word.to_owned())?;
                    schedule.events.push(Event { place, disturbance });
                }
                None => return Err(word.to_owned()),
            }
        }
        Ok(schedule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_is_read_as_it_was_written() {
        let text = "seed=17 delays 00ff00ff.2.3b=crash 1234abcd.1.1a=late:250 1234abcd.1.2b=again";
        let schedule: Schedule = text.parse().expect("a schedule");
        assert_eq!(schedule.events.len(), 3);
        assert_eq!(schedule.to_string(), text);
    }

    #[test]
    fn what_is_no_schedule_is_named() {
        for word in ["17", "seed=x", "00ff00ff.2=crash", "00ff00ff.2.3b=burn", "00ff00ff.2.3=crash"] {
            assert_eq!(format!("seed=1 {word}").parse::<Schedule>(), Err(word.to_owned()));
        }
    }
}
