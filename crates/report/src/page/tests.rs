//! Tests of pages.

use std::collections::BTreeSet;
use std::fs;

use etastar_analysis::{Options, analyse};
use etastar_model::Loss;
use etastar_search::{CellRecord, EtaStar, Measured, NotRun, Snapshot, VariantCells, Vary, mock};
use serde_json::{Value, json};

use super::document::{Entry, Section, Table};
use super::*;
use crate::figure::{Axis, Data, Figure, Panel, Point, Scale, Series, Style, Text};

/// A table of so many rows.
fn table(rows: usize) -> Table {
    let row = |index: usize| {
        vec![
            Entry::text(Text::code(format!("row|{index}"))),
            Entry::count(1000 * index),
            Entry {
                text: Text::markup("0.5 [−0.1, 1]"),
                numbers: vec![0.5, -0.1, 1.0],
            },
            Entry::text("–"),
        ]
    };
    Table {
        caption: Text::markup("Rows of `a|b` & <c>."),
        columns: ["name", "count", "R^{2}", "none"]
            .map(Text::markup)
            .to_vec(),
        rows: (0..rows).map(row).collect(),
        ..Table::default()
    }
}

fn figure() -> Figure {
    let point = Point {
        x: 1.0,
        y: 2.0,
        interval: None,
        note: String::new(),
    };
    Figure {
        name: "one".to_owned(),
        caption: Text::markup("One point."),
        x: Axis::new("x", "x", Scale::Linear),
        y: Axis::new("y", "y", Scale::Linear),
        panels: vec![Panel {
            title: Text::default(),
            series: vec![Series::new("s", Style::nth(0), Data::Points(vec![point]))],
        }],
    }
}

/// A document with a block of every kind.
fn report() -> Report {
    let mut first = Section::new(2, "first", "First");
    first.paragraph(Text::markup("See ").and_link("the second", "#second"));
    first.list(vec![Text::plain("*literal*_"), Text::markup("η*_{i}^{2}")]);
    first.code("a ``` b");
    first.table(table(3));
    first.table(table(7));
    let mut second = Section::new(3, "second", "Second").folded();
    second.figure(figure());
    Report {
        title: Text::plain("Title"),
        lead: vec![Text::plain("Lead.")],
        sections: vec![first, second],
        is_alone: false,
    }
}

#[test]
fn both_renderings_of_every_block_are_as_they_were() {
    insta::assert_snapshot!(report().markdown());
    let html = report().html();
    let body = html.split("<main>").nth(1).unwrap().split("<svg").next();
    insta::assert_snapshot!(body.unwrap().replace("><", ">\n<"));
}

#[test]
fn long_tables_are_files_that_both_renderings_link_to() {
    let (markdown, html) = (report().markdown(), report().html());
    assert!(markdown.contains("[7 rows (CSV)](tables/first-table-2.csv)"));
    assert!(html.contains("href=\"tables/first-table-2.csv\""));
    // The page has all rows, Markdown those of the short table only.
    assert_eq!(html.matches("<code>row|").count(), 10);
    assert_eq!(markdown.matches("<code>row\\|").count(), 3);
    let csv = table(7).csv();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines[0], "name,count,R^2,R^2 low,R^2 high,none");
    assert_eq!(lines[7], "row|6,6000,0.5,-0.1,1,");
    assert_eq!(lines.len(), 8);
}

#[test]
fn all_files_are_written_and_no_temporary_one_is_left() {
    let report = report();
    let directory = tempfile::tempdir().unwrap();
    let target = directory.path().join("new/report");
    // Twice: the second time over the first.
    write(&report, &target).unwrap();
    let written = write(&report, &target).unwrap();
    let read = |path: &std::path::PathBuf| fs::read_to_string(path).unwrap();
    assert_eq!(read(&written.index), report.html());
    assert_eq!(read(&written.markdown), report.markdown());
    assert_eq!(read(&written.figures[0]), figure().svg());
    assert_eq!(read(&written.data[0]), figure().csv());
    assert_eq!(read(&written.data[1]), table(7).csv());
    for (folder, files) in [("", 4), ("figures", 2), ("tables", 1)] {
        let found = fs::read_dir(target.join(folder)).unwrap().count();
        assert_eq!(found, files, "{folder}");
    }
}

#[test]
fn errors_name_the_path() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let error = write(&report(), &file).unwrap_err();
    assert!(matches!(error, ReportError::CreateDirectory { .. }));
    assert!(error.to_string().contains(&file.display().to_string()));

    let target = directory.path().join("report");
    write(&report(), &target).unwrap();
    fs::remove_file(target.join("report.md")).unwrap();
    fs::create_dir_all(target.join("report.md/occupied")).unwrap();
    let error = write(&report(), &target).unwrap_err();
    assert!(matches!(error, ReportError::WriteFile { .. }));
    assert!(error.to_string().contains("report.md"));
    assert_eq!(fs::read_dir(&target).unwrap().count(), 4);
}

