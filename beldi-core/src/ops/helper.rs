//! Helpers: async functions of the user's that have steps.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use super::{Observation, Operation};
use crate::attempt::{Cx, Step};
use crate::error::Fault;
use crate::marks;
use crate::service::Scope;

/// The future of a helper's body.
type HelperFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A helper that may have effects.
#[derive(Debug)]
pub enum Effects {}

/// A helper that the compiler checked to have no effect.
#[derive(Debug)]
pub enum Observes {}

/// What calling a `#[beldi::helper]` gives: its steps become steps of the function that awaits it.
#[must_use = "BELDI011: this operation is built and dropped; nothing happens until it is awaited"]
pub struct Helper<'a, S, T, M = Effects> {
    name: &'static str,
    body: Box<dyn FnOnce(Cx) -> HelperFuture<'a, T> + Send + 'a>,
    types: PhantomData<fn() -> (S, M)>,
}

impl<'a, S, T, M> Helper<'a, S, T, M> {
    /// The helper `name` with its arguments bound. Generated code makes it.
    #[doc(hidden)]
    pub fn new(name: &'static str, body: impl FnOnce(Cx) -> HelperFuture<'a, T> + Send + 'a) -> Self {
        Self { name, body: Box::new(body), types: PhantomData }
    }
}

#[diagnostic::do_not_recommend]
impl<S: Scope, T: Send, M> Operation for Helper<'_, S, T, M> {
    type Output = T;
    type Owner = S;
    const IS_ONE_STEP: bool = false;

    fn mark<C: Scope>() {
        marks::helper::<C, S>();
    }

    async fn perform(self, step: Step) -> Result<T, Fault> {
        let body = (self.body)(step.cx().enter(self.name));
        drop(step);
        Ok(body.await)
    }
}

#[diagnostic::do_not_recommend]
impl<S: Scope, T: Send> Observation for Helper<'_, S, T, Observes> {}
