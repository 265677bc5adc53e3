//! The IDX parsers give a result for any bytes, and what they accept is exactly
//! what the writers write.
#![no_main]

use etastar_data::{check_labels, idx};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(images) = idx::parse_images(bytes) {
        assert_eq!(
            images.pixels.len(),
            images.count * images.rows * images.columns
        );
        let written = idx::write_images(
            images.count as u32,
            images.rows as u32,
            images.columns as u32,
            images.pixels,
        );
        assert_eq!(written, bytes);
    }
    if let Ok(labels) = idx::parse_labels(bytes) {
        assert_eq!(idx::write_labels(labels.len() as u32, labels), bytes);
        let accepted = check_labels(labels, 10).is_ok();
        assert_eq!(accepted, labels.iter().all(|label| *label < 10));
    }
});
