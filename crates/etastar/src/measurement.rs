//! Measures cells: from a list of cells to a store with their results.

use std::path::{Path, PathBuf};
use std::time::Duration;

use etastar_backend::{Backend, Selection, Task};
use etastar_data::{DataError, DataFolders, Dataset, DatasetConfig};
use etastar_search::scale::Request;
use etastar_search::{
    BurnTrainer, Cell, EnsembleLimits, EnsembleTrainer, Interrupt, MasterSeed, NotRun, PlannedCell,
    Protocol, Provenance, Repeats, Shard, Snapshot, Store, Strategy, SweepEnd, Trainer, arithmetic,
    run_sweep,
};

use crate::arguments::{Execution, Training};
use crate::error::CliError;
use crate::memory;
use crate::progress::{Progress, SoFar};
use crate::provenance::{self, Title};
use crate::status_file::State;

/// How a measurement ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    Complete,
    Interrupted,
    OutOfTime,
}

/// The result of a measurement.
pub(crate) struct Measured {
    pub(crate) ended: Ended,
    pub(crate) store: Store,
    /// Repeats of a complete measurement.
    pub(crate) expected: usize,
}

/// Where the results of a measurement are kept.
pub(crate) enum Place<'a> {
    /// In memory, while the program runs.
    Memory,
    /// In this store.
    Store(&'a Path),
    /// In this store, which takes over the results of other stores in its folder.
    Shared(&'a Path),
}

/// What a measurement of these cells asks for.
fn request(cells: &[Cell], repeats: usize) -> Request {
    let trials = cells
        .iter()
        .filter_map(|cell| Some(cell.protocol()?.most_trials()));
    Request {
        cells: cells.len(),
        repeats,
        depth: cells.iter().map(Cell::depth).max().unwrap_or(0),
        trials: trials.max().unwrap_or(1),
    }
}

/// What happens to cells whose data are not found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MissingData {
    /// Nothing is measured; it is an error.
    Refuse,
    /// They are left out, which the manifest records.
    LeaveOut,
}

type Datasets = Vec<(DatasetConfig, Dataset)>;

/// Loads datasets, each once. Datasets whose files are not found are an error,
/// or are listed as left out.
fn load_datasets<'a>(
    configs: impl Iterator<Item = &'a DatasetConfig>,
    folders: &DataFolders,
    missing: MissingData,
) -> Result<(Datasets, Vec<NotRun>), CliError> {
    let may_leave_out = missing == MissingData::LeaveOut;
    let mut loaded = Datasets::new();
    let mut not_run: Vec<NotRun> = Vec::new();
    for config in configs {
        // Fingerprints and cells know a file by its name alone.
        let same = loaded.iter().find(|(known, _)| {
            let files = known.file.as_ref().zip(config.file.as_ref());
            known.title() == config.title() && files.is_some_and(|(a, b)| a.path != b.path)
        });
        if let Some((known, _)) = same {
            return Err(CliError::Usage(format!(
                "two files of data are called `{}`: rename one",
                known.title()
            )));
        }
        let left_out = not_run.iter().any(|one| one.dataset == config.title());
        if left_out || loaded.iter().any(|(known, _)| known == config) {
            continue;
        }
        // The reasons name no folders, which differ between machines.
        let reason = match Dataset::load(config, folders) {
            Ok(dataset) => {
                tell(config, &dataset);
                loaded.push((config.clone(), dataset));
                continue;
            }
            Err(DataError::MissingFiles { .. }) if may_leave_out => "its files were not found",
            Err(DataError::NoFolder) if may_leave_out => "there is no folder for datasets",
            Err(error) => return Err(error.into()),
        };
        not_run.push(NotRun {
            dataset: config.title().into_owned(),
            reason: reason.to_owned(),
        });
    }
    Ok((loaded, not_run))
}

/// What was understood of a file of one's own, on standard error.
fn tell(config: &DatasetConfig, dataset: &Dataset) {
    let Some(file) = &config.file else {
        return;
    };
    let names = dataset
        .class_names
        .iter()
        .take(10)
        .map(|name| format!("`{name}`"));
    let names = names.collect::<Vec<_>>().join(", ");
    let more = if dataset.classes > 10 { ", .." } else { "" };
    let path = file.path.display();
    eprintln!(
        "{path}: {} samples of {} features; {} classes, in this order: {names}{more}",
        dataset.samples(),
        dataset.features,
        dataset.classes,
    );
    for class in dataset.empty_classes() {
        eprintln!("warning: {path}: there is no sample of class `{class}`");
    }
}

