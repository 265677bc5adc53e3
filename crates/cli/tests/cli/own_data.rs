//! Data of one's own through the binary, and the curve of a search.

use serde_json::Value;

use crate::support::{Sandbox, assert_contains};

/// Two clouds that a small network tells apart, as a table.
fn clouds(names: [&str; 2]) -> String {
    let mut text = "a,b,kind\n".to_owned();
    for index in 0..400 {
        let (x, y) = (
            f64::from(index % 20) / 10.0 - 1.0,
            f64::from(index / 20) / 10.0 - 1.0,
        );
        let side = usize::from(index % 2 == 1);
        let shift = if side == 1 { 2.0 } else { -2.0 };
        text.push_str(&format!("{},{},{}\n", x + shift, y - shift, names[side]));
    }
    text
}

fn read(etastar: &Sandbox, name: &str) -> String {
    std::fs::read_to_string(etastar.path(name)).unwrap()
}

const NETWORK: &str = "--width 16 --depth 2 --threshold 0.9 --budget 64 --repeats 3";

#[test]
fn a_table_of_ones_own_is_searched_and_says_what_was_understood() {
    let etastar = Sandbox::new();
    etastar.write("mine.csv", clouds(["left", "right"]));
    let command = format!("find --data mine.csv --y kind {NETWORK} --json");
    let run = etastar.run(&command).expect(0, &[]);
    let understood =
        "mine.csv: 400 samples of 2 features; 2 classes, in this order: `left`, `right`";
    assert_contains(&run.stderr, &[understood]);
    let result = run.json();
    assert_eq!(
        (&result["inputs"], &result["outputs"]),
        (&Value::from(2), &Value::from(2))
    );
    assert_eq!(
        result["manifest"]["datasets"]["mine/mine.csv"]
            .as_str()
            .unwrap()
            .len(),
        64
    );
    let tried = result["repeats"][0]["tried"].as_array().unwrap();
    assert_eq!(
        tried.len() as u64,
        result["repeats"][0]["trials"].as_u64().unwrap()
    );
    assert!(tried.iter().any(|trial| trial["outcome"] == "success"));
    // Elsewhere it is the same cell, with the same numbers.
    etastar.write("folder/mine.csv", clouds(["left", "right"]));
    let moved = etastar.json(&command.replace("mine.csv", "folder/mine.csv"));
    for repeat in 0..3 {
        let [one, two] = [&result, &moved].map(|all| &all["repeats"][repeat]["eta_star"]);
        assert_eq!(one, two);
    }
    let text = etastar.succeed(&format!("find --data mine.csv --label kind {NETWORK}"));
    assert_contains(&text, &["width 16 on mine, input-layer rate 1"]);
}

#[test]
fn a_sweep_and_sharpness_take_a_file_too() {
    let etastar = Sandbox::new();
    etastar.write("mine.csv", clouds(["0", "1"]));
    etastar.write(
        "own.toml",
        "name = \"own\"\nquestion = \"Mine?\"\nseed = 1\nrepeats = 2\n\
         datasets = [{ file = { path = \"mine.csv\", y = \"kind\" }, standardise = \"feature\" }]\n\
         [network]\nbias = false\noutput_gain = 2.0\n\
         [grid]\nwidths = [8, 16]\ndepths = [2]\ninput_rates = [1.0]\n\
         [protocol]\nloss = \"cross-entropy\"\nbatch_size = 32\nbudget = 32\nevaluate_every = 8\n\
         threshold = 0.9\nladder = []\nsearch = { method = \"octaves\", start = 5.0, lowest = -10.0, \
         highest = 10.0, tolerance = 0.25 }\n",
    );
    etastar.succeed("sweep own.toml -o own.db");
    let rows = etastar.succeed("export own.db --table repeats");
    assert_eq!(rows.lines().filter(|row| row.contains(",mine,")).count(), 4);
    // From another folder the same store goes on.
    let text =
        etastar.succeed("sharpness --data mine.csv --y kind --width 8 --depth 2 --samples 64");
    assert_contains(&text, &["64 samples of mine"]);
}

