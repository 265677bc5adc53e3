//! Every kind of file of one's own, good and bad, and what it gives: the table in
//! `book/src/own-files.md` is this test's output.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use parquet::data_type::{DoubleType, Int64Type};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use zip::write::SimpleFileOptions;

use crate::support::Sandbox;

const ROWS: usize = 240;

/// Two features of each sample: whole numbers up to 255, which every type holds exactly.
fn features(row: usize) -> [u8; 2] {
    let spread = [(row * 37) % 60, (row * 53) % 60].map(|value| value as u8);
    match row % 2 {
        0 => [spread[0], 100 + spread[1]],
        _ => [120 + spread[0], spread[1]],
    }
}

fn label(row: usize) -> u8 {
    (row % 2) as u8
}

/// Bytes of every value in an order, each made by `encode`.
fn bytes<const N: usize>(fortran: bool, encode: impl Fn(u8) -> [u8; N]) -> Vec<u8> {
    let rows = || 0..ROWS;
    let values: Vec<u8> = match fortran {
        false => rows().flat_map(features).collect(),
        true => (0..2)
            .flat_map(|column| rows().map(move |row| features(row)[column]))
            .collect(),
    };
    values.into_iter().flat_map(encode).collect()
}

fn labels<const N: usize>(encode: impl Fn(u8) -> [u8; N]) -> Vec<u8> {
    (0..ROWS).map(label).flat_map(encode).collect()
}

/// An array file as numpy's documentation describes it.
fn npy(kind: &str, fortran: bool, shape: &str, bytes: &[u8]) -> Vec<u8> {
    let order = if fortran { "True" } else { "False" };
    let header = format!("{{'descr': '{kind}', 'fortran_order': {order}, 'shape': ({shape}), }}");
    let mut file = b"\x93NUMPY\x01\0\x76\0".to_vec();
    file.extend(format!("{header:<117}\n").as_bytes());
    file.extend(bytes);
    file
}

fn x(kind: &str, fortran: bool, bytes: &[u8]) -> Vec<u8> {
    npy(kind, fortran, "240, 2", bytes)
}

fn y() -> Vec<u8> {
    npy(
        "<i8",
        false,
        "240,",
        &labels(|y| i64::from(y).to_le_bytes()),
    )
}

fn single() -> Vec<u8> {
    x("<f4", false, &bytes(false, |v| f32::from(v).to_le_bytes()))
}

/// What a file gives, as a row of the table.
struct Table<'a> {
    etastar: &'a Sandbox,
    text: String,
    /// eta\* of the first file, which all with the same numbers must give.
    eta_star: Option<String>,
}

