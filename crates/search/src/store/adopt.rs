//! Rows of another store: what has been measured is not measured again.

use std::path::Path;

use super::{Store, StoreError};

/// What was taken from another store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Adopted {
    /// Finished searches.
    pub repeats: usize,
    /// Networks whose sharpness is known.
    pub networks: usize,
}

const ADOPT: &str = "
    BEGIN;
    INSERT OR IGNORE INTO main.trials
        SELECT trials.* FROM donor.trials
        JOIN donor.repeats USING (cell, repeat)
        JOIN main.cells ON main.cells.id = donor.trials.cell
        WHERE repeat < REPEATS;
    INSERT OR IGNORE INTO main.repeats
        SELECT repeats.* FROM donor.repeats
        JOIN main.cells ON main.cells.id = donor.repeats.cell
        WHERE repeat < REPEATS;
    INSERT OR IGNORE INTO main.sharpness
        SELECT sharpness.* FROM donor.sharpness
        JOIN main.sharpness_cells ON main.sharpness_cells.id = donor.sharpness.cell
        WHERE repeat < REPEATS;
    UPDATE main.sharpness_cells SET (prediction, prediction_sum) =
        (SELECT prediction, prediction_sum FROM donor.sharpness_cells AS known
         WHERE known.id = main.sharpness_cells.id)
        WHERE prediction IS NULL
        AND id IN (SELECT id FROM donor.sharpness_cells);
    COMMIT;
";

impl Store {
    /// Takes over every finished repeat below `repeats` of this store's cells
    /// that another store has. Cells are the same where their identities are:
    /// content, seed, backend, float type and data.
    ///
    /// A file that is no store of this format is left alone.
    ///
    /// # Errors
    /// If either store cannot be read, or this one not written.
    pub fn adopt(&mut self, donor: &Path, repeats: usize) -> Result<Adopted, StoreError> {
        match Self::open_to_read(donor) {
            Ok(_) => {}
            Err(
                StoreError::NotAStore(_)
                | StoreError::OlderFormat { .. }
                | StoreError::NewerFormat { .. },
            ) => return Ok(Adopted::default()),
            Err(error) => return Err(error),
        }
        let before = self.counted()?;
        self.connection
            .execute("ATTACH ?1 AS donor", [donor.to_string_lossy()])
            .map_err(self.failed())?;
        let taken = self
            .connection
            .execute_batch(&ADOPT.replace("REPEATS", &repeats.to_string()));
        if taken.is_err() && !self.connection.is_autocommit() {
            // The first error is the one to tell.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        let detached = self.connection.execute_batch("DETACH donor");
        taken.and(detached).map_err(self.failed())?;
        let after = self.counted()?;
        Ok(Adopted {
            repeats: after.repeats - before.repeats,
            networks: after.networks - before.networks,
        })
    }

    pub(super) fn counted(&self) -> Result<Adopted, StoreError> {
        let count = |table: &str| {
            let sql = format!("SELECT count(*) FROM main.{table}");
            self.connection
                .query_row(&sql, [], |row| row.get(0))
                .map_err(self.failed())
        };
        Ok(Adopted {
            repeats: count("repeats")?,
            networks: count("sharpness")?,
        })
    }
}
