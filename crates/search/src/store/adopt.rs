//! Rows of another store: what has been measured is not measured again.

use std::collections::HashSet;
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

const MEASURED: &str = "SELECT cell FROM repeats UNION SELECT cell FROM sharpness";
const ASKED: &str = "SELECT id FROM cells UNION SELECT id FROM sharpness_cells";

impl Store {
    /// Takes over every finished repeat below `repeats` of this store's cells
    /// that another store has. Cells are the same where their identities are:
    /// content, seed, backend, float type and data.
    ///
    /// A file that is no store of this format is left alone.
    ///
    /// # Errors
    /// If the other has repeats of these cells, and was measured with another
    /// [`arithmetic`](crate::arithmetic) than this; if either store cannot be
    /// read, or this one not written.
    pub fn adopt(
        &mut self,
        donor: &Path,
        repeats: usize,
        arithmetic: &str,
    ) -> Result<Adopted, StoreError> {
        match Self::open_to_read(donor) {
            Ok(store) => self.check_arithmetic(&store, arithmetic)?,
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

    /// That the rows that another store may give are those that this machine
    /// would come to.
    fn check_arithmetic(&self, donor: &Self, arithmetic: &str) -> Result<(), StoreError> {
        let measured_with = donor.arithmetics()?;
        let Some(other) = measured_with.into_iter().find(|one| one != arithmetic) else {
            return Ok(());
        };
        if self.listed(ASKED)?.is_disjoint(&donor.listed(MEASURED)?) {
            return Ok(());
        }
        Err(StoreError::OtherArithmetic {
            path: donor.path.clone(),
            found: other,
            expected: arithmetic.to_owned(),
        })
    }

    /// The identities of cells that a query gives.
    fn listed(&self, sql: &str) -> Result<HashSet<String>, StoreError> {
        let mut statement = self.connection.prepare(sql).map_err(self.failed())?;
        let rows = statement.query_map([], |row| row.get(0));
        rows.and_then(Iterator::collect).map_err(self.failed())
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
