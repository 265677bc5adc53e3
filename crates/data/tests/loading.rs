//! Loading from folders: every way a file can be missing or wrong has its own
//! message, and no wrong file is ever used.
use crate::support;

use std::fs;
use std::path::Path;

use etastar_data::{
    Availability, DataError, DataFolders, Dataset, DatasetConfig, DatasetName, Inputs, Split,
    Targets, availability, entry, verify,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use support::{Small, gzip, idx, small_cifar, small_mnist};
use tempfile::TempDir;

const IMAGES: &str = "train-images-idx3-ubyte";
const LABELS: &str = "train-labels-idx1-ubyte";

fn load(small: &Small, folder: &Path) -> Result<Dataset, DataError> {
    let config = DatasetConfig::new(small.entry.name);
    Dataset::load_entry(&small.entry, &config, &DataFolders::only(folder))
}

/// The error of loading after `file` in `mnist/` was replaced by `content`.
fn error_with(file: &str, content: &[u8]) -> String {
    let (folder, small) = (TempDir::new().unwrap(), small_mnist());
    let place = folder.path().join("mnist");
    small.write(&place);
    let base = file.trim_end_matches(".gz");
    fs::remove_file(place.join(base)).unwrap();
    fs::write(place.join(file), content).unwrap();
    let error = load(&small, folder.path()).unwrap_err().to_string();
    assert!(error.contains(file), "{error}");
    assert!(
        error.contains("`etastar data fetch mnist --force --data-dir "),
        "{error}"
    );
    error
}

#[test]
fn loads_plain_and_gzipped_from_both_places() {
    let small = small_mnist();
    let mut loaded = Vec::new();
    for (gzipped, subfolder) in [(false, "mnist"), (true, "mnist"), (false, ""), (true, "")] {
        let folder = TempDir::new().unwrap();
        let place = folder.path().join(subfolder);
        if gzipped {
            small.write_gzipped(&place);
        } else {
            small.write(&place);
        }
        loaded.push(load(&small, folder.path()).unwrap());
    }
    let first = &loaded[0];
    assert!(loaded.iter().all(|dataset| dataset == first));
    assert_eq!(
        (first.samples(), first.features, first.classes),
        (60, 16, 10)
    );
    let Inputs::Bytes(pixels) = &first.inputs else {
        panic!("images are bytes");
    };
    assert_eq!(pixels[..], small.content(IMAGES)[16..]);
    let labels = small.content(LABELS)[8..].iter().copied().map(u32::from);
    assert_eq!(first.targets, Targets::Classes(labels.collect()));
    let keys: Vec<&String> = first.fingerprints.keys().collect();
    assert_eq!(
        keys,
        [&format!("mnist/{IMAGES}"), &format!("mnist/{LABELS}")]
    );
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let split = Split::new(first, &DatasetConfig::new(first.name), &mut rng).unwrap();
    assert_eq!((split.train.len(), split.validation.len()), (50, 10));
}

#[test]
fn loads_cifar_from_each_of_its_places() {
    let (small, _) = small_cifar();
    let places = [
        "cifar10",
        "cifar-10-batches-bin",
        "cifar10/cifar-10-batches-bin",
        "",
    ];
    for place in places {
        let folder = TempDir::new().unwrap();
        small.write(&folder.path().join(place));
        let dataset = load(&small, folder.path()).unwrap();
        assert_eq!((dataset.samples(), dataset.features), (10, 3_072));
        let classes = dataset.targets.classes().unwrap();
        assert_eq!(classes, [0, 9, 1, 9, 2, 9, 3, 9, 4, 9]);
        assert_eq!(dataset.fingerprints.len(), 5);
    }
}

#[test]
fn earlier_folders_take_precedence_and_missing_ones_are_passed_over() {
    let small = small_mnist();
    let (first, second) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    small.write(&second.path().join("mnist"));
    let folders = DataFolders {
        explicit: Some(first.path().join("nowhere")),
        environment: Some(first.path().to_path_buf()),
        cache: Some(second.path().to_path_buf()),
    };
    let file = &small.entry.files[0];
    let found = folders.locate(&small.entry, file).unwrap().unwrap();
    assert_eq!(found.folder, second.path());
    small.write(first.path());
    let found = folders.locate(&small.entry, file).unwrap().unwrap();
    assert_eq!(found.path, first.path().join(IMAGES));
    assert_eq!(
        folders.download_folder().unwrap(),
        first.path().join("nowhere")
    );
}

#[test]
fn missing_files_are_named_with_the_folders_searched_and_what_to_do() {
    let folder = TempDir::new().unwrap();
    let small = small_mnist();
    let folders = DataFolders {
        explicit: Some(folder.path().join("absent")),
        environment: None,
        cache: Some(folder.path().to_path_buf()),
    };
    let config = DatasetConfig::new(DatasetName::Mnist);
    let error = Dataset::load_entry(&small.entry, &config, &folders)
        .unwrap_err()
        .to_string();
    for expected in [
        IMAGES,
        LABELS,
        "absent (does not exist)",
        &folder.path().display().to_string(),
        "`etastar data fetch mnist`",
        "--data-dir",
    ] {
        assert!(error.contains(expected), "{expected}: {error}");
    }
    assert!(
        !error.contains("t10k"),
        "training needs no test file: {error}"
    );

    let error = Dataset::load(&config, &DataFolders::default()).unwrap_err();
    assert!(error.to_string().contains("no folder"), "{error}");
}

#[test]
fn gzip_problems_are_told_apart() {
    let small = small_mnist();
    let content = small.content(IMAGES);
    let compressed = gzip(content);
    let file = format!("{IMAGES}.gz");

    let error = error_with(&file, &compressed[..compressed.len() / 2]);
    assert!(error.contains("ends early"), "{error}");
    assert!(error.contains("976 bytes of content"), "{error}");

    let mut corrupt = compressed.clone();
    let end = corrupt.len() - 6;
    corrupt[end] ^= 1;
    let error = error_with(&file, &corrupt);
    assert!(error.contains("corrupt"), "{error}");

    let error = error_with(&file, &gzip(&vec![0; 5_000_000]));
    assert!(error.contains("larger than the 976 bytes"), "{error}");

    let error = error_with(&file, b"<html>Not found</html>");
    assert!(
        error.contains("not a gzip file: it starts with \"<html>"),
        "{error}"
    );

    let error = error_with(&file, b"");
    assert!(error.contains("it is empty"), "{error}");
}

/// Where torchvision, browsers and unpackers leave the files.
#[test]
fn files_are_found_where_other_programs_put_them() {
    let places: [&[(&str, &str)]; 4] = [
        &[
            ("MNIST/raw/train-images-idx3-ubyte", IMAGES),
            ("MNIST/raw/train-labels-idx1-ubyte", LABELS),
        ],
        &[
            ("train-images.idx3-ubyte", IMAGES),
            ("Train-Labels.IDX1-ubyte", LABELS),
        ],
        &[
            (
                "mnist/train-images-idx3-ubyte/train-images-idx3-ubyte",
                IMAGES,
            ),
            (
                "mnist/train-labels.idx1-ubyte/train-labels.idx1-ubyte",
                LABELS,
            ),
        ],
        // Unpacked by a browser that keeps the name.
        &[
            ("train-images-idx3-ubyte.gz", IMAGES),
            ("train-labels-idx1-ubyte.gz", LABELS),
        ],
    ];
    for place in places {
        let (folder, small) = (TempDir::new().unwrap(), small_mnist());
        for (name, file) in place {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, small.content(file)).unwrap();
        }
        let dataset = load(&small, folder.path()).unwrap();
        assert_eq!(dataset.samples(), 60, "{place:?}");
    }
}