/// What an older report left goes; what somebody else left is not touched, and no link is followed.
#[test]
fn a_directory_has_one_report_and_nothing_foreign() {
    let directory = tempfile::tempdir().unwrap();
    let target = directory.path().join("report");
    write(&report(), &target).unwrap();
    let names = ["figures/old.svg", "figures/old.csv", "figures/mine.csv"];
    let [stale, numbers, mine] = names.map(|name| target.join(name));
    for path in [&stale, &numbers, &mine] {
        fs::write(path, "").unwrap();
    }
    // The older report had one figure more.
    let page = target.join("index.html");
    let text = fs::read_to_string(&page).unwrap() + "<a href=\"figures/old.csv\">";
    fs::write(&page, text).unwrap();
    write(&report(), &target).unwrap();
    assert!(!stale.exists() && !numbers.exists() && mine.exists());

    for foreign in ["index.html", "thesis.tex", "report.md", "figures/a.svg"] {
        let target = directory.path().join(foreign.replace('/', "-"));
        let path = target.join(foreign);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "mine").unwrap();
        let error = write(&report(), &target).unwrap_err();
        assert!(matches!(error, ReportError::ForeignDirectory { .. }));
        let top = foreign.split('/').next().unwrap();
        assert!(error.to_string().contains(top), "{error}");
        assert_eq!(fs::read_dir(&target).unwrap().count(), 1);
    }
    #[cfg(unix)]
    {
        let linked = directory.path().join("linked");
        write(&report(), &linked).unwrap();
        fs::remove_dir_all(linked.join("tables")).unwrap();
        std::os::unix::fs::symlink(target.join("figures"), linked.join("tables")).unwrap();
        let error = write(&report(), &linked).unwrap_err();
        assert!(matches!(error, ReportError::ForeignDirectory { .. }));

        let victim = directory.path().join("victim");
        fs::write(&victim, "mine").unwrap();
        let name = format!("page.{}.tmp", std::process::id());
        std::os::unix::fs::symlink(&victim, directory.path().join(name)).unwrap();
        replace_file(&directory.path().join("page"), "ours").unwrap();
        assert_eq!(fs::read_to_string(&victim).unwrap(), "mine");
    }
}

/// A store in which everything is measured that sections show: cells of eta\* at three input-layer
/// rates with censored ones among them, their sharpness, and two variants.
fn store() -> Snapshot {
    let mut cells = Vec::new();
    for depth in [2, 4, 8] {
        for width in [16, 32, 64, 128] {
            let hidden = vec![width; depth];
            for rate in [0.0, 0.1, 1.0] {
                let size = (depth * width) as f64 + 784.0 * rate;
                let log2 = 3.0 - 0.6 * size.log2();
                let values = [0.0, 0.3, -0.2].map(|noise| log2 + noise);
                cells.push(mock::searched(mock::search_cell(&hidden, rate), &values));
                let own = mock::sharpness_cell(&hidden, rate, Loss::CrossEntropy);
                let values = [1.0, 1.2, 0.9].map(|noise| 0.1 * noise * size.powf(0.9));
                cells.push(mock::measured(own, &values));
            }
        }
    }
    let out_of_range = |cell: &mut CellRecord, repeats: usize| {
        for repeat in &mut cell.repeats[..repeats] {
            if let Measured::EtaStar(search) = &mut repeat.result {
                search.eta_star = EtaStar::NothingSucceeds { lowest: 0.001 };
                search.monotone = false;
            }
        }
    };
    out_of_range(&mut cells[0], 1);
    out_of_range(&mut cells[2], 3);
    let mut snapshot = mock::store(cells);
    snapshot.manifest.repeats = 3;
    let ids = |cells: &[CellRecord]| cells.iter().map(|cell| cell.id.clone()).collect();
    let own = snapshot.cells[..36].iter();
    let others = own.filter(|record| record.cell.input_rate == 0.1).cloned();
    let mut others: Vec<CellRecord> = others.collect();
    for other in &mut others {
        other.cell.vary = Vary::BatchOrder;
        other.id.push_str("-other");
    }
    let variant = |name: &str, cells: Vec<String>| VariantCells {
        name: name.to_owned(),
        cells,
    };
    snapshot.manifest.variants = vec![
        variant("standard", ids(&snapshot.cells)),
        variant("one|initialisation", ids(&others)),
    ];
    snapshot.cells.splice(36..36, others);
    snapshot.sessions = vec![
        serde_json::from_value(json!({
            "command": "etastar sweep a.toml --jobs 2",
            "tool_version": "0.1.0",
            "host": {"os": "linux", "architecture": "x86_64", "processor": null, "cores": 2},
            "jobs": 2,
            "started_at": "2026-01-01T00:00:00Z",
            "finished_at": null,
        }))
        .unwrap(),
    ];
    snapshot.manifest.not_run = vec![NotRun {
        dataset: "cifar10".to_owned(),
        reason: "its files were not found".to_owned(),
    }];
    snapshot
}

