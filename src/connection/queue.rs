//! Calls that wait to be sent, always in the order in which they were made.

use std::collections::VecDeque;

use super::carried::Carried;

/// Calls by their place.
#[derive(Default)]
pub(super) struct Queue {
    calls: VecDeque<Carried>,
}

impl Queue {
    /// Adds a call that is younger than all others.
    pub(super) fn push(&mut self, call: Carried) {
        self.calls.push_back(call);
    }

    /// Puts a call at its place: one that comes back for another sending or another step.
    pub(super) fn insert(&mut self, call: Carried) {
        let place = self.calls.partition_point(|other| other.order < call.order);
        self.calls.insert(place, call);
    }

    pub(super) fn first(&self) -> Option<&Carried> {
        self.calls.front()
    }

    pub(super) fn pop(&mut self) -> Option<Carried> {
        self.calls.pop_front()
    }

    /// The call at this place, if it waits here.
    pub(super) fn at(&mut self, order: u64) -> Option<&mut Carried> {
        let place = self
            .calls
            .binary_search_by_key(&order, |call| call.order)
            .ok()?;
        self.calls.get_mut(place)
    }

    /// Takes the call at this place out, if it waits here.
    pub(super) fn remove(&mut self, order: u64) -> Option<Carried> {
        let place = self
            .calls
            .binary_search_by_key(&order, |call| call.order)
            .ok()?;
        self.calls.remove(place)
    }

    /// Takes out all calls that `chosen` picks.
    pub(super) fn extract(&mut self, mut chosen: impl FnMut(&Carried) -> bool) -> Vec<Carried> {
        if !self.calls.iter().any(&mut chosen) {
            return Vec::new();
        }
        let (taken, left): (Vec<_>, Vec<_>) = self.calls.drain(..).partition(chosen);
        self.calls = left.into();
        taken
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Carried> {
        self.calls.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Carried> {
        self.calls.iter_mut()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }
}
