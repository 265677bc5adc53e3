//! Wrong inputs: the message and the exit code each gets.

use std::fmt::Write;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::Sandbox;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// An IDX file of images, packed.
fn images(count: u32, pixels: usize) -> Vec<u8> {
    let mut bytes = [2051u32, count, 28, 28].map(u32::to_be_bytes).concat();
    bytes.resize(16 + pixels, 0);
    gzip(&bytes)
}

/// An IDX file of labels that are all the same, packed.
fn labels(count: u32, label: u8) -> Vec<u8> {
    let mut bytes = [2049u32, count].map(u32::to_be_bytes).concat();
    bytes.resize(8 + count as usize, label);
    gzip(&bytes)
}

/// Writes the files that the cases name.
fn prepare(etastar: &Sandbox) {
    let whole = images(60_000, 60_000 * 784);
    for (folder, images, labels) in [
        ("truncated", &whole[..whole.len() / 2], &labels(60_000, 3)),
        ("lying", &images(u32::MAX, 784), &labels(60_000, 3)),
        ("out-of-range", &whole, &labels(60_000, 200)),
        ("mismatched", &whole, &labels(59_999, 3)),
        ("forged", &whole, &labels(60_000, 3)),
    ] {
        etastar.write(
            &format!("{folder}/mnist/train-images-idx3-ubyte.gz"),
            images,
        );
        etastar.write(
            &format!("{folder}/mnist/train-labels-idx1-ubyte.gz"),
            labels,
        );
    }
    std::fs::create_dir(etastar.path("empty")).unwrap();
    let rule = "[[analysis.criteria]]\nclaim = \"C1\"\nsays = \"It falls.\"\n\
                statistic = { of = \"slope\" }\nrule = { at_least = 0 }\n[profiles.smoke]";
    let variant =
        |setting: &str| format!("[[variants]]\nname = \"a\"\n{setting}\n[profiles.smoke]");
    for (file, from, to) in [
        ("unknown-key", "budget = 32", "budgett = 32"),
        ("width-0", "widths = [8, 16, 32]", "widths = [8, 0]"),
        ("repeats", "repeats = 2", "repeats = 1000000000000"),
        ("deep", "depths = [2, 4]", "depths = [2, 20000]"),
        ("no-depth", "depths = [2, 4]", "depths = []"),
        ("threshold", "threshold = 0.2", "threshold = 1.5"),
        ("start", "start = 5.0", "start = 11.0"),
        ("no-rule", "[profiles.smoke]", rule),
        ("no-budget", "budget = 32\n", ""),
        (
            "no-base",
            "name = \"small\"",
            "base = \"none.toml\"\nname = \"small\"",
        ),
        ("seed-in-variant", "[profiles.smoke]", &variant("seed = 3")),
        ("small-train", "[profiles.smoke]", &variant("train = 3")),
    ] {
        etastar.write_experiment(&format!("{file}.toml"), &[(from, to)]);
    }
    etastar.write("large.toml", " ".repeat(2 << 20));
    etastar.write("not-toml.toml", "name = ");
    etastar.write("text.db", "not a database ".repeat(100));
    etastar.write("file", "");
    etastar.succeed("sweep small.toml --profile smoke --output sweep.db");
    std::fs::copy(etastar.path("sweep.db"), etastar.path("newer.db")).unwrap();
    let newer = rusqlite::Connection::open(etastar.path("newer.db")).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
}

