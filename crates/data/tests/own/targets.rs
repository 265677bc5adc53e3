//! The real targets of a regression.

use super::*;

fn regression(path: &Path, y: Option<&str>) -> OwnFile {
    OwnFile {
        regression: true,
        ..named(path, None, y)
    }
}

/// Real targets in every form are the same bits, of one output and of two.
#[test]
fn every_form_of_the_same_targets_gives_the_same_data() {
    let folder = Folder::new();
    let x = || plain(&[ROWS as u64, COLUMNS as u64], &values());
    // Thirds are rounded to single precision in every form.
    let target = |row: usize, output: usize| (row * (5 - 2 * output)) as f64 / 3.0 - 8.0;
    let both: Vec<f64> = (0..ROWS)
        .flat_map(|row| [target(row, 0), target(row, 1)])
        .collect();
    let single: Vec<f32> = both.iter().map(|&value| value as f32).collect();
    let fortran: Vec<u8> = [0, 1]
        .into_iter()
        .flat_map(|output| (0..ROWS).flat_map(move |row| target(row, output).to_le_bytes()))
        .collect();
    let mut csv = "a,t,b,c,u\n".to_owned();
    for row in 0..ROWS {
        let [a, b, c] = [0, 1, 2].map(|column| value(row, column));
        csv.push_str(&format!(
            "{a},{},{b},{c},{}\n",
            target(row, 0),
            target(row, 1)
        ));
    }
    let schema = "message m { required double a; required double t; required double b; \
                  required double c; required double u; }";
    let column = |index| {
        move |own: &mut SerializedColumnWriter<'_>| {
            let values: Vec<f64> = (0..ROWS)
                .map(|row| match index {
                    3 => target(row, 0),
                    4 => target(row, 1),
                    column => value(row, column),
                })
                .collect();
            doubles(own, &values, None);
        }
    };
    let table = parquet(
        &folder,
        "t.parquet",
        schema,
        &[&column(0), &column(3), &column(1), &column(2), &column(4)],
    );
    let csv = folder.write("t.csv", csv.as_bytes());
    let bare = folder.write("x.npy", &x());
    let targets = folder.write("t.npy", &plain(&[12, 2], &both));
    let files = [
        regression(
            &folder.npz("c.npz", &[("x", x()), ("y", plain(&[12, 2], &single))]),
            None,
        ),
        regression(
            &folder.npz(
                "f.npz",
                &[("x", x()), ("y", npy("<f8", true, "12, 2", &fortran))],
            ),
            None,
        ),
        regression(&csv, Some("t,u")),
        regression(&csv, Some("u, t")),
        regression(&table, Some("t,u")),
        regression(&bare, targets.to_str()),
    ];
    for file in files {
        let dataset = file.load(None).unwrap();
        assert_eq!(dataset.targets, Targets::Reals(single.clone()), "{file:?}");
        assert_eq!(
            (dataset.samples(), dataset.features, dataset.classes),
            (ROWS, COLUMNS, 2)
        );
        assert_eq!(dataset.class_names, [""; 0]);
        // A network of as many outputs takes them as they stand.
        assert_eq!(file.load(Some(2)).unwrap().targets, dataset.targets);
        let error = file.load(Some(3)).unwrap_err().to_string();
        assert!(
            error.contains("2 targets a sample, but the network has 3 outputs"),
            "{error}"
        );
    }
    // One output, of any type and shape.
    let whole: Vec<i16> = (0..12).map(|row| 3 * row - 7).collect();
    let expected = Targets::Reals(whole.iter().map(|&value| value.into()).collect());
    for shape in [&[12][..], &[12, 1]] {
        let path = folder.npz("one.npz", &[("x", x()), ("target", plain(shape, &whole))]);
        let dataset = regression(&path, None).load(None).unwrap();
        assert_eq!((&dataset.targets, dataset.classes), (&expected, 1));
    }
}

