//! The bits taken from the input and not used yet, first bit lowest.
use super::Input;

/// Up to 63 bits. Outside the fast loop those above `count` are zero, and no byte is taken before it is needed, so that at
/// every block edge fewer than 8 are held.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bits {
    pub(super) buffer: u64,
    pub(super) count: u32,
}

impl Bits {
    /// Takes one more byte, unless the input has none left or 8 bits no longer fit.
    pub(super) fn pull(&mut self, input: &mut Input<'_>) -> bool {
        if self.count > 55 {
            return false;
        }
        let Some(byte) = input.next() else { return false };
        self.buffer |= u64::from(byte) << self.count;
        self.count += 8;
        true
    }

    /// Makes sure of `count` bits (at most 56), unless the input ends.
    pub(super) fn need(&mut self, count: u32, input: &mut Input<'_>) -> bool {
        while self.count < count {
            if !self.pull(input) {
                return false;
            }
        }
        true
    }

    /// The lowest `count` bits (at most 16), which stay.
    pub(super) fn peek(&self, count: u32) -> u16 {
        (self.buffer & ((1 << count) - 1)) as u16
    }

    /// Drops `count` bits; the caller has made sure of them.
    pub(super) fn drop(&mut self, count: u32) {
        self.buffer >>= count;
        self.count -= count;
    }

    /// Makes sure of `count` bits (at most 16) and takes them, unless the input ends.
    pub(super) fn take(&mut self, count: u32, input: &mut Input<'_>) -> Option<u16> {
        self.need(count, input).then(|| {
            let bits = self.peek(count);
            self.drop(count);
            bits
        })
    }
}
