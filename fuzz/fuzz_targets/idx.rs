//! The IDX parsers give a result for any bytes, and what they accept can be
//! written back to the same bytes.
#![no_main]

use etastar_data::format::{check_labels, parse_images, parse_labels};
use libfuzzer_sys::fuzz_target;

/// An IDX file of these dimensions and values.
fn written(magic: u32, dimensions: &[usize], values: &[u8]) -> Vec<u8> {
    let dimensions = dimensions.iter().map(|&dimension| dimension as u32);
    let header = std::iter::once(magic).chain(dimensions);
    let header = header.flat_map(u32::to_be_bytes);
    header.chain(values.iter().copied()).collect()
}

fuzz_target!(|bytes: &[u8]| {
    if let Ok(images) = parse_images(bytes) {
        assert_eq!(
            images.pixels.len(),
            images.count * images.rows * images.columns
        );
        let dimensions = [images.count, images.rows, images.columns];
        assert_eq!(written(0x0803, &dimensions, images.pixels), bytes);
    }
    if let Ok(labels) = parse_labels(bytes) {
        assert_eq!(written(0x0801, &[labels.len()], labels), bytes);
        let accepted = check_labels(labels, 10).is_ok();
        assert_eq!(accepted, labels.iter().all(|label| *label < 10));
    }
});
