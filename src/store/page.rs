//! What a page of records is to JavaScript: `{"items":[…],"corrupt":[…],"next":"…"}`, parsed once.
//! Of a long one some items go ahead, as pages of their own.

use super::json::{push_element, quoted};
use crate::connection::Outcome;

const HEAD: &[u8] = b"{\"items\":[";

/// From this size on, in bytes, items go ahead of the rest.
const LONG: usize = 256 << 10;

/// A page that is being written.
pub struct PageJson {
    json: Vec<u8>,
    corrupt: Vec<String>,
}

impl PageJson {
    /// A page with nothing on it yet.
    pub fn empty() -> Self {
        Self {
            json: HEAD.to_vec(),
            corrupt: Vec::new(),
        }
    }

    /// Puts a record on it.
    pub fn push(&mut self, record: &[u8]) {
        push_element(&mut self.json, record);
    }

    /// Leaves a corrupt record out, and says under which key it is.
    pub fn leave_out(&mut self, key: String) {
        self.corrupt.push(key);
    }

    /// Cuts off the items that are on it, if they are long enough to go ahead.
    pub fn cut(&mut self) -> Option<Vec<u8>> {
        (self.json.len() >= LONG).then(|| {
            let mut json = std::mem::replace(&mut self.json, HEAD.to_vec());
            json.extend_from_slice(b"]}");
            json
        })
    }

    /// Ends the page; `next`: its last id, if more remain.
    pub fn finish(&mut self, next: Option<&str>) -> Outcome {
        let mut json = std::mem::take(&mut self.json);
        json.push(b']');
        if !self.corrupt.is_empty() {
            json.extend_from_slice(b",\"corrupt\":[");
            for key in &self.corrupt {
                push_element(&mut json, &quoted(key));
            }
            json.push(b']');
        }
        if let Some(id) = next {
            json.extend_from_slice(b",\"next\":");
            json.extend_from_slice(&quoted(id));
        }
        json.push(b'}');
        Outcome::Document(json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_items_of_a_long_page_go_ahead() {
        for (missing, goes_ahead) in [(1, false), (0, true)] {
            let item = "7".repeat(LONG - HEAD.len() - missing);
            let mut page = PageJson::empty();
            page.push(item.as_bytes());
            let items = format!("{{\"items\":[{item}]}}").into_bytes();
            let (ahead, rest) = if goes_ahead {
                (Some(items), b"{\"items\":[]}".to_vec())
            } else {
                (None, items)
            };
            assert!(page.cut() == ahead, "{missing}");
            assert!(page.finish(None) == Outcome::Document(rest), "{missing}");
        }
    }
}
