//! Whether the fits bear out the claim that `eta*` follows
//! `C (depth * width)^-a` in wide networks with slow input layers.

use super::{filter_name, rate_name};
use crate::figure::Text;
use crate::fit::{Fit, Law};
use crate::page::document::{Column, Entry, Table};
use crate::page::number::{fixed, interval, octaves, setting};
use crate::page::study::{Study, distinct};

/// Explained share of the variance from which the law counts as predicting
/// well.
const GOOD_R_SQUARED: f64 = 0.9;

/// Fewest cells a fit needs to count.
const FEWEST_CELLS: usize = 6;

/// The fits of the depth-width law, by input rate and filter.
pub(super) struct Claim<'a> {
    /// For each input rate, ascending: the fits by ascending filter.
    by_rate: Vec<Vec<&'a Fit>>,
}

impl<'a> Claim<'a> {
    pub(super) fn of(study: &Study<'a>) -> Self {
        let by_rate = distinct(&study.cells, |cell| cell.cell().input_rate)
            .into_iter()
            .map(|rate| study.fits_of(Law::DepthWidth, Some(rate)))
            .filter(|fits| !fits.is_empty())
            .collect();
        Self { by_rate }
    }

    /// The fit under both provisos: the slowest input layer and, of its
    /// fits with enough cells, the strictest filter.
    pub(super) fn strictest(&self) -> Option<&'a Fit> {
        let fits = self.by_rate.first()?;
        let enough = fits.iter().rev().find(|fit| fit.cells >= FEWEST_CELLS);
        enough.or(fits.first()).copied()
    }

    /// The same input rate without the filter on width.
    fn narrow_included(&self) -> Option<&'a Fit> {
        let strictest = self.strictest()?;
        let fits = self.by_rate.first()?;
        let first = fits.first().copied()?;
        (first.width_over_depth < strictest.width_over_depth).then_some(first)
    }

    /// The same filter at the fastest input layer.
    fn fast_input(&self) -> Option<&'a Fit> {
        let strictest = self.strictest()?;
        let fits = self.by_rate.last().filter(|_| self.by_rate.len() > 1)?;
        fits.iter()
            .copied()
            .find(|fit| fit.width_over_depth == strictest.width_over_depth)
    }

    /// Sentences on both provisos and on the claim as a whole.
    pub(super) fn sentences(&self) -> Vec<Text> {
        let Some(fit) = self.strictest() else {
            return vec![Text::plain(
                "There is no fit of the depth × width law for a single input rate, so the claim \
                 was not tested.",
            )];
        };
        let width = match self.narrow_included() {
            Some(loose) => contrast("Proviso (i), width large against depth", loose, fit),
            None => Text::plain(
                "Proviso (i), width large against depth: fits with two filters on width over \
                 depth are needed, and there are not; not tested.",
            ),
        };
        let input = match self.fast_input() {
            Some(fast) => contrast("Proviso (ii), a slow input layer", fast, fit),
            None => Text::plain(
                "Proviso (ii), a slow input layer: fits at two input rates are needed, and there \
                 are not; not tested.",
            ),
        };
        vec![width, input, self.verdict(fit)]
    }

    fn verdict(&self, fit: &Fit) -> Text {
        let criterion = format!(
            "Criterion for claim C1, chosen by us: with the slowest input layer and the strictest \
             filter that leaves at least {FEWEST_CELLS} cells ({}, {}), the depth × width law has \
             R^{{2}} ≥ {} and an exponent whose interval lies above 0, and its rms residual is no \
             larger than without either proviso.",
            rate_name(fit.input_rate),
            filter_name(fit.width_over_depth),
            setting(GOOD_R_SQUARED),
        );
        let (Some(loose), Some(fast)) = (self.narrow_included(), self.fast_input()) else {
            return Text::markup(&format!(
                "{criterion} The sweep does not test both provisos, so the criterion cannot be \
                 applied."
            ));
        };
        let mut unmet = Vec::new();
        if fit.cells < FEWEST_CELLS {
            unmet.push(format!("the fit has only {} cells", fit.cells));
        }
        if fit.r_squared < GOOD_R_SQUARED {
            unmet.push(format!("R^{{2}} is {}", fixed(fit.r_squared, 3)));
        }
        let above_zero = fit
            .joint
            .and_then(|exponent| exponent.interval)
            .is_some_and(|[low, _]| low > 0.0);
        if !above_zero {
            unmet.push("the exponent's interval does not lie above 0".to_owned());
        }
        for (other, what) in [(loose, "on width"), (fast, "on the input rate")] {
            if fit.rmse_octaves > other.rmse_octaves {
                unmet.push(format!(
                    "the residual is larger with the proviso {what} ({} octaves) than without \
                     ({} octaves)",
                    octaves(fit.rmse_octaves),
                    octaves(other.rmse_octaves)
                ));
            }
        }
        let verdict = if unmet.is_empty() {
            "By it, the sweep reproduces the stated claim under this declared protocol.".to_owned()
        } else {
            format!(
                "By it, the sweep does not reproduce the stated claim under this declared \
                 protocol: {}.",
                unmet.join("; ")
            )
        };
        Text::markup(&format!("{criterion} {verdict}"))
    }

    /// The fits as a table, input rates down and filters across.
    pub(super) fn table(&self) -> Option<Table> {
        let mut filters: Vec<&Fit> = self.by_rate.iter().flatten().copied().collect();
        filters.sort_by(|a, b| a.width_over_depth.total_cmp(&b.width_over_depth));
        filters.dedup_by_key(|fit| fit.width_over_depth);
        if filters.is_empty() {
            return None;
        }
        let mut columns = vec![Column::numbers("μ_{in}")];
        for filter in &filters {
            columns.push(Column::numbers(&filter_name(filter.width_over_depth)));
        }
        let rows = self.by_rate.iter().filter_map(|fits| {
            let rate = fits.first()?.input_rate?;
            let mut row = vec![Entry::number(rate, &setting(rate))];
            for filter in &filters {
                let fit = fits
                    .iter()
                    .find(|fit| fit.width_over_depth == filter.width_over_depth);
                row.push(match fit {
                    Some(fit) => Entry::number(fit.r_squared, &quality(fit)),
                    None => Entry::text("–"),
                });
            }
            Some(row)
        });
        Some(Table {
            caption: Text::markup(
                "The depth × width law by input rate and by the least width over depth: \
                 R^{2}, then the rms residual in octaves, then the number of cells. R^{2} also \
                 depends on the range that the cells cover; the residual does not.",
            ),
            columns,
            rows: rows.collect(),
            sortable: false,
        })
    }
}

