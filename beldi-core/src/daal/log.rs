//! Log entries: instance id, start second of the instance at this service, outcome, step.

use crate::ids::{InstanceId, StepPath};

/// The step that an entry is about.
#[derive(Debug, Clone)]
pub(crate) struct EntryKey {
    pub(crate) instance: InstanceId,
    /// When the instance started at this service, in seconds since 1970: what the watermark is compared to.
    pub(crate) start_s: u32,
    pub(crate) step: StepPath,
}

const OUTCOME: usize = 20;

impl EntryKey {
    /// The entry that witnesses this step with this outcome.
    pub(crate) fn entry(&self, outcome: bool) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(24);
        bytes.extend_from_slice(&self.instance.to_bytes());
        bytes.extend_from_slice(&self.start_s.to_be_bytes());
        bytes.push(u8::from(outcome));
        bytes.extend_from_slice(&self.step.to_bytes());
        bytes
    }

    /// The outcome of this step, if one of the entries is about it.
    pub(crate) fn find(&self, log: &[Vec<u8>]) -> Option<bool> {
        [true, false].into_iter().find(|outcome| log.contains(&self.entry(*outcome)))
    }
}

/// The start second of the youngest entry's instance.
pub(crate) fn youngest(log: &[Vec<u8>]) -> u32 {
    log.iter().map(|entry| start_of(entry)).max().unwrap_or_default()
}

/// The start second of an entry's instance.
pub(crate) fn start_of(entry: &[u8]) -> u32 {
    let mut bytes = [0; 4];
    bytes.copy_from_slice(entry.get(16..OUTCOME).unwrap_or(&[0xff; 4]));
    u32::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_about_one_step_of_one_instance() {
        let key = |instance, step: &str| EntryKey {
            instance: InstanceId::from_u128(instance),
            start_s: 1_700_000_000,
            step: step.parse().expect("a path"),
        };
        let log = vec![key(1, "1").entry(true), key(1, "2.0.1").entry(false)];
        assert_eq!(key(1, "1").find(&log), Some(true));
        assert_eq!(key(1, "2.0.1").find(&log), Some(false));
        assert_eq!(key(1, "2").find(&log), None);
        assert_eq!(key(2, "1").find(&log), None);
        assert_eq!(log[0].len(), 22);
        assert_eq!(start_of(&log[0]), 1_700_000_000);
    }
}
