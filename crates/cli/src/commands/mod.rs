//! One module a command: its arguments and what it does. `completions` and `man` are short and
//! stand here.

pub(crate) mod backends;
pub(crate) mod bounds;
pub(crate) mod compare;
pub(crate) mod data;
pub(crate) mod export;
pub(crate) mod find;
pub(crate) mod fit;
pub(crate) mod merge;
pub(crate) mod network;
pub(crate) mod predict;
pub(crate) mod report;
pub(crate) mod settings;
pub(crate) mod sharpness;
pub(crate) mod status;
pub(crate) mod submit;
pub(crate) mod sweep;

use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use crate::arguments::Arguments;
use crate::error::CliError;
use crate::output;

#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// The shell
    shell: Shell,
}

/// Prints the completions for a shell.
pub(crate) fn completions(arguments: &CompletionsArguments) -> Result<(), CliError> {
    let mut text = Vec::new();
    let mut command = Arguments::command();
    generate(arguments.shell, &mut command, "etastar", &mut text);
    output::print(&String::from_utf8_lossy(&text))
}

#[derive(Debug, Args)]
pub(crate) struct ManArguments {
    /// The folder; it is created if it does not exist
    folder: PathBuf,
}

/// Writes the manual pages of the program and of every command.
pub(crate) fn man(arguments: &ManArguments) -> Result<(), CliError> {
    let folder = &arguments.folder;
    std::fs::create_dir_all(folder).map_err(CliError::write(folder))?;
    clap_mangen::generate_to(Arguments::command(), folder).map_err(CliError::write(folder))
}
