use super::super::protocol::{data, weights};
use super::view::View;
use crate::figure::Text;
use crate::page::document::Section;
use crate::page::number::{count, counted, percent, setting};
use crate::page::study::serial_name;

/// Largest relative residual of a converged eigenpair: the measurement's own
/// default, which no setting changes.
fn tolerance() -> f64 {
    etastar_sharpness::lanczos::LanczosOptions::default().relative_tolerance
}

/// How the numbers of a series were measured, every constant in words.
pub(super) fn protocol(view: &View<'_>) -> Section {
    let id = format!("{}-protocol", view.id);
    let mut section = Section::new(3, id, Text::plain("Protocol"));
    section.paragraph(
        "The constants below are our choice, made for this experiment; they are not the paper's, \
         and the results hold under them.",
    );
    let mut items = Vec::new();
    if let Some(record) = view.series.cells.first() {
        let cell = &record.cell;
        items.push(data(&cell.dataset));
        items.push(Text::markup(&weights(cell.bias, cell.output_gain)));
        items.push(Text::markup(&format!(
            "Loss: {}, its mean over the first {}. Networks are at initialisation; nothing is \
             trained.",
            serial_name(&cell.loss).replace('-', " "),
            counted(cell.samples, "training sample", "training samples"),
        )));
    }
    items.push(Text::markup(
        "Input rate: with an input layer that learns at μ_{in} times the rate of the others, \
         λ_{1}(H) is the largest eigenvalue of M^{1/2} H M^{1/2}, M = diag(μ_{in}, 1, .., 1), and \
         likewise for G. μ_{in} = 1 is the matrix itself, μ_{in} = 0 the matrix without the input \
         layer.",
    ));
    items.push(Text::markup(&format!(
        "Eigenvalues: Lanczos iteration with full products of H and G, to a residual \
         |H v − θ v| of {} relative to the largest eigenvalue found. A Ritz value is, up to \
         rounding, never above the largest eigenvalue. Networks that did not converge: {} of {} \
         ({}).",
        setting(tolerance()),
        count(view.unconverged()),
        count(view.networks()),
        percent(view.unconverged() as f64 / view.networks().max(1) as f64),
    )));
    items.push(Text::markup(&format!(
        "Each repeat draws other weights; {} asked for in each cell. The input rates and losses \
         of one architecture share the same weights. Intervals have {} confidence: {}.",
        counted(view.manifest.repeats, "repeat is", "repeats are"),
        view.confidence(),
        view.interval_method()
    )));
    section.list(items);
    section
}
