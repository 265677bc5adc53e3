use std::fs;
use std::path::PathBuf;

use super::synthetic::{Sweep, report};
use crate::page::{ReportError, write};

#[test]
fn all_files_are_written_and_no_temporary_one_is_left() {
    let report = report(&Sweep::small().snapshot()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let target = directory.path().join("new/report");
    // Twice: the second time over the first.
    write(&report, &target).unwrap();
    let written = write(&report, &target).unwrap();
    assert_eq!(fs::read_to_string(&written.index).unwrap(), report.html());
    assert_eq!(
        fs::read_to_string(&written.markdown).unwrap(),
        report.markdown()
    );
    for ((figure, picture), data) in report.figures().zip(&written.figures).zip(&written.data) {
        assert_eq!(fs::read_to_string(picture).unwrap(), figure.svg());
        assert_eq!(fs::read_to_string(data).unwrap(), figure.csv());
    }
    assert_eq!(fs::read_dir(&target).unwrap().count(), 3);
    assert_eq!(fs::read_dir(target.join("figures")).unwrap().count(), 16);
}

#[test]
fn errors_name_the_path() {
    let report = report(&Sweep::small().snapshot()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let error = write(&report, &file).unwrap_err();
    assert!(matches!(error, ReportError::CreateDirectory { .. }));
    assert!(error.to_string().contains(&file.display().to_string()));

    let target = directory.path().join("report");
    fs::create_dir_all(target.join("index.html/occupied")).unwrap();
    let error = write(&report, &target).unwrap_err();
    assert!(matches!(error, ReportError::WriteFile { .. }));
    assert!(error.to_string().contains("index.html"));
    assert_eq!(fs::read_dir(&target).unwrap().count(), 3);
}

/// Writes reports of made-up sweeps to look at:
/// `ETASTAR_SAMPLE_REPORT=DIRECTORY cargo test -p etastar-report sample -- --ignored`.
#[test]
#[ignore = "writes reports to look at into ETASTAR_SAMPLE_REPORT"]
fn sample() {
    let directory = PathBuf::from(std::env::var_os("ETASTAR_SAMPLE_REPORT").unwrap());
    for (name, sweep) in [
        ("small", Sweep::small()),
        ("realistic", Sweep::realistic()),
        ("large", Sweep::large()),
    ] {
        let report = report(&sweep.snapshot()).unwrap();
        write(&report, &directory.join(name)).unwrap();
    }
    for (name, grid) in [
        ("sharpness-small", super::sharpness::small()),
        ("sharpness-realistic", super::sharpness::realistic()),
    ] {
        let report = super::sharpness::report(&super::sharpness::snapshot(&grid));
        write(&report, &directory.join(name)).unwrap();
    }
}
