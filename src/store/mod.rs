//! What an approval store does: each operation as the command it sends and the outcome it
//! reads from the reply. Knows neither Node nor sockets.

pub mod keys;
pub mod record;
