//! The report of one store without an analysis: its measurements.

use super::ReportInput;
use super::document::{Report, Section};
use super::sections;
use super::study::Study;
use crate::figure::Text;

pub(super) fn report(input: &ReportInput<'_>, studies: &[Study<'_>], command: &str) -> Report {
    let manifest = &input.snapshot.manifest;
    let mut lead = vec![Text::plain(manifest.question.clone())];
    if let Some(profile) = &manifest.profile {
        lead.push(
            Text::plain("Profile ")
                .and_code(profile.clone())
                .and_plain("."),
        );
    }
    let mut sections = measurements(input, studies);
    sections.push(sections::manifest(input.snapshot));
    sections.push(sections::sessions(input.snapshot, command));
    sections.push(sections::references(!input.sharpness.is_empty()));
    let subject = match (!input.snapshot.cells.is_empty(), input.sharpness.is_empty()) {
        (_, true) => "Maximal initial learning rates",
        (true, false) => "Maximal initial learning rates and sharpness",
        (false, false) => "Sharpness at initialisation",
    };
    Report {
        title: Text::plain(format!("{subject}: ")).and_plain(manifest.experiment.clone()),
        lead,
        sections,
    }
}

/// What was measured, dataset by dataset.
pub(super) fn measurements(input: &ReportInput<'_>, studies: &[Study<'_>]) -> Vec<Section> {
    let sharpness = sections::sharpness(input);
    let mut sections = Vec::new();
    if !input.snapshot.cells.is_empty() || sharpness.is_empty() {
        sections.push(sections::overview(input, studies));
    }
    for study in studies {
        sections.push(sections::summary(study));
        sections.push(sections::depth_width(study));
        sections.push(sections::width_over_depth(study));
        sections.push(sections::input_layer(study));
        sections.push(sections::effective_size(study));
        sections.push(sections::searches(study));
        sections.push(sections::laws(study).folded());
        sections.push(sections::cells(study).folded());
        sections.push(sections::protocol(study).folded());
    }
    sections.extend(sharpness);
    sections
}
