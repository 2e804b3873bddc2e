//! Rows that keep their place, found by what they are known by and by when they are due.
//!
//! What one message costs must not depend on how many calls are up, so nothing here walks all
//! rows: a row is found by hash, and the next deadline stands at the top of a tournament. The
//! hash is not secret. Whoever makes keys collide makes a search as long as the table, and a
//! table holds no more than its owner's cap.

use std::ops::{Index, IndexMut};

use crate::time::Time;

/// Rows by place. A place is used again once its row is gone.
#[derive(Debug)]
pub(crate) struct Table<T> {
    rows: Vec<Option<T>>,
    free: Vec<usize>,
    /// How many keys a row may have.
    keys: usize,
    chains: Chains,
    alarms: Alarms,
}

impl<T> Table<T> {
    /// No rows, of at most `keys` keys each.
    pub(crate) const fn new(keys: usize) -> Self {
        Self {
            rows: Vec::new(),
            free: Vec::new(),
            keys,
            chains: Chains { heads: Vec::new(), links: Vec::new() },
            alarms: Alarms { tree: Vec::new() },
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len() - self.free.len()
    }

    /// Where the next row will be.
    pub(crate) fn vacancy(&self) -> usize {
        self.free.last().copied().unwrap_or(self.rows.len())
    }

    /// Takes a row up, at [`vacancy`](Self::vacancy).
    pub(crate) fn insert(&mut self, row: T) -> usize {
        let at = self.vacancy();
        if self.free.pop().is_some() {
            self.rows[at] = Some(row);
        } else {
            self.rows.push(Some(row));
        }
        at
    }

    /// Takes a row out, with its keys and its deadline.
    pub(crate) fn remove(&mut self, at: usize) -> Option<T> {
        let row = self.rows.get_mut(at)?.take()?;
        for key in 0..self.keys {
            self.set_key(at, key, 0);
        }
        self.set_deadline(at, None);
        self.free.push(at);
        Some(row)
    }

    pub(crate) fn get(&self, at: usize) -> Option<&T> {
        look(1);
        self.rows.get(at)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        look(1);
        self.rows.get_mut(at)?.as_mut()
    }

    /// All places that have a row.
    pub(crate) fn places(&self) -> Vec<usize> {
        look(self.rows.len());
        (0..self.rows.len()).filter(|at| self.rows[*at].is_some()).collect()
    }

    /// What a row is known by, its `key`th; 0 for nothing.
    pub(crate) fn set_key(&mut self, at: usize, key: usize, hash: u32) {
        self.chains.set(at * self.keys + key, hash);
    }

    /// The place of a row that is known by `hash` and really is the one.
    pub(crate) fn find(&self, hash: u32, is: impl Fn(&T) -> bool) -> Option<usize> {
        let mut link = self.chains.first(hash);
        while link != NONE {
            let at = link / self.keys;
            if self.get(at).is_some_and(&is) {
                return Some(at);
            }
            link = self.chains.after(link);
        }
        None
    }

    pub(crate) fn set_deadline(&mut self, at: usize, deadline: Option<Time>) {
        self.alarms.set(at, deadline);
    }

    /// The soonest deadline of all rows.
    pub(crate) fn next_timeout(&self) -> Option<Time> {
        self.alarms.tree.get(1).copied().flatten()
    }

    /// The row whose deadline is soonest, if that has come. It has none until it gets a new one.
    pub(crate) fn take_due(&mut self, now: Time) -> Option<usize> {
        if self.next_timeout()? > now {
            return None;
        }
        let at = self.alarms.soonest();
        self.alarms.set(at, None);
        Some(at)
    }
}

impl<T> Index<usize> for Table<T> {
    type Output = T;

    fn index(&self, at: usize) -> &T {
        self.get(at).expect("a place that was found has a row until it is removed")
    }
}

impl<T> IndexMut<usize> for Table<T> {
    fn index_mut(&mut self, at: usize) -> &mut T {
        self.get_mut(at).expect("a place that was found has a row until it is removed")
    }
}

const NONE: usize = usize::MAX;

/// Links by hash: those whose hashes end alike are chained.
#[derive(Debug)]
struct Chains {
    /// The first link of each chain; as many as there are links, a power of two.
    heads: Vec<usize>,
    links: Vec<Link>,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    /// 0 where it is in no chain.
    hash: u32,
    next: usize,
}

impl Chains {
    fn set(&mut self, link: usize, hash: u32) {
        if link >= self.links.len() {
            if hash == 0 {
                return;
            }
            self.grow(link + 1);
        }
        if self.links[link].hash == hash {
            return;
        }
        self.unchain(link);
        self.links[link].hash = hash;
        self.chain(link);
    }

    fn first(&self, hash: u32) -> usize {
        if hash == 0 || self.heads.is_empty() {
            return NONE;
        }
        self.alike(self.heads[self.chain_of(hash)], hash)
    }

    fn after(&self, link: usize) -> usize {
        let Link { hash, next } = self.links[link];
        self.alike(next, hash)
    }

    /// This link, or the first one after it with the hash.
    fn alike(&self, mut link: usize, hash: u32) -> usize {
        while link != NONE && self.links[link].hash != hash {
            look(1);
            link = self.links[link].next;
        }
        link
    }

    fn chain_of(&self, hash: u32) -> usize {
        hash as usize & (self.heads.len() - 1)
    }

