//! `digits`: embedded as two gzipped IDX files (`assets/README.md` says where
//! they come from), read with the same checks as files on disk.

use std::collections::BTreeMap;

use crate::catalogue::DatasetEntry;
use crate::dataset::{Dataset, Parts};
use crate::error::DataError;
use crate::gzip;
use crate::integrity::{ContentError, check_bytes};

const FILES: [(&str, &[u8]); 2] = [
    (
        "digits-images-idx3-ubyte",
        include_bytes!("../assets/digits-images-idx3-ubyte.gz"),
    ),
    (
        "digits-labels-idx1-ubyte",
        include_bytes!("../assets/digits-labels-idx1-ubyte.gz"),
    ),
];

/// The embedded dataset.
pub(crate) fn load(entry: &DatasetEntry) -> Result<Dataset, DataError> {
    let mut parts = Parts::default();
    let mut fingerprints = BTreeMap::new();
    for file in entry.training_files() {
        let damaged = |problem: ContentError| DataError::Embedded {
            file: file.name.to_string(),
            problem: problem.into(),
        };
        let compressed = FILES
            .iter()
            .find(|(name, _)| *name == file.name)
            .map_or(&[][..], |(_, compressed)| compressed);
        let size = file.format.size();
        let content = gzip::decompress(compressed, size).map_err(|problem| {
            damaged(ContentError::Gzip {
                problem,
                expected_size: size,
            })
        })?;
        let mut checked = check_bytes(content, file).map_err(damaged)?;
        std::mem::replace(&mut checked.genuine, Ok(())).map_err(damaged)?;
        fingerprints.insert(entry.fingerprint_key(&file.name), checked.sha256.clone());
        parts.add(checked, &file.format).map_err(damaged)?;
    }
    parts.into_dataset(entry, fingerprints)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::entry;
    use crate::config::DatasetName;
    use crate::dataset::Inputs;

    #[test]
    fn has_the_known_class_counts_and_range() {
        let digits = load(&entry(DatasetName::Digits)).unwrap();
        let mut counts = [0; 10];
        for label in &digits.labels {
            counts[usize::from(*label)] += 1;
        }
        assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
        assert_eq!((digits.samples(), digits.features), (1_797, 64));
        let Inputs::Bytes(pixels) = &digits.inputs else {
            panic!("digits are bytes");
        };
        assert_eq!(pixels.len(), 1_797 * 64);
        assert_eq!(pixels.iter().max(), Some(&16));
        assert_eq!(pixels[..8], [0, 0, 5, 13, 9, 1, 0, 0]);
        assert_eq!(digits.fingerprints.len(), 2);
    }

    #[test]
    fn a_damaged_embedded_file_is_an_error() {
        let mut entry = entry(DatasetName::Digits);
        entry.files[1].sha256 = "00".into();
        let message = load(&entry).unwrap_err().to_string();
        assert!(message.contains("digits-labels-idx1-ubyte"), "{message}");
        assert!(message.contains("reinstall"), "{message}");
    }
}
