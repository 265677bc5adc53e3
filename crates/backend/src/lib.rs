//! The Burn backends that are compiled in (one cargo feature each), their
//! devices, and the choice among them at run time. Knows nothing of networks.
//!
//! Everything above this crate is generic over `B: Backend`: [`Backend`] is
//! Burn's trait of that name with the fused operations of training. A program
//! turns the user's word into a [`DeviceName`], asks for a [`Selection`], and runs
//! a [`Task`] on it: the one place where a type parameter is chosen by a
//! value.

mod allocator;
mod device;
mod devices;
mod extension;
mod failure;
mod name;
mod selection;

pub use device::{DeviceKind, DeviceName, InvalidDeviceName};
pub use devices::{FoundDevice, found, hint};
pub use extension::{Backend, Rate};
pub use failure::{DeviceError, DeviceFailure, check_device};
pub use name::{BackendName, UnknownBackend};
pub use selection::{InvalidDeviceList, Selection, Task, Unavailable};
