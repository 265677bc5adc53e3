//! What the targets share: a file for parsers that read one.

use std::path::{Path, PathBuf};

use etastar_data::{OwnFile, Targets};

/// Writes the bytes to a file of this process, and gives its path.
///
/// # Panics
/// If the temporary folder cannot be written.
pub fn file(bytes: &[u8], extension: &str) -> PathBuf {
    let folder = Path::new("/dev/shm");
    let folder = if folder.is_dir() {
        folder.to_owned()
    } else {
        std::env::temp_dir()
    };
    let path = folder.join(format!("etastar-fuzz-{}.{extension}", std::process::id()));
    std::fs::write(&path, bytes).expect("the temporary folder can be written");
    path
}

/// Reads samples with labels and with real targets from a file, and checks what is accepted: one
/// label, or row of finite targets, and one row of finite values a sample.
pub fn check_samples(path: &Path) {
    for regression in [false, true] {
        let file = OwnFile {
            regression,
            ..OwnFile::new(path)
        };
        let Ok(dataset) = file.load(None) else {
            continue;
        };
        let samples = dataset.into_samples();
        assert_eq!(samples.inputs.len(), samples.len() * samples.features);
        assert!(samples.inputs.iter().all(|value| value.is_finite()));
        match &samples.targets {
            Targets::Classes(labels) => {
                let classes = samples.outputs as u32;
                assert!(labels.iter().all(|&label| label < classes));
            }
            Targets::Reals(targets) => {
                assert_eq!(targets.len(), samples.len() * samples.outputs);
                assert!(targets.iter().all(|value| value.is_finite()));
            }
        }
    }
}
