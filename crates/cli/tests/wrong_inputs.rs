//! Wrong inputs: the message and the exit code each gets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails the test"
)]

mod support;

use std::fmt::Write;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use support::{EXPERIMENT, run, write_experiment};

/// What the user does, and the command line.
struct Case<'a> {
    what: &'a str,
    arguments: Vec<&'a str>,
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn idx_images(count: u32, pixels: usize) -> Vec<u8> {
    let mut bytes = [2051u32, count, 28, 28].map(u32::to_be_bytes).concat();
    bytes.resize(16 + pixels, 0);
    bytes
}

fn idx_labels(count: u32, label: u8) -> Vec<u8> {
    let mut bytes = [2049u32, count].map(u32::to_be_bytes).concat();
    bytes.resize(8 + count as usize, label);
    bytes
}

/// A folder `name` with the two training files of MNIST.
fn mnist(folder: &Path, name: &str, images: &[u8], labels: &[u8]) {
    let place = folder.join(name).join("mnist");
    std::fs::create_dir_all(&place).unwrap();
    std::fs::write(place.join("train-images-idx3-ubyte.gz"), images).unwrap();
    std::fs::write(place.join("train-labels-idx1-ubyte.gz"), labels).unwrap();
}

fn prepare(folder: &Path) {
    let images = gzip(&idx_images(60_000, 60_000 * 784));
    let labels = gzip(&idx_labels(60_000, 3));
    mnist(folder, "truncated", &images[..images.len() / 2], &labels);
    mnist(folder, "lying", &gzip(&idx_images(u32::MAX, 784)), &labels);
    mnist(
        folder,
        "out-of-range",
        &images,
        &gzip(&idx_labels(60_000, 200)),
    );
    mnist(folder, "mismatched", &images, &gzip(&idx_labels(59_999, 3)));
    mnist(folder, "forged", &images, &labels);
    std::fs::create_dir(folder.join("empty")).unwrap();
    write_experiment(folder);
    let change = |name: &str, from: &str, to: &str| {
        assert!(EXPERIMENT.contains(from));
        std::fs::write(folder.join(name), EXPERIMENT.replace(from, to)).unwrap();
    };
    change("unknown-key.toml", "budget = 32", "budgett = 32");
    change("width-0.toml", "widths = [8, 16, 32]", "widths = [8, 0]");
    change("repeats.toml", "repeats = 2", "repeats = 1000000000000");
    change("deep.toml", "depths = [2, 4]", "depths = [2, 20000]");
    std::fs::write(folder.join("large.toml"), " ".repeat(2 << 20)).unwrap();
    change("no-depth.toml", "depths = [2, 4]", "depths = []");
    change("threshold.toml", "threshold = 0.2", "threshold = 1.5");
    change("start.toml", "start = 5.0", "start = 11.0");
    change(
        "no-rule.toml",
        "[profiles.smoke]",
        "[[analysis.criteria]]\nclaim = \"C1\"\nsays = \"It falls.\"\n\
         statistic = { of = \"slope\" }\nrule = { at_least = 0 }\n[profiles.smoke]",
    );
    change("no-budget.toml", "budget = 32\n", "");
    change(
        "no-base.toml",
        "name = \"small\"",
        "base = \"none.toml\"\nname = \"small\"",
    );
    change(
        "seed-in-variant.toml",
        "[profiles.smoke]",
        "[[variants]]\nname = \"a\"\nseed = 3\n[profiles.smoke]",
    );
    change(
        "small-train.toml",
        "[profiles.smoke]",
        "[[variants]]\nname = \"a\"\ntrain = 3\n[profiles.smoke]",
    );
    std::fs::write(folder.join("not-toml.toml"), "name = ").unwrap();
    std::fs::write(folder.join("text.db"), "not a database ".repeat(100)).unwrap();
    support::succeed(
        folder,
        &[
            "sweep",
            "small.toml",
            "--profile",
            "smoke",
            "--output",
            "sweep.db",
        ],
    );
    std::fs::copy(folder.join("sweep.db"), folder.join("newer.db")).unwrap();
    rusqlite::Connection::open(folder.join("newer.db"))
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();
    std::fs::write(folder.join("file"), "").unwrap();
}

