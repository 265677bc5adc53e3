//! The whole chain, from an experiment's file to verdicts and report, with a trainer whose law and
//! noise are known; and the experiments of this repository.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails the test"
)]

use std::collections::BTreeMap;
use std::path::Path;

use etastar_analysis::{Law, Options, Specification, StoreAnalysis, Verdict, analyse, fit};
use etastar_report::page::Report;
use etastar_search::mock::{self, Edge, MockTrainer};
use etastar_search::{
    Experiment, Interrupt, Manifest, PlannedCell, Provenance, Repeats, Silent, Snapshot, Store,
    SweepEnd, run_sweep,
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
show = ["depth-width", "laws"]
caveat = "The trainer is made up."

[[analysis.criteria]]
claim = "C1"
says = "The exponent is positive."
statistic = { of = "exponent", law = "depth-width" }
cells = { input_rate = "slowest", width_over_depth = 8.0 }
rule = { at_least = 0.1 }

[[analysis.criteria]]
claim = "C1"
says = "The exponent is one half."
statistic = { of = "exponent", law = "depth-width" }
cells = { input_rate = "slowest", width_over_depth = 8.0 }
rule = { near = 0.5, margin = 0.01 }

[[analysis.criteria]]
claim = "C1"
says = "Depth x width explains eta*."
statistic = { of = "r-squared", law = "depth-width" }
cells = { input_rate = "slowest", width_over_depth = 8.0 }
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
        experiment: experiment.name.clone(),
        configuration_hash: experiment.configuration_hash(&provenance),
        seed,
        repeats: experiment.repeats,
        analysis: experiment.analysis.clone(),
        ..mock::store(Vec::new()).manifest
    };
    let store = Store::in_memory(&manifest, &cells).unwrap();
    let repeats = Repeats::all(experiment.repeats);
    let interrupt = Interrupt::default();
    let (end, store) =
        run_sweep(&cells, &repeats, &trainer, store, 1, &interrupt, &Silent).unwrap();
    assert_eq!(end, SweepEnd::Complete);
    store.snapshot().unwrap()
}

fn analysed(snapshot: &Snapshot, width_over_depth: &[f64]) -> (Options, StoreAnalysis) {
    let options = Options {
        // Not the data's seed: data and resamples are independent.
        seed: snapshot.manifest.seed + 1_000_000,
        width_over_depth: width_over_depth.to_vec(),
        ..Options::default()
    };
    let analysis = analyse(snapshot, &options).unwrap();
    (options, analysis)
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
        // The criteria have a filter of their own: no law need be fitted beside them.
        let found = analysed(&swept(seed), &[1000.0]).1.findings;
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

/// A number has one value: in the findings, among the fits of the analysis, in what `etastar fit`
/// prints, on the page and in the Markdown.
#[test]
fn the_report_says_what_was_found() {
    let snapshot = swept(3);
    let (options, analysis) = analysed(&snapshot, &[0.0, 8.0]);
    let exponent = analysis.findings[0].effect.unwrap();
    let fits = fit(&snapshot, &options).unwrap().fits;
    assert_eq!(fits, analysis.eta_star[0].fits);
    let mut same = fits.iter().filter(|fit| {
        fit.law == Law::DepthWidth && fit.input_rate == Some(0.1) && fit.width_over_depth == 8.0
    });
    assert_eq!(same.next().unwrap().exponents, [exponent]);
    let [low, high] = exponent.interval.unwrap();
    let written = format!("{:.3} [{low:.3}, {high:.3}]", exponent.value);
    let report = Report::build(&[("known-law.db".to_owned(), analysis)], "a test").unwrap();
    // Brackets are escaped in Markdown.
    for text in [report.markdown().replace('\\', ""), report.html()] {
        // In the scoreboard twice, and in the table of laws.
        assert!(text.matches(&written).count() >= 3, "{written}");
        assert!(text.contains("The exponent is positive."));
        assert!(text.contains("supported") && text.contains("contradicted"));
    }
}

#[test]
fn every_experiment_is_sound_at_every_scale() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments");
    let mut known = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        if path.extension().is_none_or(|extension| extension != "toml") || stem == "base" {
            continue;
        }
        known += 1;
        let sizes = ["smoke", "quick", "full"].map(|profile| {
            let experiment = Experiment::read(&path, Some(profile)).unwrap();
            assert_eq!(experiment.name, stem);
            let analysis = Specification::parse(&experiment.analysis).unwrap();
            assert!(!analysis.show.is_empty(), "{stem}");
            assert!(!analysis.caveat.is_empty(), "{stem}");
            experiment.cells().len()
        });
        // A profile scales: it does not add a question.
        assert!(
            sizes[0] <= sizes[1] && sizes[1] <= sizes[2],
            "{stem} {sizes:?}"
        );
    }
    assert!(known >= 20);
}