#[test]
fn the_curve_is_drawn_and_written() {
    let etastar = Sandbox::new();
    etastar.write("mine.csv", clouds(["a", "b"]));
    let command = format!(
        "find --data mine.csv --y kind {NETWORK} --plot curve.svg --curve trials.csv --store f.db"
    );
    let first = etastar.succeed(&command);
    let svg = read(&etastar, "curve.svg");
    assert_contains(
        &svg,
        &["<svg", "learning rate", "validation accuracy", "success"],
    );
    let rows = read(&etastar, "trials.csv");
    assert!(rows.lines().count() > 15, "{rows}");
    // The store goes on: nothing is measured again.
    let again = etastar.succeed(&command.replace("curve.svg", "curve.html"));
    let ends = |text: &str| {
        text.lines()
            .filter(|line| line.contains("eta* ="))
            .collect::<String>()
    };
    assert_eq!(ends(&first), ends(&again));
    let html = read(&etastar, "curve.html");
    assert_contains(&html, &["<html", "largest loss"]);
    assert!(
        !html.contains("figures/"),
        "a page that is alone links to no files"
    );
    etastar
        .run(&command.replace("curve.svg", "curve.png"))
        .expect(2, &["must end in .svg or .html"]);
}

/// Half of two classes is guessed; the usual threshold is above that, and one below is refused.
#[test]
fn a_threshold_that_guessing_reaches_is_refused() {
    let etastar = Sandbox::new();
    etastar.write("mine.csv", clouds(["a", "b"]));
    let find = "find --data mine.csv --y kind --width 8 --depth 1 --repeats 2";
    let usual = etastar.json(&format!("{find} --json"));
    assert_eq!(usual["cell"]["measurement"]["eta-star"]["threshold"], 0.75);
    etastar
        .run(&format!("{find} --threshold 0.5"))
        .expect(2, &["not above chance", "2 classes is right for 0.500"]);
    etastar
        .run("find --dataset gaussians --width 8 --depth 1 --threshold 0.2")
        .expect(2, &["not above chance"]);
}

#[test]
fn results_do_not_overwrite_the_data_and_files_have_names_of_their_own() {
    let etastar = Sandbox::new();
    etastar.write("mine.csv", clouds(["a", "b"]));
    let find = format!("find --data mine.csv --y kind {NETWORK}");
    etastar
        .run(&format!("{find} --curve ./mine.csv"))
        .expect(2, &["would overwrite the data"]);
    assert_eq!(read(&etastar, "mine.csv"), clouds(["a", "b"]));
    etastar
        .run("find --width 8 --depth 1 --y kind")
        .expect(2, &["--x and --y name parts of a file"]);
}

#[test]
fn what_is_wrong_with_a_file_is_told() {
    let etastar = Sandbox::new();
    etastar.write(
        "mine.csv",
        clouds(["a", "b"]).replacen("-3,1,a", "-3,,a", 1),
    );
    let find = format!("find --data mine.csv {NETWORK}");
    etastar
        .run(&find)
        .expect(3, &["mine.csv: name the column of the labels with `--y`"]);
    etastar
        .run(&format!("{find} --y kind"))
        .expect(3, &["mine.csv: row 2, column `b`", "missing"]);
    etastar
        .run("find --data mine.csv --dataset mnist --width 8 --depth 1")
        .expect(2, &["cannot be used with"]);
    etastar
        .run("find --data none.csv --width 8 --depth 1")
        .expect(3, &["cannot read none.csv"]);
}

/// Three inputs and two smooth functions of them, in a row each.
fn heights() -> Vec<[f64; 5]> {
    let row = |index: u32| {
        let [a, b, c] = [7, 11, 13].map(|step| f64::from(index * step % 40) / 20.0 - 1.0);
        // Thirds, so that every form has to round.
        [a, b, c, 100.0 + 30.0 * (a + b * c) / 3.0, (c - a) / 3.0]
    };
    (0..600).map(row).collect()
}

fn table(rows: &[[f64; 5]]) -> String {
    let row = |[a, b, c, height, slope]: &[f64; 5]| format!("{a},{b},{c},{height},{slope}\n");
    let rows: String = rows.iter().map(row).collect();
    format!("a,b,c,height,slope\n{rows}")
}

