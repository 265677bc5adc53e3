//! The whole chain, from an experiment's file to verdicts and report, with a
//! trainer whose law and noise are known.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails the test"
)]

use std::collections::BTreeMap;

use etastar_report::analysis::{Analysis, AnalysisOptions, Finding, Verdict, findings};
use etastar_report::fit::{FitOptions, fit};
use etastar_report::page::{Report, ReportInput};
use etastar_search::mock::{Edge, MockTrainer};
use etastar_search::statistics::{Bootstrap, Estimate};
use etastar_search::{
    Experiment, FORMAT_VERSION, Grid, Interrupt, Manifest, PlannedCell, Provenance, Repeats,
    Silent, Snapshot, Store, SweepEnd, run_sweep,
};

/// The law: `eta* = 2^3 (depth width)^-0.7`, with 0.3 octaves of noise a
/// repeat, the noise that real networks have.
const EXPONENT: f64 = 0.7;
const NOISE: f64 = 0.3;

const EXPERIMENT: &str = r#"
name = "known-law"
question = "Is the law recovered?"
seed = 1
repeats = 5
datasets = [{ name = "digits" }]

[network]
bias = false
output_gain = 2.0

[grid]
widths = [64, 128, 256]
depths = [2, 4, 8]
input_rates = [0.1]

[protocol]
loss = "cross-entropy"
batch_size = 128
budget = 128
evaluate_every = 16
threshold = 0.2
ladder = []
search = { method = "octaves", start = 3.0, lowest = -20.0, highest = 10.0, tolerance = 0.125 }

[analysis]
show = ["depth-width"]
caveat = "The trainer is made up."

[[analysis.criteria]]
claim = "C1"
says = "The exponent is positive."
statistic = { of = "exponent", law = "depth-width", part = "joint", input_rate = "slowest", width_over_depth = 8.0 }
rule = { at_least = 0.1 }

[[analysis.criteria]]
claim = "C1"
says = "The exponent is one half."
statistic = { of = "exponent", law = "depth-width", part = "joint", input_rate = "slowest", width_over_depth = 8.0 }
rule = { near = 0.5, margin = 0.01 }

[[analysis.criteria]]
claim = "C1"
says = "Depth x width explains eta*."
statistic = { of = "r-squared", law = "depth-width", input_rate = "slowest", width_over_depth = 8.0 }
rule = { at_least = 0.7 }
"#;

/// A sweep of the experiment with noise of this seed, as a store gives it.
fn swept(seed: u64) -> Snapshot {
    let experiment = Experiment::parse(EXPERIMENT, None).unwrap();
    let trainer = MockTrainer {
        intercept: 3.0,
        exponent: EXPONENT,
        edge: Edge::Noisy(NOISE),
        seed,
    };
    let provenance = Provenance {
        seed,
        backend: "mock".into(),
        float: "f64".into(),
        strategy: Default::default(),
        datasets: BTreeMap::new(),
    };
    let cells = PlannedCell::plan(&experiment.cells(), &trainer, &provenance).unwrap();
    let manifest = Manifest {
        format_version: FORMAT_VERSION,
        tool_version: "0.0.0".into(),
        git_commit: None,
        experiment: experiment.name.clone(),
        question: experiment.question.clone(),
        profile: None,
        configuration_hash: experiment.configuration_hash(&provenance),
        backend: "mock".into(),
        float: "f64".into(),
        device: "none".into(),
        strategy: Default::default(),
        features: vec![],
        datasets: BTreeMap::new(),
        seed,
        repeats: experiment.repeats,
        variants: vec![],
        not_run: vec![],
        analysis: experiment.analysis.clone(),
    };
    let grid = Grid {
        eta_star: &cells,
        sharpness: &[],
    };
    let store = Store::in_memory(&manifest, grid).unwrap();
    let interrupt = Interrupt::default();
    let repeats = experiment.repeats;
    let (end, store) = run_sweep(
        &cells,
        &Repeats::all(repeats),
        &trainer,
        store,
        1,
        &interrupt,
        &Silent,
    )
    .unwrap();
    assert_eq!(end, SweepEnd::Complete);
    store.snapshot().unwrap()
}

fn judged(snapshot: &Snapshot, analysis: &Analysis) -> Vec<Finding> {
    let options = AnalysisOptions {
        // Not the data's seed: data and resamples are independent.
        seed: snapshot.manifest.seed + 1_000_000,
        ..AnalysisOptions::default()
    };
    findings(snapshot, analysis, &options)
}

/// 300 sweeps know a coverage of 0.95 to within 0.013 (one standard error).
/// Few architectures leave the bootstrap little to go by, so that it may miss
/// its nominal rate by a few hundredths.
#[test]
fn a_known_exponent_is_recovered_within_its_interval_at_the_nominal_rate() {
    const SWEEPS: u64 = 300;
    let (mut covered, mut supported, mut wrong_law) = (0, 0, 0);
    let mut errors = Vec::new();
    for seed in 0..SWEEPS {
        let snapshot = swept(seed);
        let analysis = Analysis::of(&snapshot.manifest).unwrap().unwrap();
        let found = judged(&snapshot, &analysis);
        let exponent = found[0].effect.unwrap();
        let [low, high] = exponent.interval.unwrap();
        covered += usize::from(low <= EXPONENT && EXPONENT <= high);
        supported += usize::from(found[0].verdict == Verdict::Supported);
        wrong_law += usize::from(found[1].verdict == Verdict::Supported);
        errors.push(exponent.value - EXPONENT);
    }
    let share = |count: usize| count as f64 / SWEEPS as f64;
    let mean = errors.iter().sum::<f64>() / errors.len() as f64;
    println!(
        "coverage {}, mean error {mean}, supported {}, wrong law {}",
        share(covered),
        share(supported),
        share(wrong_law)
    );
    assert!((0.90..=0.99).contains(&share(covered)));
    assert!(mean.abs() < 0.01);
    assert!(share(supported) > 0.95);
    assert!(share(wrong_law) < 0.05);
}

/// What the page and the Markdown say is what was computed.
#[test]
fn the_report_says_what_was_found() {
    let snapshot = swept(3);
    let analysis = Analysis::of(&snapshot.manifest).unwrap().unwrap();
    let found = judged(&snapshot, &analysis);
    let fits = fit(&snapshot, &FitOptions::default()).unwrap();
    let estimates: Vec<Estimate> = snapshot
        .cells
        .iter()
        .map(|cell| Estimate::of_cell(cell, 0.95, &Bootstrap::default()))
        .collect();
    let input = ReportInput {
        store: "known-law.db",
        snapshot: &snapshot,
        estimates: &estimates,
        fits: &fits.fits,
        not_fitted: &fits.not_fitted,
        sharpness: &[],
        analysis: Some(&analysis),
        findings: &found,
        interval_method: "bootstrap",
    };
    let report = Report::build(&[input], "a test").unwrap();
    let exponent = found[0].effect.unwrap();
    let [low, high] = exponent.interval.unwrap();
    let written = format!("{:.3} [{low:.3}, {high:.3}]", exponent.value);
    // Brackets are escaped in Markdown.
    for text in [report.markdown().replace('\\', ""), report.html()] {
        assert!(text.contains(&written), "{written}");
        assert!(text.contains("The exponent is positive."));
        assert!(text.contains("supported") && text.contains("contradicted"));
    }
}
