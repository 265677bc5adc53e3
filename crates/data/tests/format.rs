//! Properties of the parsers: total on any bytes, exact inverses of the writers.
use crate::support;

use etastar_data::format::{
    FormatError, GzipError, check_labels, decompress, parse_batch, parse_images, parse_labels,
};
use proptest::collection::vec;
use proptest::prelude::*;
use support::{PIXELS, batch, gzip, idx};

fn images() -> impl Strategy<Value = (u32, u32, u32, Vec<u8>)> {
    (1_u32..6, 1_u32..6, 1_u32..6).prop_flat_map(|(count, rows, columns)| {
        let pixels = vec(any::<u8>(), (count * rows * columns) as usize);
        (Just(count), Just(rows), Just(columns), pixels)
    })
}

proptest! {
    #[test]
    fn images_survive_writing_and_reading((count, rows, columns, pixels) in images()) {
        let bytes = idx([count, rows, columns], &pixels);
        let parsed = parse_images(&bytes).unwrap();
        prop_assert_eq!(parsed.count, count as usize);
        prop_assert_eq!(parsed.rows, rows as usize);
        prop_assert_eq!(parsed.columns, columns as usize);
        prop_assert_eq!(parsed.pixels, &pixels[..]);
    }

    #[test]
    fn labels_survive_writing_and_reading(labels in vec(any::<u8>(), 1..100)) {
        let bytes = idx([labels.len() as u32], &labels);
        prop_assert_eq!(parse_labels(&bytes).unwrap(), &labels[..]);
    }

    #[test]
    fn every_truncation_and_every_surplus_is_an_error(
        (count, rows, columns, pixels) in images(),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = idx([count, rows, columns], &pixels);
        prop_assert!(parse_images(&bytes[..cut.index(bytes.len())]).is_err());
        bytes.push(0);
        prop_assert!(parse_images(&bytes).is_err(), "surplus byte accepted");
    }

    #[test]
    fn any_bytes_give_a_result(bytes in vec(any::<u8>(), 0..200)) {
        let _ = parse_images(&bytes);
        let _ = parse_labels(&bytes);
        let _ = parse_batch(&bytes);
        let _ = decompress(&bytes[..], 1_000);
    }

    #[test]
    fn lying_headers_are_errors(
        dimensions in any::<[u32; 3]>(),
        pixels in vec(any::<u8>(), 0..50),
    ) {
        let bytes = idx(dimensions, &pixels);
        let product: u128 = dimensions.iter().map(|dimension| u128::from(*dimension)).product();
        let honest = product == pixels.len() as u128 && product > 0;
        prop_assert_eq!(parse_images(&bytes).is_ok(), honest);
    }

    #[test]
    fn batches_survive_writing_and_reading(
        labels in vec(0_u8..10, 1..4),
        seed in any::<u8>(),
    ) {
        let pixels: Vec<u8> = (0..labels.len() * PIXELS)
            .map(|position| (position % 251) as u8 ^ seed)
            .collect();
        let bytes = batch(&labels, &pixels);
        prop_assert_eq!(bytes.len(), labels.len() * (1 + PIXELS));
        let parsed = parse_batch(&bytes).unwrap();
        prop_assert_eq!(parsed.labels, labels);
        prop_assert_eq!(parsed.pixels, pixels);
        prop_assert!(parse_batch(&bytes[..bytes.len() - 1]).is_err());
    }

    #[test]
    fn labels_beyond_the_classes_are_found(labels in vec(0_u8..12, 0..20), classes in 0_usize..14) {
        let first = labels.iter().position(|label| usize::from(*label) >= classes);
        match check_labels(&labels, classes) {
            Ok(()) => prop_assert_eq!(first, None),
            Err(FormatError::LabelOutOfRange { index, .. }) => {
                prop_assert_eq!(first, Some(index));
            }
            Err(error) => prop_assert!(false, "{error}"),
        }
    }

    #[test]
    fn gzip_round_trips_within_the_limit_and_never_beyond(
        content in vec(any::<u8>(), 0..2_000),
        limit in 0_usize..2_000,
    ) {
        let compressed = gzip(&content);
        match decompress(&compressed[..], limit) {
            Ok(found) => {
                prop_assert!(content.len() <= limit);
                prop_assert_eq!(found, content);
            }
            Err(GzipError::TooLarge { .. }) => prop_assert!(content.len() > limit),
            Err(error) => prop_assert!(false, "{error}"),
        }
    }

    #[test]
    fn a_truncated_gzip_stream_is_an_error(
        content in vec(any::<u8>(), 1..500),
        cut in any::<prop::sample::Index>(),
    ) {
        let compressed = gzip(&content);
        let error = decompress(&compressed[..cut.index(compressed.len())], 1_000).unwrap_err();
        let truncated = matches!(error, GzipError::Truncated { .. });
        prop_assert!(truncated, "{error}");
    }

    #[test]
    fn a_flipped_bit_never_changes_the_content_unnoticed(
        content in vec(any::<u8>(), 1..500),
        position in any::<prop::sample::Index>(),
        bit in 0_u8..8,
    ) {
        let mut compressed = gzip(&content);
        let position = position.index(compressed.len());
        compressed[position] ^= 1 << bit;
        if let Ok(found) = decompress(&compressed[..], 1_000) {
            prop_assert_eq!(found, content);
        }
    }
}

#[test]
fn huge_announced_dimensions_are_not_allocated() {
    let bytes = idx([u32::MAX; 3], &[]);
    let error = parse_images(&bytes).unwrap_err();
    assert!(
        error.to_string().contains("impossible dimensions"),
        "{error}"
    );
    let bytes = idx([60_000, 28, 28], &[0; 100]);
    let error = parse_images(&bytes).unwrap_err();
    assert!(
        error.to_string().contains("announces 47040000 bytes"),
        "{error}"
    );
    assert!(error.to_string().contains("truncated"), "{error}");
}

#[test]
fn a_bomb_is_stopped_at_the_limit() {
    let bomb = gzip(&vec![0; 10_000_000]);
    assert!(bomb.len() < 20_000);
    let error = decompress(&bomb[..], 1_000).unwrap_err();
    assert!(
        error.to_string().contains("larger than the 1000 bytes"),
        "{error}"
    );
}

#[test]
fn what_follows_a_gzip_stream_is_an_error() {
    let mut compressed = gzip(b"content");
    compressed.extend_from_slice(b"garbage");
    assert!(decompress(&compressed[..], 1_000).is_err());
}

#[test]
fn files_of_another_kind_are_recognised() {
    let cases: [(&[u8], &str); 5] = [
        (b"", "empty"),
        (b"<!DOCTYPE html><html>", "web page"),
        (&[0x1f, 0x8b, 8, 0, 0, 0], "gzipped once more"),
        (&[0, 0, 8, 1, 0, 0, 0, 1, 5], "holds labels"),
        (&[0, 0, 8], "needs 16 bytes but there are only 3"),
    ];
    for (bytes, expected) in cases {
        let error = parse_images(bytes).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
    let labels = idx([1, 1, 1], &[0]);
    let error = parse_labels(&labels).unwrap_err();
    assert!(error.to_string().contains("holds images"), "{error}");
}

#[test]
fn a_cifar_label_beyond_nine_names_its_record() {
    let bytes = batch(&[3, 10], &vec![0; 2 * PIXELS]);
    let error = parse_batch(&bytes).unwrap_err();
    assert_eq!(
        error.to_string(),
        "label 10 of sample 1 is out of range: the 10 classes are 0 to 9"
    );
}
