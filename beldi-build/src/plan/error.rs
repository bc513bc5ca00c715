//! What can be wrong with a program that is to be deployed.

use std::fmt;

/// A program cannot be deployed as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanError(pub Vec<PlanProblem>);

/// One thing that is wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanProblem {
    /// The stack cannot have its name.
    #[error(
        "`{name}` is no name of a stack: 1 to 128 letters, digits and hyphens, a letter first. Set `stack` in `[package.metadata.beldi]` of Cargo.toml"
    )]
    StackName {
        /// The name.
        name: String,
    },
    /// A Lambda function cannot have its name.
    #[error(
        "the Lambda function of the service `{service}` would be called `{name}`, which is longer than 64 characters: set a shorter `stack` in `[package.metadata.beldi]` of Cargo.toml"
    )]
    FunctionName {
        /// The service.
        service: String,
        /// The name.
        name: String,
    },
    /// A setting names a service that is not there.
    #[error(
        "`{setting}` in `[package.metadata.beldi]` of Cargo.toml names the service `{service}`, which the program does not declare. It has {known}"
    )]
    UnknownService {
        /// The setting.
        setting: &'static str,
        /// The service.
        service: String,
        /// Those that are there.
        known: String,
    },
    /// A setting names a table that is not there.
    #[error(
        "`adopt` in `[package.metadata.beldi]` of Cargo.toml names the table `{table}`, which the program does not declare. It has {known}"
    )]
    UnknownTable {
        /// The table.
        table: String,
        /// Those that are there.
        known: String,
    },
    /// A service calls one whose Lambda function nobody knows.
    #[error(
        "the service `{caller}` ({at}) calls `{service}`, which is no service of this program: say where it is with `remote = {{ {service} = \"<Lambda function>:<alias>\" }}` in `[package.metadata.beldi]` of Cargo.toml"
    )]
    UnknownCallee {
        /// The service that calls.
        caller: String,
        /// Where it is declared.
        at: String,
        /// The service that is called.
        service: String,
    },
    /// A service of this program is said to be of another.
    #[error(
        "`remote` in `[package.metadata.beldi]` of Cargo.toml names the service `{service}`, which this program declares itself: remove one"
    )]
    RemoteIsHere {
        /// The service.
        service: String,
    },
    /// A place is given of a service that nobody calls.
    #[error(
        "`remote` in `[package.metadata.beldi]` of Cargo.toml names the service `{service}`, which no function of this program calls; {called}"
    )]
    RemoteNotCalled {
        /// The service.
        service: String,
        /// What it calls of other programs.
        called: String,
    },
    /// A place of a service of another program cannot be used.
    #[error(
        "`remote` in `[package.metadata.beldi]` of Cargo.toml has `{place}` for the service `{service}`: give the name of a Lambda function and an alias, such as `shop-orders:live`"
    )]
    RemotePlace {
        /// The service.
        service: String,
        /// The place.
        place: String,
    },
    /// The binary has calls of a service that its manifest has not.
    #[error(
        "the binary has calls by a service `{caller}` that its manifest does not have: the manifest is of another build, make it again"
    )]
    OtherBuild {
        /// The service.
        caller: String,
    },
    /// Two things would be one resource of the template.
    #[error("`{first}` and `{second}` would have one logical id, `{id}`, in the template: rename one")]
    LogicalId {
        /// One of them.
        first: String,
        /// The other.
        second: String,
        /// The id.
        id: String,
    },
}

/// A single problem as it is, several as a list.
impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [problem] = self.0.as_slice() {
            return problem.fmt(f);
        }
        write!(f, "{} problems:", self.0.len())?;
        self.0.iter().try_for_each(|problem| write!(f, "\n- {problem}"))
    }
}

impl std::error::Error for PlanError {}
