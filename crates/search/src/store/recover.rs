//! What is whole of a damaged store.

use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use super::sums::{self, HAS_ITS_TRIALS, Sum};
use super::{Adopted, Store, StoreError};

impl Store {
    /// Copies every row of a damaged store that is what was written into the
    /// store at `path`, which a sweep can then go on with. Finished repeats
    /// that lost a trial count as not finished.
    ///
    /// A store that does not exist gets the damaged one's grid. One that does
    /// gets the rows of its own cells; then the damaged one's grid may be
    /// damaged too.
    ///
    /// # Errors
    /// If there is neither a store nor a whole grid, or the store cannot be
    /// written.
    pub fn recover(path: &Path, damaged: &Path) -> Result<(Self, Adopted), StoreError> {
        let donor = Self::open_unchecked(damaged)?;
        let mut store = if path.exists() {
            Self::open_like(path, path)?
        } else {
            let whole = [sums::MANIFEST, sums::CELLS, sums::SHARPNESS_CELLS];
            let whole = whole.iter().try_for_each(|sum| donor.check_sum(sum));
            whole.map_err(StoreError::beyond_recovery)?;
            Self::open_with_grid_of(path, &donor)?
        };
        let mut cells = store.ids("cells")?;
        cells.extend(store.ids("sharpness_cells")?);
        let before = store.counted()?;
        let failed = |source| StoreError::sqlite(path, source);
        let transaction = store.connection.transaction().map_err(failed)?;
        for cell in &cells {
            for (sum, key) in [
                (sums::TRIALS, "repeat, learning_rate"),
                (sums::REPEATS, "repeat"),
                (sums::SHARPNESS, "repeat"),
            ] {
                copy(&donor.connection, &transaction, cell, &sum, key).map_err(failed)?;
            }
        }
        copy_predictions(&donor.connection, &transaction).map_err(failed)?;
        transaction
            .execute_batch(&format!("DELETE FROM repeats WHERE NOT ({HAS_ITS_TRIALS})"))
            .map_err(failed)?;
        transaction.commit().map_err(failed)?;
        let after = store.counted()?;
        let gained = Adopted {
            repeats: after.repeats.saturating_sub(before.repeats),
            networks: after.networks.saturating_sub(before.networks),
        };
        Ok((store, gained))
    }

    fn ids(&self, table: &str) -> Result<Vec<String>, StoreError> {
        let sql = format!("SELECT id FROM {table} ORDER BY position");
        let mut statement = self.connection.prepare(&sql).map_err(self.failed())?;
        let ids = statement
            .query_map([], |row| row.get(0))
            .map_err(self.failed())?;
        ids.collect::<rusqlite::Result<_>>().map_err(self.failed())
    }
}

/// Copies a cell's rows, from either end up to what cannot be read.
fn copy(
    from: &Connection,
    to: &Connection,
    cell: &str,
    sum: &Sum,
    key: &str,
) -> rusqlite::Result<()> {
    let table = sum.table;
    for direction in ["ASC", "DESC"] {
        let order: Vec<String> = key
            .split(", ")
            .map(|one| format!("{one} {direction}"))
            .collect();
        let sql = format!(
            "SELECT * FROM {table} WHERE cell = ?1 AND {} ORDER BY {}",
            sum.holds(),
            order.join(", ")
        );
        let Ok(mut statement) = from.prepare(&sql) else {
            return Ok(());
        };
        let columns = statement.column_count();
        let places = vec!["?"; columns].join(", ");
        let insert = format!("INSERT OR IGNORE INTO {table} VALUES ({places})");
        let mut insert = to.prepare_cached(&insert)?;
        let Ok(mut rows) = statement.query([cell]) else {
            continue;
        };
        // At the first page that cannot be read it ends.
        while let Ok(Some(row)) = rows.next() {
            let values: rusqlite::Result<Vec<Value>> =
                (0..columns).map(|column| row.get(column)).collect();
            if let Ok(values) = values {
                insert.execute(params_from_iter(values))?;
            }
        }
    }
    Ok(())
}

fn copy_predictions(from: &Connection, to: &Connection) -> rusqlite::Result<()> {
    let sql = format!(
        "SELECT id, prediction, prediction_sum FROM sharpness_cells WHERE {}",
        sums::PREDICTIONS.holds()
    );
    let Ok(mut statement) = from.prepare(&sql) else {
        return Ok(());
    };
    let Ok(mut rows) = statement.query([]) else {
        return Ok(());
    };
    while let Ok(Some(row)) = rows.next() {
        let (id, prediction): (String, Option<String>) = (row.get(0)?, row.get(1)?);
        let sum: i64 = row.get(2)?;
        to.execute(
            "UPDATE sharpness_cells SET prediction = ?2, prediction_sum = ?3 \
             WHERE id = ?1 AND prediction IS NULL",
            (id, prediction, sum),
        )?;
    }
    Ok(())
}
