//! What can be wrong with a manifest.

use std::fmt;

use beldi_core::manifest::MANIFEST_VERSION;

/// A manifest cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// The file cannot be read.
    #[error("the manifest `{path}` cannot be read: {source}")]
    File {
        /// The path of the file.
        path: String,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The text is no JSON, a field is missing, unknown or of another type.
    #[error("this is no manifest: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Another version of the library wrote the manifest, in another format.
    #[error(
        "the manifest has version {found}, and this tool reads version {MANIFEST_VERSION}: use the tool of the same release as the library"
    )]
    Version {
        /// The version that the manifest says.
        found: u32,
    },
    /// The manifest contradicts itself.
    #[error(transparent)]
    Contradictory(#[from] ManifestProblems),
}

/// Everything in a manifest that contradicts something else in it, found in one pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestProblems(pub Vec<ManifestProblem>);

/// One contradiction in a manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestProblem {
    /// A name is no name of a service.
    #[error("`{name}` is no name of a service: 1 to 63 lower-case letters, digits and hyphens, a letter first")]
    ServiceName {
        /// The name.
        name: String,
    },
    /// Two services have one name.
    #[error("the service `{name}` is there twice")]
    DuplicateService {
        /// The name.
        name: String,
    },
    /// Two functions of a service have one name.
    #[error("the function `{service}/{name}` is there twice")]
    DuplicateFunction {
        /// The service.
        service: String,
        /// The name.
        name: String,
    },
    /// Two arguments of a function have one name.
    #[error("the function `{service}/{function}` has two arguments `{name}`")]
    DuplicateArgument {
        /// The service.
        service: String,
        /// The function.
        function: String,
        /// The name.
        name: String,
    },
    /// An attempt cannot live for no time, nor longer than AWS Lambda lets it.
    #[error(
        "the function `{service}/{function}` has a timeout of {timeout_ms} ms: it must be 1 to {} ms",
        crate::check::MAX_TIMEOUT_MS
    )]
    Timeout {
        /// The service.
        service: String,
        /// The function.
        function: String,
        /// The timeout.
        timeout_ms: u64,
    },
    /// A name is no name of a table or an index.
    #[error("`{name}` is no name of a table or an index: 3 to 255 of the characters a-z, A-Z, 0-9, `_`, `.` and `-`")]
    TableName {
        /// The name.
        name: String,
    },
    /// Two tables have one name.
    #[error("the table `{name}` is there twice")]
    DuplicateTable {
        /// The name.
        name: String,
    },
    /// Two indexes of a table have one name.
    #[error("the table `{table}` has two indexes `{name}`")]
    DuplicateIndex {
        /// The table.
        table: String,
        /// The name.
        name: String,
    },
    /// A table belongs to a service that is not there.
    #[error("the table `{table}` belongs to the service `{owner}`, which is not there")]
    UnknownOwner {
        /// The table.
        table: String,
        /// The service.
        owner: String,
    },
    /// A service has no journal.
    #[error("the service `{service}` has no journal table")]
    NoJournal {
        /// The service.
        service: String,
    },
    /// A service has more than one journal.
    #[error("the service `{service}` has two journal tables, `{first}` and `{second}`")]
    SecondJournal {
        /// The service.
        service: String,
        /// One of them.
        first: String,
        /// The other.
        second: String,
    },
    /// The partition key and the sort key of a table or an index are one attribute.
    #[error("a key of the table `{table}` has the attribute `{attribute}` as both partition key and sort key")]
    KeyTwice {
        /// The table.
        table: String,
        /// The attribute.
        attribute: String,
    },
    /// An attribute has two types in the keys of one table.
    #[error("the attribute `{attribute}` has two types in the keys of the table `{table}`")]
    AttributeTypes {
        /// The table.
        table: String,
        /// The attribute.
        attribute: String,
    },
}

/// A single problem as it is, several as a list.
impl fmt::Display for ManifestProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [problem] = self.0.as_slice() {
            return problem.fmt(f);
        }
        write!(f, "{} problems in the manifest:", self.0.len())?;
        self.0.iter().try_for_each(|problem| write!(f, "\n- {problem}"))
    }
}

impl std::error::Error for ManifestProblems {}