impl Table<'_> {
    fn npz(&self, name: &str, arrays: &[(&str, Vec<u8>)]) {
        let path = self.etastar.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut archive = zip::ZipWriter::new(File::create(path).unwrap());
        for (name, bytes) in arrays {
            let options = SimpleFileOptions::default();
            archive.start_file(format!("{name}.npy"), options).unwrap();
            archive.write_all(bytes).unwrap();
        }
        archive.finish().unwrap();
    }

    /// The same numbers: the same eta\*, to the last bit.
    fn same(&mut self, holds: &str, options: &str) {
        let run = self.find(options).expect(0, &[]);
        let eta_star = run.json()["eta_star"].to_string();
        let first = self.eta_star.get_or_insert_with(|| eta_star.clone());
        assert_eq!(*first, eta_star, "{options}");
        self.row(options, holds, &format!("eta\\* = {eta_star}"));
    }

    fn refused(&mut self, holds: &str, options: &str) {
        let run = self.find(options);
        self.error(holds, options, run.code, &run.stderr);
    }

    fn find(&self, options: &str) -> crate::support::Run {
        let network = "--width 16 --depth 2 --budget 48 --batch 32 --repeats 2 --json";
        self.etastar
            .run(&format!("find --data {options} {network}"))
    }

    fn error(&mut self, holds: &str, options: &str, code: Option<i32>, stderr: &str) {
        assert_eq!(code, Some(3), "{options}: {stderr}");
        let error = stderr.lines().find_map(|line| line.strip_prefix("error: "));
        self.row(options, holds, error.unwrap());
    }

    fn row(&mut self, options: &str, holds: &str, gives: &str) {
        let gives = gives.replace('|', "\\|").replace('<', "&lt;");
        self.text
            .push_str(&format!("| `{options}` | {holds} | {gives} |\n"));
    }

    fn weights(&mut self, name: &str, tensors: &[(&str, &[usize])]) {
        let count = |shape: &[usize]| shape.iter().product::<usize>();
        let content: Vec<Vec<u8>> = tensors
            .iter()
            .map(|(_, shape)| {
                let value = |i: usize| (0.3 * (i as f32 * 1.7).sin()).to_le_bytes();
                (0..count(shape)).flat_map(value).collect()
            })
            .collect();
        let views = tensors.iter().zip(&content).map(|((name, shape), bytes)| {
            let view = TensorView::new(Dtype::F32, shape.to_vec(), bytes).unwrap();
            (*name, view)
        });
        let file = safetensors::serialize(views.collect::<Vec<_>>(), None).unwrap();
        self.etastar.write(name, file);
    }

    fn sharpness(&mut self, holds: &str, options: &str) {
        let samples = "--samples-file f32/samples.npz --no-bounds --json";
        let run = self
            .etastar
            .run(&format!("sharpness --weights {options} {samples}"));
        if run.code == Some(0) {
            let read = run.stderr.lines().next().unwrap_or_default();
            let lambda = run.json()["lambda_1"]["mean"].as_f64().unwrap();
            self.row(options, holds, &format!("{read}; lambda_1 = {lambda:.3e}"));
        } else {
            self.error(holds, options, run.code, &run.stderr);
        }
    }
}

#[test]
fn the_table_of_files_of_ones_own_is_as_documented() {
    let etastar = Sandbox::new();
    let mut table = Table {
        etastar: &etastar,
        text: String::new(),
        eta_star: None,
    };
    table.text.push_str(
        "# Which files work\n\n\
         This page shows what `etastar find --data` and `etastar sharpness --weights` do with some fifty \
         files. A test writes them, runs the program on each and compares this page with its output. All files of \
         the first table hold the same 240 samples of 2 features and 2 classes. They have one name, since \
         the order of batches follows from the seed and the name of the data.\n\n\
         ## Data\n\n| options | the file holds | eta\\* |\n|---|---|---|\n",
    );
    same_numbers(&mut table);
    table.text.push_str(
        "\n## Data that are refused\n\n| options | the file holds | error |\n|---|---|---|\n",
    );
    bad_data(&mut table);
    table.text.push_str(
        "\n## Weights\n\n| options | the file holds | what was understood, or the error |\n|---|---|---|\n",
    );
    weights(&mut table);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../book/src/own-files.md");
    if std::env::var_os("INSTA_UPDATE").is_some_and(|value| value == "always") {
        std::fs::write(path, &table.text).unwrap();
    }
    let documented = std::fs::read_to_string(path).unwrap();
    assert!(
        documented == table.text,
        "book/src/own-files.md differs; `INSTA_UPDATE=always cargo test own_files` writes it"
    );
}

