use super::exponents::{exponents, under_both_provisos};
use super::laws::best_laws;
use super::{filter_name, rate_name};
use crate::figure::Text;
use crate::page::document::Section;
use crate::page::number::{counted, fixed, interval, octaves, percent, rate};
use crate::page::study::{Measured, Study, total};

/// The findings of one dataset in sentences.
pub(in crate::page) fn summary(study: &Study<'_>) -> Section {
    let mut section = Section::new(
        2,
        study.id.clone(),
        Text::plain("Dataset ").and_code(study.label.clone()),
    );
    let mut findings = vec![range(study)];
    findings.extend(censored(study));
    if let Some(fit) = under_both_provisos(study) {
        findings.push(Text::markup(&format!(
            "Depth × width law at {}, {} ({} cells): {} ({} interval), R^{{2}} = {}, rms residual \
             {} octaves, leave-one-out {} octaves.",
            rate_name(fit.input_rate),
            filter_name(fit.width_over_depth),
            fit.cells,
            exponents(fit),
            percent(fit.confidence),
            fixed(fit.r_squared, 3),
            octaves(fit.rmse_octaves),
            octaves(fit.loo_rmse_octaves),
        )));
    }
    findings.extend(best_laws(study, |fit| fit.input_rate.is_none()));
    section.list(findings);
    section
}

fn range(study: &Study<'_>) -> Text {
    let known = || study.cells.iter().filter(|c| c.estimate.eta_star.is_some());
    let by = |a: &&Measured<'_>, b: &&Measured<'_>| {
        let (a, b) = (a.estimate.eta_star, b.estimate.eta_star);
        a.unwrap_or_default().total_cmp(&b.unwrap_or_default())
    };
    let (Some(least), Some(most)) = (known().min_by(by), known().max_by(by)) else {
        return Text::markup("No cell has an η* in range.");
    };
    let told = |cell: &Measured<'_>| {
        let bounds = cell
            .estimate
            .interval
            .map(|bounds| format!(" {}", interval(bounds, rate)))
            .unwrap_or_default();
        let eta_star = cell.estimate.eta_star.map(rate).unwrap_or_default();
        format!("{eta_star}{bounds} ({})", cell.name())
    };
    Text::markup(&format!(
        "{} of {} have an η* in range: from {} to {}.",
        known().count(),
        counted(study.cells.len(), "cell", "cells"),
        told(least),
        told(most)
    ))
}

fn censored(study: &Study<'_>) -> Option<Text> {
    let below = total(&study.cells, |cell| cell.estimate.nothing_succeeds);
    let above = total(&study.cells, |cell| cell.estimate.nothing_fails);
    let not_monotone = total(&study.cells, |cell| cell.not_monotone());
    let repeats = total(&study.cells, |cell| cell.repeats());
    if repeats == 0 {
        return None;
    }
    let none = study
        .cells
        .iter()
        .filter(|cell| cell.repeats() > 0 && cell.estimate.eta_star.is_none())
        .count();
    Some(Text::markup(&format!(
        "Of {}, {below} found no rate in range that succeeds and {above} none that fails; {} left \
         without an η*. Success was not monotone in the learning rate in {} ({}).",
        counted(repeats, "repeat", "repeats"),
        counted(none, "cell is", "cells are"),
        counted(not_monotone, "repeat", "repeats"),
        percent(not_monotone as f64 / repeats as f64),
    )))
}
