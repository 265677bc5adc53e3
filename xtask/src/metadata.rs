//! What cargo knows of the workspace and of the packages that it is built from.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::command::{Failure, cargo, root, standard_output};

/// What `cargo metadata` tells, of every feature and every system.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    workspace_members: Vec<String>,
    pub(crate) resolve: Resolve,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
    pub(crate) rust_version: Option<String>,
    /// Registries that it may be published in; absent means all.
    publish: Option<Vec<String>>,
    /// None for the workspace's own.
    pub(crate) source: Option<String>,
    manifest_path: PathBuf,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Resolve {
    pub(crate) nodes: Vec<Node>,
}

/// A package and those that it uses.
#[derive(Debug, Deserialize)]
pub(crate) struct Node {
    pub(crate) id: String,
    pub(crate) deps: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) pkg: String,
    dep_kinds: Vec<Kind>,
}

#[derive(Debug, Deserialize)]
struct Kind {
    kind: Option<String>,
}

impl Metadata {
    pub(crate) fn read() -> Result<Self, Failure> {
        let arguments = [
            "metadata",
            "--format-version=1",
            "--locked",
            "--all-features",
        ];
        let text = standard_output(&mut cargo(&arguments))?;
        serde_json::from_str(&text).map_err(|_| Failure::output("cargo metadata"))
    }

    /// The workspace's packages that are published.
    pub(crate) fn published(&self) -> Vec<&Package> {
        let own = |package: &&Package| self.workspace_members.contains(&package.id);
        let published = |package: &&Package| package.publish.is_none();
        self.packages.iter().filter(own).filter(published).collect()
    }
}

impl Package {
    /// The folder of its manifest.
    pub(crate) fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(&self.manifest_path)
    }
}

impl Dependency {
    /// Whether it is used by what is built, not only by build scripts or tests.
    pub(crate) fn is_normal(&self) -> bool {
        self.dep_kinds.iter().any(|kind| kind.kind.is_none())
    }
}

/// The version of the workspace.
pub(crate) fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// Seconds since 1970 of what is packed: `SOURCE_DATE_EPOCH`, or the time of the last commit.
pub(crate) fn source_date() -> Result<i64, Failure> {
    let set = std::env::var("SOURCE_DATE_EPOCH");
    let text = set.or_else(|_| {
        let mut log = Command::new("git");
        log.args(["log", "-1", "--format=%ct"]).current_dir(root());
        standard_output(&mut log)
    });
    let seconds = text.ok().and_then(|text| text.trim().parse().ok());
    seconds.ok_or_else(|| {
        Failure::new("the time of the last commit is not known; set SOURCE_DATE_EPOCH to it")
    })
}
