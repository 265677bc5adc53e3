//! `etastar find`.

use serde_json::{Value, json};

use crate::support::{Run, Sandbox, assert_contains};

const FIND: &str = "find --width 16 --depth 2 --train 512 --validation 128 --budget 32 --repeats 3";

/// Runs `etastar find` of a small network with more options.
fn find(options: &str) -> Run {
    Sandbox::new().run(&format!("{FIND} {options}"))
}

#[test]
fn the_result_has_what_scripts_rely_on() {
    let result = find("--json").expect(0, &[]).json();
    let eta_star = result["eta_star"].as_f64().unwrap();
    let interval = result["interval"].as_array().unwrap();
    assert!(interval[0].as_f64().unwrap() <= eta_star);
    assert!(interval[1].as_f64().unwrap() >= eta_star);
    assert_eq!(result["log2_eta_star"].as_f64().unwrap().exp2(), eta_star);
    assert_eq!(result["confidence"], 0.95);
    let repeats = result["repeats"].as_array().unwrap();
    assert_eq!(repeats.len(), 3);
    let mut trials = 0;
    for (index, repeat) in repeats.iter().enumerate() {
        assert_eq!(repeat["repeat"], index);
        assert!(repeat["eta_star"].as_f64().unwrap() > 0.0);
        assert!(repeat["monotone"].is_boolean());
        trials += repeat["trials"].as_u64().unwrap();
    }
    assert_eq!(result["trials"], trials);
    assert_eq!(result["cell"]["hidden"], json!([16, 16]));
    assert_eq!(result["manifest"]["seed"], 1);
    assert_eq!(result["manifest"]["backend"], "flex");
    let images = &result["manifest"]["datasets"]["digits/digits-images-idx3-ubyte"];
    assert_eq!(images.as_str().unwrap().len(), 64);
}

#[test]
fn the_result_is_the_same_on_any_number_of_threads_and_again() {
    let timeless = |options: &str| {
        let mut result = find(&format!("--json {options}")).expect(0, &[]).json();
        result.as_object_mut().unwrap().remove("seconds").unwrap();
        result
    };
    let one = timeless("--jobs 1");
    let two = timeless("--jobs 2");
    assert_eq!(one, two);
    assert_eq!(two, timeless("--jobs 2"));
    assert_ne!(one["eta_star"], timeless("--seed 2")["eta_star"]);
}

#[test]
fn every_choice_reaches_the_cell() {
    let result = Sandbox::new().json(
        "find --dataset gaussians --dimension 8 --separation 3 --hidden 12,6 --bias \
         --loss squared-error --threshold 0.6 --input-rate 0.5 --output-gain 1 --batch 32 \
         --train 256 --validation 64 --budget 24 --evaluate-every 6 --tolerance 0.25 --start 4 \
         --lowest -9 --highest 6 --ladder -1,1 --repeats 2 --json",
    );
    let cell = serde_json::to_string_pretty(&result["cell"]).unwrap();
    insta::assert_snapshot!("cell", cell);
    assert_eq!(
        (&result["inputs"], &result["outputs"]),
        (&json!(8), &json!(2))
    );
}

#[test]
fn text_for_people() {
    let found = find("--input-rate 0.1").expect(0, &[]);
    let parts = [
        "depth 2 (hidden layers), width 16 on digits, input-layer rate 0.1",
        "eta* = ",
        "95 % interval",
        "flex f32, seed 1; accuracy 0.2 within 32 steps of 128 samples",
    ];
    assert_contains(&found.stdout, &parts);
}

#[test]
fn no_eta_star_in_range_is_an_exit_code_of_its_own() {
    for (options, answer, advice) in [
        (
            "--threshold 1 --lowest 0",
            "nothing-succeeds",
            "lower --threshold",
        ),
        (
            "--threshold 0.101 --highest -3 --start -3",
            "nothing-fails",
            "raise --highest",
        ),
    ] {
        let result = find(&format!("{options} --json"))
            .expect(4, &[advice])
            .json();
        assert_eq!(result["eta_star"], Value::Null);
        assert_eq!(result["repeats"][0]["result"], answer);
    }
}

#[test]
fn a_network_without_room_is_refused_before_it_is_built() {
    let etastar = Sandbox::new();
    for command in ["find", "sharpness"] {
        let line = format!("{command} --width 1000000 --depth 5 --jobs 2");
        let parts = ["4.0e12 parameters", "TiB in each of 2 threads", "to spare"];
        etastar.fail(&line, 2, &parts);
    }
}

#[cfg(feature = "ndarray")]
#[test]
fn backends_agree_within_rounding() {
    let log2 = |backend: &str| {
        let result = find(&format!("--json --backend {backend}"))
            .expect(0, &[])
            .json();
        result["log2_eta_star"].as_f64().unwrap()
    };
    let flex = log2("flex");
    for backend in ["ndarray", "ndarray-f64"] {
        assert!((log2(backend) - flex).abs() <= 0.25, "{backend}");
    }
}

#[test]
fn every_layer_may_have_its_own_rate_and_the_input_layers_is_the_named_case() {
    let etastar = Sandbox::new();
    let find = "find --dataset digits --width 16 --depth 2 --repeats 2 --budget 48 --json";
    let eta_star = |rates: &str| etastar.json(&format!("{find} {rates}"))["eta_star"].clone();
    let named = eta_star("--input-rate 0.1");
    assert_eq!(named, eta_star("--layer-rates 0.1,1,1"));
    let slow_output = eta_star("--layer-rates 1,1,0.01");
    assert_ne!(slow_output, eta_star(""));
    let wrong = etastar
        .run(&format!("{find} --layer-rates 1,1"))
        .expect(2, &[]);
    assert_contains(
        &wrong.stderr,
        &["these 2 relative rates do not fit a network of 3 layers"],
    );
    etastar
        .run(&format!("{find} --layer-rates 1,1,1 --input-rate 0.5"))
        .expect(2, &[]);
}

#[test]
fn a_warm_up_raises_the_edge_of_the_first_divergence() {
    let etastar = Sandbox::new();
    let find = "find --dataset digits --width 32 --depth 4 --no-divergence --json";
    let eta_star = |more: &str| etastar.json(&format!("{find} {more}"))["eta_star"].as_f64();
    assert!(eta_star("--warm-up 64") > eta_star(""));
}

/// More repeats go on in the same store, which stays one that everything reads.
#[test]
fn a_store_takes_more_repeats() {
    let etastar = Sandbox::new();
    let find = |repeats: usize| {
        let line = "find --width 8 --depth 2 --store f.db --json --repeats";
        etastar.json(&format!("{line} {repeats}"))["repeats"].clone()
    };
    let two = find(2);
    let three = find(3);
    assert_eq!(three.as_array().unwrap()[..2], two.as_array().unwrap()[..]);
    assert_eq!(etastar.table("f.db", "repeats").lines().count(), 4);
}
