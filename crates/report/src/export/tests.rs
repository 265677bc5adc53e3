//! Tests of the exported tables.

use std::collections::HashSet;
use std::io::{Seek, SeekFrom, Write};

use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::record::Field;
use etastar_model::{Loss, Method};
use etastar_search::{
    Cell, CellRecord, Checkpoint, EtaStar, Measured, Measurement, Search, SharpnessRecord,
    Snapshot, SuccessRule, Vary, mock,
};
use proptest::prelude::*;

use super::formats::{COLUMNS, MANIFEST};
use super::*;

fn eta_star(hidden: &[usize], input_rate: f64, log2_eta_star: &[f64]) -> CellRecord {
    mock::searched(mock::search_cell(hidden, input_rate), log2_eta_star)
}

fn sharpness(hidden: &[usize], input_rate: f64, hessians: &[f64]) -> CellRecord {
    let cell = mock::sharpness_cell(hidden, input_rate, Loss::SquaredError);
    mock::measured(cell, hessians)
}

fn search(record: &mut CellRecord, repeat: usize) -> &mut Search {
    match &mut record.repeats[repeat].result {
        Measured::EtaStar(search) => search,
        Measured::Sharpness(_) => panic!("not a search"),
    }
}

fn network(record: &mut CellRecord, repeat: usize) -> &mut SharpnessRecord {
    match &mut record.repeats[repeat].result {
        Measured::Sharpness(record) => record,
        Measured::EtaStar(_) => panic!("not a network"),
    }
}

/// Eight measured cells of eta\* (the second with censored repeats), one of unequal widths, one
/// not measured, and two of sharpness.
fn sweep() -> Snapshot {
    let mut cells = Vec::new();
    for depth in [2, 3] {
        for width in [8, 16] {
            for rate in [0.1, 1.0] {
                let log2 = 2.0 - 0.5 * ((depth * width) as f64).log2();
                let values = [0.0, 0.1, -0.1, 0.2, -0.2].map(|noise| log2 + noise);
                cells.push(eta_star(&vec![width; depth], rate, &values));
            }
        }
    }
    search(&mut cells[1], 0).eta_star = EtaStar::NothingSucceeds { lowest: 1e-6 };
    search(&mut cells[1], 2).eta_star = EtaStar::NothingFails { highest: 64.0 };
    search(&mut cells[1], 2).monotone = false;
    search(&mut cells[1], 2).trials[0].curve.clear();
    cells.push(eta_star(&[16, 8], 1.0, &[-1.0, -2.0]));
    cells.push(eta_star(&[99], 1.0, &[]));
    cells.push(sharpness(&[8, 8], 1.0, &[4.0, 5.0, 6.0]));
    cells.push(sharpness(&[16; 4], 0.1, &[8.0, 9.0, 7.0]));
    mock::store(cells)
}

fn bytes(snapshot: &Snapshot, format: Format, name: TableName) -> Vec<u8> {
    let mut bytes = Vec::new();
    export(snapshot, format, name, false, &mut bytes).unwrap();
    bytes
}

fn built(name: TableName) -> Table {
    table(&sweep(), name, false)
}

fn get<'a>(table: &'a Table, row: usize, column: &str) -> &'a Value {
    &table.rows[row][table.position(column).unwrap()]
}

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

fn parquet_reader(bytes: &[u8]) -> SerializedFileReader<std::fs::File> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    SerializedFileReader::new(file).unwrap()
}

/// The values of a Parquet file, in the table's terms.
fn read_parquet(bytes: &[u8]) -> Vec<Vec<Value>> {
    let reader = parquet_reader(bytes);
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
        let value = |(field, column): (&str, &Column)| match column.kind {
            _ if field.is_empty() => Value::Null,
            Kind::Text => Value::Text(field.to_owned()),
            Kind::Integer => Value::Integer(field.parse().unwrap()),
            Kind::Real => Value::Real(field.parse().unwrap()),
            Kind::Boolean => Value::Boolean(field.parse().unwrap()),
        };
        record.iter().zip(columns).map(value).collect()
    });
    rows.collect()
}

#[test]
fn every_value_is_of_its_columns_kind_and_every_column_is_described() {
    let rows = TableName::ALL.map(|name| {
        let table = built(name);
        assert_eq!(table.name, name.name());
        let names: HashSet<&str> = table.columns.iter().map(|column| column.name).collect();
        assert_eq!(names.len(), table.columns.len(), "names repeat");
        for column in &table.columns {
            assert!(!column.description.is_empty(), "{}", column.name);
        }
        for row in &table.rows {
            assert_eq!(row.len(), table.columns.len());
            for (value, column) in row.iter().zip(&table.columns) {
                let kind = match value {
                    Value::Null => column.kind,
                    Value::Text(_) => Kind::Text,
                    Value::Integer(_) => Kind::Integer,
                    Value::Real(_) => Kind::Real,
                    Value::Boolean(_) => Kind::Boolean,
                };
                assert_eq!(kind, column.kind, "{}", column.name);
            }
        }
        table.rows.len()
    });
    // One row for each cell of eta*, repeat, trial and network.
    assert_eq!(rows, [10, 42, 84, 6]);
}

