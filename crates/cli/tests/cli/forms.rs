//! Other networks than those of ReLUs and other optimisers than SGD: `network`, `find`, `sharpness`,
//! `sweep`, `export`.

use serde_json::{Value, json};

use crate::support::{EXPERIMENT, Sandbox, assert_contains};

const FIND: &str = "find --width 16 --depth 3 --repeats 2 --budget 32 --json";

#[test]
fn network_prints_every_layer() {
    let etastar = Sandbox::new();
    let line = "network --inputs 784 --width 512 --depth 3 --outputs 10";
    let text = etastar.succeed(&format!(
        "{line} --parametrisation maximal-update --optimiser adam --activation gelu"
    ));
    insta::assert_snapshot!("network", text);
    let layers = etastar.json(&format!("{line} --json"));
    let layers = layers.as_array().unwrap();
    assert_eq!(layers.len(), 4);
    assert_eq!(layers[1]["variance"], 2.0 / 512.0);
    assert!(layers.iter().all(|layer| layer["trained_rate"] == 1.0));
}

#[test]
fn what_is_asked_for_is_trained_and_told_one_by_one_and_batched() {
    let etastar = Sandbox::new();
    for (options, form, protocol) in [
        (
            "--activation gelu",
            json!({"activation": "gelu"}),
            json!({}),
        ),
        (
            "--residual one --residual-block 2 --norm layer",
            json!({"residual": "one", "block": 2, "norm": "layer"}),
            json!({}),
        ),
        (
            "--norm layer-with-gain --optimiser adam",
            json!({"norm": "layer-with-gain"}),
            json!({"optimiser": "adam"}),
        ),
        (
            "--parametrisation ntk --optimiser momentum --momentum 0.5",
            json!({"parametrisation": "ntk"}),
            json!({"optimiser": "momentum", "momentum": 0.5}),
        ),
        (
            "--activation leaky-relu:0.1 --optimiser adamw --weight-decay 0.01 --clip 1 --warm-up 5",
            json!({"activation": "leaky-relu:0.1"}),
            json!({"optimiser": "adamw", "weight_decay": 0.01, "clip": 1.0}),
        ),
    ] {
        let found = etastar.json(&format!("{FIND} {options}"));
        let cell = &found["cell"];
        assert_eq!(cell["form"], form, "{options}");
        let own = &cell["measurement"]["eta-star"];
        for (key, value) in protocol.as_object().unwrap() {
            assert_eq!(&own[key], value, "{options}");
        }
        let batched = etastar.json(&format!("{FIND} {options} --strategy batched"));
        let rates = |found: &Value| {
            found["repeats"]
                .clone()
                .as_array()
                .unwrap()
                .iter()
                .map(|repeat| repeat["eta_star"].clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(rates(&found), rates(&batched), "{options}");
        assert!(found["fastest_rate"].is_null(), "{options}");
    }
    let plain = etastar.json(FIND);
    assert!(plain["cell"].get("form").is_none());
    assert!(
        plain["cell"]["measurement"]["eta-star"]
            .get("optimiser")
            .is_none()
    );
}

#[test]
fn what_has_no_meaning_is_refused() {
    let etastar = Sandbox::new();
    for (options, says) in [
        ("--activation swish", "use relu, leaky-relu"),
        ("--norm batch", "use none, layer or layer-with-gain"),
        (
            "--optimiser lion",
            "use sgd, momentum, nesterov, adam or adamw",
        ),
        ("--momentum 1", "at least 0 and below 1"),
        (
            "--residual one --depth 4 --residual-block 2",
            "use an odd depth",
        ),
    ] {
        let line = format!("find --width 16 --repeats 1 {options}");
        let line = match options.contains("--depth") {
            true => line,
            false => format!("{line} --depth 3"),
        };
        etastar.fail(&line, 2, &[says]);
    }
    etastar.fail(
        "find --hidden 8,16 --residual one --repeats 1",
        2,
        &["one width"],
    );
}

#[test]
fn sharpness_of_other_networks_has_no_bounds() {
    let etastar = Sandbox::new();
    let line = "sharpness --width 8 --depth 3 --samples 32 --activation tanh --norm layer";
    let run = etastar.run(line);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_contains(&run.stderr, &["none are computed"]);
    assert_contains(&run.stdout, &["tanh, layer normalisation", "lambda_1(H)"]);
    assert!(
        !run.stdout.contains("over all initialisations"),
        "{}",
        run.stdout
    );
    let measured = etastar.json(&format!("{line} --json"));
    assert!(measured["theory"].is_null() && measured["prediction"].is_null());
    assert!(measured["repeats"][0]["bounds"].is_null());
}

#[test]
fn variants_of_a_sweep_may_be_of_any_form() {
    let etastar = Sandbox::new();
    let variants = r#"
[[variants]]
name = "plain"
[[variants]]
name = "GELU, Adam"
network = { activation = "gelu" }
protocol = { optimiser = "adam" }
"#;
    etastar.write("forms.toml", format!("{EXPERIMENT}{variants}"));
    etastar.succeed("sweep forms.toml --output forms.db");
    let cells = etastar.table("forms.db", "cells");
    let columns: Vec<&str> = cells.lines().next().unwrap().split(',').collect();
    let place = |name| columns.iter().position(|column| *column == name).unwrap();
    let (activation, optimiser) = (place("activation"), place("optimiser"));
    let rows: Vec<Vec<&str>> = cells
        .lines()
        .skip(1)
        .map(|row| row.split(',').collect())
        .collect();
    assert_eq!(rows.len(), 24);
    let other = rows.iter().filter(|row| row[activation] == "gelu");
    assert!(other.clone().all(|row| row[optimiser] == "adam"));
    assert_eq!(other.count(), 12);
    let fits = etastar.succeed("fit forms.db");
    // The kernel's second moment is that of ReLU networks.
    let of_gelu = fits.lines().filter(|line| line.contains("GELU, Adam"));
    assert!(
        of_gelu
            .filter(|line| line.contains(" moment "))
            .all(|line| line.contains("not fitted"))
    );
    etastar.succeed("report forms.db -o forms");
    let page = std::fs::read_to_string(etastar.path("forms/report.md")).unwrap();
    assert_contains(&page, &["gelu", "adam (0.9, 0.999)"]);

    let predicted = format!("{EXPERIMENT}\n[sharpness]\nlosses = [\"cross-entropy\"]\nsamples = 16\nbounds = false\nprediction = true\n")
        .replace("output_gain = 2.0", "output_gain = 2.0\nactivation = \"tanh\"");
    etastar.write("predicted.toml", predicted);
    etastar.fail(
        "sweep predicted.toml -o p.db",
        2,
        &["are for ReLU networks"],
    );
}

/// A store of `find` that was extended is whole, wherever it goes.
#[test]
fn a_store_with_more_repeats_than_it_began_with_is_merged_and_told_whole() {
    let etastar = Sandbox::new();
    let find = |repeats| {
        format!("find --width 8 --depth 2 --budget 32 --repeats {repeats} --store found.db")
    };
    etastar.succeed(&find(2));
    etastar.succeed(&find(4));
    etastar.succeed("merge found.db -o merged.db");
    assert_eq!(
        etastar.table("merged.db", "trials"),
        etastar.table("found.db", "trials")
    );
    // Given twice, counted once.
    let status = etastar.succeed("status merged.db ./merged.db");
    assert_contains(&status, &["4/4"]);
    assert_eq!(status.matches("merged.db").count(), 1, "{status}");
    etastar.succeed("merge --recover found.db -o recovered.db");
    assert_eq!(
        etastar.table("recovered.db", "trials"),
        etastar.table("found.db", "trials")
    );
}

/// Stores of another configuration are refused before anything is written, damaged or not.
#[test]
fn a_refused_merge_leaves_nothing_behind() {
    let etastar = Sandbox::new();
    etastar.sweep("one.db");
    etastar.write_experiment("other.toml", &[("seed = 1", "seed = 2")]);
    etastar.succeed("sweep other.toml --output two.db");
    etastar.fail(
        "merge one.db two.db -o out.db",
        2,
        &["two.db", "another configuration"],
    );
    assert!(!etastar.path("out.db").exists());
    etastar.fail(
        "merge --recover one.db two.db -o out.db",
        2,
        &["another configuration"],
    );
}

/// Labels that differ in signs and capitals alone have files of their own.
#[test]
fn figures_of_similar_names_are_files_of_their_own() {
    let etastar = Sandbox::new();
    let variants = r#"
[[variants]]
name = "lr < 1"
[[variants]]
name = "lr > 1"
protocol = { batch_size = 32 }
[[variants]]
name = "LR 1"
protocol = { batch_size = 16 }
[analysis]
show = ["depth-width"]
"#;
    etastar.write("names.toml", format!("{EXPERIMENT}{variants}"));
    etastar.succeed("sweep names.toml --output names.db");
    etastar.succeed("report names.db -o names");
    let page = std::fs::read_to_string(etastar.path("names/report.md")).unwrap();
    let named: Vec<&str> = page.split("(figures/").skip(1).collect();
    let named: Vec<&str> = named
        .iter()
        .filter_map(|rest| rest.split_once(".svg"))
        .map(|(name, _)| name)
        .collect();
    let mut distinct = named.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!((named.len(), distinct.len()), (3, 3), "{named:?}");
    for name in named {
        assert!(
            etastar.path(&format!("names/figures/{name}.svg")).exists(),
            "{name}"
        );
    }
}

/// The rate of a warm-up's step is rounded once, alone and in an ensemble.
#[test]
fn a_warm_up_gives_the_same_bits_in_an_ensemble() {
    let etastar = Sandbox::new();
    let line = "find --hidden 28,18,30 --input-rate 10 --warm-up 16 --budget 64 --evaluate-every 1000 \
                --start 2.5 --seed 96347 --repeats 1 --json --strategy";
    let of = |strategy| etastar.json(&format!("{line} {strategy}"))["eta_star"].clone();
    assert_eq!(of("sequential"), of("batched"));
}

/// Where a rule names a variant that is not there, it is told before anything is measured.
#[test]
fn a_rule_about_a_variant_that_is_not_there_is_refused_by_sweep_and_submit() {
    let etastar = Sandbox::new();
    let variants = r#"
[[variants]]
name = "a"
[[variants]]
name = "b"
protocol = { batch_size = 32 }
[[analysis.criteria]]
claim = "c"
says = "s"
statistic = { of = "shift", variant = "bb" }
rule = { at_least = 0.0 }
"#;
    etastar.write("typo.toml", format!("{EXPERIMENT}{variants}"));
    let says = ["criterion 1: there is no variant `bb`; there are a, b"];
    etastar.fail("sweep typo.toml -o typo.db", 2, &says);
    etastar.fail("submit typo.toml --shards 2 --dry-run", 2, &says);
    assert!(!etastar.path("typo.db").exists());
    let foreign = "submit small.toml --shards 2 --dry-run --to kubernetes --partition cpu";
    etastar.fail(
        foreign,
        2,
        &["--partition is for the other kind of cluster"],
    );
    etastar.fail(
        "submit small.toml --shards 2 --dry-run --image x",
        2,
        &["--image is for the other kind of cluster"],
    );
}

/// What the commonest class alone reaches is no success.
#[test]
fn the_default_threshold_lies_above_the_commonest_class() {
    let etastar = Sandbox::new();
    let rows = (0..600).map(|i| format!("{},{},{}\n", i % 7, (i * 5) % 11, u8::from(i % 10 == 0)));
    etastar.write(
        "own.csv",
        format!("a,b,label\n{}", rows.collect::<String>()),
    );
    let line = "find --data own.csv --width 8 --depth 2 --repeats 1 --budget 16 --highest 2 --json";
    let found = etastar.run(line);
    let threshold = &found.json()["cell"]["measurement"]["eta-star"]["threshold"];
    assert_eq!(threshold.as_f64(), Some(0.95), "{}", found.stderr);
    let asked = etastar.run(&format!("{line} --threshold 0.8"));
    assert_contains(&asked.stderr, &["the commonest class"]);
}

#[test]
fn sharpness_under_an_optimiser_is_divided_by_its_stability_bound() {
    let etastar = Sandbox::new();
    let line = "sharpness --width 8 --depth 2 --samples 64 --no-bounds --json";
    let measured = |options: &str| {
        let found = etastar.json(&format!("{line} {options}"));
        let number = |value: &Value| value.as_f64().unwrap();
        let limit = number(&found["stability_limit"]);
        let lambda = number(&found["lambda_1"]["mean"]);
        (
            lambda,
            lambda * limit,
            found["repeats"][0]["trace"].is_null(),
        )
    };
    let close = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-12;
    let (plain, bound, without_trace) = measured("");
    assert!(close(bound, 2.0) && !without_trace);
    let (momentum, bound, _) = measured("--optimiser momentum --momentum 0.5");
    assert!(close(bound, 3.0) && momentum == plain);
    let (adam, bound, without_trace) = measured("--optimiser adam --batch 16");
    assert!(close(bound, 38.0) && without_trace && adam > plain);
    assert_ne!(measured("--optimiser adam --batch 32").0, adam);

    let run = etastar.run("sharpness --width 8 --depth 2 --samples 32 --optimiser adam");
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_contains(&run.stderr, &["none are computed"]);
    assert_contains(&run.stdout, &["38/lambda_1"]);
    let file = EXPERIMENT.replace(
        "[protocol]",
        "[sharpness]\nlosses = [\"cross-entropy\"]\noptimiser = \"adam\"\nsamples = 32\nbounds = false\nprediction = true\n\n[protocol]",
    );
    etastar.write("adam.toml", &file);
    etastar.fail("sweep adam.toml", 2, &["preconditioned sharpness of Adam"]);
}
