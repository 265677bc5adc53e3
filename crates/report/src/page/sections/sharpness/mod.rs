//! The sections on sharpness: an overview, then for each series its findings,
//! growth, predictions, bounds and protocol.

mod bounds;
mod exponents;
mod growth;
mod overview;
mod prediction;
mod protocol;
mod summary;
mod view;

use crate::page::ReportInput;
use crate::page::document::Section;

/// All of them; none where no sharpness was asked for.
pub(in crate::page) fn sharpness(input: &ReportInput<'_>) -> Vec<Section> {
    let views = view::views(input);
    if views.is_empty() {
        return Vec::new();
    }
    let mut sections = vec![overview::overview(&views)];
    for view in &views {
        sections.push(summary::summary(view));
        sections.push(growth::growth(view));
        sections.push(exponents::exponents(view));
        sections.extend(prediction::prediction(view));
        sections.extend(bounds::bounds(view));
        sections.push(protocol::protocol(view));
    }
    sections
}

/// How much was measured, if anything was asked for.
pub(in crate::page) fn overview(input: &ReportInput<'_>) -> Option<Section> {
    let views = view::views(input);
    (!views.is_empty()).then(|| overview::overview(&views))
}

/// Findings and growth of each series, under its name.
pub(in crate::page) fn growth(input: &ReportInput<'_>) -> Vec<(String, Section)> {
    each(input, |view| {
        let mut section = growth::growth(view);
        let mut findings = summary::summary(view).blocks;
        findings.append(&mut section.blocks);
        section.blocks = findings;
        Some(section)
    })
}

/// Exponents of each series.
pub(in crate::page) fn exponents(input: &ReportInput<'_>) -> Vec<(String, Section)> {
    each(input, |view| Some(exponents::exponents(view)))
}

/// Predictions of each series that has any.
pub(in crate::page) fn prediction(input: &ReportInput<'_>) -> Vec<(String, Section)> {
    each(input, prediction::prediction)
}

/// Bounds of each series that has any.
pub(in crate::page) fn bounds(input: &ReportInput<'_>) -> Vec<(String, Section)> {
    each(input, bounds::bounds)
}

/// Protocol of each series.
pub(in crate::page) fn protocol(input: &ReportInput<'_>) -> Vec<(String, Section)> {
    each(input, |view| Some(protocol::protocol(view)))
}

fn each(
    input: &ReportInput<'_>,
    make: impl Fn(&view::View<'_>) -> Option<Section>,
) -> Vec<(String, Section)> {
    let views = view::views(input);
    let sections = views
        .iter()
        .map(|view| Some((view.series.label.clone(), make(view)?)));
    sections.flatten().collect()
}
