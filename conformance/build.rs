//! Where the tests find libtorch.

include!("../crates/backend/link.rs");

fn main() {
    find_libtorch_at_run_time();
}
