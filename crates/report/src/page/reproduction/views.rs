//! The sections that an analysis may ask for.

use crate::analysis::View;
use crate::page::ReportInput;
use crate::page::document::Section;
use crate::page::sections;
use crate::page::study::Study;

/// A section of a view, with the series it is about, if it is one series.
pub(super) struct Shown {
    pub(super) label: Option<String>,
    pub(super) section: Section,
}

/// The sections of a view: one for each series of cells, or one for the whole
/// experiment where the view compares series.
pub(super) fn sections_of(
    view: View,
    input: &ReportInput<'_>,
    studies: &[Study<'_>],
) -> Vec<Shown> {
    let each = |make: &dyn Fn(&Study<'_>) -> Option<Section>| {
        labelled(
            studies
                .iter()
                .filter_map(|study| Some((study.label.clone(), make(study)?)))
                .collect(),
        )
    };
    let whole = |section: Option<Section>| -> Vec<Shown> {
        let shown = section.map(|section| Shown {
            label: None,
            section,
        });
        shown.into_iter().collect()
    };
    match view {
        View::DepthWidth => each(&|study| Some(sections::depth_width(study))),
        View::Laws => each(&|study| Some(sections::laws(study).folded())),
        View::Searches => each(&|study| Some(sections::searches(study))),
        View::Cells => each(&|study| Some(sections::cells(study).folded())),
        View::Protocol => each(&|study| Some(sections::protocol(study).folded())),
        View::WidthOverDepth => each(&|study| Some(sections::width_over_depth(study))),
        View::InputLayer => each(&|study| Some(sections::input_layer(study))),
        View::EffectiveSize => each(&|study| Some(sections::effective_size(study))),
        View::Shifts => whole(sections::shifts(input)),
        View::Noise => whole(sections::noise(input)),
        View::SideBySide => whole(sections::side_by_side(input, studies)),
        View::SharpnessGrowth => labelled(sections::sharpness_growth(input)),
        View::SharpnessExponents => labelled(sections::sharpness_exponents(input)),
        View::SharpnessPrediction => labelled(sections::sharpness_prediction(input)),
        View::SharpnessBounds => labelled(sections::sharpness_bounds(input)),
        View::LateStage => labelled(sections::late_stage(input.snapshot)),
        View::EtaSharpness => labelled(sections::eta_sharpness(input.snapshot)),
        View::Transfer => each(&|study| Some(sections::transfer(study))),
        View::Proxies => each(&|study| Some(sections::proxies(study, input.snapshot))),
    }
}

/// Sections of several series say in their headings whose they are.
pub(super) fn labelled(sections: Vec<(String, Section)>) -> Vec<Shown> {
    let several = sections
        .iter()
        .any(|(label, _)| sections.first().is_some_and(|(first, _)| first != label));
    sections
        .into_iter()
        .map(|(label, mut section)| {
            if several {
                let title = std::mem::take(&mut section.title);
                section.title = title.and_plain(": ").and_code(label.clone());
            }
            Shown {
                label: Some(label),
                section,
            }
        })
        .collect()
}
