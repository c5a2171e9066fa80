//! Data of many shapes: what makes blocks stored, fixed or dynamic, matches short, long, near and far.
use proptest::prelude::*;

/// Some data.
pub(crate) fn data(most: usize) -> impl Strategy<Value = Vec<u8>> {
    let small = most / 16;
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..small), // noise: stored blocks
        prop::collection::vec(0..4u8, 0..small).prop_map(|v| v.into_iter().map(|b| b"ACGT"[b as usize]).collect()),
        (any::<u8>(), 0..most).prop_map(|(byte, n)| vec![byte; n]), // distance 1, length 258
        (prop::collection::vec(any::<u8>(), 1..20), 0..most).prop_map(|(unit, n)| unit
            .into_iter()
            .cycle()
            .take(n)
            .collect()),
        (prop::collection::vec(any::<u8>(), 1..40_000), 0..most) // far matches
            .prop_map(|(unit, n)| unit.into_iter().cycle().take(n).collect()),
        prop::collection::vec((any::<u8>(), 1..300usize), 0..most / 150).prop_map(|runs| runs
            .into_iter()
            .flat_map(|(byte, n)| std::iter::repeat_n(byte, n))
            .collect()),
        (any::<u64>(), 0..most / 64).prop_map(|(seed, n)| skewed(seed, n)), // code lengths up to 15
        (any::<u64>(), 0..most / 300).prop_map(|(seed, n)| fastq(seed, n)),
        prop::collection::vec(any::<(u16, u8)>(), 0..most / 32).prop_map(|copies| copied(&copies)),
    ]
}

fn next(seed: &mut u64) -> u64 {
    *seed = seed
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    *seed >> 33
}

/// Bytes whose frequencies halve from one to the next.
fn skewed(mut seed: u64, n: usize) -> Vec<u8> {
    (0..n)
        .map(|_| (next(&mut seed) as u32 | 1 << 24).trailing_zeros() as u8 * 7)
        .collect()
}

/// Reads with names, bases and binned qualities.
pub(crate) fn fastq(mut seed: u64, n: usize) -> Vec<u8> {
    let mut text = Vec::new();
    for read in 0..n {
        text.extend_from_slice(format!("@SIM:1:FC:{}:{} 1:N:0:ACGT\n", read / 7, next(&mut seed) % 20_000).as_bytes());
        text.extend((0..100).map(|_| b"ACGT"[next(&mut seed) as usize & 3]));
        text.extend_from_slice(b"\n+\n");
        text.extend((0..100).map(|_| b"F:,#FFFF"[next(&mut seed) as usize & 7]));
        text.push(b'\n');
    }
    text
}

/// Literals, with copies of what came before from any distance.
fn copied(copies: &[(u16, u8)]) -> Vec<u8> {
    let mut data = Vec::new();
    for &(distance, length) in copies {
        data.push(length);
        let distance = usize::from(distance) % data.len() + 1;
        for _ in 0..length / 2 {
            data.push(data[data.len() - distance]);
        }
    }
    data
}
