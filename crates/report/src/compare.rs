//! The same experiment measured twice or more, on several backends, machines or strategies: what is
//! left between the stores is how they round.

use etastar_search::{CellRecord, EtaStar, Search, Snapshot};
use serde::Serialize;
use thiserror::Error;

/// What several stores say of the same cells of eta\*. The others are compared with the first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// What each store was measured on, unique.
    pub stores: Vec<String>,
    /// Cells that all stores have.
    pub cells: Vec<ComparedCell>,
    /// Each store after the first, against the first.
    pub agreement: Vec<Agreement>,
}

/// A cell in every store.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ComparedCell {
    /// The data's name.
    pub dataset: String,
    /// Hidden layers.
    pub depth: usize,
    /// Common width, or the widths.
    pub width: String,
    /// Relative learning rate of the input layer.
    pub input_rate: f64,
    /// Mean `log2 eta*` in each store, of the searches that found one in every store; none where
    /// there are none. A mean over other searches would differ for another reason.
    pub log2_eta_star: Vec<Option<f64>>,
    /// Number of those searches.
    pub searches: usize,
}

/// How far a store agrees with the first, in all cells and repeats that both have.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Agreement {
    /// Searches that both have finished.
    pub searches: usize,
    /// Searches with the very same answer.
    pub same_answer: usize,
    /// Largest distance of two answers, in octaves; none without two.
    pub largest_difference: Option<f64>,
    /// Trials that both have: same cell, repeat and learning rate.
    pub trials: usize,
    /// Trials that ended otherwise.
    pub other_outcome: usize,
    /// Trials with the same last loss and curve, bit for bit.
    pub same_bits: usize,
}

/// Stores that cannot be compared.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum CompareError {
    /// Not two stores.
    #[error("at least two stores are needed to compare")]
    TooFew,
    /// Other initial weights and batches.
    #[error(
        "the stores have different seeds ({0} and {1}), so more than the backend differs between \
         them: compare stores of one seed"
    )]
    OtherSeed(u64, u64),
    /// Nothing in common.
    #[error("the stores have no cell of eta* in common: compare stores of the same experiment")]
    NothingInCommon,
}

/// Compares stores cell by cell.
///
/// # Errors
/// If they have nothing to compare.
pub fn compare(snapshots: &[Snapshot]) -> Result<Comparison, CompareError> {
    let [first, others @ ..] = snapshots else {
        return Err(CompareError::TooFew);
    };
    if others.is_empty() {
        return Err(CompareError::TooFew);
    }
    let seed = first.manifest.seed;
    if let Some(other) = others.iter().find(|other| other.manifest.seed != seed) {
        return Err(CompareError::OtherSeed(seed, other.manifest.seed));
    }
    let searched = first
        .cells
        .iter()
        .filter(|record| record.cell.protocol().is_some());
    let in_all: Vec<Vec<&CellRecord>> = searched
        .filter_map(|own| {
            let same = |one: &Snapshot| one.cells.iter().position(|other| other.cell == own.cell);
            snapshots
                .iter()
                .map(|one| Some(&one.cells[same(one)?]))
                .collect()
        })
        .collect();
    if in_all.is_empty() {
        return Err(CompareError::NothingInCommon);
    }
    let agreement = |index: usize| {
        let mut agreement = Agreement::default();
        for records in &in_all {
            agreement.add(records[0], records[index]);
        }
        agreement
    };
    Ok(Comparison {
        stores: labels(snapshots),
        cells: in_all.iter().map(|records| compared(records)).collect(),
        agreement: (1..snapshots.len()).map(agreement).collect(),
    })
}