/// What the user does, and the command line.
const CASES: &str = "\
no command |
no such backend | find --width 8 --depth 1 --backend cuda:0
no such device | find --width 8 --depth 1 --backend flex:cuda
a backend not compiled in | find --width 8 --depth 1 --backend tch:cuda:0
memory for nothing | find --width 8 --depth 1 --strategy batched --memory 1KiB
memory without a unit | find --width 8 --depth 1 --memory 100
no networks at once | find --width 8 --depth 1 --networks-at-once 0
one store to compare | compare sweep.db
stores that do not exist | compare a.db b.db
a network without depth | find --width 16
width 0 | find --width 0 --depth 2
depth 0 | find --width 16 --depth 0
a network too deep | find --width 16 --depth 1000000000000
more repeats than a store has | find --width 16 --depth 2 --repeats 1000000000000
10^12 trials | sweep repeats.toml
a grid too deep | sweep deep.toml
a file too large for an experiment | sweep large.toml
a width that is no number | find --width wide --depth 2
threshold above 1 | find --width 16 --depth 2 --threshold 1.5
negative input rate | find --width 16 --depth 2 --input-rate=-1
tolerance 0 | find --width 16 --depth 2 --tolerance 0
start outside of the range | find --width 16 --depth 2 --start 12
batch larger than the data | find --width 16 --depth 2 --train 64 --validation 64
more samples than there are | find --width 16 --depth 2 --train 5000
unknown dataset | find --width 16 --depth 2 --dataset imagenet
unknown backend | find --width 16 --depth 2 --backend cuda
gaussians' options elsewhere | find --width 16 --depth 2 --dimension 8
missing data | find --width 16 --depth 2 --dataset mnist
missing folder | find --width 16 --depth 2 --dataset mnist --data-dir none
empty folder | find --width 16 --depth 2 --dataset mnist --data-dir empty
a file for a folder | find --width 16 --depth 2 --dataset mnist --data-dir file
truncated gzip | find --width 16 --depth 2 --dataset mnist --data-dir truncated
IDX with a lying header | find --width 16 --depth 2 --dataset mnist --data-dir lying
labels out of range | find --width 16 --depth 2 --dataset mnist --data-dir out-of-range
mismatched counts | find --width 16 --depth 2 --dataset mnist --data-dir mismatched
well-formed, but not MNIST | find --width 16 --depth 2 --dataset mnist --data-dir forged
missing experiment | sweep none.toml
no TOML | sweep not-toml.toml
unknown key | sweep unknown-key.toml
width 0 in a grid | sweep width-0.toml
empty grid | sweep no-depth.toml
threshold above 1 in a file | sweep threshold.toml
start outside of the range in a file | sweep start.toml
a setting that is nowhere | sweep no-budget.toml
a statistic that is none | sweep no-rule.toml
a base that is nowhere | sweep no-base.toml
a seed in a variant | sweep seed-in-variant.toml
an impossible variant | sweep small-train.toml
unknown profile | sweep small.toml --profile huge
a time limit that is none | sweep small.toml --time-limit 5x
store of another configuration | sweep small.toml --output sweep.db
a store that is no store | sweep small.toml --output text.db
a folder that cannot be made | sweep small.toml --output file/sweep.db
missing store | fit none.db
a store that is not SQLite | fit text.db
a store of a newer format | report newer.db
a folder for a store | export empty
confidence above 1 | fit sweep.db --confidence 2
predict without a network | predict sweep.db
predict depth 0 | predict sweep.db --depth 0 --width 16
predict from a missing store | predict none.db --depth 2 --width 16
predict an input rate that was not measured | predict sweep.db --depth 2 --width 16 --input-rate 2
predict for a dataset that was not measured | predict sweep.db --depth 2 --width 16 --dataset mnist
predict with a confidence above 1 | predict sweep.db --depth 2 --width 16 --confidence 2
predict with a filter that is none | predict sweep.db --depth 2 --width 16 --width-over-depth nan
a missing store to start from | find --width 16 --depth 2 --warm-start none.db
unknown table | export sweep.db --table rows
a report that cannot be written | report sweep.db --output file/report
";

#[test]
fn every_wrong_input_gets_a_message_and_its_exit_code() {
    let etastar = Sandbox::new();
    prepare(&etastar);
    let folder = etastar.path("");
    let folder = folder.to_str().unwrap().trim_end_matches('/');
    let mut table = String::new();
    for case in CASES.lines() {
        let (what, line) = case.split_once(" |").unwrap();
        let line = line.trim_start();
        let run = etastar.run(line);
        let message = run.stderr.replace(folder, "FOLDER");
        assert!(!message.contains("panicked"), "{what}: {message}");
        let code = run.code.unwrap();
        assert_ne!(code, 0, "{what}");
        let message = match what {
            "no command" => "(help)",
            _ => message.trim_end(),
        };
        writeln!(table, "# {what}\n$ etastar {line}\n{message}\n-> {code}\n").unwrap();
    }
    insta::assert_snapshot!("wrong_inputs", table);
}
