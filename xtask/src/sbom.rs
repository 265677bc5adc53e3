//! The software bill of materials: every crate that is linked into `etastar`, as CycloneDX.
//!
//! Names and versions are those of `cargo tree`, which knows the features of one program; licences
//! and edges are those of `cargo metadata`, checksums those of `Cargo.lock`. Nothing in it depends on
//! the machine or on the time of day.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::command::{Failure, cargo, root, standard_output};
use crate::files;
use crate::metadata::{Metadata, Package, source_date};

/// The package of the program.
const PROGRAM: &str = "etastar-cli";

/// Name and version of a package.
type Name = (String, String);

/// What the program is made of.
pub(crate) struct Materials {
    metadata: Metadata,
    linked: BTreeSet<Name>,
}

impl Materials {
    /// For a target, with the default features.
    pub(crate) fn of(target: &str) -> Result<Self, Failure> {
        let mut tree = cargo(&["tree", "--locked", "--package", PROGRAM, "--target", target]);
        tree.args(["--edges", "normal,no-proc-macro", "--prefix", "none"]);
        let tree = standard_output(tree.args(["--format", "{p}"]))?;
        let linked = tree.lines().filter_map(|line| {
            let mut words = line.split(' ');
            let name = words.next()?.to_owned();
            let version = words.next()?.strip_prefix('v')?.to_owned();
            Some((name, version))
        });
        Ok(Self {
            linked: linked.collect(),
            metadata: Metadata::read()?,
        })
    }

    /// The packages, by name and version.
    pub(crate) fn packages(&self) -> Vec<&Package> {
        let linked = |package: &&Package| self.linked.contains(&name(package));
        let mut packages: Vec<&Package> = self.metadata.packages.iter().filter(linked).collect();
        packages.sort_by_key(|package| name(package));
        packages
    }

    /// The bill, as CycloneDX 1.6.
    pub(crate) fn bill(&self) -> Result<String, Failure> {
        let checksums = checksums()?;
        let packages = self.packages();
        let time = Timestamp::from_second(source_date()?).unwrap_or_default();
        let (program, libraries): (Vec<&Package>, Vec<&Package>) =
            packages.iter().partition(|package| package.name == PROGRAM);
        let component = |package: &&Package| component(package, &checksums);
        let program = program
            .first()
            .ok_or_else(|| Failure::output("cargo tree"))?;
        let mut program = component(program);
        program["type"] = "application".into();
        let bill = json!({
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "version": 1,
            "metadata": { "timestamp": time.to_string(), "component": program },
            "components": libraries.iter().map(component).collect::<Vec<Value>>(),
            "dependencies": self.edges(&packages),
        });
        Ok(format!("{bill:#}\n"))
    }

    /// Which package uses which. An optional edge that is not taken is among them if something else
    /// uses its end.
    fn edges(&self, packages: &[&Package]) -> Vec<Value> {
        let by_id: BTreeMap<&str, &Package> = packages
            .iter()
            .map(|package| (package.id.as_str(), *package))
            .collect();
        let mut edges = BTreeMap::new();
        for node in &self.metadata.resolve.nodes {
            let Some(package) = by_id.get(node.id.as_str()) else {
                continue;
            };
            let used = node.deps.iter().filter(|one| one.is_normal());
            let used = used.filter_map(|one| by_id.get(one.pkg.as_str()));
            let used: BTreeSet<String> = used.map(|package| reference(package)).collect();
            edges.insert(reference(package), used);
        }
        let edge = |(package, used)| json!({ "ref": package, "dependsOn": used });
        edges.into_iter().map(edge).collect()
    }
}

fn component(package: &Package, checksums: &BTreeMap<Name, String>) -> Value {
    let mut component = json!({
        "type": "library",
        "bom-ref": reference(package),
        "name": package.name,
        "version": package.version,
    });
    if let Some(licence) = licence(package) {
        component["licenses"] = json!([{ "expression": licence }]);
    }
    if package.source.is_some() {
        component["purl"] = reference(package).into();
    }
    if let Some(checksum) = checksums.get(&name(package)) {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    }
    component
}

/// The licence as an SPDX expression; old manifests write `MIT/Apache-2.0`.
pub(crate) fn licence(package: &Package) -> Option<String> {
    let licence = package.license.as_ref()?;
    Some(licence.replace('/', " OR "))
}

fn name(package: &Package) -> Name {
    (package.name.clone(), package.version.clone())
}

/// The package's address, which names it in the bill.
fn reference(package: &Package) -> String {
    format!("pkg:cargo/{}@{}", package.name, package.version)
}

/// The checksums of the packages from a registry.
fn checksums() -> Result<BTreeMap<Name, String>, Failure> {
    #[derive(Deserialize)]
    struct Lock {
        package: Vec<Locked>,
    }
    #[derive(Deserialize)]
    struct Locked {
        name: String,
        version: String,
        checksum: Option<String>,
    }
    let text = files::read_text(&root().join("Cargo.lock"))?;
    let lock: Lock = toml::from_str(&text).map_err(|_| Failure::output("Cargo.lock"))?;
    let checksums = lock.package.into_iter().filter_map(|one| {
        let checksum = one.checksum?;
        Some(((one.name, one.version), checksum))
    });
    Ok(checksums.collect())
}
