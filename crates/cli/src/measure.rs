//! Measuring cells: from a list of cells to a store with their trials.

use std::path::{Path, PathBuf};

use burn_tensor::backend::Backend;
use etastar_backend::{Selection, Task};
use etastar_data::{DataFolders, Dataset, DatasetConfig};
use etastar_search::{
    BurnTrainer, Cell, Interrupt, MasterSeed, PlannedCell, Provenance, Store, SweepEnd, run_sweep,
};

use crate::arguments::Execution;
use crate::error::CliError;
use crate::progress::SweepBar;
use crate::provenance::{self, Title};

/// Cells to be measured, and everything that is known before.
pub(crate) struct Measurement<'a> {
    title: Title<'a>,
    cells: Vec<Cell>,
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
        cells: Vec<Cell>,
        repeats: usize,
        seed: u64,
        execution: &Execution,
    ) -> Result<Self, CliError> {
        let backend = Selection::new(execution.backend)?;
        let folders = DataFolders::discover(execution.data.data_dir.clone());
        let datasets = provenance::load_datasets(&cells, &folders)?;
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
        let planned = PlannedCell::plan(&cells, &trainer, &provenance)?;
        let manifest = provenance::manifest(
            &title,
            &provenance,
            backend,
            self.configuration_hash,
            repeats,
        );
        let mut store = match &self.path {
            Some(path) => Store::open_for_sweep(path, &manifest, &planned)?,
            None => Store::in_memory(&manifest, &planned)?,
        };
        store.begin_session(&provenance::session(jobs))?;
        let finished = store.finished_repeats()?;
        let finished: Vec<&PlannedCell> = finished
            .iter()
            .filter_map(|(id, _)| planned.iter().find(|cell| cell.id == *id))
            .collect();
        let bar = SweepBar::new(&planned, repeats, &finished);
        let ended = run_sweep(
            &planned,
            repeats,
            &trainer,
            store,
            jobs,
            &self.interrupt,
            &bar,
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
