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
        for cell in experiment.cells() {
            if let Some(protocol) = cell.protocol() {
                assert!(protocol.validate().is_ok());
                assert!(protocol.most_trials() >= 1);
            }
            assert!(cell.sharpness().is_none_or(|settings| settings.samples >= 1));
            assert!(cell.hidden.iter().all(|&width| width >= 1));
        }
    }
});