fn quality(fit: &Fit) -> String {
    format!(
        "{} / {} / {}",
        fixed(fit.r_squared, 3),
        octaves(fit.rmse_octaves),
        fit.cells
    )
}

/// How the fit changes from `without` a proviso to `with` it.
fn contrast(proviso: &str, without: &Fit, with: &Fit) -> Text {
    let verb = |from: f64, to: f64| {
        if to > from {
            "rises"
        } else if to < from {
            "falls"
        } else {
            "stays"
        }
    };
    Text::markup(&format!(
        "{proviso}: from {}, {} ({} cells) to {}, {} ({} cells), R^{{2}} of the depth × width law \
         {} from {} to {} and its rms residual {} from {} to {} octaves.",
        rate_name(without.input_rate),
        filter_name(without.width_over_depth),
        without.cells,
        rate_name(with.input_rate),
        filter_name(with.width_over_depth),
        with.cells,
        verb(without.r_squared, with.r_squared),
        fixed(without.r_squared, 3),
        fixed(with.r_squared, 3),
        verb(without.rmse_octaves, with.rmse_octaves),
        octaves(without.rmse_octaves),
        octaves(with.rmse_octaves),
    ))
}

/// The exponents of a fit with their intervals.
pub(super) fn exponents(fit: &Fit) -> String {
    [("α", fit.joint), ("a", fit.depth), ("b", fit.width)]
        .into_iter()
        .filter_map(|(symbol, exponent)| {
            let exponent = exponent?;
            let written = |value| fixed(value, 3);
            let bounds = exponent
                .interval
                .map(|bounds| format!(" {}", interval(bounds, written)))
                .unwrap_or_default();
            Some(format!("{symbol} = {}{bounds}", written(exponent.value)))
        })
        .collect::<Vec<_>>()
        .join(", ")
}
