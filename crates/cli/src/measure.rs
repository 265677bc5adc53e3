//! Measuring cells: from a list of cells to a store with their trials.

use std::path::{Path, PathBuf};

use burn_tensor::backend::Backend;
use etastar_backend::{Selection, Task};
use etastar_data::{DataFolders, Dataset, DatasetConfig};
use etastar_search::{
    BurnTrainer, Cell, Grid, Interrupt, MasterSeed, PlannedCell, PlannedSharpness, Provenance,
    SharpnessCell, Store, SweepEnd, run_sharpness_sweep, run_sweep,
};

use crate::arguments::Execution;
use crate::error::CliError;
use crate::progress::SweepBar;
use crate::provenance::{self, Title};

/// What is to be measured.
#[derive(Default)]
pub(crate) struct Cells {
    pub(crate) eta_star: Vec<Cell>,
    pub(crate) sharpness: Vec<SharpnessCell>,
}

impl Cells {
    fn datasets(&self) -> impl Iterator<Item = &DatasetConfig> {
        let eta_star = self.eta_star.iter().map(|cell| &cell.dataset);
        eta_star.chain(self.sharpness.iter().map(|cell| &cell.dataset))
    }
}

/// Cells to be measured, and everything that is known before.
pub(crate) struct Measurement<'a> {
    title: Title<'a>,
    cells: Cells,
    repeats: usize,
    backend: Selection,
    jobs: usize,
    datasets: Vec<(DatasetConfig, Dataset)>,
    provenance: Provenance,
}

impl<'a> Measurement<'a> {
    /// Selects the backend and loads the data.
    pub(crate) fn prepare(
        title: Title<'a>,
        cells: Cells,
        repeats: usize,
        seed: u64,
        execution: &Execution,
    ) -> Result<Self, CliError> {
        let backend = Selection::new(execution.backend)?;
        let folders = DataFolders::discover(execution.data.data_dir.clone());
        let datasets = provenance::load_datasets(cells.datasets(), &folders)?;
        let provenance = provenance::provenance(seed, backend, &datasets);
        Ok(Self {
            title,
            cells,
            repeats,
            backend,
            jobs: execution.jobs.into(),
            datasets,
            provenance,
        })
    }

    /// What the numbers depend on besides the cells.
    pub(crate) fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// Measures what the store does not have yet; without a path, the store
    /// lives in memory.
    pub(crate) fn run(
        self,
        configuration_hash: String,
        path: Option<&Path>,
    ) -> Result<(SweepEnd, Store), CliError> {
        let interrupt = Interrupt::default();
        listen_for_interrupts(&interrupt)?;
        let backend = self.backend;
        backend.run(OnBackend {
            measurement: self,
            configuration_hash,
            path: path.map(Path::to_owned),
            interrupt,
        })
    }
}

struct OnBackend<'a> {
    measurement: Measurement<'a>,
    configuration_hash: String,
    path: Option<PathBuf>,
    interrupt: Interrupt,
}

impl Task for OnBackend<'_> {
    type Output = Result<(SweepEnd, Store), CliError>;

    fn run<B: Backend>(self, device: B::Device) -> Self::Output {
        let Measurement {
            title,
            cells,
            repeats,
            backend,
            jobs,
            datasets,
            provenance,
        } = self.measurement;
        let trainer = BurnTrainer::<B>::new(device, MasterSeed(provenance.seed), &datasets)?;
        // The trainer has its own standardised copy.
        drop(datasets);
        let planned = PlannedCell::plan(&cells.eta_star, &trainer, &provenance)?;
        let sharpness = PlannedSharpness::plan(&cells.sharpness, &trainer, &provenance)?;
        let manifest = provenance::manifest(
            &title,
            &provenance,
            backend,
            self.configuration_hash,
            repeats,
        );
        let grid = Grid {
            eta_star: &planned,
            sharpness: &sharpness,
        };
        let mut store = match &self.path {
            Some(path) => Store::open_for_sweep(path, &manifest, grid)?,
            None => Store::in_memory(&manifest, grid)?,
        };
        store.begin_session(&provenance::session(jobs))?;
        let bar = SweepBar::new(grid, repeats, &store.snapshot()?);
        let interrupt = &self.interrupt;
        let ended = run_sweep(&planned, repeats, &trainer, store, jobs, interrupt, &bar).and_then(
            |(end, store)| match end {
                SweepEnd::Interrupted => Ok((end, store)),
                SweepEnd::Complete => {
                    run_sharpness_sweep(&sharpness, repeats, &trainer, store, jobs, interrupt, &bar)
                }
            },
        );
        bar.finish();
        let (end, mut store) = ended?;
        store.end_session(&provenance::now())?;
        Ok((end, store))
    }
}

/// The first Ctrl-C (or SIGTERM) asks the workers to stop; the second ends the
/// program at once. Either way nothing finished is lost.
fn listen_for_interrupts(interrupt: &Interrupt) -> Result<(), CliError> {
    let interrupt = interrupt.clone();
    ctrlc::set_handler(move || {
        if interrupt.is_requested() {
            std::process::exit(130);
        }
        interrupt.request();
    })?;
    Ok(())
}
