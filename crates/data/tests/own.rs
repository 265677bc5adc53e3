//! Files of one's own: every kind gives the same data, and whatever is wrong is named.

#[path = "own/targets.rs"]
mod targets;

use std::cell::Cell;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use etastar_data::{
    DataFolders, Dataset, DatasetConfig, Inputs, OwnArray, OwnFile, OwnFileError, OwnSamples,
    OwnValues, Split, Standardise, Targets,
};
use npyz::{AutoSerialize, WriterBuilder};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;
use zip::write::SimpleFileOptions;

const ROWS: usize = 12;
const COLUMNS: usize = 3;

/// Numbers that single and half precision hold exactly, and that are no bytes.
fn value(row: usize, column: usize) -> f64 {
    (row * COLUMNS + column) as f64 / 4.0 - 2.0
}

fn label(row: usize) -> i64 {
    [7, 2, 9, 2][row % 4]
}

fn values() -> Vec<f64> {
    let rows = (0..ROWS).flat_map(|row| (0..COLUMNS).map(move |column| value(row, column)));
    rows.collect()
}

fn labels() -> Vec<i64> {
    (0..ROWS).map(label).collect()
}

/// An array file of this header, which numpy's documentation describes, and these bytes.
fn npy(kind: &str, fortran: bool, shape: &str, bytes: &[u8]) -> Vec<u8> {
    let order = if fortran { "True" } else { "False" };
    let header = format!("{{'descr': '{kind}', 'fortran_order': {order}, 'shape': ({shape}), }}");
    let padded = format!("{header:<117}\n");
    let mut file = b"\x93NUMPY\x01\0".to_vec();
    file.extend((padded.len() as u16).to_le_bytes());
    file.extend(padded.as_bytes());
    file.extend(bytes);
    file
}

fn plain<T: AutoSerialize + Clone>(shape: &[u64], values: &[T]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let options = npyz::WriteOptions::new().default_dtype().shape(shape);
    let mut writer = options.writer(&mut bytes).begin_nd().unwrap();
    writer.extend(values.iter().cloned()).unwrap();
    writer.finish().unwrap();
    bytes
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn npz(&self, name: &str, arrays: &[(&str, Vec<u8>)]) -> PathBuf {
        let path = self.0.path().join(name);
        let mut archive = zip::ZipWriter::new(File::create(&path).unwrap());
        for (name, bytes) in arrays {
            let name = format!("{name}.npy");
            archive
                .start_file(name, SimpleFileOptions::default())
                .unwrap();
            archive.write_all(bytes).unwrap();
        }
        archive.finish().unwrap();
        path
    }
}

fn named(path: &Path, x: Option<&str>, y: Option<&str>) -> OwnFile {
    OwnFile {
        path: path.to_owned(),
        x: x.map(str::to_owned),
        y: y.map(str::to_owned),
        regression: false,
    }
}

fn load(path: &Path) -> Result<Dataset, OwnFileError> {
    OwnFile::new(path).load(None)
}

fn classes(dataset: &Dataset) -> &[u32] {
    dataset.targets.classes().unwrap()
}

