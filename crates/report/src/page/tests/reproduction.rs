//! The page of several stores.

use std::collections::BTreeSet;

use etastar_search::statistics::Estimate;
use etastar_search::{CellRecord, NotRun, Snapshot, VariantCells};
use serde_json::json;

use super::document::parts;
use super::synthetic::{COMMAND, Sweep, estimates, fits};
use crate::analysis::{Analysis, AnalysisOptions, Finding, findings};
use crate::fit::Fit;
use crate::page::{Report, ReportInput};

/// A store with everything computed from it.
pub(super) struct Made {
    pub(super) store: &'static str,
    pub(super) snapshot: Snapshot,
    estimates: Vec<Estimate>,
    fits: Vec<Fit>,
    analysis: Option<Analysis>,
    findings: Vec<Finding>,
}

impl Made {
    pub(super) fn of(store: &'static str, snapshot: Snapshot, with_fits: bool) -> Self {
        let analysis = Analysis::of(&snapshot.manifest).unwrap();
        let estimates = estimates(&snapshot);
        let options = AnalysisOptions {
            resamples: 200,
            ..AnalysisOptions::default()
        };
        Self {
            store,
            fits: match with_fits {
                true => fits(&snapshot, &estimates),
                false => Vec::new(),
            },
            estimates,
            findings: analysis
                .as_ref()
                .map_or_else(Vec::new, |analysis| findings(&snapshot, analysis, &options)),
            analysis,
            snapshot,
        }
    }

    fn input(&self) -> ReportInput<'_> {
        ReportInput {
            store: self.store,
            snapshot: &self.snapshot,
            estimates: &self.estimates,
            fits: &self.fits,
            not_fitted: &[],
            sharpness: &[],
            analysis: self.analysis.as_ref(),
            findings: &self.findings,
            interval_method: "percentile bootstrap over repeats, 2000 resamples",
        }
    }
}

pub(super) fn report(stores: &[Made]) -> Report {
    let inputs: Vec<ReportInput<'_>> = stores.iter().map(Made::input).collect();
    Report::build(&inputs, COMMAND).unwrap()
}

/// An experiment on claim C1: one criterion holds, one does not, one is not
/// decided; one dataset could not be had.
fn law() -> Snapshot {
    let mut snapshot = Sweep::small().snapshot();
    snapshot.manifest.question = "Is η* a power law?".to_owned();
    snapshot.manifest.not_run.push(NotRun {
        dataset: "mnist".to_owned(),
        reason: "its files are missing; run `etastar data fetch mnist`".to_owned(),
    });
    let criterion = |claim: &str, says: &str, rule: serde_json::Value| {
        json!({
            "claim": claim,
            "says": says,
            "statistic": {"of": "exponent", "law": "depth-width", "part": "joint",
                          "input_rate": "fastest"},
            "rule": rule,
        })
    };
    snapshot.manifest.analysis = json!({
        "show": ["depth-width", "width-over-depth", "input-layer"],
        "caveat": "Two depths only.",
        "criteria": [
            criterion(
                "extension",
                "The exponent is a half.",
                json!({"near": 0.5, "margin": 0.05}),
            ),
            criterion("C1 (ii)", "The exponent is large.", json!({"at_least": 3.0})),
            criterion("C1", "η* falls.", json!({"at_least": 0.0})),
        ],
    });
    snapshot
}

