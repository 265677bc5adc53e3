//! The Burn backends that are compiled in (one cargo feature each), and the
//! choice among them at run time. Knows nothing of networks.
//!
//! Everything above this crate is generic over `B: Backend`. A program turns
//! the user's word into a [`BackendName`], asks for a [`Selection`], and runs
//! a [`Task`] on it: the one place where a type parameter is chosen by a
//! value.

mod allocator;
mod name;
mod selection;

pub use name::{BackendName, UnknownBackend};
pub use selection::{NotCompiled, Selection, Task};
