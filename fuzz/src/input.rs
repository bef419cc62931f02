//! How a target takes its input apart.

use rand_core::{CryptoRng, RngCore};
use sha2::{Digest as _, Sha256};

/// The input as text, if it is one.
pub(crate) fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}

/// `N` texts, one a line; the last one goes to the end of the input.
pub(crate) fn lines<const N: usize>(data: &[u8]) -> Option<[&str; N]> {
    let lines: Vec<&str> = text(data)?.splitn(N, '\n').collect();
    lines.try_into().ok()
}

/// What is left of the input after the parts that were taken from its beginning.
pub(crate) struct Bytes<'a>(pub(crate) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }
}

/// The same bytes with one bit turned over; `position` counts bits and starts again at the end.
pub(crate) fn flipped(bytes: &[u8], position: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let bit = position % (bytes.len() * 8);
    bytes[bit / 8] ^= 1 << (bit % 8);
    bytes
}

/// Random numbers that are not: the same input always draws the same ones.
pub(crate) struct Fixed(Vec<u8>);

impl Fixed {
    pub(crate) fn of(data: &[u8]) -> Self {
        Self(Sha256::digest(data).to_vec())
    }
}

impl RngCore for Fixed {
    fn next_u32(&mut self) -> u32 {
        rand_core::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        for part in dest.chunks_mut(32) {
            self.0 = Sha256::digest(&self.0).to_vec();
            part.copy_from_slice(&self.0[..part.len()]);
        }
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(dest);
        Ok(())
    }
}

impl CryptoRng for Fixed {}
