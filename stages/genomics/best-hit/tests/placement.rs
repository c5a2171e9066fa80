//! Against minimap2's own paired mode: reads whose origin is known, placed rightly and wrongly at each mapping quality.
mod common;

use std::{collections::HashMap, process::Command};

use common::{
    Run, alignments,
    simulate::{Origin, simulate},
};
use genomics_tables::{AlignmentKind, Mate};
use object_io::Store;
use stage_align::Preset;

/// A read counts as placed rightly this close to its origin: indels next to its end move it.
const NEAR: i64 = 20;

/// Mapping qualities for which reads are counted.
const LEVELS: [u8; 8] = [60, 50, 40, 30, 20, 10, 3, 0];

/// Where a read was placed: contig, leftmost base were it not clipped, strand, mapping quality.
type Placed = (u32, i64, bool, u8);

/// Reads of at least each level, right and wrong.
fn count(placed: &HashMap<(u64, usize), Placed>, origins: &[Origin]) -> Vec<(u64, u64)> {
    let right = |&(read, mate): &(u64, usize), &(contig, start, reverse, _): &Placed| {
        let origin = &origins[read as usize];
        let near = (start - origin.position[mate] as i64).abs() <= NEAR;
        contig == origin.contig && reverse == origin.reverse[mate] && near
    };
    let mut counts = vec![(0, 0); LEVELS.len()];
    for (key, place) in placed {
        for (level, count) in LEVELS.iter().zip(&mut counts) {
            if place.3 >= *level {
                if right(key, place) { count.0 += 1 } else { count.1 += 1 }
            }
        }
    }
    counts
}

/// The program's primary alignments.
fn minimap2(folder: &std::path::Path) -> HashMap<(u64, usize), Placed> {
    let files = ["ref.fa", "1.fq", "2.fq"].map(|name| folder.join(name));
    let output = Command::new("minimap2")
        .args(["-t", "2", "-ax", "sr"])
        .args(files)
        .output()
        .unwrap();
    assert!(output.status.success());
    let mut placed = HashMap::new();
    for line in String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .filter(|line| !line.starts_with('@'))
    {
        let fields: Vec<&str> = line.split('\t').collect();
        let flag: u16 = fields[1].parse().unwrap();
        if flag & 0x904 != 0 {
            continue;
        }
        let contig: u32 = fields[2][1..].parse::<u32>().unwrap() - 1;
        let cigar: genomics_tables::Cigar = fields[5].parse().unwrap();
        let start = fields[3].parse::<i64>().unwrap() - 1 - i64::from(cigar.leading_clip());
        let key = (fields[0][1..].parse().unwrap(), usize::from(flag & 0x80 != 0));
        placed.insert(key, (contig, start, flag & 0x10 != 0, fields[4].parse().unwrap()));
    }
    placed
}

#[tokio::test]
async fn reads_are_placed_no_worse_than_by_minimap2() {
    if Command::new("minimap2").arg("--version").output().is_err() {
        assert!(
            std::env::var_os("TESSERA_REQUIRE_ORACLES").is_none(),
            "minimap2 is not installed"
        );
        eprintln!("skipped: minimap2 not installed");
        return;
    }
    let size = |name: &str, default| std::env::var(name).map_or(default, |text| text.parse().unwrap());
    let (bases, pairs) = (size("PLACEMENT_BASES", 600_000), size("PLACEMENT_PAIRS", 10_000));
    let simulation = simulate(5, bases, pairs);
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new();
    let [first, second] = simulation.fastq;
    let mut names = Vec::new();
    for (name, text) in [("ref.fa", simulation.fasta), ("1.fq", first), ("2.fq", second)] {
        std::fs::write(folder.path().join(name), &text).unwrap();
        let uri: plan::Uri = format!("mem://t/{name}").parse().unwrap();
        store.put(&uri, text).await.unwrap();
        names.push(uri);
    }
    let rows = alignments(&Run {
        store: &store,
        reads: names[1..].to_vec(),
        reference: names[0].clone(),
        preset: Preset::ShortReads,
        longest_read: 150,
        parts: 2,
        chunks: 3,
    })
    .await;
    let mut ours = HashMap::new();
    for row in rows.iter().filter(|row| row.kind == AlignmentKind::Primary) {
        let start = row.position as i64 - i64::from(row.cigar.leading_clip());
        let key = (row.read, usize::from(row.mate == Mate::Second));
        assert!(ours.insert(key, (row.contig, start, row.reverse, row.mapq)).is_none());
    }
    let (ours, theirs) = (
        count(&ours, &simulation.origins),
        count(&minimap2(folder.path()), &simulation.origins),
    );
    eprintln!(
        "{bases} bases, {} reads\nMAPQ >=      ours right wrong   minimap2 right wrong",
        2 * pairs
    );
    for ((level, ours), theirs) in LEVELS.iter().zip(&ours).zip(&theirs) {
        eprintln!("{level:7} {:15} {:5} {:16} {:5}", ours.0, ours.1, theirs.0, theirs.1);
    }
    let at_20 = LEVELS.iter().position(|&level| level == 20).unwrap();
    assert!(ours[at_20].0 >= theirs[at_20].0, "fewer right at MAPQ 20");
    assert!(ours[at_20].1 <= theirs[at_20].1, "more wrong at MAPQ 20");
}
