//! Rows in.

use super::schema::to_json;
use super::{Store, StoreError};
use crate::{Measured, RepeatRecord, TrialRecord};
use etastar_sharpness::prediction::KernelPrediction;

impl Store {
    /// Keeps a finished trial: when this returns, it is on disk. A trial that
    /// is already there stays as it is.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn insert_trial(
        &mut self,
        cell: &str,
        repeat: usize,
        trial: &TrialRecord,
    ) -> Result<(), StoreError> {
        let mut statement = self
            .connection
            .prepare_cached(
                "INSERT OR IGNORE INTO trials \
                 (cell, repeat, learning_rate, outcome, steps, losses, curve, seconds, sum) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, \
                 row_sum('trials', ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8))",
            )
            .map_err(self.failed())?;
        statement
            .execute((
                cell,
                repeat,
                trial.learning_rate,
                trial.outcome.as_str(),
                trial.steps,
                to_json(&trial.losses, &self.path)?,
                to_json(&trial.curve, &self.path)?,
                trial.seconds,
            ))
            .map_err(self.failed())?;
        self.check_in_place()
    }

    /// Keeps a finished repeat. The trials of a search are in the store
    /// already, and `record` has none.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn insert_repeat(&mut self, cell: &str, record: &RepeatRecord) -> Result<(), StoreError> {
        let seconds = match &record.result {
            // Its trials have theirs.
            Measured::EtaStar(_) => None,
            Measured::Sharpness(sharpness) => Some(sharpness.seconds),
        };
        self.connection
            .execute(
                "INSERT OR IGNORE INTO repeats (cell, repeat, result, seconds, trials, sum) \
                 SELECT ?1, ?2, ?3, ?4, counted, row_sum('repeats', ?1, ?2, ?3, ?4, counted) FROM \
                 (SELECT count(*) AS counted FROM trials WHERE cell = ?1 AND repeat = ?2)",
                (
                    cell,
                    record.repeat,
                    to_json(&record.result, &self.path)?,
                    seconds,
                ),
            )
            .map_err(self.failed())?;
        self.check_in_place()
    }

    /// Keeps the prediction of a cell.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn insert_prediction(
        &mut self,
        cell: &str,
        prediction: &KernelPrediction,
    ) -> Result<(), StoreError> {
        self.connection
            .execute(
                "UPDATE cells SET prediction = ?1, prediction_sum = row_sum('prediction', ?2, ?1) \
                 WHERE id = ?2",
                (to_json(prediction, &self.path)?, cell),
            )
            .map_err(self.failed())?;
        self.check_in_place()
    }
}