/// The specification that shows everything, with criteria of every verdict.
fn with_criteria(mut snapshot: Snapshot) -> Snapshot {
    let criterion = |claim: &str, statistic: Value, rule: Value| {
        json!({
            "claim": claim,
            "says": "eta* falls with depth x width.",
            "statistic": statistic,
            "cells": {"input_rate": 0.1},
            "rule": rule,
        })
    };
    let exponent = || json!({"of": "exponent", "law": "depth-width"});
    snapshot.manifest.analysis = json!({
        "show": [
            "depth-width", "laws", "searches", "cells", "protocol", "width-over-depth",
            "input-layer", "effective-size", "late-stage", "eta-sharpness", "shifts", "noise",
            "side-by-side", "proxies", "transfer", "sharpness-growth", "sharpness-exponents",
            "sharpness-prediction", "sharpness-bounds",
        ],
        "caveat": "One range of sizes: R^2 depends on it.",
        "criteria": [
            criterion("C1", exponent(), json!({"at_least": 0.1})),
            criterion("C1", exponent(), json!({"at_most": 0.0})),
            criterion("loss", json!({"of": "shift", "variant": "none"}), json!({"at_least": 0.0})),
        ],
    });
    snapshot
}

const COMMAND: &str = "etastar report a.db";

fn built(snapshots: &[&Snapshot]) -> Report {
    let options = Options {
        resamples: 200,
        ..Options::default()
    };
    let analyses = snapshots.iter().map(|snapshot| {
        let analysis = analyse(snapshot, &options).unwrap();
        ("results/a.db".to_owned(), analysis)
    });
    Report::build(&analyses.collect::<Vec<_>>(), COMMAND).unwrap()
}

#[test]
fn the_report_of_everything_is_as_it_was() {
    insta::assert_snapshot!(built(&[&with_criteria(store())]).markdown());
}

#[test]
fn what_happened_to_cells_and_criteria_is_told() {
    let report = built(&[&with_criteria(store())]);
    let markdown = report.markdown();
    for text in [
        "**✓ supported**",
        "**✗ contradicted**",
        "**– not measured**",
        "`cifar10`, because its files were not found",
        "What the numbers do not show: One range of sizes: R<sup>2</sup> depends on it.",
        "etastar sweep a.toml\netastar report a.db",
        "Student",
        COMMAND,
    ] {
        assert!(markdown.contains(text), "{text}\n{markdown}");
    }
    let cells = report
        .tables()
        .find(|table| table.name.ends_with("--cells"));
    let cells = cells.unwrap().csv();
    for text in [
        "1 of 3 repeats: no learning rate in the range succeeds",
        "3 of 3 repeats: no learning rate in the range succeeds",
        "< 0.00100",
    ] {
        assert!(cells.contains(text), "{text}\n{cells}");
    }
}

#[test]
fn names_are_unique_rows_are_whole_and_links_lead_somewhere() {
    let everything = with_criteria(store());
    let report = built(&[&everything, &everything, &store()]);
    let html = report.html();
    for table in report.tables() {
        assert!(
            !table.columns.is_empty() && !table.rows.is_empty(),
            "{}",
            table.name
        );
        for row in &table.rows {
            assert_eq!(row.len(), table.columns.len(), "{}", table.name);
        }
    }
    let is_unique = |names: Vec<&str>| {
        let unique: BTreeSet<&str> = names.iter().copied().collect();
        assert_eq!(unique.len(), names.len(), "{names:?}");
    };
    is_unique(
        report
            .figures()
            .map(|figure| figure.name.as_str())
            .collect(),
    );
    is_unique(report.tables().map(|table| table.name.as_str()).collect());
    let attributes = |before: &str| -> Vec<&str> {
        let rest = html.split(before).skip(1);
        rest.map(|rest| rest.split(['"', ')']).next().unwrap())
            .collect()
    };
    let ids = attributes(" id=\"");
    is_unique(ids.clone());
    for target in attributes("href=\"#")
        .into_iter()
        .chain(attributes("url(#"))
    {
        assert!(ids.contains(&target), "{target}");
    }
    for figure in report.figures() {
        assert!(html.contains(&figure.inline_svg()));
    }
    // The page loads nothing; its only addresses are links to the literature and the name of SVG.
    for load in ["src=", "<link", "@import", "url(http", "fetch("] {
        assert!(!html.contains(load), "{load}");
    }
    for (at, _) in html.match_indices("http") {
        let before = &html[..at];
        assert!(before.ends_with("<a href=\"") || before.ends_with("xmlns=\""));
    }
    let lines = built(&[&everything]).markdown().lines().count();
    assert!(lines < 400, "{lines}");
}

#[test]
fn stores_without_results_have_a_report() {
    assert!(matches!(
        Report::build(&[], COMMAND),
        Err(ReportError::NoStore)
    ));
    let empty = mock::store(Vec::new());
    let mut unmeasured = with_criteria(store());
    unmeasured
        .cells
        .iter_mut()
        .for_each(|cell| cell.repeats.clear());
    let sharpness = Snapshot {
        cells: store().cells.split_off(48),
        ..mock::store(Vec::new())
    };
    for snapshot in [empty, unmeasured, sharpness] {
        let report = built(&[&snapshot]);
        assert!(
            report
                .markdown()
                .contains("Environment and how to reproduce")
        );
        assert!(report.html().contains("</html>"));
    }
}
