//! What an approval store does: each operation as the command it sends and the outcome it
//! reads from the reply. Knows neither Node nor sockets.

pub mod batches;
pub(crate) mod chunks;
pub mod create;
pub mod date;
pub(crate) mod decision;
pub mod deliveries;
pub(crate) mod dialogue;
mod documents;
pub mod external_ids;
pub mod inbox;
pub(crate) mod json;
pub mod keys;
pub mod maintenance;
mod page;
pub(crate) mod position;
pub mod purge;
pub mod record;
pub(crate) mod reply;
pub mod requests;
pub mod resolve;
mod scan;
pub mod scripts;
mod seal;
pub mod timeline;
pub mod verify;
mod walk;

pub use walk::Sizes;
