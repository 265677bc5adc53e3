use std::collections::HashSet;
use std::io::{Seek, SeekFrom, Write};

use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::record::Field;
use etastar_search::{EtaStar, Snapshot};
use proptest::prelude::*;

use super::parquet::{COLUMNS, MANIFEST};
use super::*;
use crate::fit::synthetic::{Synthetic, cell, record};

/// Measured, censored, unequal and unmeasured cells.
fn sweep() -> Snapshot {
    let mut snapshot = Synthetic {
        noise: 0.3,
        depths: vec![2, 3],
        widths: vec![8, 16],
        input_rates: vec![0.1, 1.0],
        ..Synthetic::default()
    }
    .snapshot(|d, w, _, _| 2.0 - 0.5 * (d * w).log2());
    snapshot.cells[1].repeats[0].eta_star = EtaStar::NothingSucceeds { lowest: 1e-6 };
    snapshot.cells[1].repeats[2].eta_star = EtaStar::NothingFails { highest: 64.0 };
    snapshot.cells[1].repeats[2].monotone = false;
    snapshot.cells[1].repeats[2].trials[0].curve.clear();
    snapshot
        .cells
        .push(record(cell(&[16, 8], 1.0), &[-1.0, -2.0]));
    snapshot.cells.push(record(cell(&[99], 1.0), &[]));
    snapshot.sharpness = crate::sharpness::synthetic::Grid::default().records();
    snapshot
}

fn bytes(snapshot: &Snapshot, format: Format, name: TableName) -> Vec<u8> {
    let mut bytes = Vec::new();
    export(
        snapshot,
        format,
        name,
        &ExportOptions::default(),
        &mut bytes,
    )
    .unwrap();
    bytes
}

fn built(name: TableName) -> Table {
    table(&sweep(), name, &ExportOptions::default())
}

fn get<'a>(table: &'a Table, row: usize, column: &str) -> &'a Value {
    &table.rows[row][table.position(column).unwrap()]
}

/// The values of a Parquet file, in the table's terms.
fn read_parquet(bytes: &[u8]) -> Vec<Vec<Value>> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    let rows = reader.get_row_iter(None).unwrap();
    rows.map(|row| {
        let row = row.unwrap();
        let fields = row.get_column_iter().map(|(_, field)| match field {
            Field::Null => Value::Null,
            Field::Bool(value) => Value::Boolean(*value),
            Field::Long(value) => Value::Integer(*value),
            Field::Double(value) => Value::Real(*value),
            Field::Str(value) => Value::Text(value.clone()),
            other => panic!("unexpected {other:?}"),
        });
        fields.collect()
    })
    .collect()
}

/// The values of a CSV file, in the terms of a table's columns.
fn read_csv(bytes: &[u8], columns: &[Column]) -> Vec<Vec<Value>> {
    let mut reader = ::csv::Reader::from_reader(bytes);
    let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
    assert_eq!(reader.headers().unwrap(), names);
    let rows = reader.records().map(|record| {
        let record = record.unwrap();
        let values = record.iter().zip(columns).map(|(field, column)| {
            if field.is_empty() {
                return Value::Null;
            }
            match column.kind {
                Kind::Text => Value::Text(field.to_owned()),
                Kind::Integer => Value::Integer(field.parse().unwrap()),
                Kind::Real => Value::Real(field.parse().unwrap()),
                Kind::Boolean => Value::Boolean(field.parse().unwrap()),
            }
        });
        values.collect()
    });
    rows.collect()
}

#[test]
fn every_value_is_of_its_columns_kind() {
    for name in TableName::ALL {
        let table = built(name);
        assert_eq!(table.name, name.name());
        let names: HashSet<&str> = table.columns.iter().map(|column| column.name).collect();
        assert_eq!(names.len(), table.columns.len(), "names repeat");
        assert!(
            table
                .columns
                .iter()
                .all(|column| !column.description.is_empty())
        );
        for row in &table.rows {
            assert_eq!(row.len(), table.columns.len());
            for (value, column) in row.iter().zip(&table.columns) {
                let kind = value.kind().unwrap_or(column.kind);
                assert_eq!(kind, column.kind, "{}", column.name);
            }
        }
    }
}

#[test]
fn one_row_for_each_cell_repeat_trial_and_network() {
    let rows = TableName::ALL.map(|name| built(name).rows.len());
    assert_eq!(rows, [10, 42, 84, 48]);
}