/// Backend and strategy; the store's number where that is not unique.
fn labels(snapshots: &[Snapshot]) -> Vec<String> {
    let labels = snapshots.iter().map(|Snapshot { manifest, .. }| {
        let strategy = manifest.strategy.as_str();
        format!("{} {} {strategy}", manifest.backend, manifest.float)
    });
    let labels: Vec<String> = labels.collect();
    let numbered = labels.iter().enumerate().map(|(index, label)| {
        if labels.iter().filter(|other| *other == label).count() > 1 {
            format!("{label} #{}", index + 1)
        } else {
            label.clone()
        }
    });
    numbered.collect()
}

fn compared(records: &[&CellRecord]) -> ComparedCell {
    let cell = &records[0].cell;
    let repeats = records[0].repeats.iter();
    let answers: Vec<Vec<f64>> = repeats
        .filter_map(|repeat| {
            let answer = |record: &&CellRecord| log2_found(search_of(record, repeat.repeat)?);
            records.iter().map(answer).collect()
        })
        .collect();
    let mean = |store: usize| {
        let sum: f64 = answers.iter().map(|answers| answers[store]).sum();
        (!answers.is_empty()).then(|| sum / answers.len() as f64)
    };
    ComparedCell {
        dataset: cell.dataset.title().into_owned(),
        depth: cell.depth(),
        width: match cell.constant_width() {
            Some(width) => width.to_string(),
            None => format!("{:?}", cell.hidden),
        },
        input_rate: cell.input_rate,
        log2_eta_star: (0..records.len()).map(mean).collect(),
        searches: answers.len(),
    }
}

fn search_of(record: &CellRecord, repeat: usize) -> Option<&Search> {
    let mut repeats = record.repeats.iter();
    repeats.find(|other| other.repeat == repeat)?.search()
}

fn log2_found(search: &Search) -> Option<f64> {
    match search.eta_star {
        EtaStar::Found { eta_star, .. } => Some(eta_star.log2()),
        EtaStar::NothingSucceeds { .. } | EtaStar::NothingFails { .. } => None,
    }
}

impl Agreement {
    fn add(&mut self, first: &CellRecord, other: &CellRecord) {
        let pairs = first.repeats.iter().filter_map(|repeat| {
            let same = search_of(other, repeat.repeat)?;
            Some((repeat.search()?, same))
        });
        for (one, same) in pairs {
            self.searches += 1;
            self.same_answer += usize::from(one.eta_star == same.eta_star);
            if let (Some(a), Some(b)) = (log2_found(one), log2_found(same)) {
                let difference = (a - b).abs();
                let largest = self.largest_difference.unwrap_or(difference);
                self.largest_difference = Some(largest.max(difference));
            }
            let trials = one.trials.iter().filter_map(|trial| {
                let mut others = same.trials.iter();
                let same = others.find(|other| other.learning_rate == trial.learning_rate)?;
                Some((trial, same))
            });
            for (trial, same) in trials {
                self.trials += 1;
                self.other_outcome += usize::from(trial.outcome != same.outcome);
                let bits = trial.losses.last == same.losses.last && trial.curve == same.curve;
                self.same_bits += usize::from(bits);
            }
        }
    }
}

impl Comparison {
    /// Two tables in Markdown: `log2 eta*` of every cell side by side, and how far each store
    /// agrees with the first.
    pub fn to_markdown(&self) -> String {
        let head = ["dataset", "depth", "width", "input rate", "searches"].map(str::to_owned);
        let stores = self
            .stores
            .iter()
            .map(|store| format!("log2 eta*, {store}"));
        let written = |octaves: &Option<f64>| octaves.map_or("-".to_owned(), |o| format!("{o:.3}"));
        let rows = self.cells.iter().map(|cell| {
            let names = [
                cell.dataset.clone(),
                cell.depth.to_string(),
                cell.width.clone(),
                cell.input_rate.to_string(),
                cell.searches.to_string(),
            ];
            names
                .into_iter()
                .chain(cell.log2_eta_star.iter().map(written))
                .collect()
        });
        let cells = table(head.into_iter().chain(stores).collect(), rows);
        let head = [
            "against the first",
            "searches",
            "same eta*",
            "largest difference (octaves)",
            "trials in both",
            "other outcome",
            "same bits",
        ];
        let others = self.stores[1..].iter().zip(&self.agreement);
        let rows = others.map(|(store, agreement)| {
            vec![
                store.clone(),
                agreement.searches.to_string(),
                agreement.same_answer.to_string(),
                written(&agreement.largest_difference),
                agreement.trials.to_string(),
                agreement.other_outcome.to_string(),
                agreement.same_bits.to_string(),
            ]
        });
        let agreement = table(head.map(str::to_owned).to_vec(), rows);
        format!("{cells}\n{agreement}")
    }
}

