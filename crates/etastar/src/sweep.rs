//! The grid of an experiment.

use std::path::Path;

use etastar_data::DataFolders;
use etastar_search::{Experiment, Silent, Snapshot, SweepEnd};

use crate::data::{Data, MissingData};
use crate::error::Error;
use crate::measurement::{Measurement, Place};
use crate::options::Options;
use crate::provenance::Title;

/// Measures every cell of an experiment into a store, or what is missing there. Repeats and seed are
/// the experiment's, everything else is as the options say.
///
/// # Errors
/// If a cell cannot be measured, the store is of another configuration or cannot be written, or the
/// sweep is interrupted: the same call then goes on where it stopped.
///
/// ```
/// use etastar::{Experiment, Options, fit, sweep};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let experiment = Experiment::parse(include_str!("../examples/small.toml"), None)?;
/// # let folder = tempfile::tempdir()?;
/// # let store = folder.path().join("small.db");
/// let snapshot = sweep(&experiment, &store, &Options::default())?;
/// let fits = fit(&snapshot, &Default::default())?;
/// println!("{:?}", fits.fits.first().map(|fit| (fit.law, &fit.exponents)));
/// # assert_eq!(snapshot.finished_repeats(), 24);
/// # Ok(())
/// # }
/// ```
pub fn sweep(experiment: &Experiment, store: &Path, options: &Options) -> Result<Snapshot, Error> {
    let cells = experiment.cells();
    let used = cells.iter().map(|cell| &cell.dataset);
    let data = Data::load(used, &DataFolders::discover(None), MissingData::Refuse)?;
    let title = Title {
        experiment: &experiment.name,
        question: &experiment.question,
        profile: None,
        variants: &experiment.variants,
        analysis: experiment.analysis.clone(),
        command: options.command.clone(),
    };
    let measurement = Measurement::new(
        title,
        cells,
        experiment.repeats,
        experiment.seed,
        data,
        &options.execution,
    )?;
    let hash = experiment.configuration_hash(measurement.provenance());
    let measured = measurement.run(hash, Place::Store(store), &options.interrupt, &Silent)?;
    match measured.end {
        SweepEnd::Complete => Ok(measured.store.snapshot()?),
        SweepEnd::Interrupted => Err(Error::Interrupted),
    }
}
