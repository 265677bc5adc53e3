//! Datasets for measuring the maximal initial learning rate: loading with
//! verified integrity, standardisation, splits, mini-batches, synthetic tasks.
//! Knows nothing of networks.
//!
//! ```
//! use etastar_data::{BatchOrder, DataFolders, Dataset, DatasetConfig, DatasetName, Split, gather};
//! use rand::SeedableRng;
//! use rand_chacha::ChaCha8Rng;
//!
//! # fn main() -> Result<(), etastar_data::DataError> {
//! let config = DatasetConfig::new(DatasetName::Digits);
//! let dataset = Dataset::load(&config, &DataFolders::discover(None))?;
//! let mut rng = ChaCha8Rng::seed_from_u64(1);
//! let split = Split::new(&dataset, &config, &mut rng)?;
//! let mut batches = BatchOrder::new(split.train.len(), 128, rng)?;
//! let (mut inputs, mut targets) = (Vec::new(), Vec::new());
//! gather(&split.train, batches.next_batch(), &mut inputs, &mut targets)?;
//! assert_eq!((inputs.len(), targets.len()), (128 * 64, 128 * 10));
//! # Ok(())
//! # }
//! ```

mod batches;
mod catalogue;
mod config;
mod dataset;
mod error;
mod fetch;
mod folders;
pub mod format;
mod gaussians;
mod integrity;
mod own;
mod split;
mod status;
mod targets;
mod transfer;

pub use batches::{BatchOrder, Samples, gather};
pub use catalogue::{
    ArchiveFile, DataFile, DatasetEntry, DatasetName, FileFormat, Source, UnknownDataset,
    catalogue, entry,
};
pub use config::{DatasetConfig, GaussiansConfig, Standardise};
pub use dataset::{Dataset, Inputs};
pub use error::{DataError, MirrorFailure};
pub use fetch::{FetchReport, fetch, fetch_entry};
pub use folders::{DataFolders, ENVIRONMENT_VARIABLE, Located};
pub use integrity::{ContentError, sha256_hex};
pub use own::{OwnArray, OwnFile, OwnFileError, OwnLabels, OwnSamples, OwnValues};
pub use split::Split;
pub use status::{Availability, FileReport, availability, verify};
pub use targets::Targets;
pub use transfer::{FetchEvent, FetchOptions, Progress};
