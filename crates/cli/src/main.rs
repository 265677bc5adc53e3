//! The command line `etastar`: reads the arguments and runs a command.

mod arguments;
mod command_line;
mod commands;
mod error;
mod flag;
mod form;
mod numbers;
mod output;
mod progress;
mod status_file;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};
use error::CliError;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report(),
    }
}

fn run(command: Command) -> Result<(), CliError> {
    match command {
        Command::Find(arguments) => commands::find::run(&arguments),
        Command::Sweep(arguments) => commands::sweep::run(&arguments),
        Command::Submit(arguments) => commands::submit::run(&arguments),
        Command::Status(arguments) => commands::status::run(&arguments),
        Command::Merge(arguments) => commands::merge::run(&arguments),
        Command::Sharpness(arguments) => commands::sharpness::run(&arguments),
        Command::Network(arguments) => commands::network::run(&arguments),
        Command::Bounds(arguments) => commands::bounds::run(&arguments),
        Command::Fit(arguments) => commands::fit::run(&arguments),
        Command::Predict(arguments) => commands::predict::run(&arguments),
        Command::Report(arguments) => commands::report::run(&arguments),
        Command::Compare(arguments) => commands::compare::run(&arguments),
        Command::Export(arguments) => commands::export::run(&arguments),
        Command::Settings(arguments) => commands::settings::run(&arguments),
        Command::Data(arguments) => commands::data::run(&arguments),
        Command::Backends(arguments) => commands::backends::run(&arguments),
        Command::Completions(arguments) => commands::completions(&arguments),
        Command::Man(arguments) => commands::man(&arguments),
    }
}
