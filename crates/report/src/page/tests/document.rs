use std::collections::BTreeSet;

use etastar_data::DatasetName;
use etastar_search::statistics::{Bootstrap, Estimate};
use etastar_search::{EtaStar, Snapshot};

use super::synthetic::{COMMAND, Sweep, estimates, fits, report};
use crate::fit::{FitOptions, Law, NotFitted, Reason, fit};
use crate::page::{Report, ReportError, ReportInput};

#[test]
fn the_markdown_is_as_it_was() {
    let report = report(&Sweep::small().snapshot()).unwrap();
    insta::assert_snapshot!(report.markdown());
}

#[test]
fn the_page_holds_every_figure_and_loads_nothing() {
    let report = report(&Sweep::small().snapshot()).unwrap();
    let html = report.html();
    assert_eq!(report.figures().count(), 8);
    for figure in report.figures() {
        assert!(html.contains(&format!("id=\"figure-{}\"", figure.name)));
        assert!(html.contains(&figure.inline_svg()));
    }
    for load in ["src=", "<link", "@import", "url(http", "fetch("] {
        assert!(!html.contains(load), "{load}");
    }
    // The only addresses are links to the literature and the name of SVG.
    for (at, _) in html.match_indices("http") {
        let before = &html[..at];
        assert!(
            before.ends_with("<a href=\"") || before.ends_with("xmlns=\""),
            "{}",
            &html[at..at + 60]
        );
    }
}

#[test]
fn ids_are_unique_and_links_within_the_page_lead_somewhere() {
    let mut sweep = Sweep::small();
    sweep.datasets.push(DatasetName::Mnist);
    let html = report(&sweep.snapshot()).unwrap().html();
    let ids: Vec<&str> = parts(&html, " id=\"");
    let unique: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len());
    for target in parts(&html, "href=\"#")
        .into_iter()
        .chain(parts(&html, "url(#"))
    {
        let target = target.split(')').next().unwrap();
        assert!(unique.contains(target), "{target}");
    }
}

pub(super) fn parts<'a>(text: &'a str, before: &str) -> Vec<&'a str> {
    text.split(before)
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect()
}

