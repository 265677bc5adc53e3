//! Layout of the file and the checks that it has it.

use std::path::Path;

use serde::{Serialize, de::DeserializeOwned};

use super::{Store, StoreError};
use crate::{Manifest, PlannedCell};

/// Version of the layout. A reader refuses any other.
///
/// | version | brought |
/// |---|---|
/// | 1 | eta\* and sharpness |
/// | 2 | variants, analysis and missing data in the manifest; `cheap_rates` |
/// | 3 | a checksum of every row; the number of cells, and of trials of every repeat |
/// | 4 | one table of cells and one of repeats, whatever is measured |
/// | 5 | the losses of every trial, and its outputs |
pub const FORMAT_VERSION: u32 = 5;

/// `application_id` of the file: "ETA*" in ASCII.
const APPLICATION_ID: i32 = 0x4554_412a;

const TABLES: &str = "
    CREATE TABLE manifest (
        only INTEGER PRIMARY KEY CHECK (only = 0),
        manifest TEXT NOT NULL,
        cells INTEGER NOT NULL,
        sum INTEGER NOT NULL
    );
    CREATE TABLE sessions (
        id INTEGER PRIMARY KEY,
        session TEXT NOT NULL,
        sum INTEGER NOT NULL
    );
    CREATE TABLE cells (
        id TEXT PRIMARY KEY,
        position INTEGER NOT NULL UNIQUE,
        cell TEXT NOT NULL,
        inputs INTEGER NOT NULL,
        outputs INTEGER NOT NULL,
        sum INTEGER NOT NULL,
        prediction TEXT,
        prediction_sum INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE repeats (
        cell TEXT NOT NULL REFERENCES cells (id),
        repeat INTEGER NOT NULL,
        result TEXT NOT NULL,
        seconds REAL,
        trials INTEGER NOT NULL,
        sum INTEGER NOT NULL,
        PRIMARY KEY (cell, repeat)
    ) WITHOUT ROWID;
    CREATE TABLE trials (
        cell TEXT NOT NULL REFERENCES cells (id),
        repeat INTEGER NOT NULL,
        learning_rate REAL NOT NULL,
        outcome TEXT NOT NULL,
        steps INTEGER NOT NULL,
        losses TEXT NOT NULL,
        curve TEXT NOT NULL,
        seconds REAL NOT NULL,
        sum INTEGER NOT NULL,
        PRIMARY KEY (cell, repeat, learning_rate)
    ) WITHOUT ROWID;
";

const INSERT_MANIFEST: &str = "
    INSERT INTO manifest (only, manifest, cells, sum)
        VALUES (0, ?1, ?2, row_sum('manifest', ?1, ?2))
";

const UPDATE_MANIFEST: &str = "
    UPDATE manifest SET manifest = ?1, sum = row_sum('manifest', ?1, cells)
";

const INSERT_CELL: &str = "
    INSERT INTO cells (id, position, cell, inputs, outputs, sum, prediction_sum)
        VALUES (?1, ?2, ?3, ?4, ?5, row_sum('cells', ?1, ?2, ?3, ?4, ?5),
            row_sum('prediction', ?1, NULL))
";

impl Store {
    /// Goes on with more repeats a cell than the store was made for, as `find` may.
    pub(super) fn expect_repeats(&self, repeats: usize) -> Result<(), StoreError> {
        let manifest = self.manifest()?;
        if repeats <= manifest.repeats {
            return Ok(());
        }
        let raised = Manifest {
            repeats,
            ..manifest
        };
        let text = to_json(&raised, &self.path)?;
        let updated = self.connection.execute(UPDATE_MANIFEST, [text]);
        updated.map(drop).map_err(self.failed())
    }

    /// Whether the file has no tables: new, or left by a process that was
    /// killed before its first transaction.
    pub(super) fn is_blank(&self) -> Result<bool, StoreError> {
        let tables: i64 = self
            .connection
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .map_err(self.failed())?;
        Ok(tables == 0)
    }

    pub(super) fn set_up_connection(&self) -> Result<(), StoreError> {
        self.connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;",
            )
            .map_err(self.failed())
    }

    pub(super) fn create(
        &mut self,
        manifest: &Manifest,
        cells: &[PlannedCell],
    ) -> Result<(), StoreError> {
        let path = self.path.clone();
        let failed = |source| StoreError::sqlite(&path, source);
        let transaction = self.connection.transaction().map_err(failed)?;
        transaction.execute_batch(TABLES).map_err(failed)?;
        transaction
            .pragma_update(None, "application_id", APPLICATION_ID)
            .map_err(failed)?;
        transaction
            .pragma_update(None, "user_version", FORMAT_VERSION)
            .map_err(failed)?;
        transaction
            .execute(INSERT_MANIFEST, (to_json(manifest, &path)?, cells.len()))
            .map_err(failed)?;
        for (position, planned) in cells.iter().enumerate() {
            let cell = to_json(&planned.cell, &path)?;
            let row = (&planned.id, position, cell, planned.inputs, planned.outputs);
            let statement = transaction.prepare_cached(INSERT_CELL);
            statement
                .and_then(|mut insert| insert.execute(row))
                .map_err(failed)?;
        }
        transaction.commit().map_err(failed)
    }

    /// Checks that the file is a store of a format this program reads.
    pub(super) fn check_format(&self) -> Result<(), StoreError> {
        let pragma = |name: &str| {
            self.connection
                .pragma_query_value(None, name, |row| row.get::<_, i64>(0))
                .map_err(self.failed())
        };
        if pragma("application_id")? != i64::from(APPLICATION_ID) {
            return Err(StoreError::NotAStore(self.path.clone()));
        }
        let found = pragma("user_version")?;
        if found > i64::from(FORMAT_VERSION) {
            return Err(StoreError::NewerFormat {
                path: self.path.clone(),
                found,
            });
        }
        if found < i64::from(FORMAT_VERSION) {
            return Err(StoreError::OlderFormat {
                path: self.path.clone(),
                found,
            });
        }
        Ok(())
    }

    pub(super) fn check_configuration(&self, manifest: &Manifest) -> Result<(), StoreError> {
        let found = self.manifest()?;
        if found.configuration_hash == manifest.configuration_hash {
            return Ok(());
        }
        Err(StoreError::OtherConfiguration {
            path: self.path.clone(),
            found: found.configuration_hash,
            expected: manifest.configuration_hash.clone(),
        })
    }
}

pub(super) fn to_json(value: &impl Serialize, path: &Path) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|source| StoreError::damaged(path, &source))
}

pub(super) fn from_json<T: DeserializeOwned>(text: &str, path: &Path) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|source| StoreError::damaged(path, &source))
}