/// An array of numbers of this type, in C order or in Fortran's.
fn array(kind: &str, fortran: bool, shape: [usize; 2], bytes: Vec<u8>) -> Vec<u8> {
    let order = if fortran { "True" } else { "False" };
    let [rows, columns] = shape;
    let header =
        format!("{{'descr': '{kind}', 'fortran_order': {order}, 'shape': ({rows}, {columns}), }}");
    let mut file = b"\x93NUMPY\x01\0\x76\0".to_vec();
    file.extend(format!("{header:<117}\n").into_bytes());
    file.extend(bytes);
    file
}

const REGRESSION: &str = "--regression --width 16 --depth 2 --repeats 3";

#[test]
fn real_targets_of_every_form_have_the_same_eta_star() {
    let etastar = Sandbox::new();
    let rows = heights();
    etastar.write("csv/own.csv", table(&rows));
    for (folder, columns) in [("c/x", 0..3), ("c/y", 3..5)] {
        let values = rows.iter().flat_map(|row| row[columns.clone()].iter());
        let bytes = values.flat_map(|value| (*value as f32).to_le_bytes());
        let shape = [rows.len(), columns.len()];
        etastar.write(
            &format!("{folder}/own.npy"),
            array("<f4", false, shape, bytes.collect()),
        );
    }
    for (folder, columns) in [("f/x", 0..3), ("f/y", 3..5)] {
        let shape = [rows.len(), columns.len()];
        let own = columns.flat_map(|column| rows.iter().map(move |row| row[column]));
        let bytes = own.flat_map(f64::to_le_bytes);
        etastar.write(
            &format!("{folder}/own.npy"),
            array("<f8", true, shape, bytes.collect()),
        );
    }
    let mut results = Vec::new();
    for data in [
        "csv/own.csv --y height,slope",
        "c/x/own.npy --y c/y/own.npy",
        "f/x/own.npy --y f/y/own.npy",
    ] {
        let run = etastar.run(&format!("find --data {data} {REGRESSION} --json"));
        let result = run.expect(0, &["600 samples of 3 features"]).json();
        assert_eq!(
            (&result["inputs"], &result["outputs"]),
            (&3.into(), &2.into())
        );
        let protocol = &result["cell"]["measurement"]["eta-star"];
        assert_eq!(protocol["threshold"], 0.5);
        assert_eq!(protocol["loss"], "squared-error");
        let tried = |repeat: usize| result["repeats"][repeat]["tried"].clone();
        results.push([0, 1, 2].map(tried));
        let trials = (0..3).flat_map(|repeat| tried(repeat).as_array().unwrap().clone());
        for trial in trials.filter(|trial| trial["outcome"] == "success") {
            let r_squared = trial["accuracy"].as_f64().unwrap();
            assert!((0.5..1.0).contains(&r_squared), "{trial}");
        }
    }
    assert_eq!(results[0], results[1]);
    assert_eq!(results[0], results[2]);
    // One program for many networks has the same bits here.
    let find = format!("find --data csv/own.csv --y height {REGRESSION}");
    let [alone, together] = ["sequential", "batched"].map(|strategy| {
        let result = etastar.json(&format!("{find} --strategy {strategy} --json"));
        result["eta_star"].as_f64().unwrap()
    });
    assert_eq!(alone, together);
    let text = etastar.succeed(&format!("{find} --plot curve.svg"));
    assert_contains(&text, &["R^2 0.5 within 128 steps"]);
    let svg = read(&etastar, "curve.svg");
    assert!(!svg.contains("validation accuracy"));
    assert_contains(&svg, &["validation R^2 0.5"]);
}