#[test]
fn censored_repeats_have_bounds_and_no_eta_star() {
    let cells = built(TableName::Cells);
    let count = |column| get(&cells, 1, column).clone();
    assert_eq!(count("found"), Value::Integer(3));
    assert_eq!(count("nothing_succeeds"), Value::Integer(1));
    assert_eq!(count("nothing_fails"), Value::Integer(1));
    assert_eq!(count("non_monotone"), Value::Integer(1));
    assert_eq!(count("trials"), Value::Integer(10));
    let repeats = built(TableName::Repeats);
    assert_eq!(*get(&repeats, 5, "result"), Value::from("nothing-succeeds"));
    assert_eq!(*get(&repeats, 5, "eta_star"), Value::Null);
    assert_eq!(*get(&repeats, 5, "lower"), Value::Null);
    assert_eq!(*get(&repeats, 5, "upper"), Value::Real(1e-6));
    assert_eq!(*get(&repeats, 7, "lower"), Value::Real(64.0));
    assert_eq!(*get(&repeats, 7, "upper"), Value::Null);
}

#[test]
fn cells_of_unequal_widths_and_unmeasured_ones_are_there() {
    let cells = built(TableName::Cells);
    assert_eq!(*get(&cells, 8, "width"), Value::Null);
    assert_eq!(*get(&cells, 8, "hidden"), Value::from("16-8"));
    assert_eq!(*get(&cells, 8, "log2_eta_star"), Value::Real(-1.5));
    assert_eq!(*get(&cells, 9, "eta_star"), Value::Null);
    assert_eq!(*get(&cells, 9, "found"), Value::Integer(0));
    assert_eq!(*get(&cells, 9, "depth"), Value::Integer(1));
}

#[test]
fn accuracies_are_the_best_and_the_last_of_the_curve() {
    let trials = built(TableName::Trials);
    assert_eq!(*get(&trials, 0, "best_accuracy"), Value::Real(0.35));
    assert_eq!(*get(&trials, 0, "final_accuracy"), Value::Real(0.25));
    assert_eq!(*get(&trials, 1, "last_loss"), Value::Null);
    assert_eq!(*get(&trials, 1, "outcome"), Value::from("non-finite"));
    assert_eq!(*get(&trials, 14, "best_accuracy"), Value::Null);
}

#[test]
fn bounds_and_predictions_that_were_not_computed_are_null() {
    let mut snapshot = sweep();
    let options = ExportOptions::default();
    let all = table(&snapshot, TableName::Sharpness, &options);
    assert_eq!(*get(&all, 0, "loss"), Value::from("squared-error"));
    assert_eq!(*get(&all, 0, "samples"), Value::Integer(256));
    assert_eq!(all.position("seconds"), Some(all.columns.len() - 1));
    let optional: Vec<&str> = all
        .columns
        .iter()
        .map(|column| column.name)
        .filter(|name| {
            ["_upper", "_lower", "prediction"]
                .iter()
                .any(|p| name.contains(p))
        })
        .collect();
    assert_eq!(optional.len(), 19);
    for cell in &mut snapshot.sharpness {
        cell.prediction = None;
        for network in &mut cell.repeats {
            network.sharpness.bounds = None;
        }
    }
    let bare = table(&snapshot, TableName::Sharpness, &options);
    for name in optional {
        assert_ne!(*get(&all, 0, name), Value::Null, "{name}");
        assert_eq!(*get(&bare, 0, name), Value::Null, "{name}");
    }
}

#[test]
fn csv_and_parquet_read_back_as_the_table() {
    let snapshot = sweep();
    for name in TableName::ALL {
        let table = built(name);
        let csv = bytes(&snapshot, Format::Csv, name);
        assert_eq!(read_csv(&csv, &table.columns), table.rows);
        assert_eq!(
            read_parquet(&bytes(&snapshot, Format::Parquet, name)),
            table.rows
        );
    }
}

#[test]
fn json_reads_back_as_the_table_and_carries_the_manifest() {
    let snapshot = sweep();
    for name in TableName::ALL {
        let table = built(name);
        let json: serde_json::Value =
            serde_json::from_slice(&bytes(&snapshot, Format::Json, name)).unwrap();
        assert_eq!(json["table"], name.name());
        assert_eq!(
            json["manifest"],
            serde_json::to_value(&snapshot.manifest).unwrap()
        );
        assert_eq!(
            json["columns"].as_array().unwrap().len(),
            table.columns.len()
        );
        let rows = json["rows"].as_array().unwrap();
        assert_eq!(rows.len(), table.rows.len());
        for (object, row) in rows.iter().zip(&table.rows) {
            assert_eq!(object.as_object().unwrap().len(), row.len());
            for (column, value) in table.columns.iter().zip(row) {
                assert_eq!(object[column.name], serde_json::to_value(value).unwrap());
            }
        }
    }
}