/// An experiment with three variants, one of which halves η*, one of which
/// varies less; and two datasets of one size.
fn variants() -> Snapshot {
    let mut snapshot = Sweep::small().snapshot();
    let base = snapshot.cells.clone();
    let named = |name: &str, change: &dyn Fn(&mut CellRecord)| -> Vec<CellRecord> {
        let mut cells = base.clone();
        for record in &mut cells {
            record.id.push_str(name);
            change(record);
        }
        cells
    };
    let small = named("-small", &|record| {
        record.cell.protocol.batch_size = 32;
        for repeat in &mut record.repeats {
            if let etastar_search::EtaStar::Found { eta_star, .. } = &mut repeat.eta_star {
                *eta_star *= 0.5;
            }
        }
    });
    let seen = named("-order", &|record| {
        record.cell.vary = etastar_search::Vary::BatchOrder;
    });
    let ids = |cells: &[CellRecord]| cells.iter().map(|record| record.id.clone()).collect();
    snapshot.manifest.variants = [("base", &base), ("small-batch", &small), ("order", &seen)]
        .map(|(name, cells)| VariantCells {
            name: name.to_owned(),
            eta_star: ids(cells),
            sharpness: Vec::new(),
        })
        .to_vec();
    snapshot.cells.extend(small);
    snapshot.cells.extend(seen);
    snapshot.manifest.experiment = "variants".to_owned();
    snapshot.manifest.question = "What moves η*?".to_owned();
    snapshot.manifest.configuration_hash = "decade".to_owned();
    snapshot.manifest.analysis = json!({
        "show": ["shifts", "noise", "side-by-side", "searches"],
        "criteria": [{
            "claim": "extension",
            "says": "Smaller batches do not move η*.",
            "statistic": {"of": "shift", "variant": "small-batch"},
            "rule": {"near": 0.0, "margin": 0.25},
        }, {
            "claim": "extension",
            "says": "Batch order alone is as noisy as both.",
            "statistic": {"of": "noise-ratio", "variant": "order", "against": "base"},
            "rule": {"near": 0.0, "margin": 0.25},
        }],
    });
    snapshot
}

pub(super) fn both() -> [Made; 2] {
    [
        Made::of("results/power-law.db", law(), true),
        Made::of("results/variants.db", variants(), false),
    ]
}

#[test]
fn the_markdown_is_as_it_was() {
    insta::assert_snapshot!(report(&both()).markdown());
}

/// What the scoreboard's row of a claim says.
fn rows<'a>(markdown: &'a str, says: &str) -> Vec<&'a str> {
    let table = markdown.lines().filter(|line| line.starts_with("| "));
    table.filter(|line| line.contains(says)).collect()
}

#[test]
fn verdicts_are_as_plain_whichever_they_are() {
    let markdown = report(&both()).markdown();
    for (says, verdict) in [
        ("η\\* falls.", "**✓ supported**"),
        ("The exponent is large.", "**✗ contradicted**"),
        ("The exponent is a half.", "**? unclear**"),
        ("Smaller batches do not move", "**✗ contradicted**"),
    ] {
        let rows = rows(&markdown, says);
        assert!(rows[0].contains(verdict), "{says}: {rows:?}");
    }
    // The paper's claims come first, in their order.
    let order: Vec<usize> = ["| C1 |", "| C1 (ii) |", "| extension |"]
        .iter()
        .map(|claim| markdown.find(claim).unwrap())
        .collect();
    assert!(order.is_sorted(), "{order:?}");
    // The dataset that could not be had is a row of every criterion, and named.
    assert_eq!(rows(&markdown, "The exponent is large.").len(), 2);
    assert!(markdown.contains("Not run: [power-law](#power-law) on `mnist`, because its files"));
}

#[test]
fn only_what_is_supported_is_reproduced() {
    let yes = "reproduces the stated claim under this declared protocol";
    let markdown = report(&both()).markdown();
    let lines: Vec<&str> = markdown.lines().filter(|line| line.contains(yes)).collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("- C1, [power-law](#power-law) on `digits`"));
    let mut none = law();
    none.manifest.analysis["criteria"][2]["rule"] = json!({"at_most": -1.0});
    let markdown = report(&[Made::of("law.db", none, true)]).markdown();
    assert!(!markdown.contains(yes));
}

#[test]
fn ids_are_unique_and_links_lead_somewhere() {
    // The same experiment twice, one without an analysis.
    let mut plain = law();
    plain.manifest.analysis = serde_json::Value::Null;
    let [law, variants] = both();
    let report = report(&[law, variants, Made::of("plain.db", plain, true)]);
    let html = report.html();
    let ids: Vec<&str> = parts(&html, " id=\"");
    let unique: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len());
    let links = parts(&html, "href=\"#");
    assert!(links.iter().any(|link| link.starts_with("figure-")));
    for target in links.iter().chain(&parts(&html, "url(#")) {
        let target = target.split(')').next().unwrap();
        assert!(unique.contains(target), "{target}");
    }
    let names: BTreeSet<&str> = report.figures().map(|f| f.name.as_str()).collect();
    assert_eq!(names.len(), report.figures().count());
    for figure in report.figures() {
        assert!(html.contains(&figure.inline_svg()), "{}", figure.name);
    }
    let markdown = report.markdown();
    for target in parts(&markdown.replace(')', "\""), "](#") {
        assert!(
            markdown.contains(&format!("<a id=\"{target}\">")),
            "{target}"
        );
    }
}