#[test]
fn a_sweep_its_report_and_sharpness_take_real_targets() {
    let etastar = Sandbox::new();
    etastar.write("own.csv", table(&heights()));
    let dataset =
        "datasets = [{ file = { path = \"own.csv\", y = \"height,slope\", regression = true } }]";
    let experiment = |loss: &str, threshold: f64| {
        format!(
            "name = \"own\"\nquestion = \"Mine?\"\nseed = 1\nrepeats = 2\n{dataset}\n\
             [network]\nbias = false\noutput_gain = 2.0\n\
             [grid]\nwidths = [8, 16]\ndepths = [2]\ninput_rates = [1.0]\n\
             [protocol]\nloss = \"{loss}\"\nbatch_size = 32\nbudget = 64\nevaluate_every = 8\n\
             threshold = {threshold}\nladder = []\nsearch = {{ method = \"octaves\", start = 1.0, \
             lowest = -10.0, highest = 10.0, tolerance = 0.5 }}\n"
        )
    };
    etastar.write("own.toml", experiment("squared-error", 0.3));
    etastar.write("entropy.toml", experiment("cross-entropy", 0.3));
    etastar.write("perfect.toml", experiment("squared-error", 1.0));
    etastar.succeed("sweep own.toml -o own.db");
    let rows = etastar.succeed("export own.db --table repeats");
    assert_eq!(rows.lines().filter(|row| row.contains("found")).count(), 4);
    etastar.succeed("report own.db -o report");
    let report = read(&etastar, "report/report.md");
    assert_contains(&report, &["Validation R", "Targets are real numbers"]);
    etastar.fail(
        "sweep entropy.toml",
        2,
        &["cross-entropy is a loss of classes", "`own`"],
    );
    etastar.fail(
        "sweep perfect.toml",
        2,
        &["the threshold 1 must be an R^2 strictly between 0 and 1"],
    );

    let sharpness = "sharpness --width 8 --depth 2 --samples 64 --data own.csv --y height,slope";
    let result = etastar.json(&format!("{sharpness} --regression --json"));
    let network = &result["repeats"][0];
    let largest = network["hessian"]["largest"].as_f64().unwrap();
    let above = network["bounds"]["upper"]["hessian"].as_f64().unwrap();
    assert!(0.0 < largest && largest <= above, "{largest} {above}");
    assert_eq!(
        result["theory"],
        Value::Null,
        "its bounds are for one-hot targets"
    );
}

#[test]
fn what_is_wrong_with_real_targets_is_told() {
    let etastar = Sandbox::new();
    let rows = heights();
    let text = table(&rows);
    let [height, slope] = [rows[0][3], rows[0][4]].map(|value| value.to_string());
    etastar.write("own.csv", &text);
    etastar.write("text.csv", text.replacen(&height, "high", 1));
    etastar.write("nan.csv", text.replacen(&height, "nan", 1));
    let constant: Vec<[f64; 5]> = rows
        .iter()
        .map(|&[a, b, c, _, slope]| [a, b, c, 7.5, slope])
        .collect();
    etastar.write("constant.csv", table(&constant));
    assert!(text.contains(&slope));
    for (data, code, parts) in [
        (
            "text.csv --y height",
            3,
            ["row 2, column `height`", "`high` is not a number"],
        ),
        (
            "nan.csv --y height",
            3,
            ["row 2, column `height`", "missing value"],
        ),
        (
            "constant.csv --y height",
            3,
            ["target 0 of every sample is 7.5", "leave it out"],
        ),
        (
            "own.csv",
            3,
            ["name the column of the targets with `--y`", "`height`"],
        ),
        (
            "own.csv --y height --loss cross-entropy",
            2,
            ["cross-entropy", "--loss squared-error"],
        ),
        (
            "own.csv --y height --threshold 1",
            2,
            ["the threshold 1", "predicting the mean has 0"],
        ),
        (
            "own.csv --y height --threshold 0",
            2,
            ["'--threshold", "above 0"],
        ),
        (
            "own.csv --y height --validation 1",
            3,
            ["target 0", "1 validation samples"],
        ),
    ] {
        etastar.fail(&format!("find --data {data} {REGRESSION}"), code, &parts);
    }
    etastar.fail(
        &format!("find {REGRESSION}"),
        2,
        &["give the file with --data"],
    );
    etastar
        .run("find --data own.csv --y height --width 8 --depth 1")
        .expect(3, &["real targets need `--regression`"]);
}