fn same_numbers(table: &mut Table<'_>) {
    let one = |name: &str, x: Vec<u8>, y: Vec<u8>| (name.to_owned(), x, y);
    let half = |value: u8| half::f16::from_f32(value.into()).to_le_bytes();
    let one_hot = |value: u8| {
        [1.0 - f32::from(value), value.into()]
            .map(f32::to_le_bytes)
            .concat()
    };
    let one_hot: Vec<u8> = (0..ROWS).flat_map(|row| one_hot(label(row))).collect();
    let words = |value: u8| {
        [
            ["a\0\0\0", "n\0\0\0", "t\0\0\0"],
            ["b\0\0\0", "e\0\0\0", "e\0\0\0"],
        ][usize::from(value)]
        .concat()
    };
    let words: Vec<u8> = (0..ROWS)
        .flat_map(|row| words(label(row)).into_bytes())
        .collect();
    let forms = [
        (
            one("f32/samples.npz", single(), y()),
            "f4 in C order, labels i8",
        ),
        (
            one(
                "f64/samples.npz",
                x("<f8", true, &bytes(true, |v| f64::from(v).to_le_bytes())),
                y(),
            ),
            "f8 in Fortran order",
        ),
        (
            one(
                "big-endian/samples.npz",
                x(">f8", false, &bytes(false, |v| f64::from(v).to_be_bytes())),
                y(),
            ),
            "f8, big-endian",
        ),
        (
            one(
                "half/samples.npz",
                x("<f2", false, &bytes(false, half)),
                y(),
            ),
            "f2",
        ),
        (
            one(
                "bytes/samples.npz",
                x("|u1", false, &bytes(false, |v| [v])),
                y(),
            ),
            "u1",
        ),
        (
            one(
                "short/samples.npz",
                x(">i2", true, &bytes(true, |v| i16::from(v).to_be_bytes())),
                y(),
            ),
            "i2, big-endian, Fortran order",
        ),
        (
            one(
                "images/samples.npz",
                npy("|u1", false, "240, 1, 2", &bytes(false, |v| [v])),
                y(),
            ),
            "u1 of shape [240, 1, 2]",
        ),
        (
            one(
                "bool/samples.npz",
                single(),
                npy("|b1", false, "240,", &labels(|y| [y])),
            ),
            "labels true and false",
        ),
        (
            one(
                "column/samples.npz",
                single(),
                npy(
                    "<f4",
                    false,
                    "240, 1",
                    &labels(|y| f32::from(y).to_le_bytes()),
                ),
            ),
            "labels f4 of shape [240, 1]",
        ),
        (
            one(
                "one-hot/samples.npz",
                single(),
                npy("<f4", false, "240, 2", &one_hot),
            ),
            "labels in one-hot rows",
        ),
        (
            one(
                "words/samples.npz",
                single(),
                npy("<U3", false, "240,", &words),
            ),
            "labels `ant` and `bee`",
        ),
    ];
    for ((name, x, y), holds) in forms {
        table.npz(&name, &[("x", x), ("y", y)]);
        table.same(&format!(".npz: {holds}"), &name);
    }
    table.npz(
        "usual/samples.npz",
        &[("x_train", single()), ("y_train", y())],
    );
    table.same(".npz: `x_train` and `y_train`", "usual/samples.npz");
    table.npz(
        "unnamed/samples.npz",
        &[("arr_0", single()), ("arr_1", y())],
    );
    table.same(".npz: `arr_0` and `arr_1`", "unnamed/samples.npz");
    table.npz(
        "odd/samples.npz",
        &[("pixels", single()), ("species", y()), ("ids", y())],
    );
    table.same(
        ".npz: names of one's own",
        "odd/samples.npz --x pixels --y species",
    );
    table.etastar.write("npy/samples.npy", single());
    table.etastar.write("npy/labels.npy", y());
    table.same("two .npy files", "npy/samples.npy --y npy/labels.npy");
    let text = |delimiter: &str, names: [&str; 2]| {
        let line = |row: usize| {
            let [a, b] = features(row).map(|value| value.to_string());
            [a.as_str(), &b, names[usize::from(label(row))]].join(delimiter)
        };
        let head = ["a", "b", "class"].join(delimiter);
        std::iter::once(head)
            .chain((0..ROWS).map(line))
            .collect::<Vec<_>>()
            .join("\n")
    };
    table
        .etastar
        .write("csv/samples.csv", text(",", ["0", "1"]));
    table.same("CSV", "csv/samples.csv");
    table
        .etastar
        .write("names/samples.csv", text(",", ["ant", "bee"]));
    table.same("CSV: labels are words", "names/samples.csv --label class");
    table.etastar.write("samples.tsv", text("\t", ["0", "1"]));
    table.same("TSV", "samples.tsv");
    let mut zipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    zipped.write_all(text(",", ["0", "1"]).as_bytes()).unwrap();
    table
        .etastar
        .write("samples.csv.gz", zipped.finish().unwrap());
    table.same("CSV, gzipped", "samples.csv.gz");
    parquet_file(table);
    table.same("Parquet", "samples.parquet");
    let header = |magic: u8, sizes: &[u32]| -> Vec<u8> {
        let sizes = sizes.iter().flat_map(|size| size.to_be_bytes());
        [0, 0, 8, magic].into_iter().chain(sizes).collect()
    };
    let images = [header(3, &[240, 1, 2]), bytes(false, |v| [v])].concat();
    table.etastar.write("samples.idx3-ubyte", images);
    let classes = [header(1, &[240]), labels(|y| [y])].concat();
    table.etastar.write("samples.idx1-ubyte", classes);
    table.same("IDX, its labels found beside it", "samples.idx3-ubyte");
}