#[test]
fn findings_lead_to_the_figure_of_their_statistic() {
    let markdown = report(&both()).markdown();
    let row = rows(&markdown, "Smaller batches")[0];
    assert!(row.contains("[figure](#figure-variants--shifts)"), "{row}");
    let row = rows(&markdown, "η\\* falls.")[0];
    assert!(
        row.contains("(#figure-power-law--digits-depth-width)"),
        "{row}"
    );
}

#[test]
fn variants_name_the_series() {
    let markdown = report(&both()).markdown();
    assert!(markdown.contains("`digits (small-batch)`"));
    assert!(
        !markdown.contains("batch\\_size"),
        "constants instead of names"
    );
}

#[test]
fn what_stores_share_is_told_once() {
    let markdown = report(&both()).markdown();
    let environment = markdown.split("## Environment").nth(1).unwrap();
    let count = |text: &str| environment.matches(text).count();
    assert_eq!(count("| master seed |"), 1);
    assert_eq!(count("| SHA-256 of digits/digits.csv |"), 1);
    assert_eq!(count("| configuration hash |"), 2);
    assert_eq!(count("etastar sweep experiments/power-law.toml"), 1);
    assert_eq!(count(COMMAND), 1);
}

#[test]
fn one_store_with_an_analysis_has_a_scoreboard_and_none_has_no_report() {
    let [law, _] = both();
    let markdown = report(&[law]).markdown();
    assert!(markdown.contains("## Scoreboard") && markdown.contains("Two depths only."));
    assert!(Report::build(&[], COMMAND).is_err());
}

#[test]
fn a_page_of_no_criteria_says_so() {
    let plain = |store| {
        let mut snapshot = law();
        snapshot.manifest.analysis = serde_json::Value::Null;
        Made::of(store, snapshot, true)
    };
    let markdown = report(&[plain("a.db"), plain("b.db")]).markdown();
    assert!(markdown.contains("so no claim was tested"));
}

#[test]
fn variants_that_name_their_dataset_stand_alone() {
    let mut snapshot = variants();
    for (variant, name) in snapshot
        .manifest
        .variants
        .iter_mut()
        .zip(["Digits", "other", "third"])
    {
        variant.name = name.to_owned();
    }
    let labels: Vec<String> = crate::fit::series(&snapshot)
        .into_iter()
        .map(|series| series.label)
        .collect();
    assert_eq!(labels, ["Digits", "digits (other)", "digits (third)"]);
    // Two kinds of cells in one variant: the constants tell them apart.
    let first = snapshot.manifest.variants[1].eta_star.clone();
    snapshot.manifest.variants[0].eta_star.extend(first);
    snapshot.manifest.variants.remove(1);
    let labels: Vec<String> = crate::fit::series(&snapshot)
        .into_iter()
        .map(|series| series.label)
        .collect();
    assert!(labels[0].contains("batch_size 128"), "{labels:?}");
    assert!(labels[1].contains("batch_size 32"), "{labels:?}");
    assert_eq!(labels[2], "digits (third)");
}

#[test]
fn what_is_looked_up_is_folded() {
    let report = report(&both());
    let html = report.html();
    let folded = report
        .sections
        .iter()
        .filter(|section| section.folded)
        .count();
    assert_eq!(html.matches("<details>").count(), folded);
    for part in ["cells", "laws", "protocol"] {
        let id = format!("power-law--digits-{part}");
        let mut sections = report.sections.iter();
        assert!(
            sections.any(|section| section.id == id && section.folded),
            "{id}"
        );
    }
    // Paper shows all of it.
    assert!(html.contains("beforeprint"));
}
