//! Tests of reading and of settling experiments.

use std::collections::BTreeMap;

use super::*;

const SOUND: &str = r#"
name = "test"
question = "Does it parse?"
seed = 1
repeats = 3
datasets = [{ name = "digits", train = 1000, validation = 200 }]

[network]
bias = false
output_gain = 2.0

[grid]
widths = [16, 32]
depths = [2, 4]
input_rates = [1.0, 0.1]

[protocol]
loss = "cross-entropy"
batch_size = 128
budget = 64
evaluate_every = 16
threshold = 0.2
ladder = []

[protocol.search]
method = "octaves"
start = 3.0
lowest = -20.0
highest = 10.0
tolerance = 0.125

[profiles.smoke]
repeats = 1
grid = { widths = [16] }
"#;

fn message(from: &str, to: &str) -> String {
    assert!(SOUND.contains(from), "{from}");
    Experiment::parse(&SOUND.replacen(from, to, 1), None)
        .unwrap_err()
        .to_string()
}

#[test]
fn a_grid_has_every_combination_once() {
    let experiment = Experiment::parse(SOUND, None).unwrap();
    assert_eq!(experiment.cells().len(), 8);
    let repeated = SOUND.replace("widths = [16, 32]", "widths = [16, 32, 16]");
    let repeated = Experiment::parse(&repeated, None).unwrap();
    assert_eq!(repeated.cells(), experiment.cells());
}

#[test]
fn what_no_machine_can_list_is_refused_with_an_estimate() {
    let many = message("repeats = 3", "repeats = 1000000000000");
    assert!(
        many.contains("8.0e12 searches of up to 37 trials"),
        "{many}"
    );
    let deep = message("depths = [2, 4]", "depths = [2, 1000000000000]");
    assert!(deep.contains("1000000000000 hidden layers"), "{deep}");
    let sizes: Vec<usize> = (1..=2000).collect();
    let many = SOUND
        .replace("widths = [16, 32]", &format!("widths = {sizes:?}"))
        .replace("depths = [2, 4]", &format!("depths = {sizes:?}"));
    let many = Experiment::parse(&many, None).unwrap_err().to_string();
    assert!(many.contains("8000000 cells x 3 repeats"), "{many}");
}

#[test]
fn a_profile_changes_what_it_names() {
    let smoke = Experiment::parse(SOUND, Some("smoke")).unwrap();
    assert_eq!((smoke.repeats, smoke.cells().len()), (1, 4));
    let error = Experiment::parse(SOUND, Some("huge")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no profile `huge`; choose one of: smoke"
    );
}

#[test]
fn variants_are_grids_of_their_own_that_share_cells() {
    let text = format!(
        "{SOUND}\n[[variants]]\nname = \"base\"\n\
         [[variants]]\nname = \"longer\"\nprotocol = {{ budget = 128 }}\ntrain = 500\n\
         [[variants]]\nname = \"one depth\"\ngrid = {{ depths = [4] }}\n"
    );
    let experiment = Experiment::parse(&text, None).unwrap();
    let cells: Vec<usize> = experiment
        .variants
        .iter()
        .map(|v| v.cells().len())
        .collect();
    assert_eq!(cells, [8, 8, 4]);
    // The last one's cells are the first one's.
    assert_eq!(experiment.cells().len(), 16);
    let longer = &experiment.variants[1];
    assert_eq!(longer.protocol.as_ref().unwrap().budget, 128);
    assert_eq!(longer.protocol.as_ref().unwrap().batch_size, 128);
    assert_eq!(longer.datasets[0].train, Some(500));
    let smoke = Experiment::parse(&text, Some("smoke")).unwrap();
    assert_eq!(smoke.cells().len(), 8);
}

#[test]
fn a_checkpoint_of_no_steps_is_none() {
    let at = |steps: usize| {
        let text = format!("{SOUND}\n[checkpoint]\nsteps = {steps}\nlearning_rate = 0.01\n");
        Experiment::parse(&text, None).unwrap().cells()[0].checkpoint
    };
    assert_eq!(at(0), None);
    let checkpoint = at(16).unwrap();
    assert_eq!((checkpoint.steps, checkpoint.batch_size), (16, 128));
}

