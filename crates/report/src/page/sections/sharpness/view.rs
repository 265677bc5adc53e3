//! One series as the page sees it.

use etastar_search::{Manifest, SharpnessCellRecord};

use crate::page::ReportInput;
use crate::page::number::{counted, percent, setting};
use crate::page::study::{ascending, provenance, serial_name, unique_id};
use crate::sharpness::SharpnessSeries;

/// A series of cells with its anchor.
pub(super) struct View<'a> {
    pub(super) series: &'a SharpnessSeries<'a>,
    /// The beginning of anchors and file names; unique.
    pub(super) id: String,
    pub(super) manifest: &'a Manifest,
}

pub(super) fn views<'a>(input: &ReportInput<'a>) -> Vec<View<'a>> {
    let mut views: Vec<View<'a>> = Vec::new();
    for series in input.sharpness {
        let name = format!("sharpness {}", series.label);
        let id = unique_id(&name, |id| views.iter().any(|view| view.id == id));
        views.push(View {
            series,
            id,
            manifest: &input.snapshot.manifest,
        });
    }
    views
}

impl View<'_> {
    /// Input-layer rates, descending: the Hessian itself first.
    pub(super) fn input_rates(&self) -> Vec<f64> {
        let cells = self.series.cells.iter();
        let mut rates = ascending(cells.map(|record| record.cell.input_rate));
        rates.reverse();
        rates
    }

    /// Networks measured.
    pub(super) fn networks(&self) -> usize {
        self.series.cells.iter().map(|c| c.repeats.len()).sum()
    }

    /// Networks of which an eigenvalue did not converge.
    pub(super) fn unconverged(&self) -> usize {
        let networks = self.series.cells.iter().flat_map(|c| &c.repeats);
        networks
            .filter(|network| {
                let sharpness = &network.sharpness;
                !(sharpness.hessian.converged && sharpness.gauss_newton.converged)
            })
            .count()
    }

    /// Cells with all the repeats asked for.
    pub(super) fn finished(&self) -> usize {
        let cells = self.series.cells.iter();
        cells
            .filter(|c| c.repeats.len() >= self.manifest.repeats)
            .count()
    }

    /// How the intervals were made, as a clause.
    pub(super) fn interval_method(&self) -> String {
        format!(
            "expanded percentile bootstrap over repeats, {}",
            counted(
                self.series.options.bootstrap.resamples,
                "resample",
                "resamples"
            )
        )
    }

    /// The confidence of the intervals.
    pub(super) fn confidence(&self) -> String {
        percent(self.series.options.confidence)
    }

    /// What a caption has to say about how the numbers came about.
    pub(super) fn conditions(&self) -> String {
        let samples = self.series.cells.first().map_or(0, |c| c.cell.samples);
        format!(
            "Protocol: {} loss over {}; {}",
            serial_name(&self.series.loss).replace('-', " "),
            counted(samples, "sample", "samples"),
            provenance(self.manifest)
        )
    }
}

/// `depth * width`: the hidden widths added up.
pub(super) fn size(record: &SharpnessCellRecord) -> f64 {
    record.cell.hidden.iter().sum::<usize>() as f64
}

/// The common width, or all widths.
pub(super) fn width(record: &SharpnessCellRecord) -> String {
    let hidden = &record.cell.hidden;
    crate::sharpness::constant_width(hidden).map_or_else(
        || {
            let widths: Vec<String> = hidden.iter().map(usize::to_string).collect();
            widths.join("-")
        },
        |width| width.to_string(),
    )
}

/// The cell in words.
pub(super) fn name(record: &SharpnessCellRecord) -> String {
    format!(
        "depth {}, width {}, input rate {}",
        record.cell.depth(),
        width(record),
        setting(record.cell.input_rate)
    )
}
