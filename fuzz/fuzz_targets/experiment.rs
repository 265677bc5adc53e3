//! Experiments: any text gives a result, whatever it asks for, and a grid that
//! is accepted can be listed.
#![no_main]

use etastar_search::Experiment;
use libfuzzer_sys::fuzz_target;

/// Beyond this a listing takes longer than a fuzzer has.
const CELLS: usize = 1000;

fuzz_target!(|text: &str| {
    for profile in [None, Some("quick"), Some("smoke")] {
        let Ok(experiment) = Experiment::parse(text, profile) else {
            continue;
        };
        assert!(experiment.repeats >= 1);
        let grids = experiment.variants.iter().map(|variant| {
            let grid = &variant.grid;
            let sizes = grid.widths.len() * grid.depths.len();
            sizes * grid.input_rates.len() * variant.datasets.len()
        });
        if grids.sum::<usize>() > CELLS {
            continue;
        }
        let sharpness = experiment.sharpness_cells();
        for cell in experiment.cells() {
            assert!(cell.protocol.validate().is_ok());
            assert!(cell.protocol.most_trials() >= 1);
            assert!(cell.hidden.iter().all(|&width| width >= 1));
        }
        assert!(sharpness.iter().all(|cell| cell.samples >= 1));
    }
});
