//! Values under small keys that are never taken for one another: a key holds the slot and the generation that it was
//! given out for, so an event that comes late for a client that has gone finds nothing.

/// The place of a value in a [`Slab`], and which of the values that have lived there.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Key {
    index: u32,
    /// Odd for a value of a slab. Even ones are free for keys that are given out by hand.
    generation: u32,
}

impl Key {
    /// The key number `index` of those that no slab gives out.
    pub const fn fixed(index: u32) -> Key {
        Key { index, generation: 0 }
    }

    /// The number, if this key came from [`Key::fixed`].
    pub fn as_fixed(self) -> Option<u32> {
        (self.generation == 0).then_some(self.index)
    }

    /// The place, which no other value has at the same time.
    pub fn index(self) -> u32 {
        self.index
    }

    /// As the reactor keeps it beside a source.
    pub(super) fn to_bits(self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.index)
    }

    /// The inverse.
    pub(super) fn from_bits(bits: u64) -> Key {
        Key { index: (bits & u64::from(u32::MAX)) as u32, generation: (bits >> 32) as u32 }
    }
}

/// Values under keys.
#[derive(Debug)]
pub struct Slab<T> {
    slots: Vec<Slot<T>>,
    vacant: Vec<u32>,
}

#[derive(Debug)]
struct Slot<T> {
    /// Of the value that is here, or of the next one.
    generation: u32,
    value: Option<T>,
}

impl<T> Default for Slab<T> {
    fn default() -> Slab<T> {
        Slab { slots: Vec::new(), vacant: Vec::new() }
    }
}

impl<T> Slab<T> {
    /// Puts a value in and gives it a key.
    pub fn insert(&mut self, value: T) -> Key {
        if let Some(index) = self.vacant.pop()
            && let Some(slot) = self.slots.get_mut(index as usize)
        {
            slot.value = Some(value);
            return Key { index, generation: slot.generation };
        }
        let index = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        self.slots.push(Slot { generation: 1, value: Some(value) });
        Key { index, generation: 1 }
    }

    /// The value of that key, if it is still there.
    pub fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        self.slots.get_mut(key.index as usize).filter(|slot| slot.generation == key.generation)?.value.as_mut()
    }

    /// The same, to look at.
    pub fn get(&self, key: Key) -> Option<&T> {
        self.slots.get(key.index as usize).filter(|slot| slot.generation == key.generation)?.value.as_ref()
    }

    /// Takes the value of that key out.
    pub fn remove(&mut self, key: Key) -> Option<T> {
        let slot = self.slots.get_mut(key.index as usize).filter(|slot| slot.generation == key.generation)?;
        let value = slot.value.take()?;
        slot.generation = slot.generation.wrapping_add(2);
        self.vacant.push(key.index);
        Some(value)
    }

    /// The key of the value that lives at that place, if one does.
    pub fn key_at(&self, index: u32) -> Option<Key> {
        let slot = self.slots.get(index as usize).filter(|slot| slot.value.is_some())?;
        Some(Key { index, generation: slot.generation })
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.slots.len() - self.vacant.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The keys of all values.
    pub fn keys(&self) -> impl Iterator<Item = Key> {
        (0..)
            .zip(&self.slots)
            .filter(|(_, slot)| slot.value.is_some())
            .map(|(index, slot)| Key { index, generation: slot.generation })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_outlives_its_value_but_finds_no_other() {
        let mut slab = Slab::default();
        let a = slab.insert("a");
        let b = slab.insert("b");
        assert_eq!(slab.remove(a), Some("a"));
        assert_eq!(slab.remove(a), None);
        let c = slab.insert("c");
        assert_eq!(a.index, c.index);
        assert_eq!(slab.get_mut(a), None);
        assert_eq!((slab.key_at(a.index()), slab.key_at(9)), (Some(c), None));
        assert_eq!(slab.get_mut(c), Some(&mut "c"));
        assert_eq!(slab.len(), 2);
        assert_eq!(slab.keys().collect::<Vec<_>>(), [c, b]);
    }

    #[test]
    fn keys_go_through_the_reactor_unchanged() {
        let mut slab = Slab::default();
        for _ in 0..3 {
            let key = slab.insert(());
            assert_eq!(Key::from_bits(key.to_bits()), key);
            assert_eq!(key.as_fixed(), None);
            slab.remove(key);
        }
        let fixed = Key::fixed(7);
        assert_eq!(Key::from_bits(fixed.to_bits()).as_fixed(), Some(7));
        assert_eq!(slab.get_mut(fixed), None);
    }
}
