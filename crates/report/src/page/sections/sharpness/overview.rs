use super::view::View;
use crate::figure::Text;
use crate::page::document::{Entry, Section, Table};
use crate::page::number::{count, counted};

/// How much was measured.
pub(super) fn overview(views: &[View<'_>]) -> Section {
    let mut section = Section::new(
        2,
        "sharpness",
        Text::plain("Sharpness at initialisation: what was measured"),
    );
    let cells: usize = views.iter().map(|view| view.series.cells.len()).sum();
    let finished: usize = views.iter().map(View::finished).sum();
    let networks: usize = views.iter().map(View::networks).sum();
    let asked = views.first().map_or(0, |view| view.manifest.repeats);
    section.paragraph(Text::markup(&format!(
        "Sharpness is λ_{{1}}, the largest eigenvalue of a matrix of second derivatives of the \
         loss in the weights, before training: of the Hessian H, and of its Gauss-Newton part G, \
         which leaves out the curvature of the network itself. There are {}; {} of them are \
         finished, with {} each. In all, {} measured.",
        counted(cells, "cell", "cells"),
        count(finished),
        counted(asked, "network", "networks"),
        counted(networks, "network was", "networks were"),
    )));
    section.table(Table {
        caption: Text::plain(
            "Cells and networks. A network has not converged where a residual of its largest or \
             smallest eigenvalue is above the tolerance.",
        ),
        columns: vec![
            Text::markup("dataset and loss"),
            Text::markup("cells"),
            Text::markup("finished"),
            Text::markup("networks"),
            Text::markup("not converged"),
            Text::markup("with bounds"),
            Text::markup("with prediction"),
        ],
        rows: views.iter().map(row).collect(),
        name: String::new(),
    });
    section
}

fn row(view: &View<'_>) -> Vec<Entry> {
    let networks = || view.series.cells.iter().flat_map(|cell| &cell.repeats);
    let bounds = networks().filter(|network| network.sharpness.bounds.is_some());
    vec![
        Entry::text(Text::code(view.series.label.clone())),
        Entry::count(view.series.cells.len()),
        Entry::count(view.finished()),
        Entry::count(view.networks()),
        Entry::count(view.unconverged()),
        Entry::count(bounds.count()),
        Entry::count(
            view.series
                .predictions
                .iter()
                .map(|cell| cell.repeats)
                .sum(),
        ),
    ]
}
