//! Tells the library which commit it was built from, and where libtorch is.

use std::path::Path;
use std::process::Command;

/// The repository, where this is its work tree.
const REPOSITORY: &str = "../../.git";

/// What `cargo package` says of the commit.
const PACKAGED: &str = ".cargo_vcs_info.json";

fn main() {
    etastar_link::find_libtorch_at_run_time();
    let commit = match Path::new(REPOSITORY).exists() {
        true => described(),
        // The folder of a package may lie in the repository of another project.
        false => packaged(),
    };
    // Built from an archive, without git: the manifest then says so.
    if let Some(commit) = commit {
        println!("cargo:rustc-env=ETASTAR_GIT_COMMIT={commit}");
    }
}

fn described() -> Option<String> {
    println!("cargo:rerun-if-changed={REPOSITORY}/HEAD");
    println!("cargo:rerun-if-changed={REPOSITORY}/index");
    let output = Command::new("git")
        .args([
            "describe",
            "--always",
            "--dirty",
            "--abbrev=40",
            "--exclude=*",
        ])
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let commit = String::from_utf8(output.stdout).ok()?;
    Some(commit.trim().to_owned())
}

fn packaged() -> Option<String> {
    let text = std::fs::read_to_string(PACKAGED).ok()?;
    let (_, rest) = text.split_once("\"sha1\": \"")?;
    let (commit, _) = rest.split_once('"')?;
    let dirty = match text.contains("\"dirty\": true") {
        true => "-dirty",
        false => "",
    };
    Some(format!("{commit}{dirty}"))
}