/// What is read, without tags and escapes.
fn read(html: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for character in html.chars() {
        match character {
            '<' => inside = true,
            '>' => inside = false,
            other if !inside => text.push(other),
            _ => {}
        }
    }
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

#[test]
fn the_tables_of_both_renderings_are_equal() {
    let report = report(&Sweep::small().snapshot()).unwrap();
    let html = report.html();
    let of_page: Vec<Vec<String>> = html
        .split("<tr>")
        .skip(1)
        .map(|row| row.split("</tr>").next().unwrap())
        .map(|row| {
            let fields = row.split("<td").skip(1);
            fields.map(|field| read(&format!("<td{field}"))).collect()
        })
        .filter(|row: &Vec<String>| !row.is_empty())
        .collect();
    let markdown = report.markdown();
    let of_markdown: Vec<Vec<String>> = markdown
        .lines()
        .filter(|line| line.starts_with("| ") && !line.contains("---"))
        .map(|line| {
            let line = line.trim_matches(['|', ' ']);
            let plain = |field: &str| read(field).replace(['\\', '`'], "");
            line.split(" | ").map(plain).collect()
        })
        .collect();
    let headings = report.tables().count();
    assert_eq!(of_page.len() + headings, of_markdown.len());
    for row in &of_page {
        assert!(of_markdown.contains(row), "{row:?}");
    }
}

#[test]
fn censored_and_unmeasured_cells_are_told() {
    let markdown = report(&Sweep::small().snapshot()).unwrap().markdown();
    assert!(markdown.contains("depth 4, width 256, input rate 1: 0 of 2 repeats finished"));
    assert!(markdown.contains("2 found no rate in range that succeeds"));
    assert!(markdown.contains("&lt; 0.000977"));
    assert!(markdown.contains("not measured"));
}

#[test]
fn settings_of_one_dataset_are_kept_apart() {
    let mut snapshot = Sweep::small().snapshot();
    for cell in snapshot.cells.iter_mut().skip(6) {
        cell.cell.protocol.threshold = 0.5;
    }
    let estimates = estimates(&snapshot);
    let report = Report::build(
        &[ReportInput {
            store: "results/sweep.db",
            snapshot: &snapshot,
            estimates: &estimates,
            fits: &[],
            not_fitted: &[],
            sharpness: &[],
            analysis: None,
            findings: &[],
            interval_method: "",
        }],
        COMMAND,
    )
    .unwrap();
    let names: BTreeSet<&str> = report.figures().map(|f| f.name.as_str()).collect();
    assert_eq!(names.len(), 12);
    assert!(names.contains("digits-threshold-0-5-depth-width"));
    assert!(report.markdown().contains("reaches 0.5"));
}

#[test]
fn an_empty_grid_has_a_report() {
    let snapshot = Snapshot {
        cells: Vec::new(),
        sessions: Vec::new(),
        ..Sweep::small().snapshot()
    };
    let input = ReportInput {
        store: "results/sweep.db",
        snapshot: &snapshot,
        estimates: &[],
        fits: &[],
        not_fitted: &[],
        sharpness: &[],
        analysis: None,
        findings: &[],
        interval_method: "",
    };
    let report = Report::build(&[input], COMMAND).unwrap();
    assert!(report.markdown().contains("The grid has no cells."));
    let mut bare = Sweep::small().snapshot();
    for cell in &mut bare.cells {
        cell.repeats.clear();
    }
    let estimates = estimates(&bare);
    let input = ReportInput {
        store: "results/sweep.db",
        snapshot: &bare,
        estimates: &estimates,
        ..input
    };
    let html = Report::build(&[input], COMMAND).unwrap().html();
    assert!(html.contains("no data") && html.contains("No law was fitted."));
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let snapshot = Sweep::small().snapshot();
    let estimates = estimates(&snapshot);
    let mut fits = fits(&snapshot, &estimates);
    let input = ReportInput {
        store: "results/sweep.db",
        snapshot: &snapshot,
        estimates: &estimates[1..],
        fits: &[],
        not_fitted: &[],
        sharpness: &[],
        analysis: None,
        findings: &[],
        interval_method: "",
    };
    let error = Report::build(&[input], COMMAND).unwrap_err();
    assert!(matches!(
        error,
        ReportError::EstimatesMisaligned {
            cells: 12,
            estimates: 11,
            ..
        }
    ));
    fits[3].dataset = "mnist".to_owned();
    let input = ReportInput {
        estimates: &estimates,
        fits: &fits,
        ..input
    };
    let error = Report::build(&[input], COMMAND).unwrap_err();
    assert!(error.to_string().contains("`mnist`"));
}

#[test]
fn laws_that_could_not_be_fitted_are_told() {
    let snapshot = Sweep::small().snapshot();
    let estimates = estimates(&snapshot);
    let failure = NotFitted {
        law: Law::Separate,
        dataset: "digits".to_owned(),
        input_rate: None,
        width_over_depth: 8.0,
        reason: Reason::Collinear,
    };
    let report = Report::build(
        &[ReportInput {
            store: "results/sweep.db",
            snapshot: &snapshot,
            estimates: &estimates,
            fits: &[],
            not_fitted: &[failure],
            sharpness: &[],
            analysis: None,
            findings: &[],
            interval_method: "",
        }],
        COMMAND,
    );
    let told = "depth and width apart at all input rates, width ≥ 8 × depth: depth and width do \
                not vary independently of each other";
    assert!(report.unwrap().markdown().contains(told));
}

#[test]
fn real_fits_and_estimates_make_a_report() {
    let snapshot = Sweep::realistic().snapshot();
    let bootstrap = Bootstrap {
        resamples: 100,
        seed: 0,
    };
    let estimates: Vec<Estimate> = snapshot
        .cells
        .iter()
        .map(|cell| {
            let stars: Vec<EtaStar> = cell.repeats.iter().map(|r| r.eta_star).collect();
            Estimate::of(&stars, 0.95, &bootstrap)
        })
        .collect();
    let options = FitOptions {
        resamples: 100,
        ..FitOptions::default()
    };
    let fits = fit(&snapshot, &options).unwrap();
    let report = Report::build(
        &[ReportInput {
            store: "results/sweep.db",
            snapshot: &snapshot,
            estimates: &estimates,
            fits: &fits.fits,
            not_fitted: &fits.not_fitted,
            sharpness: &[],
            analysis: None,
            findings: &[],
            interval_method: "bootstrap over repeats",
        }],
        COMMAND,
    )
    .unwrap();
    assert!(
        report
            .markdown()
            .contains("Depth × width law at μ<sub>in</sub> = 0.01")
    );
}