#[test]
fn a_file_builds_on_its_base() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("base.toml"), SOUND).unwrap();
    let write = |text: &str| {
        let path = folder.path().join("file.toml");
        std::fs::write(&path, text).unwrap();
        path
    };
    let path = write(
        "base = \"base.toml\"\nname = \"other\"\nmeasure = [\"eta-star\"]\n\
         [protocol]\nbudget = 7\n[grid]\nwidths = [64]\n[profiles.smoke]\nrepeats = 2\n",
    );
    let plain = Experiment::read(&path, None).unwrap();
    let budget = plain.variants[0].protocol.as_ref().unwrap().budget;
    assert_eq!((plain.name.as_str(), budget), ("other", 7));
    assert_eq!(plain.variants[0].grid.widths, [64]);
    // The base's profile comes over the file, the file's own over both.
    let smoke = Experiment::read(&path, Some("smoke")).unwrap();
    assert_eq!(smoke.variants[0].grid.widths, [16]);
    assert_eq!(smoke.repeats, 2);
    let path = write("base = \"none.toml\"\n");
    let error = Experiment::read(&path, None).unwrap_err().to_string();
    assert!(error.contains("none.toml"), "{error}");
}

#[test]
fn settings_out_of_their_place_are_named() {
    for (addition, says) in [
        (
            "[[variants]]\nname = \"a\"\nseed = 3",
            "`seed` cannot be part of a variant",
        ),
        (
            "[[variants]]\nname = \"a\"\nrepeats = 3",
            "`repeats` cannot be part of a variant",
        ),
        (
            "[[variants]]\nprotocol = {}",
            "`variants.name` is set neither",
        ),
        (
            "[[variants]]\nname = \"a\"\n[[variants]]\nname = \"a\"",
            "two variants are called `a`",
        ),
        (
            "[checkpoint]\nsteps = 3",
            "`checkpoint.learning_rate` is set neither",
        ),
    ] {
        let error = Experiment::parse(&format!("{SOUND}\n{addition}\n"), None).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
    let profile = SOUND.replace("repeats = 1", "seed = 1");
    let error = Experiment::parse(&profile, Some("smoke")).unwrap_err();
    let says = "`seed` cannot be part of a profile";
    assert!(error.to_string().starts_with(says), "{error}");
    let error = message("budget = 64\n", "");
    assert!(
        error.contains("`protocol.budget` is set neither"),
        "{error}"
    );
}

#[test]
fn errors_point_to_line_and_column() {
    for (from, to, line, says) in [
        ("repeats = 3", "repeat = 3", 5, "unknown field `repeat`"),
        ("repeats = 3", "repeats = 0", 5, "must be at least 1"),
        ("[16, 32]", "[16, 0]", 13, "must be at least 1"),
        ("[2, 4]", "[0]", 14, "must be at least 1"),
        ("[2, 4]", "[]", 14, "at least one entry"),
        ("[1.0, 0.1]", "[-1.0]", 15, "must be 0 or a positive number"),
        ("threshold = 0.2", "threshold = 1.2", 22, "at most 1"),
        (
            "\"cross-entropy\"",
            "\"hinge\"",
            18,
            "unknown variant `hinge`",
        ),
        ("batch_size = 128", "batch_size = 1.5", 19, "invalid type"),
    ] {
        let message = message(from, to);
        assert!(
            message.contains(&format!("line {line}, column ")),
            "{message}"
        );
        assert!(message.contains(says), "{message}");
    }
}

#[test]
fn what_does_not_fit_together_is_named() {
    for (from, to, says) in [
        ("train = 1000", "train = 100", "only 100 samples"),
        ("start = 3.0", "start = 11.0", "search.start"),
        ("tolerance = 0.125", "tolerance = 0.0", "search.tolerance"),
        ("name = \"test\"", "name = \"../x\"", "letters, digits"),
        (
            "[{ name = \"digits\", train = 1000, validation = 200 }]",
            "[]",
            "at least one",
        ),
    ] {
        let message = message(from, to);
        assert!(message.contains(says), "{message}");
    }
}

#[test]
fn the_hash_knows_what_the_results_depend_on() {
    let provenance = Provenance {
        seed: 1,
        backend: "flex".into(),
        float: "f32".into(),
        strategy: Default::default(),
        datasets: BTreeMap::new(),
    };
    let hash = |text: &str| {
        Experiment::parse(text, None)
            .unwrap()
            .configuration_hash(&provenance)
    };
    assert_eq!(
        hash(SOUND),
        hash(&SOUND.replace("[profiles.smoke]", "[profiles.other]"))
    );
    assert_ne!(
        hash(SOUND),
        hash(&SOUND.replace("budget = 64", "budget = 65"))
    );
    assert_ne!(hash(SOUND), hash(&SOUND.replace("seed = 1", "seed = 2")));
}
