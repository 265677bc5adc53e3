//! Writes a case for the peers, see `peers/README.md`, and times the searches
//! that it asks them for.

mod arrays;
mod searches;

use std::error::Error;
use std::path::{Path, PathBuf};

use clap::Parser;
use etastar_data::{DataFolders, Dataset, DatasetConfig, DatasetName, Split};
use etastar_search::{
    BurnTrainer, Cell, CellRecord, Interrupt, MasterSeed, Measurement, Protocol, Run, SearchMethod,
    Trainer,
};
use serde_json::{Value, json};

/// Writes a case for the peers and times etastar's own searches of it
#[derive(Debug, Parser)]
struct Arguments {
    /// Folder of the case
    folder: PathBuf,

    /// Dataset
    #[arg(long, default_value = "fashion-mnist")]
    dataset: DatasetName,

    /// Width of the hidden layers
    #[arg(long)]
    width: usize,

    /// Number of hidden layers
    #[arg(long)]
    depth: usize,

    /// Learning rate of the input layer relative to the others
    #[arg(long, default_value = "1")]
    input_rate: f64,

    /// Training samples
    #[arg(long, default_value = "8192")]
    train: usize,

    /// Validation samples
    #[arg(long, default_value = "1024")]
    validation: usize,

    /// Validation accuracy at which a trial succeeds
    #[arg(long, default_value = "0.2")]
    threshold: f64,

    /// SGD steps of a trial
    #[arg(long, default_value = "128")]
    budget: usize,

    /// Steps between evaluations
    #[arg(long, default_value = "16")]
    evaluate_every: usize,

    /// log2 of the first rate of the search by octaves, which the peers carry out
    #[arg(long, default_value = "5", allow_negative_numbers = true)]
    start: f64,

    /// Octaves below eta* of the trial whose accuracies must agree
    #[arg(long, default_value = "3")]
    far_below: f64,

    /// Searches of a run
    #[arg(long, default_value = "5")]
    repeats: usize,

    /// Counted runs
    #[arg(long, default_value = "1")]
    runs: usize,

    /// Runs before them
    #[arg(long, default_value = "1")]
    warm_up: usize,

    /// Only time: the case is there already
    #[arg(long)]
    no_case: bool,
}

const SEED: MasterSeed = MasterSeed(1);
const TOLERANCE: f64 = 0.125;
const LOWEST: f64 = -20.0;
const HIGHEST: f64 = 10.0;

impl Arguments {
    fn cell(&self, search: SearchMethod) -> Cell {
        Cell {
            dataset: DatasetConfig {
                train: Some(self.train),
                validation: Some(self.validation),
                ..DatasetConfig::new(self.dataset)
            },
            hidden: vec![self.width; self.depth],
            bias: false,
            output_gain: 2.0,
            form: Default::default(),
            input_rate: self.input_rate,
            measurement: Measurement::EtaStar(Protocol {
                threshold: self.threshold,
                budget: self.budget,
                evaluate_every: self.evaluate_every,
                search,
                ..Protocol::default()
            }),
            layer_rates: Vec::new(),
            checkpoint: None,
            vary: Default::default(),
        }
    }

    fn octaves(&self) -> Cell {
        self.cell(SearchMethod::Octaves {
            start: self.start,
            lowest: LOWEST,
            highest: HIGHEST,
            tolerance: TOLERANCE,
        })
    }

    fn informed(&self) -> Cell {
        self.cell(SearchMethod::FromKernel {
            start: None,
            lowest: LOWEST,
            highest: HIGHEST,
            tolerance: TOLERANCE,
        })
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let octaves = arguments.octaves();
    protocol(&octaves)?.validate()?;
    let dataset = Dataset::load(&octaves.dataset, &DataFolders::discover(None))?;
    if !arguments.no_case {
        let mut rng = SEED.split(&octaves.dataset);
        let split = Split::new(&dataset, &octaves.dataset, &mut rng)?;
        std::fs::create_dir_all(&arguments.folder)?;
        let path = arguments.folder.join("case.npz");
        arrays::write(&path, &octaves, &split, arguments.repeats, SEED)?;
    }
    let datasets = [(octaves.dataset.clone(), dataset)];
    let trainer = BurnTrainer::<burn_flex::Flex>::new(Default::default(), SEED, &datasets)?;
    let search = |cell: &Cell| searches::search(&trainer, cell, arguments.repeats, SEED);
    if !arguments.no_case {
        let description = description(&arguments, &trainer, &octaves, search(&octaves)?)?;
        write(&arguments.folder.join("case.json"), &description)?;
    }
    let timed = |cell: &Cell| searches::timed(arguments.runs, arguments.warm_up, || search(cell));
    let result = json!({
        "peer": "etastar",
        "octaves": timed(&octaves)?,
        "from_kernel": timed(&arguments.informed())?,
    });
    println!("{result}");
    Ok(())
}

/// The protocol of a cell of eta\*.
pub(crate) fn protocol(cell: &Cell) -> Result<&Protocol, Box<dyn Error>> {
    Ok(cell.protocol().ok_or("the cell measures no eta*")?)
}

fn write(path: &Path, description: &Value) -> Result<(), Box<dyn Error>> {
    std::fs::write(path, serde_json::to_string_pretty(description)?)?;
    Ok(())
}

/// `case.json`: the protocol and the trials that are expected. Besides those
/// of the search there is one far below eta\*, where training is far from
/// unstable and accuracies must agree.
fn description(
    arguments: &Arguments,
    trainer: &dyn Trainer,
    cell: &Cell,
    found: CellRecord,
) -> Result<Value, Box<dyn Error>> {
    let mut expected = Vec::with_capacity(found.repeats.len());
    for repeat in found.repeats {
        let search = repeat.search().ok_or("a repeat is no search")?;
        let eta_star = searches::eta_star(&search.eta_star);
        let mut trials = search.trials.clone();
        if let Some(eta_star) = eta_star {
            let mut prepared = trainer.prepare(&Run::repeats(cell, [repeat.repeat]))?;
            let rate = eta_star * (-arguments.far_below).exp2();
            let far_below = prepared.trial(0, rate, &Interrupt::default())?;
            trials.extend(far_below);
        }
        expected.push(json!({
            "repeat": repeat.repeat,
            "eta_star": eta_star,
            "trials": trials,
        }));
    }
    let protocol = protocol(cell)?;
    Ok(json!({
        "width": arguments.width,
        "depth": arguments.depth,
        "input_rate": arguments.input_rate,
        "repeats": arguments.repeats,
        "protocol": {
            "batch_size": protocol.batch_size,
            "budget": protocol.budget,
            "evaluate_every": protocol.evaluate_every,
            "threshold": protocol.threshold,
            "search": protocol.search,
        },
        "expected": expected,
    }))
}
