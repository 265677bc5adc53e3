//! Rows of another store: what has been measured is not measured again.

use std::collections::HashSet;
use std::path::Path;

use super::{Store, StoreError};

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
    UPDATE main.cells SET (prediction, prediction_sum) =
        (SELECT prediction, prediction_sum FROM donor.cells AS known
         WHERE known.id = main.cells.id)
        WHERE prediction IS NULL AND id IN (SELECT id FROM donor.cells);
    COMMIT;
";

impl Store {
    /// Takes over every finished repeat below `repeats` of this store's cells
    /// that another store has, and tells how many they are. Cells are the same where their identities are:
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
    ) -> Result<usize, StoreError> {
        match Self::open_to_read(donor) {
            Ok(store) => {
                // Read wholly: what is impossible in it must not come here.
                store.snapshot()?;
                self.check_arithmetic(&store, arithmetic)?;
            }
            Err(
                StoreError::NotAStore(_)
                | StoreError::OlderFormat { .. }
                | StoreError::NewerFormat { .. },
            ) => return Ok(0),
            Err(error) => return Err(error),
        }
        let before = self.counted()?;
        self.attach(donor)?;
        let taken = self
            .connection
            .execute_batch(&ADOPT.replace("REPEATS", &repeats.to_string()));
        if taken.is_err() && !self.connection.is_autocommit() {
            // The first error is the one to tell.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        let detached = self.connection.execute_batch("DETACH donor");
        taken.and(detached).map_err(self.failed())?;
        Ok(self.counted()? - before)
    }

    /// That the rows that another store may give are those that this machine
    /// would come to.
    fn check_arithmetic(&self, donor: &Self, arithmetic: &str) -> Result<(), StoreError> {
        let measured_with = donor.arithmetics()?;
        let Some(other) = measured_with.into_iter().find(|one| one != arithmetic) else {
            return Ok(());
        };
        if self
            .listed("SELECT id FROM cells")?
            .is_disjoint(&donor.listed("SELECT cell FROM repeats")?)
        {
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

    /// Number of finished repeats.
    pub(super) fn counted(&self) -> Result<usize, StoreError> {
        let sql = "SELECT count(*) FROM main.repeats";
        let count = self.connection.query_row(sql, [], |row| row.get(0));
        count.map_err(self.failed())
    }
}
