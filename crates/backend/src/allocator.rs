//! The program's allocator.
//!
//! A short training allocates and frees the same few tensors at every step.
//! glibc returns large blocks to the system and faults them in again;
//! mimalloc keeps them (figures in `benches/results`).

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
