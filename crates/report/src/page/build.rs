//! From records to the document.

use super::document::{Report, Section};
use super::sections;
use super::study::Study;
use super::{ReportError, ReportInput};
use crate::figure::Text;

impl Report {
    /// The report of a snapshot.
    ///
    /// # Errors
    ///
    /// When estimates or fits do not belong to the snapshot.
    pub fn build(input: &ReportInput<'_>) -> Result<Self, ReportError> {
        let studies = Study::of(input)?;
        let manifest = &input.snapshot.manifest;
        let mut lead = vec![Text::plain(manifest.question.clone())];
        if let Some(profile) = &manifest.profile {
            lead.push(
                Text::plain("Profile ")
                    .and_code(profile.clone())
                    .and_plain("."),
            );
        }
        let rates = !input.snapshot.cells.is_empty();
        let sharpness = sections::sharpness(input);
        let subject = match (rates, sharpness.is_empty()) {
            (_, true) => "Maximal initial learning rates",
            (true, false) => "Maximal initial learning rates and sharpness",
            (false, false) => "Sharpness at initialisation",
        };
        let mut sections = Vec::new();
        if rates || sharpness.is_empty() {
            sections.push(sections::overview(input, &studies));
        }
        for study in &studies {
            sections.extend(study_sections(study));
        }
        let measured_sharpness = !sharpness.is_empty();
        sections.extend(sharpness);
        sections.push(sections::manifest(input.snapshot));
        sections.push(sections::sessions(input.snapshot, input.command));
        sections.push(sections::references(measured_sharpness));
        Ok(Self {
            title: Text::plain(format!("{subject}: ")).and_plain(manifest.experiment.clone()),
            lead,
            sections,
        })
    }
}

fn study_sections(study: &Study<'_>) -> [Section; 7] {
    [
        sections::summary(study),
        sections::depth_width(study),
        sections::effective_size(study),
        sections::searches(study),
        sections::laws(study),
        sections::cells(study),
        sections::protocol(study),
    ]
}
