//! The keys of a store (layout 3). Every key starts with the store's prefix, which already
//! contains the client's `keyPrefix`.

/// The key prefix of one store and the keys built from it.
///
/// Keys are bytes: a prefix may come from a `Buffer`, and ids may contain anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    prefix: Vec<u8>,
}

impl Keys {
    /// The keys of the store whose keys start with `prefix` and a colon.
    #[must_use]
    pub fn new(prefix: Vec<u8>) -> Self {
        Self { prefix }
    }

    /// The prefix itself: what scripts build the keys from that only they know.
    #[must_use]
    pub fn prefix(&self) -> &[u8] {
        &self.prefix
    }

    fn join(&self, parts: &[&str]) -> Vec<u8> {
        let mut key = Vec::with_capacity(
            self.prefix.len() + parts.iter().map(|part| part.len()).sum::<usize>(),
        );
        key.extend_from_slice(&self.prefix);
        for part in parts {
            key.extend_from_slice(part.as_bytes());
        }
        key
    }

    /// A request record: string, JSON.
    #[must_use]
    pub fn request(&self, id: &str) -> Vec<u8> {
        self.join(&[":req:", id])
    }

    /// The owner of a resume token: string, request id.
    #[must_use]
    pub fn token(&self, token: &str) -> Vec<u8> {
        self.join(&[":idx:token:", token])
    }

    /// The request with an external id: string, request id.
    #[must_use]
    pub fn external_id(&self, external_id: &str) -> Vec<u8> {
        self.join(&[":idx:ext:", external_id])
    }

    /// All requests with a status: sorted set of ids by creation time.
    #[must_use]
    pub fn status(&self, status: &str) -> Vec<u8> {
        self.join(&[":idx:status:", status])
    }

    /// All requests: sorted set of ids by creation time.
    #[must_use]
    pub fn all(&self) -> Vec<u8> {
        self.join(&[":idx:all:req"])
    }

    /// All requests of a namespace: sorted set of ids by creation time.
    #[must_use]
    pub fn namespace(&self, namespace: &str) -> Vec<u8> {
        self.join(&[":idx:ns:", namespace])
    }

    /// The requests of a namespace with a status: sorted set of ids by creation time.
    #[must_use]
    pub fn namespace_status(&self, namespace: &str, status: &str) -> Vec<u8> {
        self.join(&[":idx:ns:", namespace, ":status:", status])
    }

    /// A batch record: string, JSON.
    #[must_use]
    pub fn batch(&self, id: &str) -> Vec<u8> {
        self.join(&[":batch:", id])
    }

    /// The batch with an external id: string, batch id.
    #[must_use]
    pub fn batch_external_id(&self, external_id: &str) -> Vec<u8> {
        self.join(&[":idx:batch:ext:", external_id])
    }

    /// The requests of a batch: sorted set of ids by batch index.
    #[must_use]
    pub fn batch_items(&self, batch_id: &str) -> Vec<u8> {
        self.join(&[":idx:batch:", batch_id])
    }

    /// A timeline entry: string, JSON.
    #[must_use]
    pub fn entry(&self, id: &str) -> Vec<u8> {
        self.join(&[":timeline:entry:", id])
    }

    /// The entries of a thread: sorted set of ids by creation time.
    #[must_use]
    pub fn thread(&self, id: &str) -> Vec<u8> {
        self.join(&[":timeline:", id])
    }

    /// A notify delivery: string, JSON.
    #[must_use]
    pub fn delivery(&self, id: &str) -> Vec<u8> {
        self.join(&[":notify:", id])
    }

    /// The delivery with an external id: string, delivery id.
    #[must_use]
    pub fn delivery_external_id(&self, external_id: &str) -> Vec<u8> {
        self.join(&[":idx:notify:ext:", external_id])
    }

    /// The ids of the migrations that have been applied: set.
    #[must_use]
    pub fn migrations(&self) -> Vec<u8> {
        self.join(&[":meta:migrations"])
    }

    /// A key of our own below `meta:`, which the JavaScript version never touches.
    #[must_use]
    pub fn meta(&self, name: &str) -> Vec<u8> {
        self.join(&[":meta:", name])
    }

    /// Who won the decision of a request: string, expires after 24 hours.
    #[must_use]
    pub fn resolve_marker(&self, id: &str) -> Vec<u8> {
        self.join(&[":meta:resolve:", id])
    }
}

#[cfg(test)]
mod tests {
    use super::Keys;

    #[test]
    fn what_is_ours_alone_lies_below_meta() {
        let keys = Keys::new(b"p".to_vec());
        assert_eq!(keys.meta("002:x"), b"p:meta:002:x");
        assert_eq!(keys.resolve_marker("a"), keys.meta("resolve:a"));
    }
}
