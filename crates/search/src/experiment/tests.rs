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
widths = [16]
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
