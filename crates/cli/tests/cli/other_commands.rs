//! `etastar data`, `settings`, `backends`, `completions`, `man` and `--help`.

use serde_json::{Value, json};

use crate::support::{Sandbox, assert_contains, assert_documented};

#[test]
fn datasets_are_listed_with_their_status() {
    let etastar = Sandbox::new();
    let list = etastar.json("data list --json");
    let entries = list["datasets"].as_array().unwrap().iter();
    let status: Vec<_> = entries
        .map(|entry| json!([entry["name"], entry["status"]]))
        .collect();
    let expected = json!([
        ["digits", "embedded"],
        ["fashion-mnist-mini", "embedded"],
        ["gaussians", "generated"],
        ["mnist", "missing"],
        ["fashion-mnist", "missing"],
        ["cifar10", "missing"],
    ]);
    assert_eq!(json!(status), expected);
    etastar.write("data/mnist/train-labels-idx1-ubyte", "nonsense");
    let text = etastar.succeed("data list --data-dir data");
    let parts = ["3 files missing in data", "etastar data fetch cifar10"];
    assert_contains(&text, &parts);
}

#[test]
fn embedded_data_need_no_files() {
    let etastar = Sandbox::new();
    assert_contains(
        &etastar.succeed("data fetch digits"),
        &["digits needs no files"],
    );
    let fetched = etastar.json("data fetch digits --json");
    assert_eq!(
        fetched,
        json!({"dataset": "digits", "installed": [], "kept": []})
    );
    assert_contains(
        &etastar.succeed("data verify"),
        &["FILE", "digits/", "verified: "],
    );
}

#[test]
fn a_file_that_is_not_genuine_is_not_verified() {
    let etastar = Sandbox::new();
    etastar.write("data/mnist/train-labels-idx1-ubyte", "nonsense");
    let failed = etastar.fail(
        "data verify mnist --data-dir data --json",
        3,
        &["4 of 4 files"],
    );
    let result = failed.json();
    let files = result["files"].as_array().unwrap();
    assert_eq!(files.len(), 4);
    assert!(files.iter().all(|file| file["verified"] == false));
}

#[test]
fn an_unreachable_mirror_is_named() {
    // Nobody listens on port 9 of this machine.
    let line = "data fetch mnist --data-dir data --mirror http://127.0.0.1:9/";
    Sandbox::new().fail(line, 3, &["127.0.0.1:9"]);
}

#[test]
fn backends_are_listed() {
    let etastar = Sandbox::new();
    let list = etastar.json("backends --json");
    let flex = &list["backends"][0];
    assert_eq!(flex["name"], "flex");
    assert_eq!(
        (&flex["compiled"], &flex["default"]),
        (&json!(true), &json!(true))
    );
    for backend in list["backends"].as_array().unwrap() {
        if backend["feature"] == "ndarray" {
            assert_eq!(backend["compiled"], cfg!(feature = "ndarray"));
        }
    }
    assert_contains(&etastar.succeed("backends"), &["compiled in, default"]);
}

#[test]
fn completions_know_the_commands() {
    let etastar = Sandbox::new();
    for shell in ["bash", "zsh", "fish"] {
        assert_contains(
            &etastar.succeed(&format!("completions {shell}")),
            &["sweep"],
        );
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let etastar = Sandbox::new();
    etastar.succeed("man share/pages");
    for name in ["etastar", "etastar-sweep", "etastar-data-fetch"] {
        let page = std::fs::read_to_string(etastar.path(&format!("share/pages/{name}.1")));
        assert_contains(&page.unwrap(), &[".SH SYNOPSIS", ".SH OPTIONS"]);
    }
    etastar.write("file", "");
    etastar.fail("man file/pages", 1, &["cannot write file/pages"]);
}

#[test]
fn help_tells_the_exit_codes() {
    let etastar = Sandbox::new();
    insta::assert_snapshot!("help", etastar.succeed("--help"));
    insta::assert_snapshot!("help_find", etastar.succeed("find --help"));
}

#[test]
fn every_setting_is_listed_with_its_default_and_limits() {
    let etastar = Sandbox::new();
    let text = etastar.succeed("settings");
    assert_contains(&text, &["protocol.threshold", "above 0 and at most 1"]);
    let listed = etastar.json("settings --json");
    let settings = listed["settings"].as_array().unwrap();
    let tolerance = settings.iter().find(|one| one["name"] == "tolerance");
    assert_eq!(tolerance.unwrap()["default"], 0.125);
    assert_eq!(tolerance.unwrap()["unit"], "octaves");
}

/// The table that the book shows.
#[test]
fn the_documented_settings_are_those_listed() {
    let listed = Sandbox::new().json("settings --json");
    let mut text = String::from(
        "# Settings of an experiment file\n\n\
         A test compares this page with `etastar settings --json`.\n\n\
         | setting | default | may be left out | must be | unit | what |\n\
         |---|---|---|---|---|---|\n",
    );
    for one in listed["settings"].as_array().unwrap() {
        let word = |field: &str| {
            one[field]
                .as_str()
                .unwrap()
                .replace('*', "\\*")
                .replace('|', "\\|")
        };
        let default = match &one["default"] {
            Value::Null => String::new(),
            value => format!("`{value}`"),
        };
        let optional = if one["optional"] == true { "yes" } else { "no" };
        text.push_str(&format!(
            "| `{}` | {default} | {optional} | {} | {} | {} |\n",
            word("key"),
            word("limits"),
            word("unit"),
            word("help")
        ));
    }
    assert_documented("book/tables/settings.md", &text);
}
