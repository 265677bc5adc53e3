//! Measures cells: from a list of cells to a store with their results.

use std::path::{Path, PathBuf};

use etastar_backend::{Backend, Selection, Task};
use etastar_search::scale::Request;
use etastar_search::{
    BurnTrainer, Cell, EnsembleTrainer, Interrupt, MasterSeed, Observer, PlannedCell, Provenance,
    Repeats, Shard, Silent, Snapshot, Store, Strategy, SweepEnd, Trainer, arithmetic, run_sweep,
};

use crate::data::Data;
use crate::error::Error;
use crate::execution::Execution;
use crate::memory;
use crate::options::Options;
use crate::provenance::{self, Title};
use crate::samples::Samples;

/// The result of a measurement.
#[derive(Debug)]
pub struct Measured {
    /// Whether it was interrupted.
    pub end: SweepEnd,
    /// Everything measured so far.
    pub store: Store,
    /// Repeats of a complete measurement.
    pub expected: usize,
}

/// Where the results of a measurement are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place<'a> {
    /// In memory, while the program runs.
    Memory,
    /// In this store; the same measurement goes on where it stopped.
    Store(&'a Path),
    /// In this store, which takes over the results of other stores in its folder.
    Shared(&'a Path),
}

impl<'a> Place<'a> {
    /// The path of the store, if it is kept.
    pub fn path(self) -> Option<&'a Path> {
        match self {
            Self::Store(path) | Self::Shared(path) => Some(path),
            Self::Memory => None,
        }
    }
}

/// Hears of a measurement, for a person to see: of every trial ([`Observer`]), and of what is here.
pub trait Listener: Observer {
    /// A sentence that the user should read.
    fn tell(&self, _message: &str) {}

    /// The measurement of a grid begins; the store has some of it already.
    fn begin(&self, _grid: &[PlannedCell], _repeats: &Repeats, _stored: &Snapshot) {}

    /// It has ended.
    fn end(&self, _end: Result<SweepEnd, &Error>) {}
}

/// A listener that does not listen.
impl Listener for Silent {}

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

/// Cells to be measured, with their data.
#[derive(Debug)]
pub struct Measurement<'a> {
    title: Title<'a>,
    cells: Vec<Cell>,
    repeats: usize,
    /// The part that is measured; none for all.
    shard: Option<Shard>,
    backend: Selection,
    execution: Execution,
    data: Data,
    provenance: Provenance,
}

impl<'a> Measurement<'a> {
    /// Selects the backend. Cells whose data are left out are left out, too.
    ///
    /// # Errors
    /// If the device is not there, or too much is asked for.
    pub fn new(
        title: Title<'a>,
        mut cells: Vec<Cell>,
        repeats: usize,
        seed: u64,
        data: Data,
        execution: &Execution,
    ) -> Result<Self, Error> {
        let backend = Selection::new(execution.backend)?;
        request(&cells, repeats).check()?;
        cells.retain(|cell| !data.leaves_out(&cell.dataset));
        let mut provenance = provenance::provenance(seed, backend, data.datasets());
        if execution.ensembles.is_some() {
            provenance.strategy = Strategy::Batched;
        }
        Ok(Self {
            title,
            cells,
            repeats,
            shard: None,
            backend,
            execution: *execution,
            data,
            provenance,
        })
    }

    /// Measures only a part.
    #[must_use]
    pub fn with_shard(mut self, shard: Option<Shard>) -> Self {
        self.shard = shard;
        self
    }

    /// What a store of one cell is known by: the identity of the first.
    pub fn identity(&self) -> String {
        let first = self.cells.first();
        first.map_or_else(String::new, |cell| cell.identity(&self.provenance))
    }

    /// What the numbers depend on besides the cells.
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// Measures everything that is not there yet, or until it is interrupted. A finished trial is
    /// kept before the next one begins.
    ///
    /// # Errors
    /// At the first cell that cannot be measured, or if the store cannot be written.
    pub fn run(
        self,
        configuration_hash: String,
        place: Place<'_>,
        interrupt: &Interrupt,
        listener: &dyn Listener,
    ) -> Result<Measured, Error> {
        self.backend.run(OnBackend {
            measurement: self,
            configuration_hash,
            place,
            interrupt,
            listener,
        })
    }
}

