//! `cargo xtask python`: the Python package, from its build to its tests.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use crate::command::{self, Failure, build_tested_etastar, built, root, target, works};
use crate::files::{self, entries};

#[derive(Debug, Args)]
pub(crate) struct PythonArguments {
    /// Further packages to install for the tests, for example torch
    #[arg(long, value_delimiter = ',')]
    with: Vec<String>,

    /// Only build and install; do not test
    #[arg(long)]
    no_test: bool,

    /// Options for pytest
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// The examples; the second one needs torch.
const EXAMPLES: [&str; 2] = ["find_rate.py", "from_pytorch.py"];

/// What building and testing takes.
const PACKAGES: [&str; 6] = [
    "maturin",
    "numpy",
    "pandas",
    "pytest",
    "safetensors",
    "tqdm",
];

/// Builds a wheel, installs it in a virtual environment of the target folder, and runs the tests
/// and the examples there.
pub(crate) fn run(arguments: &PythonArguments) -> Result<(), Failure> {
    let home = target().join("python");
    let package = root().join("crates/python");
    let with = arguments.with.iter().map(String::as_str);
    let packages: Vec<&str> = PACKAGES.into_iter().chain(with).collect();
    let python = environment("python", &packages)?;

    let wheels = home.join("wheels");
    files::create_empty_folder(&wheels)?;
    let mut build = Command::new(&python);
    build.args(["-m", "maturin", "build", "--release", "--locked", "--out"]);
    build.arg(&wheels).arg("--manifest-path");
    build.arg(package.join("Cargo.toml"));
    build.env("CARGO_TARGET_DIR", target()).current_dir(root());
    command::forget_this_program(&mut build);
    command::run(&mut build)?;
    let mut install = pip(&python);
    install.args(["--force-reinstall", "--no-deps"]);
    command::run(install.args(entries(&wheels)))?;
    if arguments.no_test {
        return Ok(());
    }

    // The tests compare with the command line.
    build_tested_etastar()?;
    let mut test = Command::new(&python);
    test.args(["-m", "pytest"]).args(&arguments.rest);
    test.env("ETASTAR_PROGRAM", built("etastar"));
    command::run(test.current_dir(&package))?;
    let has_torch = arguments.with.iter().any(|name| name.starts_with("torch"));
    for example in EXAMPLES.iter().take(if has_torch { 2 } else { 1 }) {
        let path = package.join("examples").join(example);
        command::run(Command::new(&python).arg(path))?;
    }
    Ok(())
}

/// The Python of a virtual environment of the target folder, with these packages. What is not there
/// is made and installed.
pub(crate) fn environment(name: &str, packages: &[&str]) -> Result<PathBuf, Failure> {
    let python = empty_environment(&target().join(name).join("environment"))?;
    command::run(pip(&python).args(packages))?;
    Ok(python)
}

/// A program that a package has brought into an environment, by the environment's Python.
pub(crate) fn program(python: &Path, name: &str) -> Command {
    Command::new(python.with_file_name(format!("{name}{}", env::consts::EXE_SUFFIX)))
}

fn empty_environment(folder: &Path) -> Result<PathBuf, Failure> {
    let python = folder.join(match cfg!(windows) {
        true => "Scripts/python.exe",
        false => "bin/python",
    });
    if Command::new(&python).arg("--version").output().is_ok() {
        return Ok(python);
    }
    let has_venv = |python: &&str| works(python, &["-c", "import ensurepip, venv"]);
    let Some(maker) = ["python3", "python"].into_iter().find(has_venv) else {
        return Err(Failure::new(
            "Python 3.9 or later with its module venv is needed; on Debian and Ubuntu: apt-get \
             install python3-venv",
        ));
    };
    command::run(Command::new(maker).args(["-m", "venv"]).arg(folder))?;
    Ok(python)
}

/// `pip install` of this Python.
fn pip(python: &Path) -> Command {
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "install", "--quiet"]);
    pip.args(["--disable-pip-version-check"]);
    pip
}
