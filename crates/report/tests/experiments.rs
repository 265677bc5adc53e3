//! The experiments of this repository are what they say they are.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails the test"
)]

use std::path::Path;

use etastar_report::analysis::Analysis;
use etastar_search::Experiment;

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
            let analysis = Analysis::parse(&experiment.analysis).unwrap();
            assert!(!analysis.show.is_empty(), "{stem}");
            assert!(!analysis.caveat.is_empty(), "{stem}");
            experiment.cells().len() + experiment.sharpness_cells().len()
        });
        // A profile scales: it does not add a question.
        assert!(
            sizes[0] <= sizes[1] && sizes[1] <= sizes[2],
            "{stem} {sizes:?}"
        );
    }
    assert!(known >= 14);
}
