//! Stores that were measured on machines that round differently.

use crate::support::{Run, Sandbox};

/// The arithmetic of another machine.
const ELSEWHERE: &str = "e15e00e15e00";

fn arithmetics(etastar: &Sandbox, store: &str) -> Vec<String> {
    let store = etastar_search::Store::open_to_read(&etastar.path(store)).unwrap();
    store.arithmetics().unwrap()
}

/// Makes a store look as if another machine had measured it.
fn move_elsewhere(etastar: &Sandbox, store: &str) {
    etastar.rewrite(store, |snapshot| {
        for session in &mut snapshot.sessions {
            session.arithmetic = Some(ELSEWHERE.to_owned());
        }
    });
}

/// Expects success without a warning.
fn expect_silence(run: &Run) {
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
}

#[test]
fn every_sweep_that_measures_tells_its_arithmetic() {
    let etastar = Sandbox::new();
    let sweep = || etastar.run("sweep small.toml -o a.db --jobs 1");
    assert_eq!(sweep().code, Some(0));
    let here = arithmetics(&etastar, "a.db");
    assert_eq!(here.len(), 1);
    etastar.succeed("sweep small.toml -o b.db --jobs 2");
    assert_eq!(arithmetics(&etastar, "b.db"), here);

    // If nothing is left to measure, the machine does not matter.
    move_elsewhere(&etastar, "a.db");
    expect_silence(&sweep());
    assert_eq!(arithmetics(&etastar, "a.db"), [ELSEWHERE]);

    // If something is left, it does.
    etastar.rewrite("a.db", |snapshot| snapshot.cells[0].repeats.clear());
    sweep().expect(0, &["begun with another arithmetic (e15e00e15e00"]);
    assert_eq!(arithmetics(&etastar, "a.db")[1..], here);
}

#[test]
fn what_another_arithmetic_measured_is_measured_again() {
    let etastar = Sandbox::new();
    etastar.write_experiment("other.toml", &[("name = \"small\"", "name = \"other\"")]);
    let small = etastar.json("sweep small.toml --json");
    let small = small["store"].as_str().unwrap();
    move_elsewhere(&etastar, small);
    let told = ["nothing is reused from", ELSEWHERE];
    let other = etastar
        .run("sweep other.toml --json")
        .expect(0, &told)
        .json();
    let other = other["store"].as_str().unwrap();
    assert_eq!(arithmetics(&etastar, other).len(), 1);
    assert_eq!(
        etastar.table(other, "trials"),
        etastar.table(small, "trials")
    );
}

#[test]
fn parts_of_several_arithmetics_are_merged_and_named() {
    let etastar = Sandbox::new();
    for part in [1, 2] {
        etastar.succeed(&format!("sweep small.toml --shard {part}/2 -o {part}.db"));
    }
    expect_silence(&etastar.run("merge 1.db 2.db --json -o alike.db"));
    move_elsewhere(&etastar, "2.db");
    let mixed = etastar.run("merge 1.db 2.db --json -o mixed.db");
    let mixed = mixed.expect(0, &["with 2 arithmetics"]).json();
    assert_eq!(mixed["arithmetics"].as_array().map(Vec::len), Some(2));
}
