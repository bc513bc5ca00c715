//! Functions: their contracts, which `#[beldi::function]` and `beldi::remote!` implement, their code, and the registry's
//! view of both.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::attempt::Cx;
use crate::codec::Codec;
use crate::data::DataError;
use crate::service::{OwnService, Service};

/// A function of a service (the paper's SSF), as callers see it: its contract. Implemented by `#[beldi::function]` for a
/// type that has the name of the handler, so that `hotel::reserve` is both the type and the typed way to call it; and by
/// `beldi::remote!` for functions of other programs.
pub trait Function: Send + Sync + 'static {
    /// The service whose tables the function may touch.
    type Service: Service;
    /// The handler's arguments as a tuple.
    type Arguments: Send + 'static;
    /// What the handler returns: also what a caller gets.
    type Output: Send + 'static;
    /// The name of the function, unique in its service.
    const NAME: &'static str;
    /// The names of the arguments, for messages and for JSON objects.
    const ARGUMENT_NAMES: &'static [&'static str];
    /// Whether the function has no effect, as the compiler checked.
    const READ_ONLY: bool;
    /// How long results are kept; the host's default when absent.
    const RETENTION: Option<Duration>;
    /// Name, arguments and output as one text, in which types go by their own names. Caller and callee must have the
    /// same.
    const SIGNATURE: &'static str;
    /// How the arguments and the output are written and read.
    #[doc(hidden)]
    const CODEC: Codec<Self::Arguments, Self::Output>;
}

/// A function with its code, of this program. Implemented by `#[beldi::function]`.
#[diagnostic::on_unimplemented(
    message = "BELDI040: the function `{Self}` belongs to another program",
    label = "declared with `beldi::remote!`: its code and its journal are elsewhere",
    note = "call it, with an idempotency key to ask for its result again"
)]
pub trait Handler: Function<Service: OwnService> {
    /// How long one attempt may live; the host's default when absent.
    const TIMEOUT: Option<Duration>;
    /// A hash of the handler's code, kept in the intent.
    const CODE: u64;

    /// The handler, each `.await` made a step.
    fn run(cx: Cx, arguments: Self::Arguments) -> impl Future<Output = Self::Output> + Send;
}

/// A function that the compiler checked to have no effect: calling it is an observation.
#[diagnostic::on_unimplemented(
    message = "BELDI010: `{Self}` has effects, and this function is `read_only`",
    label = "a call of a function that is not `read_only`",
    note = "mark `{Self}` as `read_only` if it has no effects, or drop `read_only` from the caller"
)]
pub trait ReadOnlyFunction: Function {}

/// What a host does to run an attempt: arguments in, JSON of the output out.
pub(crate) type Run = fn(Cx, &str) -> Result<HandlerFuture, DataError>;
/// The JSON of what a handler returned.
pub(crate) type HandlerFuture = Pin<Box<dyn Future<Output = Result<String, DataError>> + Send>>;

/// A registered function. Made by `#[beldi::function]`, collected through `inventory`.
#[derive(Clone, Copy)]
pub struct FunctionEntry {
    pub(crate) service: &'static str,
    pub(crate) name: &'static str,
    pub(crate) argument_names: &'static [&'static str],
    pub(crate) signature: &'static str,
    pub(crate) read_only: bool,
    pub(crate) fallible: bool,
    pub(crate) timeout: Option<Duration>,
    pub(crate) retention: Option<Duration>,
    pub(crate) code: u64,
    pub(crate) file: &'static str,
    pub(crate) line: u32,
    pub(crate) handler: Run,
    pub(crate) check_arguments: fn(&str) -> Result<(), DataError>,
}

impl std::fmt::Debug for FunctionEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{} ({}:{})", self.service, self.name, self.file, self.line)
    }
}

impl FunctionEntry {
    /// The entry of function `F`, declared at `file` and `line`. `fallible` says that its output is a
    /// `Result`, which a gateway answers by status.
    pub const fn of<F: Handler>(fallible: bool, file: &'static str, line: u32) -> Self {
        Self {
            service: <F::Service as Service>::NAME,
            name: F::NAME,
            argument_names: F::ARGUMENT_NAMES,
            signature: F::SIGNATURE,
            read_only: F::READ_ONLY,
            fallible,
            timeout: F::TIMEOUT,
            retention: F::RETENTION,
            code: F::CODE,
            file,
            line,
            handler: handle::<F>,
            check_arguments: |json| (F::CODEC.decode_arguments)(json).map(drop),
        }
    }
}

fn handle<F: Handler>(cx: Cx, arguments: &str) -> Result<HandlerFuture, DataError> {
    let arguments = (F::CODEC.decode_arguments)(arguments)?;
    Ok(Box::pin(async move { (F::CODEC.encode_output)(&F::run(cx, arguments).await) }))
}

inventory::collect!(FunctionEntry);

/// Tells whether a type is a `Result`: `Fallibility::<T>::FALLIBLE`, with [`Infallible`] in scope.
pub struct Fallibility<T>(std::marker::PhantomData<T>);

impl<T, E> Fallibility<Result<T, E>> {
    /// A `Result`: its `Err` is an answer that a gateway tells by status.
    pub const FALLIBLE: bool = true;
}

/// The answer for all other types; an inherent constant goes before one of a trait.
pub trait Infallible {
    /// Not a `Result`.
    const FALLIBLE: bool = false;
}

impl<T> Infallible for Fallibility<T> {}
