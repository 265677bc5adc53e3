//! Tables of a store for other programs: cells, repeats, trials and sharpness,
//! as CSV, JSON or Parquet.
//!
//! Each table is built once, with documented columns, and then written in any
//! format. Rows come in the grid's order of cells, then by repeat, then by
//! learning rate, and no number depends on when or where it is written:
//! exports of equal stores are equal byte by byte.

mod cells;
mod columns;
mod csv;
mod json;
mod parquet;
mod repeats;
mod sharpness;
mod table;
mod trials;
mod writing;

pub use cells::cells;
pub use repeats::repeats;
pub use sharpness::sharpness;
pub use table::{Column, Kind, Table, Value};
pub use trials::trials;
pub use writing::{ExportError, ExportOptions, Format, TableName, export, table};

#[cfg(test)]
mod tests;
