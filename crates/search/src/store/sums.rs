//! Checksums: a row that is not what was written is never taken for one.
//!
//! SQLite finds out when a file's structure is damaged, not when a digit in it
//! is another one. So every row carries a checksum of its values, which every
//! opening of the file compares.

use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use sha2::{Digest, Sha256};

use super::{Store, StoreError};

/// The SQL function `row_sum(value, ..)`: the first 8 bytes of the SHA-256 of
/// the values, each after its type.
pub(super) fn define(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("row_sum", -1, flags, |context| {
        let mut hash = Sha256::new();
        for index in 0..context.len() {
            match context.get_raw(index) {
                ValueRef::Null => hash.update(b"n"),
                ValueRef::Integer(value) => {
                    hash.update(b"i");
                    hash.update(value.to_le_bytes());
                }
                ValueRef::Real(value) => {
                    hash.update(b"r");
                    hash.update(value.to_le_bytes());
                }
                ValueRef::Text(bytes) => bytes_of(&mut hash, b"t", bytes),
                ValueRef::Blob(bytes) => bytes_of(&mut hash, b"b", bytes),
            }
        }
        let mut first = [0; 8];
        first.copy_from_slice(&hash.finalize()[..8]);
        Ok(i64::from_le_bytes(first))
    })
}

fn bytes_of(hash: &mut Sha256, kind: &[u8], bytes: &[u8]) {
    hash.update(kind);
    hash.update((bytes.len() as u64).to_le_bytes());
    hash.update(bytes);
}

/// A checksum in a table and what it is of: the table's name, or a page of
/// one table could pass for one of another, and the columns.
pub(super) struct Sum {
    pub(super) table: &'static str,
    pub(super) column: &'static str,
    pub(super) of: &'static str,
}

const fn sum(table: &'static str, of: &'static str) -> Sum {
    Sum {
        table,
        column: "sum",
        of,
    }
}

const MANIFEST: Sum = sum("manifest", "'manifest', manifest, cells");
pub(super) const SESSIONS: Sum = sum("sessions", "'sessions', session");
const CELLS: Sum = sum("cells", "'cells', id, position, cell, inputs, outputs");
pub(super) const REPEATS: Sum = sum(
    "repeats",
    "'repeats', cell, repeat, result, seconds, trials",
);
pub(super) const TRIALS: Sum = sum(
    "trials",
    "'trials', cell, repeat, learning_rate, outcome, steps, losses, curve, seconds",
);
pub(super) const PREDICTIONS: Sum = Sum {
    column: "prediction_sum",
    ..sum("cells", "'prediction', id, prediction")
};
/// What is beside the grid.
const ROWS: [Sum; 4] = [SESSIONS, REPEATS, TRIALS, PREDICTIONS];

impl Sum {
    /// The condition that a row is what was written.
    pub(super) fn holds(&self) -> String {
        format!("{} IS row_sum({})", self.column, self.of)
    }
}

/// The condition that all trials of a finished repeat are there.
pub(super) const HAS_ITS_TRIALS: &str = "repeats.trials <= (SELECT count(*) FROM trials \
                                         WHERE trials.cell = repeats.cell \
                                         AND trials.repeat = repeats.repeat)";

/// How many repeats and trials are of another grid, or of a rate that cannot be tried.
const IMPOSSIBLE: &str = "
    SELECT count(*) FROM (
        SELECT cell, repeat, 1.0 AS learning_rate FROM repeats
        UNION ALL SELECT cell, repeat, learning_rate FROM trials
    ) WHERE cell NOT IN (SELECT id FROM cells)
        OR NOT repeat BETWEEN 0 AND ?1 - 1
        OR NOT (typeof(learning_rate) = 'real' AND learning_rate > 0 AND learning_rate < 9e999)
";

impl Store {
    /// Checks every page of the file and every row, not only what a query
    /// happens to read.
    ///
    /// # Errors
    /// If the file is damaged.
    pub(super) fn check_whole(&self) -> Result<(), StoreError> {
        let damaged = |detail: &str| Err(StoreError::damaged(&self.path, &detail));
        let found: String = self.one("PRAGMA integrity_check(1)", |row| row.get(0))?;
        if found != "ok" {
            return damaged(&found);
        }
        self.check_grid()?;
        for sum in &ROWS {
            self.check_sum(sum)?;
        }
        let sql = format!("SELECT count(*) FROM repeats WHERE NOT ({HAS_ITS_TRIALS})");
        let wrong: usize = self.one(&sql, |row| row.get(0))?;
        if wrong > 0 {
            return damaged(&format!("{wrong} repeats have lost trials"));
        }
        self.check_repeats(self.manifest()?.repeats)
    }

    /// Checks that there are rows only of what a sweep of this grid with so many repeats writes.
    ///
    /// # Errors
    /// If there are others.
    pub(super) fn check_repeats(&self, repeats: usize) -> Result<(), StoreError> {
        let most = i64::try_from(repeats).unwrap_or(i64::MAX);
        let wrong = self
            .connection
            .query_row(IMPOSSIBLE, [most], |row| row.get(0));
        let wrong: usize = wrong.map_err(self.failed())?;
        if wrong > 0 {
            let detail = format!("rows that no sweep of this grid writes: {wrong}");
            return Err(StoreError::damaged(&self.path, &detail));
        }
        Ok(())
    }

    /// Checks that the manifest and all cells are there, as they were written.
    ///
    /// # Errors
    /// If one is not.
    pub(super) fn check_grid(&self) -> Result<(), StoreError> {
        for sum in [&MANIFEST, &CELLS] {
            self.check_sum(sum)?;
        }
        // An index may list rows whose page is lost.
        let sql = "SELECT cells - (SELECT count(*) FROM cells NOT INDEXED) FROM manifest";
        let lost: i64 = self.one(sql, |row| row.get(0))?;
        if lost == 0 {
            return Ok(());
        }
        Err(StoreError::damaged(&self.path, &"cells are lost"))
    }

    /// Checks the rows of one table.
    ///
    /// # Errors
    /// If one of them is not what was written.
    fn check_sum(&self, sum: &Sum) -> Result<(), StoreError> {
        let (table, holds) = (sum.table, sum.holds());
        let sql = format!("SELECT count(*) FROM {table} WHERE NOT ({holds})");
        let wrong: usize = self.one(&sql, |row| row.get(0))?;
        if wrong == 0 {
            return Ok(());
        }
        let detail = format!("rows of `{table}` are not what was written: {wrong}");
        Err(StoreError::damaged(&self.path, &detail))
    }

    fn one<T>(
        &self,
        sql: &str,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        self.connection
            .query_row(sql, [], read)
            .map_err(self.failed())
    }
}