#[test]
fn structural_problems_come_before_the_hash() {
    let small = small_mnist();
    let content = small.content(IMAGES);

    let error = error_with(IMAGES, &content[..500]);
    assert!(error.contains("announces 960 bytes"), "{error}");
    assert!(error.contains("SHA-256"), "{error}");

    let error = error_with(IMAGES, b"");
    assert!(error.contains("the file is empty"), "{error}");

    let error = error_with(IMAGES, &[content, &[0]].concat());
    assert!(error.contains("more than the 976 bytes"), "{error}");

    let mut labels = small.content(LABELS).to_vec();
    labels[8 + 7] = 10;
    let error = error_with(LABELS, &labels);
    assert!(
        error.contains("label 10 of sample 7 is out of range"),
        "{error}"
    );

    let fewer = idx([59], &labels[8..15].repeat(9)[..59]);
    let error = error_with(LABELS, &fewer);
    assert!(error.contains("60 images"), "{error}");
    assert!(error.contains("59 labels"), "{error}");
}

#[test]
fn a_well_formed_file_of_another_hash_is_never_used() {
    let small = small_mnist();
    let mut content = small.content(IMAGES).to_vec();
    content[100] ^= 1;
    let found = etastar_data::sha256_hex(&content);
    for error in [
        error_with(IMAGES, &content),
        error_with(&format!("{IMAGES}.gz"), &gzip(&content)),
    ] {
        assert!(error.contains("60 images of 4x4"), "{error}");
        assert!(error.contains(&found), "{error}");
        assert!(error.contains(&*small.entry.files[0].sha256), "{error}");
    }
}

