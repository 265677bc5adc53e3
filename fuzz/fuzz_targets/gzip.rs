//! Decompression gives a result for any bytes, never beyond its limit, whatever
//! the content, which the parsers then survive.
#![no_main]

use etastar_data::{gzip, idx};
use libfuzzer_sys::fuzz_target;

const LIMIT: usize = 4_096;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(content) = gzip::decompress(bytes, LIMIT) {
        assert!(content.len() <= LIMIT);
        let _ = idx::parse_images(&content);
        let _ = idx::parse_labels(&content);
    }
});
