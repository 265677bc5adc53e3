//! The sections on claims C2 and C3, which relate eta\* to sharpness.

use etastar_search::{EtaStar, Snapshot};
use serde_json::json;

use super::reproduction::{Made, report};
use crate::analysis::synthetic::{Coupled, checkpoint, keeping_accuracy};
use crate::figure::Data;
use crate::page::sections::{eta_sharpness, late_stage};

fn coupled() -> Coupled {
    Coupled {
        noise: 0.2,
        misfit: 0.1,
        ..Coupled::default()
    }
}

/// Rates that fall while sharpness grows; one search has no end in range.
fn checkpoints() -> Snapshot {
    let grid = Coupled {
        checkpoints: vec![None, checkpoint(64), checkpoint(512)],
        ..coupled()
    };
    let mut store = keeping_accuracy(grid.snapshot_with(|stage, size| {
        let stage = stage as f64;
        [1.5 * stage, -stage - 0.1 * stage * (size - 9.0)]
    }));
    store.cells[2].repeats[0].eta_star = EtaStar::NothingFails { highest: 1024.0 };
    store
}

fn named(mut store: Snapshot, name: &str, view: &str, statistic: serde_json::Value) -> Snapshot {
    name.clone_into(&mut store.manifest.experiment);
    store.manifest.analysis = json!({
        "show": [view],
        "criteria": [{
            "claim": "C3",
            "says": "It is not inverse.",
            "statistic": statistic,
            "rule": {"differs_from": -1.0, "margin": 0.1},
        }],
    });
    store
}

fn stores() -> [Made; 2] {
    let slope = json!({"of": "eta-sharpness-slope", "scope": "across-cells",
                       "input_rate": "pooled"});
    let change = json!({"of": "late-stage-change", "quantity": "rate"});
    [
        Made::of(
            "c3.db",
            named(coupled().snapshot(), "c3", "eta-sharpness", slope),
            false,
        ),
        Made::of(
            "c2.db",
            named(checkpoints(), "c2", "late-stage", change),
            false,
        ),
    ]
}

#[test]
fn the_markdown_is_as_it_was() {
    insta::assert_snapshot!(report(&stores()).markdown());
}

#[test]
fn every_row_is_as_long_as_its_headings_and_findings_lead_to_figures() {
    let report = report(&stores());
    for table in report.tables() {
        for row in &table.rows {
            assert_eq!(row.len(), table.columns.len());
        }
    }
    let markdown = report.markdown();
    for figure in [
        "(#figure-c3--fashion-mnist-eta-sharpness)",
        "(#figure-c2--fashion-mnist-late-stage-rate)",
    ] {
        assert!(markdown.contains(figure), "{figure}");
    }
}

#[test]
fn the_sentence_says_whether_inverse_proportionality_is_excluded() {
    for (across, words) in [
        (-0.5, "p = −1, is excluded"),
        (-1.0, "p = −1, is not excluded"),
    ] {
        let grid = Coupled {
            across,
            within: across,
            ..coupled()
        };
        let sections = eta_sharpness(&grid.snapshot());
        assert_eq!(sections.len(), 1);
        let text = format!("{:?}", sections[0].1.blocks[0]);
        assert_eq!(text.matches(words).count(), 3, "{text}");
    }
}

#[test]
fn figures_hold_each_cell_once() {
    let points = |figure: &crate::figure::Figure| -> usize {
        let series = figure.panels.iter().flat_map(|panel| &panel.series);
        series
            .map(|series| match &series.data {
                Data::Points(points) => points.len(),
                Data::Line(_) | Data::Band(_) => 0,
            })
            .sum()
    };
    let report = report(&stores());
    let counts: Vec<(usize, usize)> = report
        .figures()
        .map(|figure| (figure.panels.len(), points(figure)))
        .collect();
    // 24 cells, at one checkpoint and at three.
    assert_eq!(counts, [(2, 24), (2, 72), (2, 72), (2, 72)]);
}

#[test]
fn stores_without_both_have_no_section() {
    let mut store = coupled().snapshot();
    assert!(late_stage(&store).is_empty());
    store.sharpness.clear();
    assert!(eta_sharpness(&store).is_empty());
    // Without sharpness, the rate's course alone is shown.
    let mut store = checkpoints();
    store.sharpness.clear();
    let sections = late_stage(&store);
    let figures = sections[0].1.blocks.iter();
    let figures = figures.filter(|block| matches!(block, crate::page::Block::Figure(_)));
    assert_eq!(figures.count(), 1);
}

#[test]
#[ignore = "writes a report to look at into ETASTAR_SAMPLE_REPORT"]
fn sample() {
    let directory = std::path::PathBuf::from(std::env::var_os("ETASTAR_SAMPLE_REPORT").unwrap());
    crate::page::write(&report(&stores()), &directory.join("relations")).unwrap();
}
