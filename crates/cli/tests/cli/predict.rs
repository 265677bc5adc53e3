//! `etastar predict` and `etastar find --warm-start`.

use std::fmt::Write;

use etastar_search::{EtaStar, Measured};
use serde_json::{Value, json};

use crate::support::{Sandbox, assert_contains};

/// A sweep over nine small networks at two input-layer rates.
fn swept() -> Sandbox {
    let etastar = Sandbox::new();
    let widths = ("widths = [8, 16, 32]", "widths = [16, 32, 64]");
    let depths = ("depths = [2, 4]", "depths = [1, 2, 4]");
    etastar.write_experiment("grid.toml", &[widths, depths]);
    etastar.succeed("sweep grid.toml --output sweep.db");
    etastar
}

/// Replaces the measured numbers, which differ a little between kinds of
/// processors, by those of a law with deviations that are always the same.
fn make_up_numbers(etastar: &Sandbox) {
    etastar.rewrite("sweep.db", |snapshot| {
        for (index, record) in snapshot.cells.iter_mut().enumerate() {
            let cell = &record.cell;
            let size = (cell.hidden.len() * cell.hidden[0]) as f64;
            let effective = 64.0 * cell.input_rate + size;
            for repeat in &mut record.repeats {
                let deviation = 0.05 * ((7 * index + 5 * repeat.repeat) % 11) as f64;
                let eta_star = (4.0 - 0.8 * effective.log2() + deviation).exp2();
                let upper = 1.1 * eta_star;
                let Measured::EtaStar(search) = &mut repeat.result else {
                    panic!("the sweep measures eta* only");
                };
                search.eta_star = EtaStar::Found { eta_star, upper };
            }
        }
    });
}

#[test]
fn predictions_and_refusals_are_as_they_were() {
    let etastar = swept();
    make_up_numbers(&etastar);
    let mut text = String::new();
    for line in [
        "predict sweep.db --depth 3 --width 48",
        "predict sweep.db --depth 2 --width 40 --input-rate 0.1 --width-over-depth 0 --confidence 0.8",
        "predict sweep.db --depth 2 --width 40 --input-rate 0.5",
        "predict sweep.db --depth 8 --width 128 --input-rate 0.1 --dataset digits",
        "predict sweep.db --depth 8 --width 4096",
        "predict sweep.db --depth 8 --width 4096 --force",
        "predict sweep.db --depth 2 --width 40 --input-rate 0.05",
        "predict sweep.db --depth 2 --width 40 --dataset mnist",
    ] {
        let run = etastar.run(line);
        let code = run.code.unwrap();
        writeln!(
            text,
            "$ etastar {line}\n{}{}-> {code}\n",
            run.stdout, run.stderr
        )
        .unwrap();
    }
    insta::assert_snapshot!("predict", text);
}

#[test]
fn the_result_has_what_scripts_rely_on() {
    let result = swept().json("predict sweep.db --depth 3 --width 48 --json");
    let eta_star = result["eta_star"].as_f64().unwrap();
    for interval in ["mean_interval", "network_interval"] {
        let [low, high] = [0, 1].map(|end| result[interval][end].as_f64().unwrap());
        assert!(0.0 < low && low < eta_star && eta_star < high, "{result}");
    }
    assert!(result["law"].is_string() && result["error_octaves"].is_number());
    assert!(result["runner_up"]["error_octaves"].is_number());
    assert_eq!(result["extrapolation"]["depth_width"], 144.0 / 256.0);
    assert_eq!(result["protocol"]["budget"], 32);
    assert_eq!(
        (&result["backend"], &result["seed"]),
        (&json!("flex"), &json!(1))
    );
    assert_eq!(result["confidence"], 0.95);
    let warnings = result["warnings"].as_array().unwrap();
    assert!(warnings.iter().all(Value::is_string));
}

#[test]
fn nothing_measured_is_missing_data() {
    let etastar = swept();
    etastar.rewrite("sweep.db", |snapshot| {
        for cell in &mut snapshot.cells {
            cell.repeats.clear();
        }
    });
    etastar.fail(
        "predict sweep.db --depth 2 --width 16",
        3,
        &["no finished search of eta*"],
    );
}

/// Searches in a network that the sweep does not have; gives the result and
/// what is on standard error.
fn find(etastar: &Sandbox, options: &str) -> (Value, String) {
    let network = "find --depth 3 --width 48 --train 512 --validation 128 --batch 64 --budget 32 \
                   --evaluate-every 8 --repeats 3 --json";
    let run = etastar.run(&format!("{network} {options}")).expect(0, &[]);
    (run.json(), run.stderr)
}

