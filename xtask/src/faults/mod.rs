//! `cargo xtask faults`: sweeps that are disturbed, against one that is not.
//!
//! Every fault is tried at random moments or places, from a seed. Whatever
//! happens, a trial that was in the store stays there, none is there twice,
//! and in the end the rows are those of the undisturbed sweep.

mod damage;
mod disk;
mod others;
mod signals;
mod sweep;

use clap::Args;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use sweep::Place;

use crate::command::{self, Failure, cargo, target};

#[derive(Debug, Args)]
pub(crate) struct FaultsArguments {
    /// Seed of the moments and places
    #[arg(long, default_value = "1")]
    seed: u64,

    /// Sweeps killed with signal 9 in mid-run, and bits flipped; other faults are tried a tenth
    /// as often
    #[arg(long, default_value = "200")]
    kills: usize,

    /// Only faults with this in their name, e.g. `bit`
    #[arg(long, default_value = "")]
    only: String,
}

/// What trying a fault came to.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// How often it was tried.
    pub(crate) tried: usize,
    /// How often it hit: the sweep was under way, or the damage mattered.
    pub(crate) hit: usize,
    /// Rows that were in the store and are not any more.
    pub(crate) lost: usize,
    /// Rows in the end that the undisturbed sweep has not, or has otherwise.
    pub(crate) wrong: usize,
    /// Rows that were recovered from damaged stores, and that were in them.
    pub(crate) recovered: (usize, usize),
    /// Answers of the program that were not those documented.
    pub(crate) unexpected: Vec<String>,
}

impl Tally {
    fn row(&self, fault: &str) -> String {
        let Self {
            tried,
            hit,
            lost,
            wrong,
            recovered,
            unexpected,
        } = self;
        let recovered = match recovered {
            (_, 0) => "-".to_owned(),
            (rows, of) => format!("{rows} of {of}"),
        };
        let unexpected = unexpected.len();
        format!("| {fault} | {tried} | {hit} | {lost} | {wrong} | {unexpected} | {recovered} |\n")
    }

    /// Takes note of an exit code and message that should be like this.
    pub(crate) fn expect(&mut self, is: bool, answer: &sweep::Answer) {
        if !is {
            self.unexpected.push(format!("{answer:?}"));
        }
    }
}

type Fault = fn(&Place, &mut ChaCha8Rng, usize) -> Result<Tally, Failure>;

pub(crate) fn run(arguments: &FaultsArguments) -> Result<(), Failure> {
    command::run(&mut cargo(&["build", "--release"]))?;
    let place = Place::new(&target().join("faults"))?;
    others::provide_faketime()?;
    let few = arguments.kills.div_ceil(10);
    let faults: [(&str, Fault, usize); 12] = [
        ("kill -9 at a random moment", signals::kill, arguments.kills),
        ("SIGTERM", signals::terminate, few),
        ("SIGINT twice", signals::interrupt_twice, few),
        ("disk full", disk::full, few),
        ("disk read-only when resumed", disk::read_only, few),
        ("folder read-only in mid-run", disk::locked_folder, few),
        ("store truncated", damage::truncate, few),
        ("bit of the store flipped", damage::flip, arguments.kills),
        (
            "bit of the log of a killed sweep flipped",
            damage::flip_log,
            few,
        ),
        ("clock set back", others::clock_set_back, few),
        ("two processes on one store", others::two_processes, few),
        (
            "dataset replaced between two runs",
            others::dataset_replaced,
            few,
        ),
    ];
    let mut table = String::from(
        "| fault | tried | hit | trials lost | wrong rows | unexpected answers | rows recovered |\n\
         |---|---|---|---|---|---|---|\n",
    );
    let mut bad = 0;
    let mut answers = Vec::new();
    for (index, (name, fault, times)) in faults.into_iter().enumerate() {
        if !name.contains(&arguments.only) {
            continue;
        }
        let mut rng = ChaCha8Rng::seed_from_u64(arguments.seed);
        rng.set_stream(index as u64);
        eprintln!("{name}, {times} times");
        let tally = fault(&place, &mut rng, times)?;
        table.push_str(&tally.row(name));
        bad += tally.lost + tally.wrong + tally.unexpected.len();
        answers.extend(tally.unexpected);
    }
    print!("{table}");
    for answer in answers.iter().take(5) {
        eprintln!("unexpected: {answer}");
    }
    if bad == 0 {
        Ok(())
    } else {
        Err(Failure::OtherRows(bad))
    }
}