/// Cells to be measured, with their data.
pub(crate) struct Measurement<'a> {
    title: Title<'a>,
    cells: Vec<Cell>,
    repeats: usize,
    /// The part that is measured; none for all.
    shard: Option<Shard>,
    backend: Selection,
    /// The limits of the batched strategy; none for the sequential one.
    limits: Option<EnsembleLimits>,
    jobs: usize,
    datasets: Datasets,
    not_run: Vec<NotRun>,
    provenance: Provenance,
}

impl<'a> Measurement<'a> {
    /// Selects the backend and loads the data. Cells whose data are missing are
    /// an error, or are left out.
    pub(crate) fn prepare(
        title: Title<'a>,
        mut cells: Vec<Cell>,
        repeats: usize,
        seed: u64,
        execution: &Execution,
        missing: MissingData,
    ) -> Result<Self, CliError> {
        let backend = Selection::new(execution.backend)?;
        request(&cells, repeats).check()?;
        let folders = DataFolders::discover(execution.data.data_dir.clone());
        let used = cells.iter().map(|cell| &cell.dataset);
        let (datasets, not_run) = load_datasets(used, &folders, missing)?;
        for missing in &not_run {
            cells.retain(|cell| cell.dataset.title() != missing.dataset);
        }
        let provenance = provenance::provenance(seed, backend, &datasets);
        Ok(Self {
            title,
            cells,
            repeats,
            shard: None,
            backend,
            limits: None,
            jobs: execution.jobs(),
            datasets,
            not_run,
            provenance,
        })
    }

    /// Chooses the strategy of training; the default is the sequential one.
    pub(crate) fn with_training(mut self, training: &Training) -> Self {
        self.limits = training.ensembles(self.backend.device());
        if self.limits.is_some() {
            self.provenance.strategy = Strategy::Batched;
        }
        self
    }

    /// Gives every search the usual threshold for the number of classes of its data.
    pub(crate) fn choose_thresholds(&mut self) {
        for cell in &mut self.cells {
            let mut own = self.datasets.iter();
            let classes = own.find(|(config, _)| *config == cell.dataset);
            if let (Some((_, dataset)), Some(protocol)) = (classes, cell.protocol_mut()) {
                protocol.threshold = Protocol::usual_threshold(dataset.classes);
            }
        }
    }

    /// What a store of one cell is known by: the identity of the first.
    pub(crate) fn identity(&self) -> String {
        let first = self.cells.first();
        first.map_or_else(String::new, |cell| cell.identity(&self.provenance))
    }

    /// Measures only a part.
    pub(crate) fn with_shard(mut self, shard: Option<Shard>) -> Self {
        self.shard = shard;
        self
    }

    /// The datasets left out.
    pub(crate) fn not_run(&self) -> &[NotRun] {
        &self.not_run
    }

    /// What the numbers depend on besides the cells.
    pub(crate) fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// Measures everything that is not there yet. It stops at Ctrl-C, or after
    /// a time limit.
    pub(crate) fn run(
        self,
        configuration_hash: String,
        place: Place<'_>,
        time_limit: Option<Duration>,
    ) -> Result<Measured, CliError> {
        let interrupt = Interrupt::default();
        listen_for_interrupts(&interrupt)?;
        let out_of_time = time_limit.map(|time| stop_after(time, &interrupt));
        let backend = self.backend;
        let (end, store, expected) = backend.run(OnBackend {
            measurement: self,
            configuration_hash,
            place,
            interrupt,
        })?;
        let ended = match end {
            SweepEnd::Complete => Ended::Complete,
            SweepEnd::Interrupted if out_of_time.is_some_and(|it| it.is_requested()) => {
                Ended::OutOfTime
            }
            SweepEnd::Interrupted => Ended::Interrupted,
        };
        Ok(Measured {
            ended,
            store,
            expected,
        })
    }

    /// Measures in memory; an interrupt is an error.
    pub(crate) fn run_in_memory(self, configuration_hash: String) -> Result<Snapshot, CliError> {
        let command = self.title.experiment;
        let measured = self.run(configuration_hash, Place::Memory, None)?;
        if measured.ended == Ended::Complete {
            return Ok(measured.store.snapshot()?);
        }
        Err(CliError::Interrupted(format!(
            "`{command}` keeps nothing; use `sweep` for measurements that can be resumed"
        )))
    }
}

/// Interrupts after some time. The result tells whether this has interrupted,
/// and not the user.
fn stop_after(time: Duration, interrupt: &Interrupt) -> Interrupt {
    let interrupt = interrupt.clone();
    let out_of_time = Interrupt::default();
    let told = out_of_time.clone();
    std::thread::spawn(move || {
        std::thread::sleep(time);
        if !interrupt.is_requested() {
            told.request();
            interrupt.request();
        }
    });
    out_of_time
}

struct OnBackend<'a> {
    measurement: Measurement<'a>,
    configuration_hash: String,
    place: Place<'a>,
    interrupt: Interrupt,
}

