//! The Burn backends that are compiled in (one cargo feature each), their
//! devices, and the choice among them at run time. Knows nothing of networks.
//!
//! Everything above this crate is generic over `B: Backend`: [`Backend`] is
//! Burn's trait of that name with the fused operations of training. A program
//! turns the user's word into a [`DeviceName`], asks for a [`Selection`], and runs
//! a [`Task`] on it: the one place where a type parameter is chosen by a
//! value.
//!
//! ```
//! use burn_tensor::Tensor;
//! use etastar_backend::{Backend, DeviceName, Selection, Task};
//!
//! struct Sum([f32; 3]);
//!
//! impl Task for Sum {
//!     type Output = f64;
//!
//!     fn run<B: Backend>(self, device: B::Device) -> f64 {
//!         let values = Tensor::<B, 1>::from_floats(self.0, &device);
//!         values.sum().into_data().iter::<f64>().sum()
//!     }
//! }
//!
//! # #[cfg(feature = "flex")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let device: DeviceName = "flex".parse()?;
//! assert_eq!(Selection::new(device)?.run(Sum([1.0, 2.0, 3.0])), 6.0);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "flex"))]
//! # fn main() {}
//! ```

#[cfg(feature = "counting")]
pub mod counting;
mod devices;
mod extension;
mod failure;
#[cfg(feature = "flex")]
mod flex;
mod interrupt;
mod name;
mod selection;

pub use devices::{FoundDevice, found, hint};
pub use extension::{Backend, Rate};
pub use failure::{DeviceError, DeviceFailure, check_device};
pub use interrupt::Interrupt;
pub use name::{BackendName, DeviceKind, DeviceName, InvalidDeviceName, UnknownBackend};
pub use selection::{InvalidDeviceList, Selection, Task, Unavailable};

/// The allocator of every program that uses this crate.
///
/// A short training allocates and frees the same few tensors at every step.
/// glibc returns large blocks to the system and faults them in again;
/// mimalloc keeps them (figures in `benches/results`).
#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
