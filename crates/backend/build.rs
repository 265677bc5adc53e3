//! Says what to do where libtorch is missing, before its own build fails.

use std::path::PathBuf;

fn main() {
    println!("cargo:rerun-if-env-changed=LIBTORCH");
    if std::env::var_os("CARGO_FEATURE_TCH").is_none() {
        return;
    }
    let Some(libtorch) = std::env::var_os("LIBTORCH").map(PathBuf::from) else {
        return;
    };
    println!("cargo:rerun-if-changed={}", libtorch.display());
    if !libtorch.join("lib").is_dir() || !libtorch.join("include").is_dir() {
        eprintln!(
            "error: there is no libtorch in {}.\n\
             Run `cargo xtask backend tch`, which installs it there, or set LIBTORCH to the \
             folder of another libtorch 2.9.0 (the one with `lib` and `include`).",
            libtorch.display()
        );
        std::process::exit(1);
    }
}
