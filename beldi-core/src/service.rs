//! Services, the unit of data sovereignty.
//!
//! Architecture invariant: nothing touches a service's tables or journal but that service's functions
//! and its collector. The compiler keeps it: every operation has an owner, and a step of service `S`
//! accepts only operations whose owner is [`UsableIn<S>`] (protocol, invariant 6).

/// A service: some functions, the tables that only they may touch, one journal table, one collector.
/// Declared with `beldi::service!`, or with `beldi::remote!` where it belongs to another program.
pub trait Service: Send + Sync + 'static {
    /// The name of the service: lower-case letters, digits and hyphens.
    const NAME: &'static str;
}

/// A service of this program: functions and items can belong to it, and it has a journal here.
#[diagnostic::on_unimplemented(
    message = "BELDI040: the service `{Self}` belongs to another program",
    label = "declared with `beldi::remote!`: its code, its tables and its journal are elsewhere",
    note = "call its functions; for functions and items of your own declare a service with `beldi::service!`"
)]
pub trait OwnService: Service {}

/// The owner of operations that touch no table of their own: calls, the clock, ids. They are steps of
/// any service. It is also the service of a helper that names none.
#[derive(Debug, Clone, Copy)]
pub enum AnyService {}

/// An operation owned by `Self` can be a step of service `S`.
#[diagnostic::on_unimplemented(
    message = "BELDI009: this item belongs to the service `{Self}`, but this code runs in `{S}`",
    label = "an operation on a table of `{Self}`",
    note = "only the functions of `{Self}` touch its tables: call one of them instead (a helper says whose it is with `service = {Self}`)"
)]
pub trait UsableIn<S> {}

impl<S> UsableIn<S> for AnyService {}

/// Where a step stands: in a function or a helper of a service, or in a helper that names none.
pub trait Scope {
    /// The service, as [`marks`](crate::marks) name it.
    const NAME: &'static str;
    /// Whether it is no service.
    const IS_ANY: bool;
}

impl<S: Service> Scope for S {
    const NAME: &'static str = <S as Service>::NAME;
    const IS_ANY: bool = false;
}

impl Scope for AnyService {
    const NAME: &'static str = crate::marks::ANY_SERVICE;
    const IS_ANY: bool = true;
}
