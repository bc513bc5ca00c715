//! Places for attempts: how many of one function may run at once, and which instances wait for one.
//!
//! Invariant: an instance that waits for a place is not started again meanwhile. Each start counts as an attempt, and it
//! would be given up without having run.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::function::FunctionEntry;
use crate::ids::InstanceId;

/// The places of all functions.
pub(super) struct Places {
    concurrency: usize,
    limits: Mutex<HashMap<(&'static str, &'static str), Arc<Semaphore>>>,
    /// How many attempts of each instance wait for a place.
    queued: Mutex<HashMap<InstanceId, usize>>,
}

impl Places {
    /// So many for each function.
    pub(super) fn new(concurrency: usize) -> Self {
        Self { concurrency, limits: Mutex::default(), queued: Mutex::default() }
    }

    /// How many more attempts of a function could run now.
    pub(super) fn free(&self, function: &FunctionEntry) -> usize {
        self.of(function).available_permits()
    }

    /// A place for an attempt, once there is one.
    pub(super) async fn take(&self, function: &FunctionEntry, instance: InstanceId) -> Option<OwnedSemaphorePermit> {
        *self.queued().entry(instance).or_default() += 1;
        let place = self.of(function).acquire_owned().await;
        let mut queued = self.queued();
        match queued.get_mut(&instance) {
            Some(waiting) if *waiting > 1 => *waiting -= 1,
            _ => drop(queued.remove(&instance)),
        }
        place.ok()
    }

    /// Whether an attempt of the instance waits for a place.
    pub(super) fn are_awaited_by(&self, instance: InstanceId) -> bool {
        self.queued().contains_key(&instance)
    }

    fn of(&self, function: &FunctionEntry) -> Arc<Semaphore> {
        let mut limits = self.limits.lock().unwrap_or_else(PoisonError::into_inner);
        let limit = limits.entry((function.service, function.name));
        Arc::clone(limit.or_insert_with(|| Arc::new(Semaphore::new(self.concurrency))))
    }

    fn queued(&self) -> MutexGuard<'_, HashMap<InstanceId, usize>> {
        self.queued.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
