use std::io::Write;

use etastar_search::Snapshot;
use etastar_search::statistics::Bootstrap;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::table::Table;
use super::{cells, csv, json, parquet, repeats, sharpness, trials};

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
    /// One row for each cell of the grid.
    Cells,
    /// One row for each finished search.
    Repeats,
    /// One row for each training at one learning rate.
    Trials,
    /// One row for each network whose sharpness was measured.
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

/// How tables are made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExportOptions {
    /// Leave out the columns that hold times, which differ between runs of
    /// equal results.
    pub without_times: bool,
    /// Confidence of the cells' intervals.
    pub confidence: f64,
    /// Bootstrap of the cells' intervals.
    pub bootstrap: Bootstrap,
}

impl Default for ExportOptions {
    fn default() -> Self {
        Self {
            without_times: false,
            confidence: 0.95,
            bootstrap: Bootstrap::default(),
        }
    }
}

/// Why a table could not be written.
#[derive(Debug, Error)]
pub enum ExportError {
    /// As CSV.
    #[error("cannot write the table `{table}` as CSV")]
    Csv {
        /// Its name.
        table: &'static str,
        /// What went wrong.
        source: ::csv::Error,
    },
    /// As JSON.
    #[error("cannot write the table `{table}` as JSON")]
    Json {
        /// Its name.
        table: &'static str,
        /// What went wrong.
        source: serde_json::Error,
    },
    /// As Parquet.
    #[error("cannot write the table `{table}` as Parquet")]
    Parquet {
        /// Its name.
        table: &'static str,
        /// What went wrong.
        source: ::parquet::errors::ParquetError,
    },
}

/// Builds a table of a snapshot.
pub fn table(snapshot: &Snapshot, name: TableName, options: &ExportOptions) -> Table {
    let table = match name {
        TableName::Cells => cells(snapshot, options.confidence, &options.bootstrap),
        TableName::Repeats => repeats(snapshot),
        TableName::Trials => trials(snapshot),
        TableName::Sharpness => sharpness(snapshot),
    };
    if options.without_times {
        table.without("seconds")
    } else {
        table
    }
}

/// Writes a table of a snapshot. A store without results gives a table
/// without rows.
///
/// # Errors
///
/// If the writer fails.
pub fn export(
    snapshot: &Snapshot,
    format: Format,
    name: TableName,
    options: &ExportOptions,
    writer: impl Write + Send,
) -> Result<(), ExportError> {
    let built = table(snapshot, name, options);
    let table = built.name;
    match format {
        Format::Csv => {
            csv::write(&built, writer).map_err(|source| ExportError::Csv { table, source })
        }
        Format::Json => json::write(&built, &snapshot.manifest, writer)
            .map_err(|source| ExportError::Json { table, source }),
        Format::Parquet => parquet::write(&built, &snapshot.manifest, writer)
            .map_err(|source| ExportError::Parquet { table, source }),
    }
}
