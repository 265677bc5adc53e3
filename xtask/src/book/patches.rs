//! The patches of the book's worked examples: they apply to the tree, compile, and pass their
//! tests.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{self, Failure, cargo, root, standard_output, target};
use crate::files;

/// One worked example.
struct Patch {
    /// Of the file, without its ending.
    name: &'static str,
    /// What cargo has to do with it: the words behind `cargo`.
    cargo: &'static [&'static str],
}

/// The property tests and the tests of the patches themselves; of what else a patch touches, that it
/// compiles.
const PATCHES: [Patch; 5] = [
    Patch {
        name: "law",
        cargo: &[
            "test --release --package etastar-analysis --test analysis exact_laws",
            "build --release --package etastar-report",
        ],
    },
    Patch {
        name: "dataset",
        cargo: &[
            "test --release --package etastar-data --lib spheres",
            "test --release --package etastar-data --lib catalogue",
        ],
    },
    Patch {
        name: "activation",
        cargo: &[
            "test --release --package etastar-model --lib activation",
            "test --release --package etastar-model --test model automatic_differentiation",
            "build --release --package etastar-search",
        ],
    },
    Patch {
        name: "backend",
        cargo: &[
            "test --release --package etastar-backend --no-default-features --features candle --lib",
        ],
    },
    Patch {
        name: "section",
        cargo: &["test --release --package etastar-report --lib the_grid"],
    },
];

impl Patch {
    fn file(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}.patch", self.name))
    }
}

/// That every patch alone fits a tree, which stays as it is.
pub(crate) fn apply_alone(folder: &Path, tree: &Path) -> Result<(), Failure> {
    for patch in &PATCHES {
        command::run(apply(tree, &patch.file(folder)).arg("--check"))?;
    }
    Ok(())
}

/// Applies every patch alone, then all of them, to a copy of the tree, and lets cargo check and test
/// that copy.
pub(crate) fn check(folder: &Path) -> Result<(), Failure> {
    let home = target().join("book-patches");
    let tree = home.join("tree");
    copy_tree(&tree)?;
    apply_alone(folder, &tree)?;
    for patch in &PATCHES {
        command::run(&mut apply(&tree, &patch.file(folder)))?;
    }
    for words in PATCHES.iter().flat_map(|patch| patch.cargo) {
        let words: Vec<&str> = words.split(' ').collect();
        let mut cargo = cargo(&words);
        cargo.current_dir(&tree);
        // Dependencies are those of the other commands.
        cargo.env("CARGO_TARGET_DIR", target());
        command::run(&mut cargo)?;
    }
    println!(
        "{} patches apply, compile and pass their tests",
        PATCHES.len()
    );
    Ok(())
}

/// `git apply` in a folder that may lie in a repository, of which it is no part.
fn apply(tree: &Path, patch: &Path) -> Command {
    let mut git = Command::new("git");
    git.arg("apply").arg(patch).current_dir(tree);
    git.env("GIT_CEILING_DIRECTORIES", tree.parent().unwrap_or(tree));
    git
}

/// Makes a folder a copy of the tree, changes that are not committed included. Files keep their
/// times, so that cargo builds only what a patch changes.
fn copy_tree(tree: &Path) -> Result<(), Failure> {
    files::create_empty_folder(tree)?;
    let mut list = Command::new("git");
    list.args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]);
    let list = standard_output(list.current_dir(root()))?;
    for name in list.split_terminator('\0') {
        let (from, to) = (root().join(name), tree.join(name));
        // A file that is deleted and not yet committed is listed.
        if from.is_file() {
            copy(&from, &to)?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &PathBuf) -> Result<(), Failure> {
    if let Some(folder) = to.parent() {
        files::create_folder(folder)?;
    }
    std::fs::copy(from, to).map_err(Failure::file(from))?;
    let modified = from.metadata().and_then(|metadata| metadata.modified());
    let modified = modified.map_err(Failure::file(from))?;
    let copy = std::fs::File::options().write(true).open(to);
    let set = copy.and_then(|copy| copy.set_modified(modified));
    set.map_err(Failure::file(to))
}