fn table(head: Vec<String>, rows: impl Iterator<Item = Vec<String>>) -> String {
    let rule = vec!["---".to_owned(); head.len()];
    let lines = [head, rule].into_iter().chain(rows);
    lines
        .map(|fields| format!("| {} |\n", fields.join(" | ")))
        .collect()
}

#[cfg(test)]
mod tests {
    use etastar_model::Loss;
    use etastar_search::mock::{measured, search_cell, searched, sharpness_cell, store};
    use etastar_search::{Measured, Outcome};

    use super::*;

    fn two_stores() -> [Snapshot; 2] {
        let first = store(vec![
            searched(search_cell(&[64, 64], 0.1), &[-1.0, -1.5]),
            searched(search_cell(&[32; 4], 0.1), &[-2.0]),
        ]);
        let mut second = store(vec![
            searched(search_cell(&[64, 64], 0.1), &[-1.0, -1.75]),
            searched(search_cell(&[16; 8], 0.1), &[-3.0]),
        ]);
        second.manifest.backend = "other".to_owned();
        [first, second]
    }

    #[test]
    fn cells_and_trials_that_both_have_are_compared() {
        let comparison = compare(&two_stores()).unwrap();
        assert_eq!(
            comparison.stores,
            ["none f64 sequential", "other f64 sequential"]
        );
        assert_eq!(comparison.cells.len(), 1);
        assert_eq!(
            comparison.cells[0].log2_eta_star,
            [Some(-1.25), Some(-1.375)]
        );
        let expected = Agreement {
            searches: 2,
            same_answer: 1,
            largest_difference: Some(0.25),
            trials: 2,
            other_outcome: 0,
            same_bits: 2,
        };
        assert_eq!(comparison.agreement, [expected]);
        insta::assert_snapshot!(comparison.to_markdown());
    }

    #[test]
    fn an_outcome_or_a_bit_that_differs_is_counted() {
        let [first, mut second] = [(); 2].map(|()| two_stores()[0].clone());
        let Measured::EtaStar(search) = &mut second.cells[0].repeats[0].result else {
            panic!("not a search");
        };
        let trials = &mut search.trials;
        trials[0].losses.last = Some(0.25);
        trials[1].outcome = Outcome::Success;
        let comparison = compare(&[first, second]).unwrap();
        let agreement = &comparison.agreement[0];
        assert_eq!((agreement.trials, agreement.other_outcome), (6, 1));
        assert_eq!(agreement.same_bits, 5);
        // Both are called the same, so they are numbered.
        assert!(comparison.stores[1].ends_with("#2"));
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        let [first, mut second] = two_stores();
        assert_eq!(compare(&[]), Err(CompareError::TooFew));
        assert_eq!(
            compare(std::slice::from_ref(&first)),
            Err(CompareError::TooFew)
        );
        let sharpness = sharpness_cell(&[64, 64], 0.1, Loss::SquaredError);
        let sharpness = measured(sharpness, &[1.0]);
        second.cells = vec![second.cells.remove(1), sharpness];
        let nothing = compare(&[first.clone(), second.clone()]);
        assert_eq!(nothing, Err(CompareError::NothingInCommon));
        second.manifest.seed = 9;
        let other = compare(&[first, second]);
        assert_eq!(other, Err(CompareError::OtherSeed(0, 9)));
    }
}
