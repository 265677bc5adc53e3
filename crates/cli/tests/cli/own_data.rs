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