#[test]
fn a_warm_start_finds_the_same() {
    let etastar = swept();
    let (cold, _) = find(&etastar, "");
    let (warm, warnings) = find(&etastar, "--warm-start sweep.db");
    for unwanted in ["no warm start", "another protocol"] {
        assert!(!warnings.contains(unwanted), "{warnings}");
    }
    assert_eq!(cold["eta_star"], warm["eta_star"]);
    for repeat in 0..3 {
        let ends = [&cold, &warm].map(|result| &result["repeats"][repeat]["eta_star"]);
        assert_eq!(ends[0], ends[1]);
        assert!(ends[0].is_number());
    }
    let start = warm["warm_start"]["start"].as_f64().unwrap();
    assert_eq!((2.0 * start).fract(), 0.0);
    let predicted = warm["warm_start"]["prediction"]["log2_eta_star"]
        .as_f64()
        .unwrap();
    assert!((start - predicted).abs() <= 0.25, "{start} {predicted}");
    // Without a store the published law says where to start, unless the user does.
    assert!(cold["warm_start"]["store"].is_null());
    assert!(cold["warm_start"]["start"].is_number());
    let (own, _) = find(&etastar, "--start 3");
    assert_eq!(own.get("warm_start"), None);

    let text = etastar.succeed("find --depth 1 --width 16 --warm-start sweep.db");
    assert_contains(&text, &["start at 2^", "from sweep.db", "trials in"]);
}

#[test]
fn a_law_may_be_asked_for() {
    let etastar = swept();
    let predict = "predict sweep.db --depth 3 --width 24 --law";
    let text = etastar.succeed(&format!("{predict} three-quarters --explain"));
    let says = [
        "law: three-quarters over all input-layer rates",
        "it was asked for",
        "effective size: ",
    ];
    assert_contains(&text, &says);
    assert!(!text.contains("exponents"), "{text}");
    etastar.fail(
        &format!("{predict} halves"),
        2,
        &["unknown variant `halves`"],
    );
}

/// What `fit` prints is the whole law: it gives predictions back within 0.1 %.
#[test]
fn the_text_of_a_fit_rebuilds_its_predictions() {
    let etastar = swept();
    let text = etastar.succeed("fit sweep.db --width-over-depth 8");
    let (depth, width, inputs) = (3.0, 48.0, 64.0);
    for (law, exponent) in [("effective-size", None), ("three-quarters", Some(0.75))] {
        let is_row = |line: &&str| line.contains(&format!(" {law} ")) && line.contains(" all ");
        let row = text.lines().find(is_row).unwrap();
        let after: Vec<&str> = row.split_once(law).unwrap().1.split_whitespace().collect();
        let number = |index: usize| after[index].parse::<f64>().unwrap();
        let exponent = exponent.unwrap_or_else(|| number(1));
        let size: f64 = inputs + depth * width;
        let rebuilt = number(0).exp2() * size.powf(-exponent);
        let line = format!("predict sweep.db --depth 3 --width 48 --law {law} --json");
        let predicted = etastar.json(&line)["eta_star"].as_f64().unwrap();
        assert!(
            (rebuilt / predicted - 1.0).abs() < 1e-3,
            "{rebuilt} {predicted}: {row}"
        );
    }
}

#[test]
fn where_prediction_is_refused_the_search_starts_as_usual() {
    let etastar = swept();
    let (cold, _) = find(&etastar, "--input-rate 3");
    let (warm, warnings) = find(&etastar, "--input-rate 3 --warm-start sweep.db");
    assert_contains(&warnings, &["warning: no warm start"]);
    assert!(warm["warm_start"]["refused"].is_string());
    assert_eq!(cold["repeats"], warm["repeats"]);
    assert_eq!(cold["trials"], warm["trials"]);
    // Under another protocol a prediction is still a start.
    let (_, warnings) = find(&etastar, "--threshold 0.25 --warm-start sweep.db");
    assert_contains(&warnings, &["another protocol"]);
}

/// The interface that scripts rely on, and what is refused or warned of.
#[test]
fn published_measurements_predict_without_a_store() {
    let etastar = Sandbox::new();
    let predicted = |depth: usize, width: usize, rest: &str| {
        etastar.json(&format!(
            "predict --depth {depth} --width {width} --inputs 784 --outputs 10 --json {rest}"
        ))
    };
    let result = predicted(8, 128, "--input-rate 0.1");
    let number = |value: &Value| value.as_f64().unwrap();
    let eta_star = number(&result["eta_star"]);
    assert!(number(&result["interval"][0]) < eta_star && eta_star < number(&result["interval"][1]));
    assert!(result["law"].is_string() && result["extrapolation"]["depth_width"].is_number());
    assert_eq!(result["warnings"], json!([]));
    // Larger networks, and faster input layers, have a lower eta*.
    for larger in [
        predicted(16, 128, "--input-rate 0.1"),
        predicted(8, 256, "--input-rate 0.1"),
        predicted(8, 128, "--input-rate 1"),
    ] {
        assert!(number(&larger["eta_star"]) < eta_star, "{larger}");
    }
    let warnings = |result: Value| result["warnings"].to_string();
    assert!(warnings(predicted(2, 128, "")).contains("depth 4 and more were measured"));
    assert!(warnings(predicted(8, 32, "")).contains("width is only 4.00 x its depth"));
    let far = "predict --depth 8 --width 1000000";
    etastar.fail(far, 2, &["a factor of", "`--force`"]);
    etastar.succeed(&format!("{far} --force"));
    let line = "predict --depth 8 --width 128 --loss squared-error";
    etastar.fail(line, 2, &["the published law is that of cross-entropy"]);
    let line = "predict --depth 1 --width 128 --input-rate 0";
    etastar.fail(line, 2, &["has no edge"]);
    let text = etastar.succeed("predict --depth 8 --width 128 --explain");
    assert_contains(
        &text,
        &["formula: ", "constants: ", "published measurements"],
    );
}
