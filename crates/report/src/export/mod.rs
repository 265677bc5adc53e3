//! Tables of a store for other programs: cells, repeats, trials and sharpness, as CSV, JSON or
//! Parquet.
//!
//! Each table is built once, with described columns, and then written in any format. No number
//! depends on when or where it is written: exports of equal stores are equal byte by byte.

mod columns;
mod formats;
mod table;

use std::error::Error;
use std::io::Write;

use etastar_search::Snapshot;
use serde::{Deserialize, Serialize};

pub use table::{Column, Kind, Table, Value};

/// A file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Comma-separated values.
    Csv,
    /// One JSON object: manifest, columns, and an array of rows.
    Json,
    /// Apache Parquet.
    Parquet,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 3] = [Self::Csv, Self::Json, Self::Parquet];

    /// Its name, which is also the usual extension of its files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Parquet => "parquet",
        }
    }
}

/// The tables of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TableName {
    /// One row for each cell of the grid in which eta\* is measured, finished or not.
    Cells,
    /// One row for each finished search.
    Repeats,
    /// One row for each training at one learning rate.
    Trials,
    /// One row for each network whose sharpness was measured. With an input-layer rate `mu`, every
    /// eigenvalue and bound is of `M^{1/2} H M^{1/2}`, `M = diag(mu, 1, .., 1)`.
    Sharpness,
}

impl TableName {
    /// All tables.
    pub const ALL: [Self; 4] = [Self::Cells, Self::Repeats, Self::Trials, Self::Sharpness];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cells => "cells",
            Self::Repeats => "repeats",
            Self::Trials => "trials",
            Self::Sharpness => "sharpness",
        }
    }
}

/// A table could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the table `{table}` as {}: {source}", format.name())]
pub struct ExportError {
    table: &'static str,
    format: Format,
    source: Box<dyn Error + Send + Sync>,
}

/// Builds a table of a snapshot. Without times it has no columns of wall-clock seconds, which
/// differ between runs of equal results.
pub fn table(snapshot: &Snapshot, name: TableName, without_times: bool) -> Table {
    let mut fields = columns::fields(name);
    fields.retain(|field| !(without_times && field.column.name == "seconds"));
    let rows = columns::rows(snapshot, name);
    let values = |row| fields.iter().map(|field| (field.value)(row)).collect();
    Table {
        name: name.name(),
        rows: rows.iter().map(values).collect(),
        columns: fields.iter().map(|field| field.column.clone()).collect(),
    }
}

/// Writes a table of a snapshot. A store without results gives a table without rows.
///
/// # Errors
///
/// If the writer fails.
pub fn export(
    snapshot: &Snapshot,
    format: Format,
    name: TableName,
    without_times: bool,
    writer: impl Write + Send,
) -> Result<(), ExportError> {
    let table = table(snapshot, name, without_times);
    let written = match format {
        Format::Csv => formats::csv(&table, writer),
        Format::Json => formats::json(&table, &snapshot.manifest, writer),
        Format::Parquet => formats::parquet(&table, &snapshot.manifest, writer),
    };
    written.map_err(|source| ExportError {
        table: table.name,
        format,
        source,
    })
}

#[cfg(test)]
mod tests;
