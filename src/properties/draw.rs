//! Reads any bytes as decisions, so that one function serves proptest and `libFuzzer`, and so that
//! what either of them finds is a short file of bytes.

/// What is left of the bytes. Where there are none left every answer is the smallest.
pub struct Draw<'a>(&'a [u8]);

impl<'a> Draw<'a> {
    pub fn new(data: &'a [u8]) -> Self {
        Self(data)
    }

    pub fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    /// A number below `limit`, which is at most 256.
    pub fn below(&mut self, limit: usize) -> usize {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        usize::from(*first) % limit
    }

    /// One of these.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// Up to so many bytes, as they are.
    pub fn bytes(&mut self, most: usize) -> &'a [u8] {
        let count = self.below(most + 1).min(self.0.len());
        let (bytes, rest) = self.0.split_at(count);
        self.0 = rest;
        bytes
    }

    /// A text of a few parts: of `parts`, which are what is known to be delicate, or any other.
    pub fn text(&mut self, parts: &[&str]) -> String {
        let mut text = String::new();
        for _ in 0..self.below(5) {
            match self.below(parts.len() + 1) {
                0 => text.push_str(&String::from_utf8_lossy(self.bytes(8))),
                nth => text.push_str(parts[nth - 1]),
            }
        }
        text
    }

    /// All the rest.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }
}
