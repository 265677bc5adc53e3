//! The sweep that is disturbed, and its rows.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::Tally;
use crate::command::{Failure, etastar, exported_rows};
use crate::files::{self, with_ending};

/// About a second of many short trials on embedded data.
const EXPERIMENT: &str = include_str!("../../faults.toml");

/// Rows of a store, without the times.
pub(super) type Rows = BTreeSet<String>;

/// How a run of the program ended.
#[derive(Debug)]
pub(super) struct Answer {
    /// None if a signal ended it.
    pub(super) code: Option<i32>,
    pub(super) message: String,
}

impl Answer {
    pub(super) fn succeeded(&self) -> bool {
        self.code == Some(0)
    }

    /// Whether the program refused with this exit code, and told why.
    pub(super) fn refused(&self, code: i32, why: &str) -> bool {
        self.code == Some(code) && self.message.contains(why)
    }
}

/// The folder in which sweeps run, what an undisturbed one finds there, and
/// what a fault comes to.
pub(super) struct Place {
    pub(super) folder: PathBuf,
    pub(super) experiment: PathBuf,
    /// The store of the undisturbed sweep.
    pub(super) undisturbed: PathBuf,
    pub(super) expected: Rows,
    /// Seconds of an undisturbed sweep.
    seconds: f64,
    pub(super) rng: ChaCha8Rng,
    pub(super) tally: Tally,
}

impl Place {
    pub(super) fn new(folder: PathBuf) -> Result<Self, Failure> {
        files::create_empty_folder(&folder)?;
        let mut place = Self {
            experiment: folder.join("faults.toml"),
            undisturbed: folder.join("undisturbed.db"),
            folder,
            expected: Rows::new(),
            seconds: 0.0,
            rng: ChaCha8Rng::seed_from_u64(0),
            tally: Tally::default(),
        };
        files::write(&place.experiment, EXPERIMENT)?;
        let begun = Instant::now();
        let answer = place.sweep(&place.undisturbed)?;
        place.seconds = begun.elapsed().as_secs_f64();
        match place.rows(&place.undisturbed) {
            Some(rows) if answer.succeeded() => place.expected = rows,
            _ => {
                return Err(Failure::new(format!(
                    "the undisturbed sweep failed: {answer:?}"
                )));
            }
        }
        Ok(place)
    }

    /// The path of a store that does not exist yet.
    pub(super) fn fresh(&self, name: &str) -> Result<PathBuf, Failure> {
        let store = self.folder.join(format!("{name}.db"));
        for ending in ["", "-wal", "-shm", ".lock", ".status.json"] {
            files::remove(&with_ending(&store, ending))?;
        }
        Ok(store)
    }

    pub(super) fn command(&self, store: &Path) -> Command {
        let mut command = etastar(&[&"sweep", &self.experiment, &"--output", &store]);
        command.args(["--jobs", "2"]);
        command
    }

    pub(super) fn start(&self, store: &Path) -> Result<Child, Failure> {
        start(&mut self.command(store))
    }

    /// Runs a sweep to its end.
    pub(super) fn sweep(&self, store: &Path) -> Result<Answer, Failure> {
        ended(self.start(store)?)
    }

    /// Starts a sweep, and kills it with signal 9 at a random moment of the
    /// first part of the time that it takes, one over `divisor`.
    pub(super) fn killed(&mut self, store: &Path, divisor: u32) -> Result<Answer, Failure> {
        let mut child = self.start(store)?;
        sleep(self.moment() / divisor);
        child.kill().map_err(Failure::start("etastar"))?;
        ended(child)
    }

    /// The rows of a store; none if it does not exist or is refused.
    pub(super) fn rows(&self, store: &Path) -> Option<Rows> {
        let mut rows = Rows::new();
        for table in ["trials", "repeats", "sharpness"] {
            let exported = exported_rows(store, &["--table", table, "--without-times"]).ok()?;
            rows.extend(exported.iter().map(|row| format!("{table} {row}")));
        }
        Some(rows)
    }

    /// The rows of a store. A store that does not exist yet has none.
    pub(super) fn kept(&self, store: &Path) -> Rows {
        self.rows(store).unwrap_or_default()
    }

    /// Counts a try. It is a hit if the sweep was under way, or the damage mattered.
    pub(super) fn count(&mut self, hit: bool) {
        self.tally.tried += 1;
        self.tally.hit += usize::from(hit);
    }

    /// Takes note of an answer that is not as documented.
    pub(super) fn expect(&mut self, documented: bool, answer: &Answer) {
        if !documented {
            self.tally.unexpected.push(format!("{answer:?}"));
        }
    }

    /// Runs a disturbed sweep to its end. None of the rows that the store has
    /// now may be lost, and the rows must be those of the undisturbed sweep.
    pub(super) fn finish(&mut self, store: &Path) -> Result<(), Failure> {
        self.finish_with(store, &self.kept(store))
    }

    /// The same for the rows that the store had before.
    pub(super) fn finish_with(&mut self, store: &Path, kept: &Rows) -> Result<(), Failure> {
        let answer = self.sweep(store)?;
        self.expect(answer.succeeded(), &answer);
        let rows = self.kept(store);
        self.tally.lost += kept.difference(&rows).count();
        self.tally.wrong += rows.symmetric_difference(&self.expected).count();
        Ok(())
    }

    /// A random moment of a sweep, or shortly after it.
    pub(super) fn moment(&mut self) -> Duration {
        Duration::from_secs_f64(self.rng.random_range(0.0..1.1 * self.seconds))
    }
}

/// Starts a command whose standard error [`ended`] reads.
pub(super) fn start(command: &mut Command) -> Result<Child, Failure> {
    let command = command.stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().map_err(Failure::start("etastar"))
}

/// Waits for the end of a sweep.
pub(super) fn ended(child: Child) -> Result<Answer, Failure> {
    let output = child
        .wait_with_output()
        .map_err(Failure::start("etastar"))?;
    Ok(Answer {
        code: output.status.code(),
        message: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}
