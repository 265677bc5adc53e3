//! Tells the program where libtorch is.

include!("../backend/link.rs");

fn main() {
    find_libtorch_at_run_time();
}
