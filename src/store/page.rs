//! What a page of records is to JavaScript: `{"items":[…],"corrupt":[…],"next":"…"}`, parsed once.

use super::json::{push_element, quoted};
use crate::connection::Outcome;

/// A page that is being written.
pub struct PageJson {
    json: Vec<u8>,
    corrupt: Vec<String>,
}

impl PageJson {
    /// A page with nothing on it yet.
    pub fn empty() -> Self {
        Self {
            json: b"{\"items\":[".to_vec(),
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
