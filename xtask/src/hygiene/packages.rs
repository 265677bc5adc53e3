//! That every crate that is published can be packed, with all that its code includes and nothing
//! that does not belong there.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use super::Tools;
use crate::command::{Failure, cargo, standard_output, target};
use crate::files;
use crate::metadata::{Metadata, Package};

/// What every package has.
const NEEDED: [&str; 4] = ["Cargo.toml", "LICENSE-APACHE", "LICENSE-MIT", "README.md"];

/// Endings of files that may be packed.
const ENDINGS: [&str; 12] = [
    "css", "csv", "gz", "js", "json", "lock", "md", "orig", "rs", "sh", "snap", "toml",
];

/// Files with other endings.
const OTHERS: [&str; 6] = [
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "examples/moons.npz",
    "examples/network.safetensors",
    "src/export/columns.txt",
    "templates/kubernetes-job.yaml",
];

/// The largest package in MiB: crates.io takes 10.
const LARGEST: u64 = 4;

/// How code includes a file.
const INCLUDES: [&str; 3] = ["include!(\"", "include_bytes!(\"", "include_str!(\""];

pub(super) fn check(_: &Tools) -> Result<String, Failure> {
    // Everything in Cargo.lock is on this machine after this.
    let metadata = Metadata::read()?;
    let published = metadata.published();
    let named = published.iter().flat_map(|one| ["--package", &one.name]);
    for package in &published {
        check_files(package)?;
    }
    let mut pack = cargo(&["package", "--no-verify", "--allow-dirty", "--offline"]);
    standard_output(pack.args(named))?;
    for package in &published {
        check_size(package)?;
    }
    Ok(format!("{} crates", published.len()))
}

fn check_files(package: &Package) -> Result<(), Failure> {
    let mut list = cargo(&["package", "--list", "--allow-dirty", "--offline"]);
    let list = standard_output(list.args(["--package", &package.name]))?;
    let packed: BTreeSet<PathBuf> = list.lines().map(PathBuf::from).collect();
    let wrong = |text: String| Failure::new(format!("the package {}: {text}", package.name));
    for name in NEEDED {
        if !packed.contains(Path::new(name)) {
            return Err(wrong(format!("{name} is missing; link to the root's")));
        }
    }
    for path in &packed {
        let ending = path.extension().unwrap_or_default();
        let expected = ENDINGS.iter().any(|one| ending == *one)
            || OTHERS.iter().any(|one| path == Path::new(one));
        if !expected {
            return Err(wrong(format!(
                "{} is packed; remove or exclude it, or name its kind in \
                 xtask/src/hygiene/packages.rs",
                path.display()
            )));
        }
        if ending != "rs" {
            continue;
        }
        let code = files::read_text(&package.folder().join(path))?;
        for included in included(path, &code) {
            if !packed.contains(&included) {
                return Err(wrong(format!(
                    "{} includes {}, which is not packed",
                    path.display(),
                    included.display()
                )));
            }
        }
    }
    Ok(())
}

/// The files that code includes, as seen from the package's folder.
fn included(path: &Path, code: &str) -> Vec<PathBuf> {
    let folder = path.parent().unwrap_or(path);
    let named = INCLUDES.iter().flat_map(|include| {
        let rests = code.split(include).skip(1);
        rests.filter_map(|rest| rest.split('"').next())
    });
    named.map(|name| plain(&folder.join(name))).collect()
}

/// A path without `..`, as far as it has folders to leave.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        if part != Component::ParentDir || !plain.pop() {
            plain.push(part);
        }
    }
    plain
}

fn check_size(package: &Package) -> Result<(), Failure> {
    let file = format!("package/{}-{}.crate", package.name, package.version);
    let file = target().join(file);
    let bytes = file.metadata().map_err(Failure::file(&file))?.len();
    match bytes <= LARGEST << 20 {
        true => Ok(()),
        false => Err(Failure::new(format!(
            "the package {} has {bytes} bytes, more than {LARGEST} MiB",
            package.name
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn included_files_are_seen_from_the_folder_of_the_package() {
        let code =
            "include_str!(\"a.css\"); include_bytes!(\"../../b.gz\"); include!(\"../../../c\")";
        let paths = included(Path::new("src/page/html.rs"), code);
        let expected = ["../c", "b.gz", "src/page/a.css"].map(PathBuf::from);
        assert_eq!(paths, expected);
    }
}