#[test]
fn what_is_wrong_with_targets_is_named_with_its_place() {
    let folder = Folder::new();
    let x = || plain(&[3, 1], &[0.5, 1.5, 2.5]);
    let count = Cell::new(0);
    let arrays = |y: Vec<u8>| {
        count.set(count.get() + 1);
        folder.npz(&format!("{}.npz", count.get()), &[("x", x()), ("y", y)])
    };
    let mut idx = vec![0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1];
    idx.extend([1, 2]);
    let cases = [
        (
            arrays(npy("|S1", false, "3,", b"abc")),
            "the targets are texts",
        ),
        (
            arrays(plain(&[3, 2], &[0.0, 1.0, 2.0, 3.0, 4.0, f64::NAN])),
            "the target 1 of sample 2 is NaN",
        ),
        (
            arrays(plain(&[3], &[0.0, 1e300, 1.0])),
            "the target 0 of sample 1 is 1e300",
        ),
        (
            arrays(plain(&[3, 2], &[0.0, 0.1, 1.0, 0.1, 2.0, 0.1])),
            "target 1 of every sample is 0.1",
        ),
        (
            arrays(plain(&[3], &[100_000_001.0, 100_000_003.0, 100_000_002.0])),
            "the targets lie around",
        ),
        (
            arrays(plain(&[2], &[0.5, 1.5])),
            "3 rows of inputs and 2 targets",
        ),
        (
            arrays(plain(&[3, 1, 2], &[0.5; 6])),
            "shape [3, 1, 2], not [samples] or [samples, outputs]",
        ),
        (arrays(npy("<f8", false, "3, 0", &[])), "shape [3, 0]"),
        (
            folder.write("bare.npy", &x()),
            "name the file of the targets with `--y`",
        ),
        (
            folder.write("images", &idx),
            "labels of IDX files are bytes",
        ),
        (
            folder.write("n.csv", b"a,b\n1,2\n"),
            "name the column of the targets",
        ),
        (
            folder.write("m.csv", b"a,y\n1,0.5\n2,\n"),
            "row 3, column `y`: the value is missing",
        ),
        (
            folder.write("nan.csv", b"a,y\n1,0.5\n2,nan\n"),
            "row 3, column `y`: `nan` is a missing",
        ),
        (
            folder.write("inf.csv", b"a,y\n1,0.5\n2,inf\n"),
            "the target 0 of sample 1 is inf",
        ),
        (
            folder.write("t.csv", b"a,y\n1,0.5\n2,high\n"),
            "row 3, column `y`: `high` is not a number, and every target",
        ),
        (
            folder.write("c.csv", b"a,y\n1,0.5\n2,0.5\n"),
            "target 0 of every sample is 0.5",
        ),
        (
            folder.write("one.csv", b"y\n1\n"),
            "no column of inputs besides the targets",
        ),
    ];
    for (path, says) in cases {
        let error = regression(&path, None).load(None).unwrap_err().to_string();
        assert!(error.contains(says), "{error}: {says}");
    }
    let path = folder.write("two.csv", b"a,b,c\n1,2,3\n2,5,5\n");
    let message = |y| {
        regression(&path, Some(y))
            .load(None)
            .unwrap_err()
            .to_string()
    };
    assert!(message("b,d").contains("no column `d`. The columns are `a`, `b`, `c`"));
    assert!(message("a,b,c").contains("no column of inputs"));
    // Of classes, a comma is a part of the name.
    let error = named(&path, None, Some("b,c")).load(None).unwrap_err();
    assert!(error.to_string().contains("no column `b,c`"), "{error}");
    // Labels that are no classes say how to have real targets.
    let error = load(&folder.write("r.csv", b"a,y\n1,0.5\n2,1.5\n")).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("real targets need `--regression`"),
        "{error}"
    );
}

/// Files of classes are written as they were before there were others.
#[test]
fn only_regressions_are_written_as_such() {
    let file = OwnFile::new("mine.npz");
    let text = |file: &OwnFile| serde_json::to_string(file).unwrap();
    assert_eq!(text(&file), r#"{"path":"mine.npz"}"#);
    let real = regression(Path::new("mine.npz"), None);
    assert_eq!(text(&real), r#"{"path":"mine.npz","regression":true}"#);
    for file in [file, real] {
        assert_eq!(serde_json::from_str::<OwnFile>(&text(&file)).unwrap(), file);
    }
}