    fn chain(&mut self, link: usize) {
        let hash = self.links[link].hash;
        if hash != 0 {
            let chain = self.chain_of(hash);
            self.links[link].next = std::mem::replace(&mut self.heads[chain], link);
        }
    }

    fn unchain(&mut self, link: usize) {
        let Link { hash, next } = self.links[link];
        if hash == 0 {
            return;
        }
        let chain = self.chain_of(hash);
        let mut at = self.heads[chain];
        if at == link {
            self.heads[chain] = next;
            return;
        }
        while self.links[at].next != link {
            look(1);
            at = self.links[at].next;
        }
        self.links[at].next = next;
    }

    fn grow(&mut self, len: usize) {
        let len = len.next_power_of_two();
        self.links.resize(len, Link { hash: 0, next: NONE });
        self.heads.clear();
        self.heads.resize(len, NONE);
        for link in 0..len {
            self.chain(link);
        }
    }
}

/// Deadlines in a tournament: each node has the sooner one of the two below it.
#[derive(Debug)]
struct Alarms {
    /// The root is 1, what is below `n` is at `2n` and `2n + 1`, the places are the upper half.
    tree: Vec<Option<Time>>,
}

impl Alarms {
    fn set(&mut self, at: usize, deadline: Option<Time>) {
        if at >= self.tree.len() / 2 {
            if deadline.is_none() {
                return;
            }
            self.grow(at + 1);
        }
        let mut node = self.tree.len() / 2 + at;
        self.tree[node] = deadline;
        while node > 1 {
            node /= 2;
            self.play(node);
        }
    }

    fn play(&mut self, node: usize) {
        look(1);
        self.tree[node] = self.tree[self.winner(node)];
    }

    fn winner(&self, node: usize) -> usize {
        let left = 2 * node;
        match (self.tree[left], self.tree[left + 1]) {
            (Some(a), Some(b)) if b < a => left + 1,
            (None, Some(_)) => left + 1,
            _ => left,
        }
    }

    /// The place whose deadline is at the root.
    fn soonest(&self) -> usize {
        let places = self.tree.len() / 2;
        let mut node = 1;
        while node < places {
            node = self.winner(node);
        }
        node - places
    }

    fn grow(&mut self, len: usize) {
        let places = len.next_power_of_two();
        let mut tree = vec![None; places];
        tree.extend_from_slice(&self.tree[self.tree.len() / 2..]);
        tree.resize(2 * places, None);
        self.tree = tree;
        for node in (1..places).rev() {
            self.play(node);
        }
    }
}

/// FNV-1a over the parts of a key, each with its end; never 0.
pub(crate) fn hash(parts: &[&[u8]]) -> u32 {
    let mut hash: u32 = 0x811c_9dc5;
    for part in parts {
        for byte in *part {
            hash = (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        }
        hash = (hash ^ 0x100).wrapping_mul(0x0100_0193);
    }
    hash.max(1)
}

/// Counts rows that are looked at, for the tests that hold the cost of a message down.
#[cfg(not(test))]
const fn look(_rows: usize) {}

#[cfg(test)]
fn look(rows: usize) {
    LOOKED_AT.with(|all| all.set(all.get() + rows));
}

/// How many rows this thread looked at so far.
#[cfg(test)]
pub(crate) fn looked_at() -> usize {
    LOOKED_AT.with(std::cell::Cell::get)
}

#[cfg(test)]
thread_local! {
    static LOOKED_AT: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const fn second(at: u64) -> Time {
        Time::from_epoch(Duration::from_secs(at))
    }

    #[test]
    fn a_row_is_found_by_each_of_its_keys_until_it_is_gone() {
        let mut table = Table::new(2);
        for number in 0..100_u32 {
            let at = table.insert(number);
            table.set_key(at, 0, hash(&[b"a", &number.to_le_bytes()]));
            table.set_key(at, 1, 7); // All of them in one chain.
        }
        assert_eq!(table.find(hash(&[b"a", &42_u32.to_le_bytes()]), |_| true), Some(42));
        assert_eq!(table.find(7, |row| *row == 42), Some(42));
        table.set_key(42, 0, 9);
        assert_eq!(table.find(9, |_| true), Some(42));
        assert_eq!(table.remove(42), Some(42));
        assert_eq!(table.find(9, |_| true), None);
        assert_eq!(table.find(7, |row| *row == 42), None);
        assert_eq!(table.find(7, |row| *row == 41), Some(41));
        assert_eq!(table.len(), 99);
        assert_eq!(table.insert(142), 42, "the place is used again");
        assert_eq!(table.find(7, |row| *row == 142), None, "but not its keys");
    }

    #[test]
    fn deadlines_fall_in_their_order() {
        let mut table = Table::new(0);
        for due in [50, 10, 40, 10, 30] {
            let at = table.insert(due);
            table.set_deadline(at, Some(second(due)));
        }
        table.remove(2);
        assert_eq!(table.next_timeout(), Some(second(10)));
        let mut fallen = Vec::new();
        while let Some(at) = table.take_due(second(30)) {
            fallen.push(at);
        }
        assert_eq!(fallen, [1, 3, 4]);
        assert_eq!(table.next_timeout(), Some(second(50)));
        table.set_deadline(0, None);
        assert_eq!(table.next_timeout(), None);
    }
}
