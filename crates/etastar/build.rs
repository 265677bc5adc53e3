//! Tells the library which commit it was built from, and where libtorch is.

use std::process::Command;

include!("../backend/link.rs");

fn main() {
    find_libtorch_at_run_time();
    println!("cargo:rerun-if-changed=../../.git/HEAD");
    println!("cargo:rerun-if-changed=../../.git/index");
    let commit = Command::new("git")
        .args([
            "describe",
            "--always",
            "--dirty",
            "--abbrev=40",
            "--exclude=*",
        ])
        .output()
        .ok()
        .filter(|output| output.status.success())
        .and_then(|output| String::from_utf8(output.stdout).ok());
    // Built from an archive, without git: the manifest then says so.
    if let Some(commit) = commit {
        println!("cargo:rustc-env=ETASTAR_GIT_COMMIT={}", commit.trim());
    }
}