fn parquet_file(table: &Table<'_>) {
    let schema = "message m { required double a; required double b; required int64 class; }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let file = File::create(table.etastar.path("samples.parquet")).unwrap();
    let mut writer = SerializedFileWriter::new(file, schema, Default::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for place in 0..2 {
        let values: Vec<f64> = (0..ROWS).map(|row| features(row)[place].into()).collect();
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<DoubleType>()
            .write_batch(&values, None, None)
            .unwrap();
        column.close().unwrap();
    }
    let classes: Vec<i64> = (0..ROWS).map(|row| label(row).into()).collect();
    let mut column = group.next_column().unwrap().unwrap();
    column
        .typed::<Int64Type>()
        .write_batch(&classes, None, None)
        .unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
}

fn bad_data(table: &mut Table<'_>) {
    let not_a_number = |v: u8| if v == 100 { f32::NAN } else { v.into() }.to_le_bytes();
    let nan = x("<f4", false, &bytes(false, not_a_number));
    table.npz("nan.npz", &[("x", nan), ("y", y())]);
    table.refused(".npz: an input that is not a number", "nan.npz");
    let fewer = npy("|u1", false, "200,", &labels(|y| [y])[..200]);
    table.npz("fewer.npz", &[("x", single()), ("y", fewer)]);
    table.refused(".npz: fewer labels than rows", "fewer.npz");
    table.npz("strange.npz", &[("foo", single()), ("bar", y())]);
    table.refused(".npz: no usual names", "strange.npz");
    let objects = npy("|O", false, "240,", &[0; 16]);
    table.npz("objects.npz", &[("x", single()), ("y", objects)]);
    table.refused(".npz: Python objects", "objects.npz");
    let half = npy(
        "<f4",
        false,
        "240,",
        &labels(|y| (f32::from(y) / 2.0).to_le_bytes()),
    );
    table.npz("halves.npz", &[("x", single()), ("y", half)]);
    table.refused(".npz: labels that are not whole", "halves.npz");
    let one = npy("|u1", false, "240,", &[7; 240]);
    table.npz("one.npz", &[("x", single()), ("y", one)]);
    table.refused(".npz: one class", "one.npz");
    let whole = std::fs::read(table.etastar.path("f32/samples.npz")).unwrap();
    table.etastar.write("cut.npz", &whole[..whole.len() / 2]);
    table.refused(".npz: cut off", "cut.npz");
    table.etastar.write("alone.npy", single());
    table.refused(".npy: inputs alone", "alone.npy");
    table
        .etastar
        .write("missing.csv", "a,b,class\n1,2,0\n3,,1\n");
    table.refused("CSV: a value is missing", "missing.csv");
    table
        .etastar
        .write("category.csv", "a,b,class\n1,red,0\n3,blue,1\n");
    table.refused("CSV: a column is no number", "category.csv");
    table.etastar.write("ragged.csv", "a,b,class\n1,2,0\n3,1\n");
    table.refused("CSV: a line is too short", "ragged.csv");
    table
        .etastar
        .write("unlabelled.csv", "a,b,c\n1,2,0\n3,1,1\n");
    table.refused("CSV: no column of labels", "unlabelled.csv");
    table.etastar.write("empty.csv", "");
    table.refused("nothing", "empty.csv");
    table.etastar.write("data.txt", "hello");
    table.refused("text", "data.txt");
    table.refused("no such file", "nowhere.npz");
}

fn weights(table: &mut Table<'_>) {
    let bias = ("0.bias", &[8][..]);
    let sequential = [("0.weight", &[8, 2][..]), bias, ("2.weight", &[2, 8])];
    table.weights("sequential.safetensors", &sequential);
    table.sharpness(
        "`nn.Sequential`, a bias in its first layer",
        "sequential.safetensors",
    );
    let named = [
        ("module.fc1.weight", &[8, 2][..]),
        ("module.fc2.weight", &[4, 8]),
        ("module.out.weight", &[2, 4]),
    ];
    table.weights("named.safetensors", &named);
    table.sharpness("names, wrapped by `DataParallel`", "named.safetensors");
    let list = [
        ("layers.1.weight", &[8, 2][..]),
        ("layers.10.weight", &[2, 3]),
        ("layers.4.weight", &[3, 8]),
    ];
    table.weights("list.safetensors", &list);
    table.sharpness(
        "a `ModuleList` with gaps in its numbers",
        "list.safetensors",
    );
    table.weights(
        "jax.safetensors",
        &[("0.weight", &[2, 8][..]), ("1.weight", &[8, 2])],
    );
    table.sharpness("matrices `[in, out]`", "jax.safetensors");
    let flax = [
        ("params/Dense_0/kernel", &[2, 2][..]),
        ("params/Dense_1/kernel", &[2, 2]),
    ];
    table.weights("flax.safetensors", &flax);
    table.sharpness("names of Flax, square matrices", "flax.safetensors");
    table.weights(
        "bare.safetensors",
        &[("weight", &[3, 2][..]), ("bias", &[3])],
    );
    table.sharpness("one layer without a name", "bare.safetensors");
    table.weights(
        "square.safetensors",
        &[("0.weight", &[2, 2][..]), ("1.weight", &[2, 2])],
    );
    table.sharpness("square matrices", "square.safetensors");
    table.sharpness("square matrices", "square.safetensors --layout out-in");
    let norm = [
        ("0.weight", &[8, 2][..]),
        ("1.running_mean", &[8]),
        ("2.weight", &[2, 8]),
    ];
    table.weights("norm.safetensors", &norm);
    table.sharpness("a tensor that is no part of it", "norm.safetensors");
    table.sharpness(
        "a tensor that is no part of it",
        "norm.safetensors --ignore",
    );
    table.weights(
        "convolution.safetensors",
        &[("0.weight", &[8, 1, 3, 3][..])],
    );
    table.sharpness("a convolution", "convolution.safetensors");
    table.weights(
        "apart.safetensors",
        &[("0.weight", &[8, 2][..]), ("2.weight", &[2, 7])],
    );
    table.sharpness("layers that do not fit together", "apart.safetensors");
    table.etastar.write("model.pt", "PK\u{3}\u{4}");
    table.sharpness("a file of `torch.save`", "model.pt");
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
    table.etastar.write("lfs.safetensors", pointer);
    table.sharpness("a pointer of Git LFS", "lfs.safetensors");
}
