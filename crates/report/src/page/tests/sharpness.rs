//! Reports of stores that hold sharpness.

use std::collections::BTreeSet;

use etastar_search::Snapshot;

use super::synthetic::{COMMAND, Sweep, estimates, fits};
use crate::page::{Report, ReportInput};
use crate::sharpness::synthetic::Grid;
use crate::sharpness::{SharpnessOptions, analyse};

pub(super) fn small() -> Grid {
    Grid::default()
}

pub(super) fn realistic() -> Grid {
    Grid {
        dataset: "fashion-mnist",
        losses: vec!["cross-entropy", "squared-error"],
        depths: vec![2, 4, 8, 16],
        widths: vec![32, 64, 128, 256],
        input_rates: vec![1.0, 0.1, 0.01, 0.0],
        repeats: 3,
        noise: 0.5,
        ..Grid::default()
    }
}

/// A snapshot without searches; the last cell is unfinished, one network has
/// not converged.
pub(super) fn snapshot(grid: &Grid) -> Snapshot {
    let mut snapshot = Sweep::small().snapshot();
    snapshot.cells.clear();
    snapshot.manifest.experiment = "sharpness".to_owned();
    snapshot.manifest.repeats = grid.repeats;
    snapshot.sharpness = grid.records();
    if let Some(first) = snapshot.sharpness.first_mut() {
        first.repeats[0].sharpness.hessian.converged = false;
    }
    if let Some(last) = snapshot.sharpness.last_mut() {
        last.repeats.clear();
    }
    snapshot
}

pub(super) fn report(snapshot: &Snapshot) -> Report {
    let mut options = SharpnessOptions::default();
    options.bootstrap.resamples = 500;
    let estimates = estimates(snapshot);
    let fits = match snapshot.cells.is_empty() {
        true => Vec::new(),
        false => fits(snapshot, &estimates),
    };
    Report::build(
        &[ReportInput {
            store: "results/sweep.db",
            snapshot,
            estimates: &estimates,
            fits: &fits,
            not_fitted: &[],
            sharpness: &analyse(snapshot, &options),
            analysis: None,
            findings: &[],
            interval_method: "not used",
        }],
        COMMAND,
    )
    .unwrap()
}

#[test]
fn the_markdown_is_as_it_was() {
    insta::assert_snapshot!(report(&snapshot(&small())).markdown());
}

#[test]
fn sharpness_alone_has_no_sections_on_learning_rates() {
    let report = report(&snapshot(&small()));
    let ids: Vec<&str> = report.sections.iter().map(|s| s.id.as_str()).collect();
    let series = "sharpness-digits-squared-error";
    let own = [
        "",
        "-growth",
        "-exponents",
        "-prediction",
        "-bounds",
        "-protocol",
    ]
    .map(|end| format!("{series}{end}"));
    let mut expected = vec!["sharpness"];
    expected.extend(own.iter().map(String::as_str));
    expected.extend(["manifest", "sessions", "references"]);
    assert_eq!(ids, expected);
    assert!(report.title.flat().starts_with("Sharpness at init"));
    let markdown = report.markdown();
    assert!(!markdown.contains("The grid has no cells") && !markdown.contains("η\\*: "));
}

#[test]
fn both_kinds_of_results_stand_side_by_side() {
    let mut both = Sweep::small().snapshot();
    both.sharpness = snapshot(&realistic()).sharpness;
    let report = report(&both);
    let ids: BTreeSet<&str> = report.sections.iter().map(|s| s.id.as_str()).collect();
    assert_eq!(ids.len(), report.sections.len());
    for id in [
        "measured",
        "digits-laws",
        "sharpness",
        "sharpness-fashion-mnist-cross-entropy-bounds",
        "sharpness-fashion-mnist-squared-error-growth",
    ] {
        assert!(ids.contains(id), "{id}");
    }
    let names: BTreeSet<&str> = report.figures().map(|f| f.name.as_str()).collect();
    assert_eq!(names.len(), 8 + 2 * 2);
}

#[test]
fn what_was_not_computed_has_no_section() {
    let grid = Grid {
        bounds: false,
        prediction: false,
        ..small()
    };
    let report = report(&snapshot(&grid));
    let has = |end: &str| report.sections.iter().any(|s| s.id.ends_with(end));
    assert!(has("-growth") && !has("-bounds") && !has("-prediction"));
    assert_eq!(report.figures().count(), 1);
}

#[test]
fn every_row_is_as_long_as_its_headings() {
    let report = report(&snapshot(&realistic()));
    for table in report.tables() {
        assert!(!table.rows.is_empty());
        for row in &table.rows {
            assert_eq!(row.len(), table.columns.len());
        }
    }
}

#[test]
fn figures_hold_each_measured_cell_once() {
    let snapshot = snapshot(&small());
    let report = report(&snapshot);
    let points = |name: &str| {
        let figure = report.figures().find(|f| f.name.ends_with(name)).unwrap();
        figure
            .csv()
            .lines()
            .filter(|l| l.contains(",point,"))
            .count()
    };
    let measured = snapshot.sharpness.len() - 1;
    assert_eq!(points("-growth"), measured);
    assert_eq!(points("-prediction"), 3 * measured);
}

#[test]
fn a_planned_but_unmeasured_grid_has_a_report() {
    let mut planned = snapshot(&small());
    for cell in &mut planned.sharpness {
        cell.repeats.clear();
    }
    let markdown = report(&planned).markdown();
    assert!(markdown.contains("No cell is measured."));
    assert!(markdown.contains("No power law was fitted"));
}