impl Task for OnBackend<'_> {
    /// The last number is that of the repeats of a complete measurement.
    type Output = Result<(SweepEnd, Store, usize), CliError>;

    fn run<B: Backend>(self, device: B::Device) -> Self::Output {
        let Measurement {
            title,
            cells,
            repeats: count,
            shard,
            backend,
            limits,
            jobs,
            datasets,
            not_run,
            provenance,
        } = self.measurement;
        let trainer =
            BurnTrainer::<B>::new(device.clone(), MasterSeed(provenance.seed), &datasets)?;
        // The trainer has its own standardised copy.
        drop(datasets);
        let planned = PlannedCell::plan(&cells, &trainer, &provenance)?;
        let manifest = provenance::manifest(
            &title,
            &provenance,
            backend,
            self.configuration_hash,
            count,
            &not_run,
        );
        let grid = planned.as_slice();
        if !backend.device().is_accelerator() {
            memory::check(grid, size_of::<B::FloatElem>(), jobs)?;
        }
        let repeats = match shard {
            None => Repeats::all(count),
            Some(shard) => Repeats::of_shard(count, shard, grid),
        };
        let on_disk = match self.place {
            Place::Store(path) | Place::Shared(path) => Some(path),
            Place::Memory => None,
        };
        let mut store = match on_disk {
            Some(path) => Store::open_for_sweep(path, &manifest, grid)?,
            None => Store::in_memory(&manifest, grid)?,
        };
        let known = store.snapshot()?;
        let mut so_far = SoFar::new(grid, &repeats, &known);
        // Only stores on disk meet results of other machines.
        let compares = on_disk.is_some() && !so_far.is_complete();
        let arithmetic = compares.then(|| arithmetic::<B>(&device));
        if let Some(here) = &arithmetic {
            warn_of_others(store.path(), &known, here);
            if let Place::Shared(_) = self.place {
                reuse(&mut store, count, here)?;
                so_far = SoFar::new(grid, &repeats, &store.snapshot()?);
            }
        }
        store.begin_session(&provenance::session(jobs, shard, arithmetic))?;
        let mut progress = Progress::new(count, so_far);
        if let Some(path) = on_disk {
            let shard = shard.map(|shard| shard.to_string());
            let Title {
                experiment,
                profile,
                ..
            } = title;
            progress = progress.with_status_file(path, experiment, profile, shard, jobs, so_far);
        }
        let interrupt = &self.interrupt;
        let ensembles = limits.map(|limits| EnsembleTrainer::new(&trainer, limits));
        let searching: &dyn Trainer = match &ensembles {
            None => &trainer,
            Some(ensembles) => ensembles,
        };
        let swept = run_sweep(grid, &repeats, searching, store, jobs, interrupt, &progress);
        let ended = swept.map_err(CliError::from).and_then(|(end, mut store)| {
            store.end_session(&provenance::now())?;
            Ok((end, store, repeats.total(grid)))
        });
        match &ended {
            Ok((SweepEnd::Complete, ..)) => progress.finish(State::Complete, None),
            Ok((SweepEnd::Interrupted, ..)) => progress.finish(State::Stopped, None),
            Err(error) => progress.finish(State::Failed, Some(error.to_string())),
        }
        ended
    }
}

/// Warns if a store was begun on a machine that rounds differently.
fn warn_of_others(store: &Path, known: &Snapshot, here: &str) {
    let mut others = known.arithmetics();
    others.retain(|other| *other != here);
    if !others.is_empty() {
        eprintln!(
            "warning: {} was begun with another arithmetic ({}, here {here}): rounding differs, \
             and with it, now and then, how a trial near the edge ends",
            store.display(),
            others.join(", "),
        );
    }
}

/// Takes over the results of the same cells in other stores of the folder.
fn reuse(store: &mut Store, repeats: usize, arithmetic: &str) -> Result<(), CliError> {
    let own = store.path().to_owned();
    let folder = match own.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // A folder that cannot be listed has nothing to give.
    let mut donors = stores_in(folder).unwrap_or_default();
    donors.retain(|path| path.file_name() != own.file_name());
    donors.sort();
    for donor in donors {
        match store.adopt(&donor, repeats, arithmetic) {
            Ok(0) => {}
            Ok(known) => eprintln!("{known} repeats are known from {}", donor.display()),
            Err(error) => eprintln!(
                "warning: nothing is reused from {}: {error}",
                donor.display()
            ),
        }
    }
    Ok(())
}

/// The stores in a folder, in no order.
pub(crate) fn stores_in(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let paths = std::fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path()));
    let is_store = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "db");
    Ok(paths.filter(is_store).collect())
}

/// The first Ctrl-C (or SIGTERM) asks the workers to stop; the second one ends
/// the program at once. Finished trials are kept in both cases.
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
