//! What an approval store does: each operation as the command it sends and the outcome it
//! reads from the reply. Knows neither Node nor sockets.

pub mod batches;
pub mod create;
pub mod date;
pub(crate) mod decision;
pub mod deliveries;
mod documents;
pub mod external_ids;
pub mod inbox;
pub mod keys;
pub mod record;
pub(crate) mod reply;
pub mod requests;
pub mod resolve;
pub mod scripts;
pub mod timeline;
mod walk;

pub use walk::Sizes;