fn cases() -> Vec<Case<'static>> {
    let case = |what, line: &'static str| Case {
        what,
        arguments: line.split_whitespace().collect(),
    };
    vec![
        case("no command", ""),
        case(
            "no such backend",
            "find --width 8 --depth 1 --backend cuda:0",
        ),
        case(
            "no such device",
            "find --width 8 --depth 1 --backend flex:cuda",
        ),
        case(
            "a backend not compiled in",
            "find --width 8 --depth 1 --backend tch:cuda:0",
        ),
        case(
            "memory for nothing",
            "find --width 8 --depth 1 --strategy batched --memory 1KiB",
        ),
        case(
            "memory without a unit",
            "find --width 8 --depth 1 --memory 100",
        ),
        case(
            "no networks at once",
            "find --width 8 --depth 1 --networks-at-once 0",
        ),
        case("one store to compare", "compare sweep.db"),
        case("stores that do not exist", "compare a.db b.db"),
        case("a network without depth", "find --width 16"),
        case("width 0", "find --width 0 --depth 2"),
        case("depth 0", "find --width 16 --depth 0"),
        case(
            "a network too deep",
            "find --width 16 --depth 1000000000000",
        ),
        case(
            "more repeats than a store has",
            "find --width 16 --depth 2 --repeats 1000000000000",
        ),
        case("10^12 trials", "sweep repeats.toml"),
        case("a grid too deep", "sweep deep.toml"),
        case("a file too large for an experiment", "sweep large.toml"),
        case("a width that is no number", "find --width wide --depth 2"),
        case(
            "threshold above 1",
            "find --width 16 --depth 2 --threshold 1.5",
        ),
        case(
            "negative input rate",
            "find --width 16 --depth 2 --input-rate=-1",
        ),
        case("tolerance 0", "find --width 16 --depth 2 --tolerance 0"),
        case(
            "start outside of the range",
            "find --width 16 --depth 2 --start 12",
        ),
        case(
            "batch larger than the data",
            "find --width 16 --depth 2 --train 64 --validation 64",
        ),
        case(
            "more samples than there are",
            "find --width 16 --depth 2 --train 5000",
        ),
        case(
            "unknown dataset",
            "find --width 16 --depth 2 --dataset imagenet",
        ),
        case(
            "unknown backend",
            "find --width 16 --depth 2 --backend cuda",
        ),
        case(
            "gaussians' options elsewhere",
            "find --width 16 --depth 2 --dimension 8",
        ),
        case("missing data", "find --width 16 --depth 2 --dataset mnist"),
        case(
            "missing folder",
            "find --width 16 --depth 2 --dataset mnist --data-dir none",
        ),
        case(
            "empty folder",
            "find --width 16 --depth 2 --dataset mnist --data-dir empty",
        ),
        case(
            "a file for a folder",
            "find --width 16 --depth 2 --dataset mnist --data-dir file",
        ),
        case(
            "truncated gzip",
            "find --width 16 --depth 2 --dataset mnist --data-dir truncated",
        ),
        case(
            "IDX with a lying header",
            "find --width 16 --depth 2 --dataset mnist --data-dir lying",
        ),
        case(
            "labels out of range",
            "find --width 16 --depth 2 --dataset mnist --data-dir out-of-range",
        ),
        case(
            "mismatched counts",
            "find --width 16 --depth 2 --dataset mnist --data-dir mismatched",
        ),
        case(
            "well-formed, but not MNIST",
            "find --width 16 --depth 2 --dataset mnist --data-dir forged",
        ),
        case("missing experiment", "sweep none.toml"),
        case("no TOML", "sweep not-toml.toml"),
        case("unknown key", "sweep unknown-key.toml"),
        case("width 0 in a grid", "sweep width-0.toml"),
        case("empty grid", "sweep no-depth.toml"),
        case("threshold above 1 in a file", "sweep threshold.toml"),
        case("start outside of the range in a file", "sweep start.toml"),
        case("a setting that is nowhere", "sweep no-budget.toml"),
        case("a statistic that is none", "sweep no-rule.toml"),
        case("a base that is nowhere", "sweep no-base.toml"),
        case("a seed in a variant", "sweep seed-in-variant.toml"),
        case("an impossible variant", "sweep small-train.toml"),
        case("unknown profile", "sweep small.toml --profile huge"),
        case(
            "a time limit that is none",
            "sweep small.toml --time-limit 5x",
        ),
        case(
            "store of another configuration",
            "sweep small.toml --output sweep.db",
        ),
        case(
            "a store that is no store",
            "sweep small.toml --output text.db",
        ),
        case(
            "a folder that cannot be made",
            "sweep small.toml --output file/sweep.db",
        ),
        case("missing store", "fit none.db"),
        case("a store that is not SQLite", "fit text.db"),
        case("a store of a newer format", "report newer.db"),
        case("a folder for a store", "export empty"),
        case("confidence above 1", "fit sweep.db --confidence 2"),
        case("predict without a network", "predict sweep.db"),
        case("predict depth 0", "predict sweep.db --depth 0 --width 16"),
        case(
            "predict from a missing store",
            "predict none.db --depth 2 --width 16",
        ),
        case(
            "predict an input rate that was not measured",
            "predict sweep.db --depth 2 --width 16 --input-rate 2",
        ),
        case(
            "predict for a dataset that was not measured",
            "predict sweep.db --depth 2 --width 16 --dataset mnist",
        ),
        case(
            "predict with a confidence above 1",
            "predict sweep.db --depth 2 --width 16 --confidence 2",
        ),
        case(
            "predict with a filter that is none",
            "predict sweep.db --depth 2 --width 16 --width-over-depth nan",
        ),
        case(
            "a missing store to start from",
            "find --width 16 --depth 2 --warm-start none.db",
        ),
        case("unknown table", "export sweep.db --table rows"),
        case(
            "a report that cannot be written",
            "report sweep.db --output file/report",
        ),
    ]
}

#[test]
fn every_wrong_input_gets_a_message_and_its_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    prepare(folder);
    let mut table = String::new();
    for Case { what, arguments } in cases() {
        let run = run(folder, &arguments);
        let message = run.stderr.replace(&folder.display().to_string(), "FOLDER");
        assert!(!message.contains("panicked"), "{what}: {message}");
        let code = run.code.unwrap();
        assert_ne!(code, 0, "{what}");
        writeln!(table, "# {what}\n$ etastar {}", arguments.join(" ")).unwrap();
        let message = if what == "no command" {
            "(help)"
        } else {
            message.trim_end()
        };
        writeln!(table, "{message}\n-> {code}\n").unwrap();
    }
    insta::assert_snapshot!("wrong_inputs", table);
}
