//! The datasets of a measurement.

use etastar_data::{DataError, DataFolders, Dataset, DatasetConfig};
use etastar_search::NotRun;

use crate::error::Error;

/// What happens to cells whose data are not found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingData {
    /// Nothing is measured; it is an error.
    Refuse,
    /// They are left out, which the manifest records.
    LeaveOut,
}

/// The data of a measurement.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Data {
    datasets: Vec<(DatasetConfig, Dataset)>,
    not_run: Vec<NotRun>,
}

impl Data {
    /// Loads datasets, each once.
    ///
    /// # Errors
    /// If one cannot be loaded or, unless they may be left out, its files are not found.
    pub fn load<'a>(
        configs: impl Iterator<Item = &'a DatasetConfig>,
        folders: &DataFolders,
        missing: MissingData,
    ) -> Result<Self, Error> {
        let may_leave_out = missing == MissingData::LeaveOut;
        let mut data = Self::default();
        for config in configs {
            // Fingerprints and cells know a file by its name alone.
            let same = data.datasets.iter().find(|(known, _)| {
                let files = known.file.as_ref().zip(config.file.as_ref());
                known.title() == config.title() && files.is_some_and(|(a, b)| a.path != b.path)
            });
            if let Some((known, _)) = same {
                return Err(Error::SameName(known.title().into_owned()));
            }
            let left_out = data.leaves_out(config);
            if left_out || data.datasets.iter().any(|(known, _)| known == config) {
                continue;
            }
            // The reasons name no folders, which differ between machines.
            let reason = match Dataset::load(config, folders) {
                Ok(dataset) => {
                    data.datasets.push((config.clone(), dataset));
                    continue;
                }
                Err(DataError::MissingFiles { .. }) if may_leave_out => "its files were not found",
                Err(DataError::NoFolder) if may_leave_out => "there is no folder for datasets",
                Err(error) => return Err(error.into()),
            };
            data.not_run.push(NotRun {
                dataset: config.title().into_owned(),
                reason: reason.to_owned(),
            });
        }
        Ok(data)
    }

    /// A dataset that is in memory already.
    pub(crate) fn loaded(config: DatasetConfig, dataset: Dataset) -> Self {
        Self {
            datasets: vec![(config, dataset)],
            not_run: Vec::new(),
        }
    }

    /// The datasets with their configurations.
    pub fn datasets(&self) -> &[(DatasetConfig, Dataset)] {
        &self.datasets
    }

    /// The datasets left out.
    pub fn not_run(&self) -> &[NotRun] {
        &self.not_run
    }

    pub(crate) fn into_parts(self) -> (Vec<(DatasetConfig, Dataset)>, Vec<NotRun>) {
        (self.datasets, self.not_run)
    }

    pub(crate) fn leaves_out(&self, config: &DatasetConfig) -> bool {
        let mut missing = self.not_run.iter();
        missing.any(|one| one.dataset == config.title())
    }
}
