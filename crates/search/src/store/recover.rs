//! What is whole of a damaged store.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, Params, Row, params_from_iter};

use super::schema::from_json;
use super::sums::{self, HAS_ITS_TRIALS, Sum};
use super::{Store, StoreError};
use crate::Measured;

impl Store {
    /// Copies every row of a damaged store that is what was written into the
    /// store at `path`, which a sweep can then go on with; tells how many
    /// finished repeats these are. Those that lost a trial count as not
    /// finished.
    ///
    /// A store that does not exist gets the damaged one's grid. One that does
    /// gets the rows of its own cells; then the damaged one's grid may be
    /// damaged too.
    ///
    /// # Errors
    /// If there is neither a store nor a whole grid, if the store is of another configuration, or if it
    /// cannot be written.
    pub fn recover(path: &Path, damaged: &Path) -> Result<(Self, usize), StoreError> {
        let donor = Self::open_damaged(damaged)?;
        let mut store = if path.exists() {
            let store = Self::open_like(path, path)?;
            if donor.check_grid().is_ok() {
                let manifest = donor.manifest()?;
                store.check_configuration(&manifest)?;
                store.expect_repeats(manifest.repeats)?;
            }
            store
        } else {
            donor.check_grid().map_err(StoreError::beyond_recovery)?;
            Self::open_with_grid_of(path, &donor)?
        };
        let cells = store.cells()?;
        let repeats = store.manifest()?.repeats;
        let before = store.counted()?;
        let failed = |source| StoreError::sqlite(path, source);
        let transaction = store.connection.transaction().map_err(failed)?;
        let rescue = Rescue {
            donor: &donor,
            from: &donor.connection,
            to: &transaction,
        };
        rescue.sessions().map_err(failed)?;
        for cell in &cells {
            rescue.prediction(&cell.id).map_err(failed)?;
            for repeat in 0..repeats {
                let trials = rescue.rows(&sums::TRIALS, &cell.id, repeat, "learning_rate");
                let ends = rescue.rows(&sums::REPEATS, &cell.id, repeat, "repeat");
                trials.and(ends).map_err(failed)?;
            }
        }
        transaction
            .execute_batch(&format!("DELETE FROM repeats WHERE NOT ({HAS_ITS_TRIALS})"))
            .map_err(failed)?;
        transaction.commit().map_err(failed)?;
        let gained = store.counted()?.saturating_sub(before);
        Ok((store, gained))
    }

    fn open_damaged(path: &Path) -> Result<Self, StoreError> {
        let store = Self::open_unchecked(path)?;
        // Else SQLite refuses a file that is shorter than its header says,
        // before it is asked for any page.
        store
            .connection
            .execute_batch("PRAGMA writable_schema = ON")
            .map_err(store.failed())?;
        store.check_format()?;
        Ok(store)
    }
}

struct Rescue<'a> {
    donor: &'a Store,
    from: &'a Connection,
    to: &'a Connection,
}

impl Rescue<'_> {
    /// Copies the rows of one repeat, from either end up to what cannot be
    /// read. Each repeat is looked up by its key, so that a page that is lost
    /// takes along only what was on it.
    fn rows(&self, sum: &Sum, cell: &str, repeat: usize, key: &str) -> rusqlite::Result<()> {
        let (table, holds) = (sum.table, sum.holds());
        let asked = [Value::from(cell.to_owned()), Value::from(repeat as i64)];
        for direction in ["ASC", "DESC"] {
            let select = format!(
                "SELECT * FROM {table} WHERE cell = ?1 AND repeat = ?2 AND {holds} \
                 ORDER BY {key} {direction}"
            );
            self.each(&select, (cell, repeat), |row| {
                let columns = row.as_ref().column_count();
                let values = (0..columns).map(|column| row.get::<_, Value>(column));
                let Ok(values) = values.collect::<rusqlite::Result<Vec<_>>>() else {
                    return Ok(());
                };
                // With a checksum, and still nothing that a sweep has written.
                if !self.reads(table, row) {
                    return Ok(());
                }
                // Amid rows of the same key SQLite takes one for another of
                // them whose key is damaged.
                if values.get(..2) != Some(&asked) {
                    return Ok(());
                }
                let places = vec!["?"; columns].join(", ");
                let insert = format!("INSERT OR IGNORE INTO {table} VALUES ({places})");
                let mut insert = self.to.prepare_cached(&insert)?;
                insert.execute(params_from_iter(values)).map(drop)
            })?;
        }
        Ok(())
    }

    /// Whether a row of trials or repeats says something.
    fn reads(&self, table: &str, row: &Row<'_>) -> bool {
        if table == sums::TRIALS.table {
            let trial = self.donor.trial(row, 2);
            return trial
                .is_ok_and(|trial| trial.learning_rate.is_finite() && trial.learning_rate > 0.0);
        }
        let result = row.get::<_, String>(2);
        result.is_ok_and(|text| from_json::<Measured>(&text, &self.donor.path).is_ok())
    }

    /// In their order, as far as it is known.
    fn sessions(&self) -> rusqlite::Result<()> {
        let mut found: BTreeMap<i64, (String, i64)> = BTreeMap::new();
        for direction in ["ASC", "DESC"] {
            let select = format!(
                "SELECT id, session, sum FROM sessions WHERE {} ORDER BY id {direction}",
                sums::SESSIONS.holds()
            );
            self.each(&select, [], |row| {
                if let (Ok(id), Ok(session), Ok(sum)) = (row.get(0), row.get(1), row.get(2)) {
                    found.insert(id, (session, sum));
                }
                Ok(())
            })?;
        }
        let insert = "INSERT INTO sessions (session, sum) SELECT ?1, ?2 \
                      WHERE ?1 NOT IN (SELECT session FROM sessions)";
        for one in found.into_values() {
            self.to.prepare_cached(insert)?.execute(one)?;
        }
        Ok(())
    }

    fn prediction(&self, cell: &str) -> rusqlite::Result<()> {
        let select = format!(
            "SELECT prediction, prediction_sum FROM cells WHERE id = ?1 AND {}",
            sums::PREDICTIONS.holds()
        );
        self.each(&select, [cell], |row| {
            let (Ok(prediction), Ok(sum)) = (row.get::<_, Option<String>>(0), row.get::<_, i64>(1))
            else {
                return Ok(());
            };
            let update = "UPDATE cells SET prediction = ?2, prediction_sum = ?3 \
                          WHERE id = ?1 AND prediction IS NULL";
            self.to
                .prepare_cached(update)?
                .execute((cell, prediction, sum))
                .map(drop)
        })
    }

    /// Every row up to the first that cannot be read; only writing can fail.
    fn each(
        &self,
        select: &str,
        parameters: impl Params,
        mut keep: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        let Ok(mut statement) = self.from.prepare_cached(select) else {
            return Ok(());
        };
        let Ok(mut rows) = statement.query(parameters) else {
            return Ok(());
        };
        while let Ok(Some(row)) = rows.next() {
            keep(row)?;
        }
        Ok(())
    }
}
