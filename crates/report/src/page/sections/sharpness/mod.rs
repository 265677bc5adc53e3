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
