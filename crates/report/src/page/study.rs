//! The cells of one series, with their estimates and fits.

use etastar_search::statistics::Estimate;
use etastar_search::{Cell, CellRecord, EtaStar, Manifest, SuccessRule};
use serde::Serialize;

use super::{ReportError, ReportInput};
use crate::fit::{Fit, Law, NotFitted, series};

/// Everything about one series of cells.
#[derive(Debug)]
pub(super) struct Study<'a> {
    /// Name of the series: the dataset's and, where needed, what tells it
    /// from others of the same dataset.
    pub(super) label: String,
    /// The label as the beginning of anchors and file names; unique.
    pub(super) id: String,
    pub(super) manifest: &'a Manifest,
    pub(super) interval_method: &'a str,
    /// All cells, measured or not, in the grid's order.
    pub(super) cells: Vec<Measured<'a>>,
    pub(super) fits: Vec<&'a Fit>,
    pub(super) not_fitted: Vec<&'a NotFitted>,
}

/// A cell and its estimate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measured<'a> {
    pub(super) record: &'a CellRecord,
    pub(super) estimate: &'a Estimate,
}

impl Measured<'_> {
    pub(super) fn cell(&self) -> &Cell {
        &self.record.cell
    }

    pub(super) fn depth(&self) -> usize {
        self.cell().depth()
    }

    /// `depth * width`: the hidden widths added up.
    pub(super) fn size(&self) -> f64 {
        self.cell().hidden.iter().sum::<usize>() as f64
    }

    /// `input_rate * inputs + depth * width`.
    pub(super) fn effective_size(&self) -> f64 {
        self.cell().input_rate * self.record.inputs as f64 + self.size()
    }

    /// Width over depth; the mean width where the layers differ.
    pub(super) fn ratio(&self) -> f64 {
        let depth = self.depth() as f64;
        self.size() / (depth * depth)
    }

    pub(super) fn width(&self) -> String {
        match self.cell().constant_width() {
            Some(width) => width.to_string(),
            None => {
                let widths: Vec<String> = self.cell().hidden.iter().map(usize::to_string).collect();
                widths.join("-")
            }
        }
    }

    pub(super) fn name(&self) -> String {
        format!(
            "depth {}, width {}, input rate {}",
            self.depth(),
            self.width(),
            super::number::setting(self.cell().input_rate)
        )
    }

    pub(super) fn repeats(&self) -> usize {
        self.record.repeats.len()
    }

    pub(super) fn trials(&self) -> usize {
        self.record.repeats.iter().map(|r| r.trials.len()).sum()
    }

    pub(super) fn not_monotone(&self) -> usize {
        self.record.repeats.iter().filter(|r| !r.monotone).count()
    }

    /// The bound on eta\* where no repeat found it: the least of the lowest
    /// rates tried, when none succeeded (`Below`), or the largest of the
    /// highest, when none failed.
    pub(super) fn bound(&self) -> Option<Bound> {
        if self.estimate.eta_star.is_some() {
            return None;
        }
        let (mut below, mut above) = (f64::INFINITY, 0f64);
        for repeat in &self.record.repeats {
            match repeat.eta_star {
                EtaStar::NothingSucceeds { lowest } => below = below.min(lowest),
                EtaStar::NothingFails { highest } => above = above.max(highest),
                EtaStar::Found { .. } => {}
            }
        }
        match (below.is_finite(), above > 0.0) {
            (true, false) => Some(Bound::Below(below)),
            (false, true) => Some(Bound::AtLeast(above)),
            _ => None,
        }
    }
}

/// Where eta\* lies when it is out of range.
#[derive(Debug, Clone, Copy)]
pub(super) enum Bound {
    Below(f64),
    AtLeast(f64),
}