/// The same numbers in every form give the same data, and so the same bits in training.
#[test]
fn every_form_of_the_same_numbers_gives_the_same_data() {
    let folder = Folder::new();
    let shape = [ROWS as u64, COLUMNS as u64];
    let single: Vec<f32> = values().iter().map(|&value| value as f32).collect();
    let big: Vec<u8> = values()
        .iter()
        .flat_map(|value| value.to_be_bytes())
        .collect();
    let half = |value: &f64| half::f16::from_f64(*value).to_le_bytes();
    let half: Vec<u8> = values().iter().flat_map(half).collect();
    let mut columns = Vec::new();
    for column in 0..COLUMNS {
        columns.extend((0..ROWS).flat_map(|row| value(row, column).to_le_bytes()));
    }
    let y = || plain(&[ROWS as u64], &labels());
    let short: Vec<u8> = labels()
        .iter()
        .flat_map(|l| (*l as i16).to_be_bytes())
        .collect();
    // Classes by ascending label: 2, 7, 9.
    let place = |label: i64| [2, 7, 9].iter().position(|known| *known == label).unwrap();
    let mut hot = vec![0.0_f32; 3 * ROWS];
    for row in 0..ROWS {
        hot[3 * row + place(label(row))] = 1.0;
    }
    let text = |delimiter: &str, names: bool| {
        let mut lines = vec![["a", "label", "b", "c"].join(delimiter)];
        lines.retain(|_| names);
        lines.extend((0..ROWS).map(|row| {
            let [a, b, c] = [0, 1, 2].map(|column| value(row, column).to_string());
            [a, label(row).to_string(), b, c].join(delimiter)
        }));
        lines.join("\n")
    };
    let files = [
        folder.npz("c.npz", &[("x", plain(&shape, &single)), ("y", y())]),
        folder.npz(
            "f.npz",
            &[("X", npy("<f8", true, "12, 3", &columns)), ("y", y())],
        ),
        folder.npz(
            "big.npz",
            &[("arr_0", npy(">f8", false, "12, 3", &big)), ("arr_1", y())],
        ),
        folder.npz(
            "half.npz",
            &[("x", npy("<f2", false, "12, 3", &half)), ("y", y())],
        ),
        folder.npz(
            "deep.npz",
            &[("x", npy("<f8", true, "12, 1, 3", &columns)), ("y", y())],
        ),
        folder.npz(
            "short.npz",
            &[
                ("x", plain(&shape, &single)),
                ("y", npy(">i2", false, "12, 1", &short)),
            ],
        ),
        folder.npz(
            "hot.npz",
            &[("x", plain(&shape, &single)), ("y", plain(&[12, 3], &hot))],
        ),
        folder.write("table.csv", text(",", true).as_bytes()),
        folder.write("table.tsv", text("\t", true).as_bytes()),
        parquet_file(&folder, "table.parquet"),
    ];
    let first = load(&files[0]).unwrap();
    assert_eq!(first.class_names, ["2", "7", "9"]);
    assert_eq!(
        (first.samples(), first.features, first.classes),
        (ROWS, COLUMNS, 3)
    );
    assert_eq!(first.inputs, Inputs::Reals(single.clone()));
    let classes: Vec<u32> = (0..ROWS).map(|row| place(label(row)) as u32).collect();
    assert_eq!(first.targets, Targets::Classes(classes));
    for path in &files[1..] {
        let other = load(path).unwrap();
        assert_eq!(other.inputs, first.inputs, "{}", path.display());
        assert_eq!(
            (other.targets, other.features),
            (first.targets.clone(), 3),
            "{path:?}"
        );
    }
    // So do arrays in memory, whatever the data are called.
    let shaped = |shape: &[usize], values| OwnArray {
        shape: shape.to_vec(),
        values,
    };
    let ten = |row: usize| label(row) + 10;
    for kind in [
        OwnValues::Numbers(labels().iter().map(|&label| label as f64).collect()),
        OwnValues::Texts((0..ROWS).map(|row| ten(row).to_string()).collect()),
    ] {
        let inputs = shaped(&[ROWS, 1, COLUMNS], OwnValues::Numbers(values()));
        let other = OwnSamples::from_shaped(OwnFile::new("mine.v2"), inputs, shaped(&[ROWS], kind))
            .unwrap();
        assert_eq!((other.features(), other.file().stem()), (3, "mine".into()));
        let other = other.into_dataset(None).unwrap();
        assert_eq!(
            (&other.inputs, &other.targets),
            (&first.inputs, &first.targets)
        );
        let keys: Vec<&str> = other.fingerprints.keys().map(String::as_str).collect();
        assert_eq!(keys, ["mine/inputs", "mine/labels"]);
    }
    // Without names, columns are counted.
    let path = folder.write("bare.csv", text(",", false).as_bytes());
    let bare = named(&path, None, Some("1")).load(None).unwrap();
    assert_eq!((bare.inputs, bare.targets), (first.inputs, first.targets));
    // The fingerprint is of the content.
    let (key, hash) = first.fingerprints.iter().next().unwrap();
    assert_eq!((key.as_str(), hash.len()), ("c/c.npz", 64));
}

