use super::exponents::exponents;
use super::{filter_name, law_name, rate_name};
use crate::figure::Text;
use crate::fit::Fit;
use crate::page::document::{Entry, Section, Table};
use crate::page::number::{fixed, octaves, percent, rate, setting};
use crate::page::study::Study;

/// All fits, side by side.
pub(in crate::page) fn laws(study: &Study<'_>) -> Section {
    let id = format!("{}-laws", study.id);
    let mut section = Section::new(3, id, Text::plain("Laws compared"));
    let Some(first) = study.fits.first() else {
        section.paragraph("No law was fitted.");
        not_fitted(study, &mut section);
        return section;
    };
    section.paragraph(
        "The laws are straight lines in log_{2}, fitted by least squares to the cells' \
         log_{2} η*: η* = C (depth × width)^{−α}; η* = C depth^{−a} width^{−b}; and \
         η* = C (μ_{in}·n_{0} + depth × width)^{−α}. A lower leave-one-out error or AICc is \
         better; AICc compares only fits to the same cells.",
    );
    let rows = study
        .fits
        .iter()
        .map(|fit| {
            let rate_entry = match fit.input_rate {
                Some(value) => Entry::number(value, &setting(value)),
                None => Entry::text("all"),
            };
            vec![
                Entry::text(law_name(fit.law)),
                rate_entry,
                Entry::number(fit.width_over_depth, &setting(fit.width_over_depth)),
                Entry::count(fit.cells),
                Entry::count(fit.cells_without_eta_star),
                Entry::count(fit.censored_repeats),
                exponents_entry(fit),
                Entry::number(fit.log2_constant, &rate(fit.log2_constant.exp2())),
                Entry::number(fit.r_squared, &fixed(fit.r_squared, 3)),
                Entry::number(fit.rmse_octaves, &octaves(fit.rmse_octaves)),
                Entry::number(fit.loo_rmse_octaves, &octaves(fit.loo_rmse_octaves)),
                Entry::optional(fit.aicc, |value| fixed(value, 1)),
            ]
        })
        .collect();
    section.table(Table {
        caption: Text::markup(&format!(
            "Fitted laws of {}. k: only cells with width ≥ k × depth; cells: those that found an \
             η*; without: cells that found none in range; censored: repeats that found none, \
             which enter the fits by the side of the range on which η* lies (maximum likelihood); \
             exponents with {} bootstrap intervals; rmse and loo rmse: rms residual and \
             leave-one-cell-out error of the cells that found an η*, in octaves, as R^{{2}} and \
             AICc.",
            study.label,
            percent(first.confidence)
        )),
        columns: vec![
            Text::markup("law"),
            Text::markup("μ_{in}"),
            Text::markup("k"),
            Text::markup("cells"),
            Text::markup("without"),
            Text::markup("censored"),
            Text::markup("exponents"),
            Text::markup("C"),
            Text::markup("R^{2}"),
            Text::markup("rmse"),
            Text::markup("loo rmse"),
            Text::markup("AICc"),
        ],
        rows,
        name: String::new(),
    });
    section.list(best_laws(study, |fit| fit.input_rate.is_some()));
    not_fitted(study, &mut section);
    section
}

/// The laws that could not be fitted, with the reasons.
fn not_fitted(study: &Study<'_>, section: &mut Section) {
    if study.not_fitted.is_empty() {
        return;
    }
    section.paragraph("Not fitted:");
    let items = study.not_fitted.iter().map(|failure| {
        let set = format!(
            "{} at {}, {}: ",
            law_name(failure.law),
            rate_name(failure.input_rate),
            filter_name(failure.width_over_depth)
        );
        let reason = failure.reason.to_string().replace("eta*", "η*");
        Text::markup(&set).and_plain(reason)
    });
    section.list(items.collect());
}

/// Sorted by the joint exponent or depth's.
fn exponents_entry(fit: &Fit) -> Entry {
    match fit.joint.or(fit.depth) {
        Some(first) => Entry::number(first.value, &exponents(fit)),
        None => Entry::text("–"),
    }
}

/// For every set of cells to which several laws were fitted: the law that
/// predicts left-out cells best, for the sets that are wanted. The pooled
/// fits come first.
pub(super) fn best_laws(study: &Study<'_>, wanted: impl Fn(&Fit) -> bool) -> Vec<Text> {
    let mut sets: Vec<&Fit> = study
        .fits
        .iter()
        .copied()
        .filter(|fit| wanted(fit))
        .collect();
    let key = |fit: &Fit| (fit.input_rate.unwrap_or(-1.0), fit.width_over_depth);
    sets.sort_by(|a, b| {
        let ((a0, a1), (b0, b1)) = (key(a), key(b));
        a0.total_cmp(&b0).then(a1.total_cmp(&b1))
    });
    sets.dedup_by_key(|fit| key(fit));
    let sentences = sets.into_iter().filter_map(|set| {
        let mut rivals: Vec<&Fit> = study
            .fits
            .iter()
            .copied()
            .filter(|fit| key(fit) == key(set) && fit.loo_rmse_octaves.is_finite())
            .collect();
        rivals.sort_by(|a, b| a.loo_rmse_octaves.total_cmp(&b.loo_rmse_octaves));
        let (best, others) = rivals.split_first()?;
        if others.is_empty() {
            return None;
        }
        let others: Vec<String> = others
            .iter()
            .map(|fit| {
                format!(
                    "{} {} octaves",
                    law_name(fit.law),
                    octaves(fit.loo_rmse_octaves)
                )
            })
            .collect();
        Some(Text::markup(&format!(
            "Best prediction of left-out cells at {}, {} ({} cells): {} ({} octaves; {}), against \
             {}.",
            rate_name(best.input_rate),
            filter_name(best.width_over_depth),
            best.cells,
            law_name(best.law),
            octaves(best.loo_rmse_octaves),
            exponents(best),
            others.join(", ")
        )))
    });
    sentences.collect()
}