impl<'a> Study<'a> {
    /// The series of the snapshot, in the order of their first cells.
    pub(super) fn of(input: &ReportInput<'a>) -> Result<Vec<Self>, ReportError> {
        let cells = &input.snapshot.cells;
        if cells.len() != input.estimates.len() {
            return Err(ReportError::EstimatesMisaligned {
                store: input.store.to_owned(),
                cells: cells.len(),
                estimates: input.estimates.len(),
            });
        }
        let mut studies: Vec<Self> = Vec::new();
        for series in series(input.snapshot) {
            let measured = cells.iter().zip(input.estimates);
            let own = measured.filter(|(record, _)| {
                let mut members = series.cells.iter();
                members.any(|member| std::ptr::eq(*member, *record))
            });
            studies.push(Self {
                id: unique_id(&series.label, |id| {
                    studies.iter().any(|other: &Self| other.id == id)
                }),
                manifest: &input.snapshot.manifest,
                interval_method: input.interval_method,
                cells: own
                    .map(|(record, estimate)| Measured { record, estimate })
                    .collect(),
                fits: input
                    .fits
                    .iter()
                    .filter(|fit| fit.dataset == series.label)
                    .collect(),
                not_fitted: input
                    .not_fitted
                    .iter()
                    .filter(|failure| failure.dataset == series.label)
                    .collect(),
                label: series.label,
            });
        }
        let fitted = input.fits.iter().map(|fit| &fit.dataset);
        let failed = input.not_fitted.iter().map(|failure| &failure.dataset);
        let known = |label: &String| studies.iter().any(|study| study.label == *label);
        match fitted.chain(failed).find(|label| !known(label)) {
            Some(stray) => Err(ReportError::UnknownDataset {
                store: input.store.to_owned(),
                dataset: stray.clone(),
            }),
            None => Ok(studies),
        }
    }

    /// A cell that stands for all in what they share.
    pub(super) fn example(&self) -> Option<&'a Cell> {
        self.cells.first().map(|cell| &cell.record.cell)
    }

    /// Whether the layers of some cell differ in width.
    pub(super) fn has_uneven_cells(&self) -> bool {
        let mut cells = self.cells.iter();
        cells.any(|cell| cell.cell().constant_width().is_none())
    }

    /// Fits of a law for one input rate, or pooled over all, by ascending
    /// filter.
    pub(super) fn fits_of(&self, law: Law, input_rate: Option<f64>) -> Vec<&'a Fit> {
        let mut fits: Vec<&Fit> = self
            .fits
            .iter()
            .copied()
            .filter(|fit| fit.law == law && fit.input_rate == input_rate)
            .collect();
        fits.sort_by(|a, b| a.width_over_depth.total_cmp(&b.width_over_depth));
        fits
    }

    /// What a caption has to say about how the numbers came about.
    pub(super) fn conditions(&self) -> String {
        conditions(self.manifest, self.example())
    }
}

/// How eta\* was measured, by a cell that stands for all, and where the
/// numbers come from: the end of a caption.
pub(super) fn conditions(manifest: &Manifest, example: Option<&Cell>) -> String {
    let protocol = example.map(|cell| {
        let protocol = &cell.protocol;
        let steps = super::number::count(protocol.budget);
        let threshold = super::number::setting(protocol.threshold);
        let success = match protocol.success {
            SuccessRule::ReachThreshold => {
                format!("success at validation accuracy {threshold} within {steps} steps")
            }
            SuccessRule::KeepAccuracy => {
                let margin = match protocol.accuracy_margin {
                    0.0 => String::new(),
                    margin => format!(" by more than {}", super::number::setting(margin)),
                };
                format!(
                    "success if after {steps} steps validation accuracy has not fallen{margin} \
                     and is at least {threshold}"
                )
            }
        };
        format!(
            "{}, batches of {}, {success}; ",
            serial_name(&protocol.loss).replace('-', " "),
            protocol.batch_size,
        )
    });
    format!(
        "Protocol: {}{}",
        protocol.unwrap_or_default(),
        provenance(manifest)
    )
}

/// Repeats, backend and seed: the end of a caption.
pub(super) fn provenance(manifest: &Manifest) -> String {
    format!(
        "{}; backend {} ({}, {}), seed {}.",
        super::number::counted(manifest.repeats, "repeat a cell", "repeats a cell"),
        manifest.backend,
        manifest.float,
        manifest.device,
        manifest.seed
    )
}

/// `label` in letters, digits and hyphens, numbered if that is taken.
pub(super) fn unique_id(label: &str, taken: impl Fn(&str) -> bool) -> String {
    let words: Vec<String> = label
        .to_lowercase()
        .split(|character: char| !character.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    let id = words.join("-");
    let numbered = (2..).map(|number| format!("{id}-{number}"));
    std::iter::once(id.clone())
        .chain(numbered)
        .find(|candidate| !taken(candidate))
        .unwrap_or_default()
}

/// Different values of `key` over the cells, ascending.
pub(super) fn distinct(cells: &[Measured<'_>], key: impl Fn(&Measured<'_>) -> f64) -> Vec<f64> {
    ascending(cells.iter().map(key))
}

/// Different values, ascending.
pub(super) fn ascending(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    values
}

/// The sum of `key` over the cells.
pub(super) fn total(cells: &[Measured<'_>], key: impl Fn(&Measured<'_>) -> usize) -> usize {
    cells.iter().map(key).sum()
}

/// The name under which configuration files know a value.
pub(super) fn serial_name(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}