#[test]
fn the_columns_are_as_they_were() {
    let written = TableName::ALL.map(|name| {
        let columns = built(name).columns;
        let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
        format!("{}: {}", name.name(), names.join(" "))
    });
    insta::assert_snapshot!(written.join("\n"));
}

/// The table that the book shows.
#[test]
fn the_documented_columns_are_those_exported() {
    let mut all: Vec<(Column, Vec<&str>)> = Vec::new();
    for name in TableName::ALL {
        for column in built(name).columns {
            match all.iter_mut().find(|(one, _)| one.name == column.name) {
                Some((known, tables)) => {
                    assert_eq!(*known, column);
                    tables.push(name.name());
                }
                None => all.push((column, vec![name.name()])),
            }
        }
    }
    let rows = all.iter().map(|(column, tables)| {
        let tables = match tables.len() == TableName::ALL.len() {
            true => "all".to_owned(),
            false => tables.join(", "),
        };
        let description = column.description.replace('*', "\\*").replace('|', "\\|");
        let kind = format!("{:?}", column.kind).to_lowercase();
        format!(
            "| `{}` | {tables} | {kind} | {description} |\n",
            column.name
        )
    });
    let text = format!(
        "# Columns of exports\n\nA test compares this page with the tables of `etastar export`.\n\n\
         | column | in | type | what |\n|---|---|---|---|\n{}",
        rows.collect::<String>()
    );
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../book/tables/columns.md");
    if std::env::var_os("INSTA_UPDATE").is_some_and(|value| value == "always") {
        std::fs::write(path, &text).unwrap();
    }
    assert!(
        std::fs::read_to_string(path).unwrap() == text,
        "book/tables/columns.md differs; `INSTA_UPDATE=always cargo xtask test` writes it"
    );
}

#[test]
fn everything_that_defines_a_cell_is_exported() {
    let mut snapshot = sweep();
    let row = |snapshot: &Snapshot, name| {
        let table = table(snapshot, name, true);
        let cell = table.position("cell").unwrap();
        let mut row = table.rows[0].clone();
        row.remove(cell);
        row
    };
    let changes: [fn(&mut Cell); 10] = [
        |cell| match &mut cell.measurement {
            Measurement::EtaStar(protocol) => protocol.optimiser = Method::Adam,
            Measurement::Sharpness(settings) => settings.optimiser = Method::Adam,
        },
        |cell| cell.bias = true,
        |cell| cell.output_gain = 1.0,
        |cell| cell.vary = Vary::BatchOrder,
        |cell| cell.dataset.train = Some(99),
        |cell| cell.dataset.validation = Some(98),
        |cell| {
            cell.checkpoint = Some(Checkpoint {
                steps: 16,
                learning_rate: 0.1,
                batch_size: 32,
            });
        },
        |cell| match &mut cell.measurement {
            Measurement::EtaStar(protocol) => protocol.success = SuccessRule::KeepAccuracy,
            Measurement::Sharpness(settings) => settings.samples = 7,
        },
        |cell| match &mut cell.measurement {
            Measurement::EtaStar(protocol) => protocol.accuracy_margin = 0.01,
            Measurement::Sharpness(settings) => settings.bounds = false,
        },
        |cell| match &mut cell.measurement {
            Measurement::EtaStar(protocol) => protocol.ladder = vec![0.5],
            Measurement::Sharpness(settings) => settings.prediction = false,
        },
    ];
    // Whatever is changed in a cell, some exported value changes with it.
    for (name, index) in [
        (TableName::Cells, 0),
        (TableName::Repeats, 0),
        (TableName::Trials, 0),
        (TableName::Sharpness, 10),
    ] {
        let mut seen = vec![row(&snapshot, name)];
        for change in changes {
            change(&mut snapshot.cells[index].cell);
            let row = row(&snapshot, name);
            assert!(!seen.contains(&row), "{name:?} {row:?}");
            seen.push(row);
        }
        snapshot = sweep();
    }
}

#[test]
fn censored_repeats_have_bounds_and_no_eta_star() {
    let cells = built(TableName::Cells);
    for (column, expected) in [
        ("found", 3),
        ("nothing_succeeds", 1),
        ("nothing_fails", 1),
        ("non_monotone", 1),
        ("trials", 10),
    ] {
        assert_eq!(
            *get(&cells, 1, column),
            Value::Integer(expected),
            "{column}"
        );
    }
    assert_eq!(*get(&cells, 0, "centre"), text("mean"));
    assert_eq!(*get(&cells, 1, "centre"), text("median"));
    let repeats = built(TableName::Repeats);
    assert_eq!(*get(&repeats, 5, "result"), text("nothing-succeeds"));
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
    assert_eq!(*get(&cells, 8, "hidden"), text("16x8"));
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
    assert_eq!(*get(&trials, 1, "outcome"), text("non-finite"));
    assert_eq!(*get(&trials, 14, "best_accuracy"), Value::Null);
}

