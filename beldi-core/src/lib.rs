//! The protocol, the stores and the hosts of [beldi](https://docs.rs/beldi).
//!
//! Use the crate `beldi`, which re-exports what is public here together with the macros that make
//! functions. This crate holds the parts: [`store`] (DynamoDB as the protocol sees it), the journal and the
//! rows, operations and steps, the collector, and the hosts that run functions.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod attempt;
mod attributes;
mod checksum;
mod client;
mod codec;
mod collector;
mod condition;
mod contract;
mod daal;
mod data;
mod environment;
mod error;
mod function;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod garbage;
mod hash;
pub mod host;
mod ids;
mod intent;
mod invoke;
mod item;
mod key;
#[cfg(test)]
mod laws;
pub mod manifest;
pub mod marks;
mod ops;
mod problem;
mod registry;
mod service;
mod storable;
pub mod store;
#[cfg(feature = "embedded")]
pub mod testing;
mod txn;
mod world;

pub use attempt::Nondeterminism;
pub use checksum::Damage;
pub use client::{Client, ClientCall, ClientError, ClientFuture, ClientStart};
pub use condition::Condition;
pub use contract::Contract;
pub use data::{Data, DataError};
pub use environment::{Environment, Settings, SettingsError};
pub use error::{AttemptError, Divergence, Fault, InvokeError, Problem, ProblemKind, TransactionFault};
pub use function::{Function, Handler, ReadOnlyFunction};
pub use garbage::{Garbage, Watermarks, collect_garbage};
pub use host::{Program, main};
pub use ids::{InstanceId, InvalidInstanceId, InvalidStepPath, StepPath};
pub use intent::Status;
pub use invoke::{Delivery, Invocation, InvokeFuture, Invoker, TriggerFuture};
pub use item::{Field, Index, Item, ItemSchema};
pub use key::{IntoKey, KeyError, KeyTypeError, KeyValue};
pub use ops::{
    BatchGet, Call, Conflict, Delete, Detached, External, ExternalError, Get, Helper, Now, Numeric, Observation,
    Operation, PageToken, Put, Query, Random, RandomBelow, ResultPage, RetryPolicy, RowWrite, Scan, Update, Uuid, When,
    external, now, random, random_below, uuid,
};
pub use registry::{Registry, RegistryError};
pub use service::{AnyService, OwnService, Service};
pub use txn::{InDoubt, Lock, LockGuard, Tallies, TransactionContext, TransactionStatistics, Unlock, lock};
pub use world::{SystemWorld, VirtualWorld, World};

/// What generated code calls. Not for users: it changes without notice, and the macros pin the version.
#[doc(hidden)]
pub mod __private {
    pub use std::time::Duration;

    pub use inventory;
    pub use tokio::join as tokio_join;

    pub use crate::attempt::{Cx, join, observe, step};
    pub use crate::codec::{Arguments, Codec, codec};
    pub use crate::function::{Fallibility, FunctionEntry, Infallible};
    pub use crate::item::{IndexEntry, TableEntry};
    pub use crate::key::{Composite, Partition};
    pub use crate::ops::{Effects, Observes, call};
    pub use crate::registry::ServiceEntry;
    pub use crate::service::{Scope, UsableIn};
    #[cfg(feature = "embedded")]
    pub use crate::testing::Case;
    pub use crate::txn::{Fallible, Transaction, TransactionOptions, transaction};
}
