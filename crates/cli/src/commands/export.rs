//! `etastar export`: the rows of a store as CSV, JSON or Parquet.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use clap::{Args, builder::TypedValueParser};
use etastar_report::export::{Format as FileFormat, TableName, export};
use etastar_search::{Snapshot, Store};
use serde_json::json;

use crate::arguments::Format;
use crate::error::CliError;
use crate::output;

#[derive(Debug, Args)]
#[command(after_help = "\
Tables: cells (one row per grid point), repeats (one row per search), trials (one row per
training), sharpness (one row per network). Rows are in the order of the grid, so that
exports of equal stores are equal files.

Examples:
  etastar export sweep.db --format parquet --output tables/
  etastar export sweep.db --table cells | column -s, -t | less")]
pub(crate) struct ExportArguments {
    /// Store of a sweep
    store: PathBuf,

    /// File format
    #[arg(long, value_name = "FORMAT", default_value = "csv", value_parser = format_parser())]
    format: FileFormat,

    /// Write one table to standard output, or to the file --output
    #[arg(long, value_name = "TABLE", value_parser = table_parser())]
    table: Option<TableName>,

    /// Folder for all tables [default: the store's name without `.db`], or file for one table
    #[arg(long, short, value_name = "PATH")]
    output: Option<PathBuf>,

    /// Leave out wall-clock times, so that runs can be compared
    #[arg(long)]
    without_times: bool,

    #[command(flatten)]
    result: Format,
}

fn format_parser() -> impl TypedValueParser<Value = FileFormat> {
    PossibleValuesParser::new(FileFormat::ALL.map(FileFormat::name)).map(|word| {
        let named = FileFormat::ALL
            .into_iter()
            .find(|format| format.name() == word);
        named.unwrap_or(FileFormat::Csv)
    })
}

fn table_parser() -> impl TypedValueParser<Value = TableName> {
    PossibleValuesParser::new(TableName::ALL.map(TableName::name)).map(|word| {
        let named = TableName::ALL
            .into_iter()
            .find(|table| table.name() == word);
        named.unwrap_or(TableName::Trials)
    })
}

pub(crate) fn run(arguments: &ExportArguments) -> Result<(), CliError> {
    let snapshot = Store::open_to_read(&arguments.store)?.snapshot()?;
    let written = match (arguments.table, &arguments.output) {
        (Some(table), None) => return to_standard_output(arguments, &snapshot, table),
        (Some(table), Some(file)) => {
            to_file(arguments, &snapshot, table, file)?;
            vec![file.clone()]
        }
        (None, folder) => to_folder(arguments, &snapshot, folder.as_deref())?,
    };
    if arguments.result.json {
        return output::print_json(
            &json!({ "files": written.iter().map(output::lossy).collect::<Vec<_>>() }),
        );
    }
    let lines: Vec<String> = written
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    output::print(&lines.join("\n"))
}

fn to_standard_output(
    arguments: &ExportArguments,
    snapshot: &Snapshot,
    table: TableName,
) -> Result<(), CliError> {
    let mut bytes = Vec::new();
    export(
        snapshot,
        arguments.format,
        table,
        arguments.without_times,
        &mut bytes,
    )?;
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(&bytes)?;
    stdout.flush()?;
    Ok(())
}

fn to_folder(
    arguments: &ExportArguments,
    snapshot: &Snapshot,
    folder: Option<&Path>,
) -> Result<Vec<PathBuf>, CliError> {
    let folder = match folder {
        Some(folder) => folder.to_owned(),
        None => arguments.store.with_extension(""),
    };
    let failed = |source| CliError::Write {
        path: folder.clone(),
        source,
    };
    std::fs::create_dir_all(&folder).map_err(failed)?;
    let mut written = Vec::new();
    for table in TableName::ALL {
        let file = folder.join(format!("{}.{}", table.name(), arguments.format.name()));
        to_file(arguments, snapshot, table, &file)?;
        written.push(file);
    }
    Ok(written)
}

fn to_file(
    arguments: &ExportArguments,
    snapshot: &Snapshot,
    table: TableName,
    path: &Path,
) -> Result<(), CliError> {
    let mut bytes = Vec::new();
    export(
        snapshot,
        arguments.format,
        table,
        arguments.without_times,
        &mut bytes,
    )?;
    output::write_file(path, bytes)
}
