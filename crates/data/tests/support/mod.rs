//! Small synthetic datasets in the formats of the real ones.
#![allow(dead_code, reason = "each test program uses a part of it")]

pub(crate) mod server;

use std::fs;
use std::io::Write;
use std::path::Path;

use etastar_data::{ArchiveFile, DatasetEntry, DatasetName, FileFormat, Source, entry, sha256_hex};
use flate2::Compression;
use flate2::write::GzEncoder;

/// Samples of the small training files.
pub(crate) const TRAIN: usize = 60;
/// Samples of the small test files.
pub(crate) const TEST: usize = 20;

/// A small dataset: its catalogue entry and the content of each of its files.
pub(crate) struct Small {
    pub(crate) entry: DatasetEntry,
    pub(crate) contents: Vec<(String, Vec<u8>)>,
}

impl Small {
    pub(crate) fn content(&self, name: &str) -> &[u8] {
        &self
            .contents
            .iter()
            .find(|(known, _)| known == name)
            .unwrap()
            .1
    }

    /// Writes all files plain into `folder`.
    pub(crate) fn write(&self, folder: &Path) {
        fs::create_dir_all(folder).unwrap();
        for (name, content) in &self.contents {
            fs::write(folder.join(name), content).unwrap();
        }
    }

    /// Writes all files gzipped into `folder`.
    pub(crate) fn write_gzipped(&self, folder: &Path) {
        fs::create_dir_all(folder).unwrap();
        for (name, content) in &self.contents {
            fs::write(folder.join(format!("{name}.gz")), gzip(content)).unwrap();
        }
    }
}

/// Deterministic bytes that do not compress well.
pub(crate) fn noise(length: usize, seed: u32) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    (0..length)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect()
}

/// An IDX file of images (three dimensions) or labels (one), whether or not the
/// header agrees with the number of values.
pub(crate) fn idx<const RANK: usize>(dimensions: [u32; RANK], values: &[u8]) -> Vec<u8> {
    let magic = 0x0800 + RANK as u32;
    let header = [magic].into_iter().chain(dimensions);
    let header = header.flat_map(u32::to_be_bytes);
    header.chain(values.iter().copied()).collect()
}

/// Pixels of an image of CIFAR-10.
pub(crate) const PIXELS: usize = 3_072;

/// A batch file of CIFAR-10 of the pairs of `labels` and images of `pixels`.
pub(crate) fn batch(labels: &[u8], pixels: &[u8]) -> Vec<u8> {
    let images = pixels.chunks_exact(PIXELS);
    let records = labels.iter().zip(images);
    records
        .flat_map(|(label, image)| [&[*label], image].concat())
        .collect()
}

/// The MNIST entry with 60 + 20 images of 4x4.
pub(crate) fn small_mnist() -> Small {
    let mut entry = entry(DatasetName::Mnist);
    let mut contents = Vec::new();
    for (number, file) in entry.files.iter_mut().enumerate() {
        let count = if file.training { TRAIN } else { TEST };
        let content = match &mut file.format {
            FileFormat::IdxImages {
                count: images,
                rows,
                columns,
            } => {
                (*images, *rows, *columns) = (count, 4, 4);
                idx([count as u32, 4, 4], &noise(count * 16, number as u32))
            }
            FileFormat::IdxLabels { count: labels, .. } => {
                *labels = count;
                let values: Vec<u8> = (0..count).map(|label| (label % 10) as u8).collect();
                idx([count as u32], &values)
            }
            FileFormat::CifarBatch { .. } => panic!("MNIST has no CIFAR batches"),
        };
        file.sha256 = sha256_hex(&content).into();
        contents.push((file.name.to_string(), content));
    }
    entry.shape = vec![4, 4];
    entry.samples = TRAIN;
    entry.default_validation = 10;
    Small { entry, contents }
}

/// The CIFAR-10 entry with batches of 2 records, and its archive.
pub(crate) fn small_cifar() -> (Small, Vec<u8>) {
    let mut entry = entry(DatasetName::Cifar10);
    let mut contents = Vec::new();
    for (number, file) in entry.files.iter_mut().enumerate() {
        let pixels = noise(2 * PIXELS, number as u32);
        let content = batch(&[number as u8, 9], &pixels);
        file.format = FileFormat::CifarBatch { count: 2 };
        file.sha256 = sha256_hex(&content).into();
        contents.push((file.name.to_string(), content));
    }
    entry.samples = 10;
    entry.default_validation = 2;
    let members: Vec<(String, &[u8])> = contents
        .iter()
        .map(|(name, content)| (format!("cifar-10-batches-bin/{name}"), &content[..]))
        .chain([("cifar-10-batches-bin/readme.html".to_owned(), &b"hello"[..])])
        .collect();
    let archive = archive(&members);
    set_archive(&mut entry, &archive);
    (Small { entry, contents }, archive)
}

/// A `.tar.gz` of the members, whatever their paths.
pub(crate) fn archive(members: &[(String, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content) in members {
        let mut header = tar::Header::new_gnu();
        // Set by hand: the checked setter refuses paths that climb.
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, *content).unwrap();
    }
    gzip(&builder.into_inner().unwrap())
}

/// Makes `archive` the genuine archive of `entry`.
pub(crate) fn set_archive(entry: &mut DatasetEntry, archive: &[u8]) {
    entry.source = Source::Archive(ArchiveFile {
        name: "cifar-10-binary.tar.gz".into(),
        size: archive.len() as u64,
        sha256: sha256_hex(archive).into(),
    });
}

pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}
