//! `cargo xtask faults`: disturbs sweeps and compares them with an undisturbed one.
//!
//! Every fault is tried at random moments or places, from a seed. Whatever
//! happens, a trial that was in the store stays there, none is there twice,
//! and in the end the rows are those of the undisturbed sweep.

mod processes;
mod storage;
mod sweep;

use clap::Args;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use self::sweep::Place;
use crate::command::{Failure, build_etastar, require, target};

#[derive(Debug, Args)]
pub(crate) struct FaultsArguments {
    /// Seed of the moments and places
    #[arg(long, default_value = "1")]
    seed: u64,

    /// How many sweeps to kill with signal 9 in mid-run, and how many bits to flip. Other faults
    /// are tried a tenth as often
    #[arg(long, default_value = "200")]
    kills: usize,

    /// Only faults with this in their name, e.g. `bit`
    #[arg(long, default_value = "")]
    only: String,

    /// Install the programs that are missing with apt-get
    #[arg(long)]
    install: bool,
}

/// Counts of the tries of one fault.
#[derive(Debug, Default)]
struct Tally {
    tried: usize,
    /// Tries in which the sweep was under way, or the damage mattered.
    hit: usize,
    /// Rows that were in the store before the fault and are not after it.
    lost: usize,
    /// Rows in the end that the undisturbed sweep lacks or that differ there.
    wrong: usize,
    /// Rows that were recovered from damaged stores, and rows that were in them.
    recovered: (usize, usize),
    /// Exit codes and messages of the program other than those documented.
    unexpected: Vec<String>,
}

impl Tally {
    fn row(&self, fault: &str) -> String {
        let recovered = match self.recovered {
            (_, 0) => "-".to_owned(),
            (rows, all) => format!("{rows} of {all}"),
        };
        format!(
            "| {fault} | {} | {} | {} | {} | {} | {recovered} |\n",
            self.tried,
            self.hit,
            self.lost,
            self.wrong,
            self.unexpected.len()
        )
    }
}

/// Tries a fault once, and counts what comes of it.
type Fault = fn(&mut Place) -> Result<(), Failure>;

/// The faults by name, and whether each is tried as often as `--kills` says or
/// a tenth as often. The position of a fault is part of its seed.
const FAULTS: [(&str, Fault, bool); 12] = [
    ("kill -9 at a random moment", processes::kill, true),
    ("SIGTERM", processes::terminate, false),
    ("SIGINT twice", processes::interrupt_twice, false),
    ("disk full", storage::full, false),
    ("disk read-only when resumed", storage::read_only, false),
    ("folder read-only in mid-run", storage::locked_folder, false),
    ("store truncated", storage::truncate, false),
    ("bit of the store flipped", storage::flip, true),
    (
        "bit of the log of a killed sweep flipped",
        storage::flip_log,
        false,
    ),
    (CLOCK, processes::clock_set_back, false),
    (
        "two processes on one store",
        processes::two_processes,
        false,
    ),
    (DATASET, storage::dataset_replaced, false),
];

/// The fault that needs the program `faketime`.
const CLOCK: &str = "clock set back";

/// The fault that needs the files of MNIST.
const DATASET: &str = "dataset replaced between two runs";

pub(crate) fn run(arguments: &FaultsArguments) -> Result<(), Failure> {
    let chosen = |name: &str| name.contains(&arguments.only);
    if chosen(CLOCK) {
        require(&["faketime"], &["faketime"], arguments.install)?;
    }
    build_etastar(&[])?;
    let mut place = Place::new(target().join("faults"))?;
    let mut table = String::from(
        "| fault | tried | hit | trials lost | wrong rows | unexpected answers | rows recovered |\n\
         |---|---|---|---|---|---|---|\n",
    );
    let mut bad = 0;
    let mut answers = Vec::new();
    for (index, (name, fault, often)) in FAULTS.into_iter().enumerate() {
        if !chosen(name) {
            continue;
        }
        let mut times = match often {
            true => arguments.kills,
            false => arguments.kills.div_ceil(10),
        };
        if name == DATASET && storage::mnist().is_none() {
            eprintln!("ETASTAR_DATA has no MNIST: a replaced dataset is not tried");
            times = 0;
        }
        eprintln!("{name}, {times} times");
        place.rng = ChaCha8Rng::seed_from_u64(arguments.seed);
        place.rng.set_stream(index as u64);
        // A kill counts only if it hits a running sweep.
        let is_kill = index == 0;
        let done = |tally: &Tally| if is_kill { tally.hit } else { tally.tried };
        while done(&place.tally) < times {
            fault(&mut place)?;
        }
        let tally = std::mem::take(&mut place.tally);
        table.push_str(&tally.row(name));
        bad += tally.lost + tally.wrong + tally.unexpected.len();
        answers.extend(tally.unexpected);
    }
    print!("{table}");
    for answer in answers.iter().take(5) {
        eprintln!("unexpected: {answer}");
    }
    if bad == 0 {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{bad} rows or answers are not those of the undisturbed run"
    )))
}