#[test]
fn parquet_carries_the_manifest_and_the_columns() {
    let snapshot = sweep();
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&bytes(&snapshot, Format::Parquet, TableName::Cells))
        .unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    let metadata = reader
        .metadata()
        .file_metadata()
        .key_value_metadata()
        .unwrap();
    let value = |key: &str| {
        let entry = metadata.iter().find(|entry| entry.key == key).unwrap();
        serde_json::from_str::<serde_json::Value>(entry.value.as_ref().unwrap()).unwrap()
    };
    assert_eq!(
        value(MANIFEST),
        serde_json::to_value(&snapshot.manifest).unwrap()
    );
    assert_eq!(value(COLUMNS)[0]["name"], "cell");
}

#[test]
fn a_store_without_cells_gives_tables_without_rows() {
    let empty = crate::fit::synthetic::snapshot(Vec::new());
    for name in TableName::ALL {
        let columns = built(name).columns;
        assert!(read_csv(&bytes(&empty, Format::Csv, name), &columns).is_empty());
        assert!(read_parquet(&bytes(&empty, Format::Parquet, name)).is_empty());
        let json = bytes(&empty, Format::Json, name);
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(json["rows"], serde_json::json!([]));
    }
}

#[test]
fn exports_do_not_depend_on_the_order_of_repeats_and_trials() {
    let snapshot = sweep();
    let mut shuffled = snapshot.clone();
    for cell in &mut shuffled.cells {
        cell.repeats.reverse();
        cell.repeats
            .iter_mut()
            .for_each(|repeat| repeat.trials.reverse());
    }
    for cell in &mut shuffled.sharpness {
        cell.repeats.reverse();
    }
    for name in TableName::ALL {
        for format in Format::ALL {
            assert_eq!(
                bytes(&snapshot, format, name),
                bytes(&shuffled, format, name)
            );
        }
    }
}

#[test]
fn runs_that_differ_in_time_alone_are_equal_without_times() {
    let snapshot = sweep();
    let mut slower = snapshot.clone();
    for repeat in slower.cells.iter_mut().flat_map(|cell| &mut cell.repeats) {
        repeat
            .trials
            .iter_mut()
            .for_each(|trial| trial.seconds *= 3.0);
    }
    for network in slower.sharpness.iter_mut().flat_map(|c| &mut c.repeats) {
        network.seconds *= 3.0;
    }
    let without = ExportOptions {
        without_times: true,
        ..ExportOptions::default()
    };
    let with = ExportOptions::default();
    for name in [TableName::Trials, TableName::Sharpness] {
        let equal = |options| table(&snapshot, name, options) == table(&slower, name, options);
        assert!(equal(&without));
        assert!(!equal(&with));
        assert_eq!(table(&snapshot, name, &without).position("seconds"), None);
    }
}

#[test]
fn a_failing_writer_is_an_error_that_names_the_table() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("no space left"))
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Err(std::io::Error::other("no space left"))
        }
    }
    for format in Format::ALL {
        let options = ExportOptions::default();
        let error = export(&sweep(), format, TableName::Trials, &options, Full).unwrap_err();
        assert!(error.to_string().contains("`trials`"), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn real_numbers_survive_exactly(bits: u64) {
        let value = f64::from_bits(bits);
        prop_assume!(value.is_finite());
        let mut snapshot = sweep();
        snapshot.cells[0].repeats[0].trials[0].seconds = value;
        let table = table(&snapshot, TableName::Trials, &ExportOptions::default());
        let csv = read_csv(&bytes(&snapshot, Format::Csv, TableName::Trials), &table.columns);
        prop_assert_eq!(&csv, &table.rows);
        let parquet = read_parquet(&bytes(&snapshot, Format::Parquet, TableName::Trials));
        prop_assert_eq!(&parquet, &table.rows);
        let json: serde_json::Value =
            serde_json::from_slice(&bytes(&snapshot, Format::Json, TableName::Trials)).unwrap();
        prop_assert_eq!(json["rows"][0]["seconds"].as_f64(), Some(value));
    }
}
