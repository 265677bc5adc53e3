//! Whole searches for eta\*.

use std::path::Path;

use serde::Deserialize;

use super::process::Peers;
use super::samples::{Samples, geometric_mean};
use crate::command::Failure;

/// A cell whose searches are timed.
struct Case {
    dataset: &'static str,
    width: usize,
    depth: usize,
    /// Further options of `peer_case`.
    options: &'static [&'static str],
    repeats: usize,
    /// Counted searches of all repeats a round, and those before them.
    runs: usize,
    warm_up: usize,
    scripts: &'static [&'static str],
}

const SCRIPTS: [&str; 3] = ["search_numpy.py", "search_pytorch.py", "search_vmap.py"];

/// The experiments' protocol.
const fn usual(width: usize, depth: usize) -> Case {
    Case {
        dataset: "fashion-mnist",
        width,
        depth,
        options: &[],
        repeats: 5,
        runs: 3,
        warm_up: 1,
        scripts: &SCRIPTS,
    }
}

/// With the threshold that the paper states, trials of hundreds of steps. A
/// ladder of them at once takes `vmap` so much longer that it is left out.
const fn of_the_paper(width: usize, depth: usize) -> Case {
    Case {
        dataset: "mnist",
        options: &[
            "--train=50000",
            "--validation=5000",
            "--threshold=0.925",
            "--budget=512",
            "--evaluate-every=64",
            // Over hundreds of steps a deep network is chaotic sooner.
            "--far-below=6",
        ],
        repeats: 1,
        runs: 1,
        warm_up: 0,
        scripts: &["search_numpy.py", "search_pytorch.py"],
        ..usual(width, depth)
    }
}

const CASES: [Case; 6] = [
    usual(64, 4),
    usual(128, 8),
    usual(256, 4),
    usual(256, 8),
    of_the_paper(128, 4),
    of_the_paper(256, 16),
];

#[derive(Deserialize)]
struct Ours {
    octaves: Answer,
    from_kernel: Answer,
}

/// What a search tells.
#[derive(Deserialize)]
struct Answer {
    seconds: Samples,
    trials: usize,
    steps: usize,
    eta_star: Vec<Option<f64>>,
}

#[derive(Deserialize)]
struct Theirs {
    peer: String,
    seconds: Samples,
    trials: usize,
    steps: usize,
    repeats: Vec<Repeat>,
}

#[derive(Deserialize)]
struct Repeat {
    eta_star: Option<f64>,
}

impl From<Theirs> for Answer {
    fn from(theirs: Theirs) -> Self {
        Self {
            seconds: theirs.seconds,
            trials: theirs.trials,
            steps: theirs.steps,
            eta_star: theirs.repeats.into_iter().map(|one| one.eta_star).collect(),
        }
    }
}

/// One way to search in one cell.
struct Measured {
    name: String,
    seconds: Samples,
    trials: usize,
    steps: usize,
    eta_star: Vec<Option<f64>>,
}

/// Everybody's times in every cell.
pub(super) struct Searches {
    cells: Vec<(&'static Case, Vec<Measured>)>,
    core_type: &'static str,
}

pub(super) fn measure(
    peers: &Peers,
    cases: &Path,
    core_type: &'static str,
    rounds: usize,
) -> Result<Searches, Failure> {
    let mut cells = Vec::with_capacity(CASES.len());
    for case in &CASES {
        let folder = cases.join(case.name());
        let mut found: Vec<Measured> = Vec::new();
        for round in 0..rounds {
            let ours: Ours = peers.ours("peer_case", &case.ours(&folder, round))?;
            add(&mut found, "etastar", ours.from_kernel);
            add(&mut found, "etastar, by octaves", ours.octaves);
            for script in case.scripts {
                let arguments = case.theirs(&folder, round);
                let theirs: Theirs = peers.script(script, core_type, &arguments)?;
                let name = theirs.peer.clone();
                add(&mut found, &name, theirs.into());
            }
        }
        cells.push((case, found));
    }
    Ok(Searches { cells, core_type })
}

fn add(found: &mut Vec<Measured>, name: &str, answer: Answer) {
    match found.iter_mut().find(|one| one.name == name) {
        Some(one) => one.seconds.extend(answer.seconds),
        None => found.push(Measured {
            name: name.to_owned(),
            seconds: answer.seconds,
            trials: answer.trials,
            steps: answer.steps,
            eta_star: answer.eta_star,
        }),
    }
}

impl Case {
    fn name(&self) -> String {
        format!("{}-{}x{}", self.dataset, self.width, self.depth)
    }

