//! The searches of a cell, as a sweep carries them out, and their times.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Instant;

use etastar_search::{
    Cell, CellRecord, EtaStar, FORMAT_VERSION, Interrupt, Manifest, MasterSeed, PlannedCell,
    Provenance, RepeatRecord, Repeats, Silent, Store, SweepEnd, Trainer, run_sweep,
};
use serde_json::{Value, json};

/// The searches of all repeats, one after the other on one thread, into a
/// store in memory: weights are drawn and batches gathered anew.
pub(crate) fn search(
    trainer: &dyn Trainer,
    cell: &Cell,
    repeats: usize,
    seed: MasterSeed,
) -> Result<CellRecord, Box<dyn Error>> {
    let provenance = Provenance {
        seed: seed.0,
        backend: "flex".to_owned(),
        float: "f32".to_owned(),
        datasets: BTreeMap::new(),
        strategy: Default::default(),
    };
    let planned = PlannedCell::plan(std::slice::from_ref(cell), trainer, &provenance)?;
    let store = Store::in_memory(&manifest(&provenance, repeats), &planned)?;
    let interrupt = Interrupt::default();
    let (end, store) = run_sweep(
        &planned,
        &Repeats::all(repeats),
        trainer,
        store,
        1,
        &interrupt,
        &Silent,
    )?;
    match (end, store.snapshot()?.cells.pop()) {
        (SweepEnd::Complete, Some(found)) => Ok(found),
        _ => Err("the search was cut short".into()),
    }
}

fn manifest(provenance: &Provenance, repeats: usize) -> Manifest {
    Manifest {
        format_version: FORMAT_VERSION,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        git_commit: None,
        experiment: "peer case".to_owned(),
        question: String::new(),
        profile: None,
        configuration_hash: String::new(),
        backend: provenance.backend.clone(),
        float: provenance.float.clone(),
        device: "cpu".to_owned(),
        strategy: provenance.strategy,
        features: Vec::new(),
        datasets: BTreeMap::new(),
        seed: provenance.seed,
        repeats,
        variants: Vec::new(),
        not_run: Vec::new(),
        analysis: Value::Null,
    }
}

/// The times of `runs` searches after `warm_up` that do not count, and what
/// they found, as the peers tell it.
pub(crate) fn timed(
    runs: usize,
    warm_up: usize,
    mut search: impl FnMut() -> Result<CellRecord, Box<dyn Error>>,
) -> Result<Value, Box<dyn Error>> {
    let mut seconds = Vec::with_capacity(runs);
    let mut last = None;
    for run in 0..warm_up + runs.max(1) {
        let begun = Instant::now();
        last = Some(search()?);
        if run >= warm_up {
            seconds.push(begun.elapsed().as_secs_f64());
        }
    }
    let repeats = last.map_or_else(Vec::new, |found| found.repeats);
    let searches = || repeats.iter().filter_map(RepeatRecord::search);
    let trials = || searches().flat_map(|search| &search.trials);
    Ok(json!({
        "seconds": seconds,
        "eta_star": searches().map(|search| eta_star(&search.eta_star)).collect::<Vec<_>>(),
        "trials": trials().count(),
        "steps": trials().map(|trial| trial.steps).sum::<usize>(),
    }))
}

pub(crate) fn eta_star(found: &EtaStar) -> Option<f64> {
    match *found {
        EtaStar::Found { eta_star, .. } => Some(eta_star),
        EtaStar::NothingSucceeds { .. } | EtaStar::NothingFails { .. } => None,
    }
}
