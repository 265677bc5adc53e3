//! Times whole searches for eta\* of every peer.

use std::path::Path;

use serde::Deserialize;

use super::{Peers, Samples, geometric_mean};
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

/// The threshold that the paper states, with trials of hundreds of steps.
/// `vmap` is left out, because a ladder of them takes it much longer.
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
    /// Whether it came to our accuracies, where that was looked at.
    agrees: bool,
    #[serde(flatten)]
    answer: Answer,
}

/// The answers in a cell, by the name of the searcher; ours are first.
type Found = Vec<(String, Answer)>;

/// The answers in a cell.
struct Cell {
    case: &'static Case,
    found: Found,
    /// Those whose accuracies are not ours.
    differ: Vec<String>,
}

/// The answers in every cell.
pub(super) struct Searches {
    cells: Vec<Cell>,
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
        let mut found = Found::new();
        let mut differ = Vec::new();
        for round in 0..rounds {
            let ours: Ours = peers.ours("peer_case", &case.ours(&folder, round))?;
            add(&mut found, "etastar", ours.from_kernel);
            add(&mut found, "etastar, by octaves", ours.octaves);
            for script in case.scripts {
                let arguments = case.theirs(&folder, round);
                let theirs: Theirs = peers.script(script, core_type, &arguments)?;
                if !theirs.agrees {
                    differ.push(theirs.peer.clone());
                }
                add(&mut found, &theirs.peer, theirs.answer);
            }
        }
        cells.push(Cell {
            case,
            found,
            differ,
        });
    }
    Ok(Searches { cells, core_type })
}

/// Adds the times of a further round; the rest is the same in every round.
fn add(found: &mut Found, name: &str, answer: Answer) {
    match found.iter_mut().find(|(one, _)| one == name) {
        Some((_, known)) => known.seconds.0.extend(answer.seconds.0),
        None => found.push((name.to_owned(), answer)),
    }
}

impl Case {
    fn name(&self) -> String {
        format!("{}-{}x{}", self.dataset, self.width, self.depth)
    }

    /// Arguments of our search, which writes the case in the first round.
    fn ours(&self, folder: &Path, round: usize) -> Vec<String> {
        let mut arguments = self.counts(folder);
        arguments.extend([
            format!("--dataset={}", self.dataset),
            format!("--width={}", self.width),
            format!("--depth={}", self.depth),
            format!("--repeats={}", self.repeats),
        ]);
        arguments.extend(self.options.iter().map(|&option| option.to_owned()));
        arguments.extend((round > 0).then(|| "--no-case".to_owned()));
        arguments
    }

    /// Arguments of the peers, which are checked in the first round.
    fn theirs(&self, folder: &Path, round: usize) -> Vec<String> {
        let mut arguments = self.counts(folder);
        arguments.extend((round == 0).then(|| "--check".to_owned()));
        arguments
    }

    /// A row of the table: one answer beside ours.
    fn row(&self, name: &str, one: &Answer, ours: &Answer) -> String {
        let repeats = self.repeats as f64;
        let median = one.seconds.median();
        let step = |answer: &Answer| answer.seconds.median() / answer.steps as f64;
        let pairs = one.eta_star.iter().zip(&ours.eta_star);
        format!(
            "| {} | {}, {} | {name} | {:.4} | {} | {:.0} % | {:.1} | {:.0} | {}/{} | {:.2} | {:.2} |\n",
            self.dataset,
            self.width,
            self.depth,
            median / repeats,
            one.seconds.0.len(),
            100.0 * one.seconds.spread(),
            one.trials as f64 / repeats,
            one.steps as f64 / repeats,
            pairs.filter(|(a, b)| a == b).count(),
            self.repeats,
            median / ours.seconds.median(),
            step(one) / step(ours),
        )
    }

    fn counts(&self, folder: &Path) -> Vec<String> {
        vec![
            folder.display().to_string(),
            format!("--runs={}", self.runs),
            format!("--warm-up={}", self.warm_up),
        ]
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
             peer repeats our trials and must come to the same accuracies, within their standard error, or is \
             marked. *Same* counts the \
             repeats with the same eta\\*, bit for bit.\n\n\
             | data | width, depth | | seconds | runs | spread | trials | steps | same | times \
             etastar | a step, times etastar |\n|---|---|---|---|---|---|---|---|---|---|---|\n",
        );
        for Cell {
            case,
            found,
            differ,
        } in &self.cells
        {
            for (name, answer) in found {
                let mark = match differ.contains(name) {
                    true => " (other accuracies)",
                    false => "",
                };
                text.push_str(&case.row(&format!("{name}{mark}"), answer, &found[0].1));
            }
        }
        text.push_str(&format!(
            "\nGeometric means over the cells of Fashion-MNIST: {} times etastar.\n\n",
            self.means().join("; ")
        ));
        text
    }

    /// The geometric mean of each searcher's times over ours, in the cells of
    /// the experiments' protocol.
    fn means(&self) -> Vec<String> {
        let cells = self.cells.iter();
        let usual: Vec<&Found> = cells
            .filter(|cell| cell.case.options.is_empty())
            .map(|cell| &cell.found)
            .collect();
        let names = usual.first().into_iter().flat_map(|found| &found[1..]);
        let mean = |(name, _): &(String, Answer)| {
            let ratios = usual.iter().filter_map(|found| {
                let (_, other) = found.iter().find(|(other, _)| other == name)?;
                Some(other.seconds.median() / found[0].1.seconds.median())
            });
            format!("{name} {:.2}", geometric_mean(ratios))
        };
        names.map(mean).collect()
    }
}
