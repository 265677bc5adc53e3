//! Rows out.

use std::collections::{BTreeMap, HashSet};

use rusqlite::Row;

use super::schema::from_json;
use super::{Store, StoreError};
use crate::{
    CellRecord, Manifest, Measured, Outcome, RepeatRecord, Session, Snapshot, TrialRecord,
    record::distinct_arithmetics,
};

const TRIAL_COLUMNS: &str = "learning_rate, outcome, steps, losses, curve, seconds";

impl Store {
    /// The manifest.
    ///
    /// # Errors
    /// If the store is damaged.
    pub fn manifest(&self) -> Result<Manifest, StoreError> {
        let text: String = self
            .connection
            .query_row("SELECT manifest FROM manifest", [], |row| row.get(0))
            .map_err(self.failed())?;
        from_json(&text, &self.path)
    }

    /// The finished trials of one repeat, by ascending learning rate.
    ///
    /// # Errors
    /// If the store is damaged.
    pub fn trials(&self, cell: &str, repeat: usize) -> Result<Vec<TrialRecord>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached(&format!(
                "SELECT {TRIAL_COLUMNS} FROM trials WHERE cell = ?1 AND repeat = ?2 \
                 ORDER BY learning_rate"
            ))
            .map_err(self.failed())?;
        let mut rows = statement.query((cell, repeat)).map_err(self.failed())?;
        let mut trials = Vec::new();
        while let Some(row) = rows.next().map_err(self.failed())? {
            trials.push(self.trial(row, 0)?);
        }
        Ok(trials)
    }

    /// Cell and index of every finished repeat.
    ///
    /// # Errors
    /// If the store is damaged.
    pub fn finished_repeats(&self) -> Result<HashSet<(String, usize)>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT cell, repeat FROM repeats")
            .map_err(self.failed())?;
        let rows = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .map_err(self.failed())?;
        rows.collect::<Result<_, _>>().map_err(self.failed())
    }

    /// The cells whose prediction is known.
    ///
    /// # Errors
    /// If the store is damaged.
    pub fn predicted_cells(&self) -> Result<HashSet<String>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT id FROM cells WHERE prediction IS NOT NULL")
            .map_err(self.failed())?;
        let rows = statement.query_map([], |row| row.get(0));
        rows.and_then(Iterator::collect).map_err(self.failed())
    }

    /// Everything in the store, as of one moment.
    ///
    /// # Errors
    /// If the store is damaged.
    pub fn snapshot(&self) -> Result<Snapshot, StoreError> {
        // A read transaction: a sweep may be writing meanwhile. It ends when
        // dropped, and there is nothing to commit.
        let _view = self
            .connection
            .unchecked_transaction()
            .map_err(self.failed())?;
        let manifest = self.manifest()?;
        let sessions = self.sessions()?;
        let mut trials = self.all_trials()?;
        let mut repeats = self.all_repeats(&mut trials)?;
        let mut cells = self.cells()?;
        for cell in &mut cells {
            cell.repeats = repeats.remove(&cell.id).unwrap_or_default();
        }
        Ok(Snapshot {
            manifest,
            sessions,
            cells,
        })
    }

    /// Every [`arithmetic`](crate::arithmetic) that it was measured with, in the
    /// order of sessions.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn arithmetics(&self) -> Result<Vec<String>, StoreError> {
        Ok(distinct_arithmetics(&self.sessions()?)
            .into_iter()
            .map(str::to_owned)
            .collect())
    }

    fn sessions(&self) -> Result<Vec<Session>, StoreError> {
        let mut statement = self
            .connection
            .prepare("SELECT session FROM sessions ORDER BY id")
            .map_err(self.failed())?;
        let texts = statement
            .query_map([], |row| row.get::<_, String>(0))
            .map_err(self.failed())?;
        texts
            .map(|text| from_json(&text.map_err(self.failed())?, &self.path))
            .collect()
    }

    pub(super) fn cells(&self) -> Result<Vec<CellRecord>, StoreError> {
        // The plus keeps SQLite from reading by the index of positions, which has no checksums.
        let sql = "SELECT id, cell, inputs, outputs, prediction FROM cells ORDER BY +position";
        let mut statement = self.connection.prepare(sql).map_err(self.failed())?;
        let mut rows = statement.query([]).map_err(self.failed())?;
        let mut cells = Vec::new();
        while let Some(row) = rows.next().map_err(self.failed())? {
            let cell: String = row.get(1).map_err(self.failed())?;
            let prediction: Option<String> = row.get(4).map_err(self.failed())?;
            cells.push(CellRecord {
                id: row.get(0).map_err(self.failed())?,
                cell: from_json(&cell, &self.path)?,
                inputs: row.get(2).map_err(self.failed())?,
                outputs: row.get(3).map_err(self.failed())?,
                prediction: prediction
                    .map(|text| from_json(&text, &self.path))
                    .transpose()?,
                repeats: Vec::new(),
            });
        }
        Ok(cells)
    }

    /// Finished repeats by cell, each with its trials.
    fn all_repeats(
        &self,
        trials: &mut BTreeMap<(String, usize), Vec<TrialRecord>>,
    ) -> Result<BTreeMap<String, Vec<RepeatRecord>>, StoreError> {
        let mut statement = self
            .connection
            .prepare("SELECT cell, repeat, result, seconds FROM repeats ORDER BY cell, repeat")
            .map_err(self.failed())?;
        let mut rows = statement.query([]).map_err(self.failed())?;
        let mut repeats: BTreeMap<String, Vec<RepeatRecord>> = BTreeMap::new();
        while let Some(row) = rows.next().map_err(self.failed())? {
            let cell: String = row.get(0).map_err(self.failed())?;
            let repeat: usize = row.get(1).map_err(self.failed())?;
            let result: String = row.get(2).map_err(self.failed())?;
            let mut result = from_json(&result, &self.path)?;
            match &mut result {
                Measured::EtaStar(search) => {
                    let own = trials.remove(&(cell.clone(), repeat));
                    search.trials = own.unwrap_or_default();
                }
                Measured::Sharpness(record) => {
                    let seconds: Option<f64> = row.get(3).map_err(self.failed())?;
                    record.seconds = seconds.unwrap_or(0.0);
                }
            }
            let record = RepeatRecord { repeat, result };
            repeats.entry(cell).or_default().push(record);
        }
        Ok(repeats)
    }

    fn all_trials(&self) -> Result<BTreeMap<(String, usize), Vec<TrialRecord>>, StoreError> {
        let mut statement = self
            .connection
            .prepare(&format!(
                "SELECT cell, repeat, {TRIAL_COLUMNS} FROM trials \
                 ORDER BY cell, repeat, learning_rate"
            ))
            .map_err(self.failed())?;
        let mut rows = statement.query([]).map_err(self.failed())?;
        let mut trials: BTreeMap<_, Vec<TrialRecord>> = BTreeMap::new();
        while let Some(row) = rows.next().map_err(self.failed())? {
            let key = (
                row.get(0).map_err(self.failed())?,
                row.get(1).map_err(self.failed())?,
            );
            trials.entry(key).or_default().push(self.trial(row, 2)?);
        }
        Ok(trials)
    }

    /// Reads [`TRIAL_COLUMNS`], from column `first` on.
    pub(super) fn trial(&self, row: &Row<'_>, first: usize) -> Result<TrialRecord, StoreError> {
        let outcome: String = row.get(first + 1).map_err(self.failed())?;
        let losses: String = row.get(first + 3).map_err(self.failed())?;
        let curve: String = row.get(first + 4).map_err(self.failed())?;
        let outcome = Outcome::from_name(&outcome).ok_or_else(|| {
            StoreError::damaged(&self.path, &format!("unknown outcome `{outcome}`"))
        })?;
        Ok(TrialRecord {
            learning_rate: row.get(first).map_err(self.failed())?,
            outcome,
            steps: row.get(first + 2).map_err(self.failed())?,
            losses: from_json(&losses, &self.path)?,
            curve: from_json(&curve, &self.path)?,
            seconds: row.get(first + 5).map_err(self.failed())?,
        })
    }
}