    /// The case is written in the first round.
    fn ours(&self, folder: &Path, round: usize) -> Vec<String> {
        let mut arguments = vec![
            folder.display().to_string(),
            format!("--dataset={}", self.dataset),
            format!("--width={}", self.width),
            format!("--depth={}", self.depth),
            format!("--repeats={}", self.repeats),
            format!("--runs={}", self.runs),
            format!("--warm-up={}", self.warm_up),
        ];
        arguments.extend(self.options.iter().map(|&option| option.to_owned()));
        if round > 0 {
            arguments.push("--no-case".to_owned());
        }
        arguments
    }

    /// The peers are checked in the first round.
    fn theirs(&self, folder: &Path, round: usize) -> Vec<String> {
        let mut arguments = vec![
            folder.display().to_string(),
            format!("--runs={}", self.runs),
            format!("--warm-up={}", self.warm_up),
        ];
        if round == 0 {
            arguments.push("--check".to_owned());
        }
        arguments
    }
}

impl Searches {
    pub(super) fn markdown(&self) -> String {
        let core_type = match self.core_type {
            "" => "those it detects",
            other => other,
        };
        let mut text = format!(
            "## Search\n\nSeconds of a search for the eta\\* of one repeat, with the same weights, \
             batches and samples; ours with drawing the weights and keeping the trials, nobody's \
             with reading the data. OpenBLAS's kernels: {core_type}. Before it is timed every \
             peer repeats our trials and must come to the same accuracies. *Same* counts the \
             repeats with the same eta\\*, bit for bit.\n\n\
             | data | width, depth | | seconds | runs | spread | trials | steps | same | times \
             etastar | a step, times etastar |\n|---|---|---|---|---|---|---|---|---|---|---|\n",
        );
        for (case, found) in &self.cells {
            for one in found {
                text.push_str(&row(case, one, &found[0]));
            }
        }
        text.push_str(&self.summary());
        text
    }

    /// Geometric means over the cells of the experiments' protocol.
    fn summary(&self) -> String {
        let mut text = String::from("\nGeometric means over the cells of Fashion-MNIST: ");
        let usual = || {
            self.cells
                .iter()
                .filter(|(case, _)| case.options.is_empty())
        };
        let names = usual().next().into_iter().flat_map(|(_, found)| found);
        let means = names.skip(1).map(|one| {
            let ratios = usual().filter_map(|(_, found)| {
                let other = found.iter().find(|other| other.name == one.name)?;
                Some(other.seconds.median() / found.first()?.seconds.median())
            });
            format!("{} {:.2}", one.name, geometric_mean(ratios))
        });
        text.push_str(&means.collect::<Vec<_>>().join("; "));
        text.push_str(" times etastar.\n\n");
        text
    }
}

fn row(case: &Case, one: &Measured, ours: &Measured) -> String {
    let repeats = case.repeats as f64;
    let median = one.seconds.median();
    let of_a_step = |of: &Measured| of.seconds.median() / of.steps as f64;
    let pairs = one.eta_star.iter().zip(&ours.eta_star);
    format!(
        "| {} | {}, {} | {} | {:.4} | {} | {:.0} % | {:.1} | {:.0} | {}/{} | {:.2} | {:.2} |\n",
        case.dataset,
        case.width,
        case.depth,
        one.name,
        median / repeats,
        one.seconds.len(),
        100.0 * one.seconds.spread(),
        one.trials as f64 / repeats,
        one.steps as f64 / repeats,
        pairs.filter(|(a, b)| a == b).count(),
        case.repeats,
        median / ours.seconds.median(),
        of_a_step(one) / of_a_step(ours),
    )
}