/// Writes one row group, each column by its function.
fn parquet(
    folder: &Folder,
    name: &str,
    schema: &str,
    columns: &[&dyn Fn(&mut SerializedColumnWriter<'_>)],
) -> PathBuf {
    let path = folder.0.path().join(name);
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let file = File::create(&path).unwrap();
    let mut writer = SerializedFileWriter::new(file, schema, Default::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for write in columns {
        let mut column = group.next_column().unwrap().unwrap();
        write(&mut column);
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
    path
}

/// A column of numbers, with those that are missing at level 0.
fn doubles(column: &mut SerializedColumnWriter<'_>, values: &[f64], levels: Option<&[i16]>) {
    let own = column.typed::<DoubleType>();
    own.write_batch(values, levels, None).unwrap();
}

fn parquet_file(folder: &Folder, name: &str) -> PathBuf {
    let schema = "message m { required double a; required int64 label; required double b; \
                  required double c; }";
    let values = |column| -> Vec<f64> { (0..ROWS).map(|row| value(row, column)).collect() };
    parquet(
        folder,
        name,
        schema,
        &[
            &|column| doubles(column, &values(0), None),
            &|column| {
                let own = column.typed::<Int64Type>();
                own.write_batch(&labels(), None, None).unwrap();
            },
            &|column| doubles(column, &values(1), None),
            &|column| doubles(column, &values(2), None),
        ],
    )
}

/// Whole numbers up to 255 are bytes in every form, so that images standardise to the same bits.
#[test]
fn images_are_bytes_in_every_form() {
    let folder = Folder::new();
    let pixels: Vec<u8> = (0..48).map(|pixel| (pixel * 5) as u8).collect();
    let y = || {
        plain(
            &[12],
            &(0..12).map(|row| row % 2 == 0).collect::<Vec<bool>>(),
        )
    };
    let real: Vec<f64> = pixels.iter().map(|&pixel| pixel.into()).collect();
    let mut idx = vec![0, 0, 8, 3, 0, 0, 0, 12, 0, 0, 0, 2, 0, 0, 0, 2];
    idx.extend(&pixels);
    let mut labels = vec![0, 0, 8, 1, 0, 0, 0, 12];
    labels.extend((0..12).map(|row| u8::from(row % 2 == 0)));
    folder.write("own-labels-idx1-ubyte", &labels);
    let files = [
        folder.npz(
            "bytes.npz",
            &[("images", plain(&[12, 2, 2], &pixels)), ("labels", y())],
        ),
        folder.npz(
            "reals.npz",
            &[("images", plain(&[12, 4], &real)), ("labels", y())],
        ),
        folder.write("own-images-idx3-ubyte", &idx),
    ];
    for path in files {
        let dataset = load(&path).unwrap();
        assert_eq!(dataset.inputs, Inputs::Bytes(pixels.clone()), "{path:?}");
        assert_eq!((dataset.features, dataset.class_names.len()), (4, 2));
        assert_eq!(classes(&dataset)[..3], [1, 0, 1]);
    }
}

#[test]
fn texts_become_classes_in_alphabetical_order() {
    let folder = Folder::new();
    let x = || plain(&[3, 1], &[0.5, 1.5, 2.5]);
    let wide: Vec<u8> = ["ü", "cat", "ape"]
        .iter()
        .flat_map(|text| {
            let mut points: Vec<u32> = text.chars().map(u32::from).collect();
            points.resize(3, 0);
            points.into_iter().flat_map(u32::to_le_bytes)
        })
        .collect();
    let path = folder.npz(
        "u.npz",
        &[("x", x()), ("y", npy("<U3", false, "3,", &wide))],
    );
    let dataset = load(&path).unwrap();
    assert_eq!(dataset.class_names, ["ape", "cat", "ü"]);
    assert_eq!(classes(&dataset), [2, 1, 0]);
    let bytes = npy("|S3", false, "3,", b"b\0\0a\0\0b\0\0");
    let path = folder.npz("s.npz", &[("x", x()), ("y", bytes)]);
    assert_eq!(load(&path).unwrap().class_names, ["a", "b"]);
    let path = folder.write("t.csv", "size,Species\n1,cat\n2,dog\n3,cat\n".as_bytes());
    assert_eq!(classes(&load(&path).unwrap()), [0, 1, 0]);
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let folder = Folder::new();
    let x = || plain(&[2, 2], &[0.0f32, 1.0, 2.0, 3.5]);
    let y = || plain(&[2], &[0i64, 1]);
    let mut short = x();
    short.truncate(short.len() - 3);
    let huge = npy("<f4", false, "4294967296, 4294967296", &[]);
    let count = Cell::new(0);
    let arrays = |x: Vec<u8>, y: Vec<u8>| {
        count.set(count.get() + 1);
        folder.npz(&format!("{}.npz", count.get()), &[("x", x), ("y", y)])
    };
    let mut brackets = b"\x93NUMPY\x01\0\x40\0{'descr': ".to_vec();
    brackets.resize(74, b'[');
    let cases: Vec<(PathBuf, &str)> = vec![
        (
            arrays(x(), plain(&[3], &[0i64, 1, 1])),
            "2 rows of inputs and 3 labels",
        ),
        (
            arrays(x(), plain(&[2], &[0.5, 1.0])),
            "the label of sample 0 is 0.5",
        ),
        (arrays(x(), plain(&[2], &[1i64, 1])), "only one class"),
        (
            arrays(x(), plain(&[2, 2], &[1i64, 1, 0, 1])),
            "row 0 is not one-hot",
        ),
        (
            arrays(plain(&[4], &[0.5, 1.5, 1.0, 2.0]), y()),
            "shape [4], not [samples, features]",
        ),
        (
            arrays(plain(&[2, 1], &[1.0, f64::NAN]), y()),
            "the input 0 of sample 1 is NaN",
        ),
        (
            arrays(plain(&[2, 1], &[1.0, 1e300]), y()),
            "finite number in single precision",
        ),
        (arrays(short, y()), "array `x` ends after"),
        (arrays(huge, y()), "array `x` is too large"),
        (arrays(brackets, y()), "no plain array"),
        (
            arrays(b"\x93NUMPY\x02\0\xff\xff\xff\xff".to_vec(), y()),
            "header that is too large",
        ),
        (
            arrays(npy("<c8", false, "2, 2", &[0; 32]), y()),
            "elements of type",
        ),
        (
            arrays(npy("|O", false, "2, 2", &[0; 32]), y()),
            "numbers or texts are needed",
        ),
        (
            folder.npz("a.npz", &[("a", x()), ("b", y())]),
            "The file has `a`, `b`",
        ),
        (
            folder.write("x.npy", &x()),
            "name the file of the labels with `--y`",
        ),
        (
            folder.write("n.csv", b"a,b\n1,2\n"),
            "name the column of the labels with `--y`",
        ),
        (
            folder.write("m.csv", b"a,y\n1,0\n,1\n"),
            "row 3, column `a`: the value is missing",
        ),
        (
            folder.write("c.csv", b"a,y\n1,0\nred,1\n"),
            "row 3, column `a`: `red` is not a number",
        ),
        (
            folder.write("r.csv", b"a,y\n1,0\n2\n"),
            "found record with 1 fields",
        ),
        (folder.write("e.csv", b""), "the file is empty"),
        (
            folder.write("i.csv", b",a,y\n0,1,0\n1,2,1\n"),
            "column 0 has no name: if it is an index",
        ),
        (
            folder.write("d.csv", b"y,a,y\n0,1,0\n1,2,1\n"),
            "two columns are called `y`",
        ),
        (
            folder.write("s.csv", b"a;y\n1;0\n2;1\n"),
            "separated by `;`",
        ),
        // As a German or French spreadsheet saves a table.
        (
            folder.write("de.csv", b"a;y\n1,5;0\n2,5;1\n"),
            "separated by `;`: use commas, and decimal points in numbers",
        ),
        (
            folder.write("de.tsv", b"a\ty\n1,5\t0\n2,5\t1\n"),
            "`1,5` is not a number: write numbers with a decimal point",
        ),
        (
            folder.write("u.tsv", b"a,y\n1,0\n2,1\n"),
            "separated by `,`: use tabs",
        ),
        (
            folder.write("w.csv", b"\xff\xfea\0,\0y\0\n\0"),
            "UTF-16: save it as UTF-8",
        ),
        (
            folder.write("t.csv", b"a,y\n1,0.5\n2,1.5\n"),
            "the label of sample 0 is 0.5",
        ),
        (
            folder.write("na.csv", b"a,y\n1,NA\n2,b\n"),
            "`NA` is a missing value",
        ),
        (
            folder.write("big.csv", b"a,y\n100000001,0\n100000003,1\n"),
            "subtract their mean",
        ),
        (
            folder.write("id.csv", ids().as_bytes()),
            "30 different labels among 30 samples",
        ),
        (folder.write("one.csv", b"y\n1\n"), "no column of inputs"),
        (
            folder.write("p.parquet", b"PAR1 nonsense"),
            "cannot be read",
        ),
        (
            folder.write("what.bin", b"hello"),
            "not a file of a known kind",
        ),
        (folder.write("z.npz", b"PK nonsense"), "not an .npz archive"),
        (folder.0.path().join("absent.npz"), "cannot read"),
        (
            missing_in_parquet(&folder),
            "row 1, column `a`: the value is missing",
        ),
    ];
    for (path, says) in cases {
        let error = load(&path).unwrap_err().to_string();
        assert!(error.contains(says), "{error}: {says}");
    }
    let error = named(
        &folder.npz("b.npz", &[("x", x()), ("y", y())]),
        None,
        Some("z"),
    );
    let error = error.load(None).unwrap_err().to_string();
    assert!(
        error.contains("no array `z`. The file has `x`, `y`"),
        "{error}"
    );
    let error = OwnFile::new(folder.npz("d.npz", &[("x", x()), ("y", plain(&[2], &[0i64, 9]))]));
    let error = error.load(Some(3)).unwrap_err().to_string();
    assert!(
        error.contains("the label 9 is not one of 0 to 2"),
        "{error}"
    );
}

/// A column that numbers the samples is no label.
fn ids() -> String {
    let rows: Vec<String> = (0..30)
        .map(|row| format!("{},{row}", f64::from(row) / 8.0))
        .collect();
    format!("a,y\n{}", rows.join("\n"))
}

/// The toy set whose coordinates are called x and y, pandas' numbers for names, names that only
/// labels have, and numbers that double precision would merge.
#[test]
fn columns_are_told_apart_as_a_reader_would() {
    let folder = Folder::new();
    let load = |name: &str, text: &str| load(&folder.write(name, text.as_bytes())).unwrap();
    let toy = load("toy.csv", "x,y,label\n0.5,1.5,0\n2.5,3.5,1\n4.5,5.5,0\n");
    assert_eq!((toy.features, classes(&toy)), (2, &[0, 1, 0][..]));
    for rows in ["0.5,0.25,cat\n1.5,2.5,dog\n", "0.5,0.25,1\n1.5,2.5,0\n"] {
        let numbered = load("numbered.csv", &format!("0,1,label\n{rows}"));
        assert_eq!(
            (numbered.samples(), numbered.features, numbered.classes),
            (2, 2, 2)
        );
    }
    // No names at all: the first row is a sample.
    let path = folder.write("bare.csv", b"0.5,0.25,cat\n1.5,2.5,dog\n");
    let bare = named(&path, None, Some("2")).load(None).unwrap();
    assert_eq!(
        (bare.samples(), bare.class_names),
        (2, vec!["cat".to_owned(), "dog".to_owned()])
    );
    let large = "a,y\n1,9007199254740992\n2,9007199254740993\n3,9007199254740992\n";
    assert_eq!(classes(&load("large.csv", large)), [0, 1, 0]);
    assert_eq!(
        load("zeros.csv", "a,y\n1,01\n2,1\n").class_names,
        ["01", "1"]
    );
    assert_eq!(
        load("real.csv", "a,y\n1,1.0\n2,2.0\n").class_names,
        ["1", "2"]
    );
}

fn missing_in_parquet(folder: &Folder) -> PathBuf {
    parquet(
        folder,
        "missing.parquet",
        "message m { optional double a; required binary y (UTF8); }",
        &[
            &|column| doubles(column, &[1.5], Some(&[1, 0])),
            &|column| {
                let texts = ["a", "b"].map(ByteArray::from);
                let own = column.typed::<ByteArrayType>();
                own.write_batch(&texts, None, None).unwrap();
            },
        ],
    )
}

#[test]
fn inputs_are_standardised_as_asked() {
    let folder = Folder::new();
    let rows: Vec<String> = (0..60)
        .map(|i| format!("{},{},7.5,{}", i, 1000 * (i % 7), i % 2))
        .collect();
    let path = folder.write("s.csv", format!("a,b,c,y\n{}", rows.join("\n")).as_bytes());
    let split = |standardise| {
        let config = DatasetConfig {
            standardise,
            ..DatasetConfig::of_file(OwnFile::new(&path))
        };
        let dataset = Dataset::load(&config, &DataFolders::only("/nonexistent")).unwrap();
        Split::new(&dataset, &config, &mut ChaCha8Rng::seed_from_u64(1)).unwrap()
    };
    let moments = |split: &Split, feature: usize| {
        let column: Vec<f64> = split
            .train
            .inputs
            .iter()
            .skip(feature)
            .step_by(3)
            .map(|&value| value.into())
            .collect();
        let n = column.len() as f64;
        let mean = column.iter().sum::<f64>() / n;
        (
            mean,
            column
                .iter()
                .map(|value| (value - mean).powi(2))
                .sum::<f64>()
                / n,
        )
    };
    let each = split(Standardise::Feature);
    assert_eq!((each.train.len(), each.validation.len()), (50, 10));
    for feature in [0, 1] {
        let (mean, variance) = moments(&each, feature);
        assert!(
            mean.abs() < 1e-6 && (variance - 1.0).abs() < 1e-5,
            "{mean} {variance}"
        );
    }
    assert_eq!(moments(&each, 2), (0.0, 0.0));
    let raw = split(Standardise::None);
    assert!(
        raw.train
            .inputs
            .iter()
            .skip(2)
            .step_by(3)
            .all(|value| *value == 7.5)
    );
    let all = split(Standardise::All);
    let sum: f64 = all
        .train
        .inputs
        .iter()
        .map(|&value| f64::from(value).powi(2))
        .sum();
    assert!((sum / (3.0 * 50.0) - 1.0).abs() < 1e-5);
}

#[test]
fn a_class_without_samples_is_told() {
    let folder = Folder::new();
    let x = plain(&[2, 1], &[0.5, 1.5]);
    let hot = plain(&[2, 3], &[1i64, 0, 0, 0, 0, 1]);
    let dataset = load(&folder.npz("gap.npz", &[("x", x), ("y", hot)])).unwrap();
    assert_eq!(dataset.empty_classes(), ["1"]);
}