#[test]
fn bounds_and_predictions_that_were_not_computed_are_null() {
    let mut snapshot = sweep();
    let all = table(&snapshot, TableName::Sharpness, false);
    assert_eq!(*get(&all, 0, "loss"), text("squared-error"));
    assert_eq!(*get(&all, 0, "samples"), Value::Integer(256));
    assert_eq!(all.position("seconds"), Some(all.columns.len() - 1));
    let parts = ["_upper", "_lower", "prediction_"];
    let names = all.columns.iter().map(|column| column.name);
    let optional: Vec<&str> = names
        .filter(|name| parts.iter().any(|part| name.contains(part)))
        .collect();
    assert_eq!(optional.len(), 19);
    for cell in &mut snapshot.cells[10..] {
        cell.prediction = None;
        (0..3).for_each(|repeat| network(cell, repeat).sharpness.bounds = None);
    }
    let bare = table(&snapshot, TableName::Sharpness, false);
    for name in optional {
        assert_ne!(*get(&all, 0, name), Value::Null, "{name}");
        assert_eq!(*get(&bare, 0, name), Value::Null, "{name}");
    }
}

#[test]
fn every_format_reads_back_as_the_table_and_json_carries_the_manifest() {
    let (sweep, empty) = (sweep(), mock::store(Vec::new()));
    for snapshot in [&sweep, &empty] {
        for name in TableName::ALL {
            let table = table(snapshot, name, false);
            assert_eq!(table.rows.is_empty(), snapshot.cells.is_empty());
            let csv = bytes(snapshot, Format::Csv, name);
            assert_eq!(read_csv(&csv, &table.columns), table.rows);
            let parquet = bytes(snapshot, Format::Parquet, name);
            assert_eq!(read_parquet(&parquet), table.rows);
            let json = bytes(snapshot, Format::Json, name);
            let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
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
}

#[test]
fn parquet_carries_the_manifest_and_the_columns() {
    let snapshot = sweep();
    let reader = parquet_reader(&bytes(&snapshot, Format::Parquet, TableName::Cells));
    let metadata = reader.metadata().file_metadata().key_value_metadata();
    let value = |key: &str| {
        let entry = metadata
            .unwrap()
            .iter()
            .find(|entry| entry.key == key)
            .unwrap();
        serde_json::from_str::<serde_json::Value>(entry.value.as_ref().unwrap()).unwrap()
    };
    assert_eq!(
        value(MANIFEST),
        serde_json::to_value(&snapshot.manifest).unwrap()
    );
    assert_eq!(value(COLUMNS)[0]["name"], "cell");
}

#[test]
fn exports_do_not_depend_on_the_order_of_repeats_and_trials() {
    let snapshot = sweep();
    let mut shuffled = snapshot.clone();
    for cell in &mut shuffled.cells {
        if cell.cell.protocol().is_some() {
            (0..cell.repeats.len()).for_each(|repeat| search(cell, repeat).trials.reverse());
        }
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
    let sweep = sweep();
    let mut slower = sweep.clone();
    for trial in &mut search(&mut slower.cells[0], 0).trials {
        trial.seconds *= 3.0;
    }
    network(&mut slower.cells[10], 0).seconds *= 3.0;
    for name in [TableName::Trials, TableName::Sharpness] {
        let equal = |without| table(&sweep, name, without) == table(&slower, name, without);
        assert!(equal(true));
        assert!(!equal(false));
        assert_eq!(table(&sweep, name, true).position("seconds"), None);
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
        let error = export(&sweep(), format, TableName::Trials, false, Full).unwrap_err();
        assert!(error.to_string().contains("`trials`"), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn real_numbers_survive_exactly(bits: u64) {
        let value = f64::from_bits(bits);
        prop_assume!(value.is_finite());
        let mut cell = eta_star(&[8, 8], 1.0, &[-1.0]);
        search(&mut cell, 0).trials[0].seconds = value;
        let snapshot = mock::store(vec![cell]);
        let table = table(&snapshot, TableName::Trials, false);
        let written = |format| bytes(&snapshot, format, TableName::Trials);
        prop_assert_eq!(&read_csv(&written(Format::Csv), &table.columns), &table.rows);
        prop_assert_eq!(&read_parquet(&written(Format::Parquet)), &table.rows);
        let json: serde_json::Value = serde_json::from_slice(&written(Format::Json)).unwrap();
        prop_assert_eq!(json["rows"][0]["seconds"].as_f64(), Some(value));
    }
}