#[test]
fn availability_and_verification_look_at_all_files() {
    let small = small_mnist();
    let folder = TempDir::new().unwrap();
    let folders = DataFolders::only(folder.path());
    let look = || availability(&small.entry, &folders).unwrap();
    assert_eq!(look(), Availability::Missing);

    let place = folder.path().join("mnist");
    small.write(&place);
    let found = folder.path().to_path_buf();
    assert_eq!(
        look(),
        Availability::Found {
            folder: found.clone()
        }
    );
    let reports = verify(&small.entry, &folders);
    assert_eq!(reports.len(), 4);
    for (report, file) in reports.iter().zip(&small.entry.files) {
        assert_eq!(report.file, format!("mnist/{}", file.name));
        assert_eq!(report.outcome.as_ref().unwrap(), &*file.sha256);
    }

    fs::write(place.join("t10k-labels-idx1-ubyte"), b"bad").unwrap();
    fs::remove_file(place.join("t10k-images-idx3-ubyte")).unwrap();
    let expected = Availability::Incomplete {
        folder: found,
        missing: vec!["t10k-images-idx3-ubyte".to_owned()],
        trainable: true,
    };
    assert_eq!(look(), expected);
    let reports = verify(&small.entry, &folders);
    assert!(reports[0].outcome.is_ok() && reports[1].outcome.is_ok());
    let missing = reports[2].outcome.as_ref().unwrap_err();
    assert!(
        matches!(missing, DataError::MissingFiles { .. }),
        "{missing}"
    );
    let bad = reports[3].outcome.as_ref().unwrap_err();
    assert!(matches!(bad, DataError::BadFile { .. }), "{bad}");
    assert!(
        load(&small, folder.path()).is_ok(),
        "training needs no test file"
    );
}

#[test]
fn built_in_datasets_are_always_at_hand() {
    let folders = DataFolders::default();
    for (name, expected) in [
        (DatasetName::Digits, Availability::Embedded),
        (DatasetName::Gaussians, Availability::Generated),
    ] {
        let entry = entry(name);
        assert_eq!(availability(&entry, &folders).unwrap(), expected);
        assert!(
            verify(&entry, &folders)
                .iter()
                .all(|report| report.outcome.is_ok())
        );
    }
}

#[cfg(unix)]
#[test]
fn an_unreadable_file_has_its_own_message() {
    use std::os::unix::fs::PermissionsExt;
    let small = small_mnist();
    let folder = TempDir::new().unwrap();
    small.write(folder.path());
    let file = folder.path().join(LABELS);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o000)).unwrap();
    // The superuser reads everything.
    if let Err(error) = load(&small, folder.path()) {
        let message = error.to_string();
        assert!(message.contains("file cannot be read"), "{message}");
        assert!(message.contains(LABELS), "{message}");
    }
}

#[cfg(unix)]
#[test]
fn an_unreadable_folder_has_its_own_message() {
    use std::os::unix::fs::PermissionsExt;
    let small = small_mnist();
    let folder = TempDir::new().unwrap();
    let place = folder.path().join("mnist");
    small.write(&place);
    fs::set_permissions(&place, fs::Permissions::from_mode(0o000)).unwrap();
    let outcome = load(&small, folder.path());
    fs::set_permissions(&place, fs::Permissions::from_mode(0o755)).unwrap();
    // The superuser reads everything.
    if let Err(error) = outcome {
        let message = error.to_string();
        assert!(message.contains("folder cannot be read"), "{message}");
        assert!(message.contains("chmod"), "{message}");
    }
}
