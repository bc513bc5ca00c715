//! A program as deployment tools see it.

use std::collections::BTreeSet;

use crate::{Manifest, Mark, Settings};

/// A program that is to be deployed: what it declares, what its binary says, and what its project wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// The name of the package.
    pub package: String,
    /// What the program declares.
    pub manifest: Manifest,
    /// The calls in its binary.
    pub marks: BTreeSet<Mark>,
    /// The settings of the project.
    pub settings: Settings,
    /// Where the deployed binary will be, packed, as seen from the template.
    pub code: String,
}
