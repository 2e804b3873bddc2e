//! What is under way: ordered by time, and among equals by who came first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::time::Time;

#[derive(Debug)]
pub(super) struct Queue<T> {
    heap: BinaryHeap<Reverse<Entry<T>>>,
    last: u64,
}

#[derive(Debug)]
struct Entry<T> {
    at: Time,
    number: u64,
    what: T,
}

impl<T> Queue<T> {
    pub(super) const fn new() -> Self {
        Self { heap: BinaryHeap::new(), last: 0 }
    }

    pub(super) fn push(&mut self, at: Time, what: T) {
        self.last += 1;
        self.heap.push(Reverse(Entry { at, number: self.last, what }));
    }

    pub(super) fn next_at(&self) -> Option<Time> {
        self.heap.peek().map(|next| next.0.at)
    }

    pub(super) fn pop(&mut self) -> Option<T> {
        self.heap.pop().map(|next| next.0.what)
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl<T> Eq for Entry<T> {}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}