/// Measures one cell as the options say; everything that was measured of it.
///
/// # Errors
/// As [`Measurement::run`], and if it is interrupted.
pub(crate) fn measure_one(
    title: Title<'_>,
    cell: Cell,
    samples: &Samples,
    options: &Options,
    listener: &dyn Listener,
) -> Result<Snapshot, Error> {
    let title = Title {
        command: options.command.clone(),
        ..title
    };
    let measurement = Measurement::new(
        title,
        vec![cell],
        options.repeats,
        options.seed,
        samples.data(),
        &options.execution,
    )?;
    let identity = measurement.identity();
    let place = options.store.as_deref().map_or(Place::Memory, Place::Store);
    let measured = measurement.run(identity, place, &options.interrupt, listener)?;
    match measured.end {
        SweepEnd::Complete => Ok(measured.store.snapshot()?),
        SweepEnd::Interrupted => Err(Error::Interrupted),
    }
}

struct OnBackend<'a> {
    measurement: Measurement<'a>,
    configuration_hash: String,
    place: Place<'a>,
    interrupt: &'a Interrupt,
    listener: &'a dyn Listener,
}

impl Task for OnBackend<'_> {
    type Output = Result<Measured, Error>;

    fn run<B: Backend>(self, device: B::Device) -> Self::Output {
        let Measurement {
            title,
            cells,
            repeats: count,
            shard,
            backend,
            execution,
            data,
            provenance,
        } = self.measurement;
        let (datasets, not_run) = data.into_parts();
        let (jobs, listener) = (execution.jobs, self.listener);
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
        let mut store = match self.place.path() {
            Some(path) => Store::open_for_sweep(path, &manifest, grid)?,
            None => Store::in_memory(&manifest, grid)?,
        };
        let mut known = store.snapshot()?;
        // Only stores on disk meet results of other machines.
        let compares =
            self.place != Place::Memory && repeats.finished(grid, &known).0 < repeats.total(grid);
        let arithmetic = compares.then(|| arithmetic::<B>(&device));
        if let Some(here) = &arithmetic {
            warn_of_others(store.path(), &known, here, listener);
            if let Place::Shared(_) = self.place {
                reuse(&mut store, count, here, listener)?;
                known = store.snapshot()?;
            }
        }
        store.begin_session(&provenance::session(
            &title.command,
            jobs,
            shard,
            arithmetic,
        ))?;
        listener.begin(grid, &repeats, &known);
        let limits = execution.ensembles;
        let ensembles = limits.map(|limits| EnsembleTrainer::new(&trainer, limits));
        let searching: &dyn Trainer = match &ensembles {
            None => &trainer,
            Some(ensembles) => ensembles,
        };
        let interrupt = self.interrupt;
        let swept = run_sweep(grid, &repeats, searching, store, jobs, interrupt, listener);
        let measured = swept.map_err(Error::from).and_then(|(end, mut store)| {
            store.end_session(&provenance::now())?;
            Ok(Measured {
                end,
                store,
                expected: repeats.total(grid),
            })
        });
        listener.end(measured.as_ref().map(|measured| measured.end));
        measured
    }
}

/// Warns if a store was begun on a machine that rounds differently.
fn warn_of_others(store: &Path, known: &Snapshot, here: &str, listener: &dyn Listener) {
    let mut others = known.arithmetics();
    others.retain(|other| *other != here);
    if !others.is_empty() {
        listener.tell(&format!(
            "warning: {} was begun with another arithmetic ({}, here {here}): rounding differs, \
             which can change how a trial near the edge ends",
            store.display(),
            others.join(", "),
        ));
    }
}

/// Takes over the results of the same cells in other stores of the folder.
fn reuse(
    store: &mut Store,
    repeats: usize,
    arithmetic: &str,
    listener: &dyn Listener,
) -> Result<(), Error> {
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
            Ok(known) => {
                listener.tell(&format!(
                    "{known} repeats are reused from {}",
                    donor.display()
                ));
            }
            Err(error) => listener.tell(&format!(
                "warning: nothing is reused from {}: {error}",
                donor.display()
            )),
        }
    }
    Ok(())
}

/// The stores in a folder, in no order.
///
/// # Errors
/// If the folder cannot be read.
pub fn stores_in(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let paths = std::fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path()));
    let is_store = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "db");
    Ok(paths.filter(is_store).collect())
}
