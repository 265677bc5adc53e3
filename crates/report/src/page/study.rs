//! The cells of one dataset, with their estimates and fits.

use etastar_search::{Cell, CellRecord, EtaStar, Manifest};
use serde::Serialize;

use super::{CellEstimate, ReportError, ReportInput};
use crate::fit::{Fit, Law};

/// Everything about one dataset.
#[derive(Debug)]
pub(super) struct Study<'a> {
    /// Name of the dataset.
    pub(super) dataset: String,
    pub(super) manifest: &'a Manifest,
    pub(super) interval_method: &'a str,
    /// All cells, measured or not, in the grid's order.
    pub(super) cells: Vec<Measured<'a>>,
    pub(super) fits: Vec<&'a Fit>,
    /// A cell of each setting.
    pub(super) settings: Vec<&'a Cell>,
}

/// A cell and its estimate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measured<'a> {
    pub(super) record: &'a CellRecord,
    pub(super) estimate: &'a CellEstimate,
    /// Index into [`Study::settings`].
    pub(super) setting: usize,
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
    /// The datasets of the snapshot, in the order of their first cells.
    pub(super) fn of(input: &ReportInput<'a>) -> Result<Vec<Self>, ReportError> {
        let cells = &input.snapshot.cells;
        if cells.len() != input.estimates.len() {
            return Err(ReportError::EstimatesMisaligned {
                cells: cells.len(),
                estimates: input.estimates.len(),
            });
        }
        let mut studies: Vec<Self> = Vec::new();
        for (record, estimate) in cells.iter().zip(input.estimates) {
            let dataset = serial_name(&record.cell.dataset.name);
            let index = studies.iter().position(|study| study.dataset == dataset);
            let index = index.unwrap_or_else(|| {
                studies.push(Self {
                    fits: input.fits.iter().filter(|f| f.dataset == dataset).collect(),
                    dataset,
                    manifest: &input.snapshot.manifest,
                    interval_method: input.interval_method,
                    cells: Vec::new(),
                    settings: Vec::new(),
                });
                studies.len() - 1
            });
            if let Some(study) = studies.get_mut(index) {
                study.push(record, estimate);
            }
        }
        let known = |fit: &Fit| studies.iter().any(|study| study.dataset == fit.dataset);
        match input.fits.iter().find(|fit| !known(fit)) {
            Some(stray) => Err(ReportError::UnknownDataset {
                dataset: stray.dataset.clone(),
            }),
            None => Ok(studies),
        }
    }

    fn push(&mut self, record: &'a CellRecord, estimate: &'a CellEstimate) {
        let same = |cell: &Cell| {
            let own = &record.cell;
            (&cell.dataset, &cell.protocol) == (&own.dataset, &own.protocol)
                && (cell.bias, cell.output_gain) == (own.bias, own.output_gain)
        };
        let known = self.settings.iter().position(|cell| same(cell));
        let setting = known.unwrap_or_else(|| {
            self.settings.push(&record.cell);
            self.settings.len() - 1
        });
        self.cells.push(Measured {
            record,
            estimate,
            setting,
        });
    }

    /// The cells of one setting.
    pub(super) fn of_setting(&self, setting: usize) -> Vec<Measured<'a>> {
        let cells = self.cells.iter().copied();
        cells.filter(|cell| cell.setting == setting).collect()
    }

    /// ` (setting 2)`, where there are several.
    pub(super) fn setting_suffix(&self, setting: usize) -> String {
        if self.settings.len() > 1 {
            format!(" (setting {})", setting + 1)
        } else {
            String::new()
        }
    }

    /// Name of a figure's files.
    pub(super) fn figure_name(&self, setting: usize, topic: &str) -> String {
        if self.settings.len() > 1 {
            format!("{}-{topic}-{}", self.dataset, setting + 1)
        } else {
            format!("{}-{topic}", self.dataset)
        }
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
    pub(super) fn conditions(&self, setting: usize) -> String {
        let manifest = self.manifest;
        let protocol = self.settings.get(setting).map(|cell| {
            let protocol = &cell.protocol;
            format!(
                "{}, batches of {}, success at validation accuracy {} within {} steps; ",
                serial_name(&protocol.loss).replace('-', " "),
                protocol.batch_size,
                super::number::setting(protocol.threshold),
                super::number::count(protocol.budget)
            )
        });
        format!(
            "Protocol: {}{}; backend {} ({}, {}), seed {}.",
            protocol.unwrap_or_default(),
            super::number::counted(manifest.repeats, "repeat a cell", "repeats a cell"),
            manifest.backend,
            manifest.float,
            manifest.device,
            manifest.seed
        )
    }
}

/// Different values of `key` over the cells, ascending.
pub(super) fn distinct(cells: &[Measured<'_>], key: impl Fn(&Measured<'_>) -> f64) -> Vec<f64> {
    let mut values: Vec<f64> = cells.iter().map(key).collect();
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
