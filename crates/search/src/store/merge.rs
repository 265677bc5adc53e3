//! Parts of a sweep, put together.

use std::path::Path;

use super::{Store, StoreError};
use crate::PlannedCell;

/// What a store added to another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Merged {
    /// Finished repeats that were new.
    pub new: usize,
    /// Finished repeats that both had, with the same rows but for the times.
    pub agreeing: usize,
}

/// Rows that two stores have and that differ in more than the time they took:
/// the cell, the repeat, and what it is.
const DISAGREEMENTS: &str = "
    SELECT cell, repeat, 'the trial at ' || learning_rate
        FROM main.trials AS ours JOIN donor.trials AS theirs USING (cell, repeat, learning_rate)
        WHERE ours.outcome <> theirs.outcome OR ours.steps <> theirs.steps
            OR ours.losses <> theirs.losses OR ours.curve <> theirs.curve
    UNION ALL
    SELECT cell, repeat, iif(json_type(ours.result, '$.eta-star') IS NULL, 'the sharpness', 'eta*')
        FROM main.repeats AS ours JOIN donor.repeats AS theirs USING (cell, repeat)
        WHERE ours.result <> theirs.result
    UNION ALL
    SELECT id, 0, 'the prediction'
        FROM main.cells AS ours JOIN donor.cells AS theirs USING (id)
        WHERE ours.prediction <> theirs.prediction
";

/// Trials of searches that are not finished come too: whoever goes on with the
/// merged store need not repeat them. Strategies that look ahead try rates that
/// others do not: a repeat that is finished here keeps its own trials, one that
/// comes is counted with those of both.
const MERGE: &str = "
    INSERT OR IGNORE INTO main.trials SELECT * FROM donor.trials AS theirs
        WHERE NOT EXISTS (SELECT 1 FROM main.repeats AS ours
            WHERE ours.cell = theirs.cell AND ours.repeat = theirs.repeat)
        ORDER BY cell, repeat;
    INSERT OR IGNORE INTO main.repeats (cell, repeat, result, seconds, trials, sum)
        SELECT cell, repeat, result, seconds, counted,
            row_sum('repeats', cell, repeat, result, seconds, counted)
        FROM (SELECT cell, repeat, result, seconds, (SELECT count(*) FROM main.trials AS own
            WHERE own.cell = theirs.cell AND own.repeat = theirs.repeat) AS counted
            FROM donor.repeats AS theirs)
        ORDER BY cell, repeat;
    UPDATE main.cells SET (prediction, prediction_sum) =
        (SELECT prediction, prediction_sum FROM donor.cells AS known
         WHERE known.id = main.cells.id)
        WHERE prediction IS NULL AND id IN (SELECT id FROM donor.cells);
    INSERT INTO main.sessions (session, sum)
        SELECT session, sum FROM donor.sessions
        WHERE session NOT IN (SELECT session FROM main.sessions)
        ORDER BY id;
";

impl Store {
    /// Opens a store for writing that has the configuration and the grid of
    /// another, or creates it.
    ///
    /// # Errors
    /// As [`open_for_sweep`](Self::open_for_sweep), or if the other cannot be
    /// read.
    pub fn open_like(path: &Path, other: &Path) -> Result<Self, StoreError> {
        let other = Self::open_to_read(other)?;
        // Read wholly: what is impossible in it must not come here, nor make a store.
        other.snapshot()?;
        Self::open_with_grid_of(path, &other)
    }

    /// Checks that all stores are of the configuration of the first, by their manifests alone: merging
    /// reads each of them whole.
    ///
    /// # Errors
    /// If one is not, or is no store; it is named.
    pub fn check_parts(paths: &[impl AsRef<Path>]) -> Result<(), StoreError> {
        let mut first = None;
        for path in paths {
            let store = Self::open_unchecked(path.as_ref())?;
            store.check_format()?;
            match &first {
                None => first = Some(store.manifest()?),
                Some(manifest) => store.check_configuration(manifest)?,
            }
        }
        Ok(())
    }

    pub(super) fn open_with_grid_of(path: &Path, other: &Self) -> Result<Self, StoreError> {
        let cells = other.cells()?.into_iter().map(|record| PlannedCell {
            id: record.id,
            cell: record.cell,
            inputs: record.inputs,
            outputs: record.outputs,
        });
        Self::open_for_sweep(path, &other.manifest()?, &cells.collect::<Vec<_>>())
    }

    /// Takes over everything that another store of the same configuration has
    /// and this one has not. Doing it again changes nothing.
    ///
    /// # Errors
    /// If the other store is of another configuration, if a row of both
    /// differs in more than its time (then nothing is taken), or if either
    /// store cannot be read, or this one not written.
    pub fn merge(&mut self, other: &Path) -> Result<Merged, StoreError> {
        let donor = Self::open_to_read(other)?;
        donor.check_configuration(&self.manifest()?)?;
        self.expect_repeats(donor.manifest()?.repeats)?;
        let before = self.counted()?;
        let offered = donor.counted()?;
        donor.snapshot()?;
        drop(donor);
        self.attach(other)?;
        let taken = self.merge_attached(other);
        if taken.is_err() && !self.connection.is_autocommit() {
            // The first error is the one to tell.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        let detached = self.connection.execute_batch("DETACH donor");
        taken?;
        detached.map_err(self.failed())?;
        let new = self.counted()? - before;
        Ok(Merged {
            new,
            agreeing: offered.saturating_sub(new),
        })
    }

    fn merge_attached(&self, other: &Path) -> Result<(), StoreError> {
        self.connection
            .execute_batch("BEGIN IMMEDIATE")
            .map_err(self.failed())?;
        let mut statement = self
            .connection
            .prepare(DISAGREEMENTS)
            .map_err(self.failed())?;
        let found = statement
            .query_map([], |row| {
                let (cell, repeat): (String, usize) = (row.get(0)?, row.get(1)?);
                let what: String = row.get(2)?;
                Ok(format!("{what} of repeat {repeat} of cell {cell}"))
            })
            .and_then(Iterator::collect::<rusqlite::Result<Vec<String>>>)
            .map_err(self.failed())?;
        if let Some(first) = found.first() {
            return Err(StoreError::Disagreement {
                path: self.path.clone(),
                other: other.to_owned(),
                rows: found.len(),
                first: first.clone(),
            });
        }
        drop(statement);
        self.connection
            .execute_batch(MERGE)
            .and_then(|()| self.connection.execute_batch("COMMIT"))
            .map_err(self.failed())
    }
}
