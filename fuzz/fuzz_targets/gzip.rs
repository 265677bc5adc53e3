//! Decompression gives a result for any bytes and never exceeds its limit; the
//! parsers survive whatever it yields.
#![no_main]

use etastar_data::format::{decompress, parse_images, parse_labels};
use libfuzzer_sys::fuzz_target;

const LIMIT: usize = 4_096;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(content) = decompress(bytes, LIMIT) {
        assert!(content.len() <= LIMIT);
        let _ = parse_images(&content);
        let _ = parse_labels(&content);
    }
});
