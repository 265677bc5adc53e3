use etastar_search::SharpnessCellRecord;

use super::super::{filter_name, rate_name};
use super::view::{View, name};
use crate::figure::Text;
use crate::page::document::Section;
use crate::page::number::{counted, fixed, interval, octaves, percent, rate};
use crate::sharpness::{GrowthLaw, Level, Matrix};

/// The findings of one series in sentences.
pub(super) fn summary(view: &View<'_>) -> Section {
    let mut section = Section::new(
        2,
        view.id.clone(),
        Text::plain("Sharpness: ").and_code(view.series.label.clone()),
    );
    let mut findings = vec![range(view)];
    let rates = view.input_rates().into_iter();
    findings.extend(rates.filter_map(|rate| sentence(view, rate)));
    section.list(findings);
    section
}

fn range(view: &View<'_>) -> Text {
    let cells = view.series.cells.iter().zip(&view.series.levels);
    let known: Vec<_> = cells
        .filter_map(|(record, level)| Some((*record, level.as_ref()?)))
        .collect();
    let least = known.iter().min_by(|a, b| a.1.value.total_cmp(&b.1.value));
    let most = known.iter().max_by(|a, b| a.1.value.total_cmp(&b.1.value));
    let (Some(least), Some(most)) = (least, most) else {
        return Text::plain("No cell is measured.");
    };
    let told = |(record, level): &(&SharpnessCellRecord, &Level)| {
        let bounds = level
            .interval
            .map(|ends| format!(" {}", interval(ends, rate)))
            .unwrap_or_default();
        format!("{}{bounds} ({})", rate(level.value), name(record))
    };
    Text::markup(&format!(
        "{} of {} measured: λ_{{1}}(H) from {} to {}. In {} of {} ({}) an eigenvalue did not \
         converge.",
        known.len(),
        counted(view.series.cells.len(), "cell is", "cells are"),
        told(least),
        told(most),
        view.unconverged(),
        counted(view.networks(), "network", "networks"),
        percent(view.unconverged() as f64 / view.networks().max(1) as f64),
    ))
}

/// The laws of `lambda_1(H)` at one input rate, without and with filters.
fn sentence(view: &View<'_>, rate: f64) -> Option<Text> {
    let laws = view.series.laws.iter();
    let own = laws.filter(|law| law.matrix == Matrix::Hessian && law.input_rate == rate);
    let told: Vec<String> = own.map(|law| clause(view, law)).collect();
    (!told.is_empty()).then(|| {
        Text::markup(&format!(
            "λ_{{1}}(H) = C (depth × width)^{{b}} at {}: {}.",
            rate_name(Some(rate)),
            told.join("; ")
        ))
    })
}

fn clause(view: &View<'_>, law: &GrowthLaw) -> String {
    let three = |value| fixed(value, 3);
    let bounds = law.interval.map_or_else(String::new, |ends| {
        format!(
            " {} ({} interval)",
            interval(ends, three),
            view.confidence()
        )
    });
    format!(
        "{} ({}), b = {}{bounds}, R^{{2}} = {}, rms residual {} octaves",
        filter_name(law.width_over_depth),
        counted(law.cells, "cell", "cells"),
        three(law.exponent),
        three(law.r_squared),
        octaves(law.rmse_octaves),
    )
}
