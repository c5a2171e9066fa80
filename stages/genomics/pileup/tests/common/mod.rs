//! SAM and FASTA text as the pure core takes them. For tests, examples and benches only.
#![allow(dead_code)]
use std::collections::HashMap;

use genomics_tables::{Cigar, Pileup};
use stage_pileup::{Builder, Read};

/// A record of a SAM file.
pub(crate) struct Record {
    pub(crate) name: String,
    pub(crate) flag: u16,
    pub(crate) contig: u32,
    pub(crate) position: u64,
    pub(crate) mapq: u8,
    pub(crate) cigar: Cigar,
    pub(crate) bases: Vec<u8>,
    pub(crate) qualities: Vec<u8>,
}

impl Record {
    pub(crate) fn read(&self) -> Read<'_> {
        Read {
            position: self.position,
            reverse: self.flag & 0x10 != 0,
            second: self.flag & 0x80 != 0,
            mapq: self.mapq,
            cigar: self.cigar.packed(),
            bases: &self.bases,
            qualities: &self.qualities,
        }
    }
}

/// Contigs of a FASTA text.
pub(crate) fn parse_fasta(text: &str) -> Vec<(String, Vec<u8>)> {
    let mut contigs: Vec<(String, Vec<u8>)> = Vec::new();
    for line in text.lines() {
        if let Some(header) = line.strip_prefix('>') {
            contigs.push((header.split_whitespace().next().unwrap_or("").to_owned(), Vec::new()));
        } else if let Some((_, bases)) = contigs.last_mut() {
            bases.extend_from_slice(line.trim_end().as_bytes());
        }
    }
    contigs
}

/// Mapped records with a sequence, in order of place, and for each the number of its mate's primary record.
pub(crate) struct Sam {
    pub(crate) records: Vec<Record>,
    pub(crate) mates: Vec<Option<usize>>,
}

pub(crate) fn parse_sam(text: &str, contigs: &[(String, Vec<u8>)]) -> Sam {
    let numbers: HashMap<&str, u32> = contigs
        .iter()
        .enumerate()
        .map(|(i, (name, _))| (name.as_str(), i as u32))
        .collect();
    let mut records: Vec<Record> = Vec::new();
    for line in text.lines().filter(|line| !line.starts_with('@')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let flag: u16 = fields[1].parse().unwrap();
        if flag & 0xf04 != 0 && flag & 0x800 == 0 || fields[9] == "*" || fields[5].contains('H') {
            continue;
        }
        records.push(Record {
            name: fields[0].to_owned(),
            flag,
            contig: numbers[fields[2]],
            position: fields[3].parse::<u64>().unwrap() - 1,
            mapq: fields[4].parse().unwrap(),
            cigar: fields[5].parse().unwrap(),
            bases: fields[9].as_bytes().to_ascii_uppercase(),
            qualities: fields[10].bytes().map(|q| q - 33).collect(),
        });
    }
    records.sort_by_key(|record| (record.contig, record.position));
    let mut primaries: HashMap<(&str, bool), usize> = HashMap::new();
    for (at, record) in records
        .iter()
        .enumerate()
        .filter(|(_, record)| record.flag & 0x900 == 0)
    {
        primaries.insert((&record.name, record.flag & 0x80 != 0), at);
    }
    let mate = |record: &Record| {
        let second = record.flag & 0x80 == 0;
        let at = *primaries.get(&(record.name.as_str(), second))?;
        (record.flag & 1 != 0 && records[at].contig == record.contig).then_some(at)
    };
    let mates = records.iter().map(mate).collect();
    Sam { records, mates }
}

/// Piles up the records that `wanted` lets through.
pub(crate) fn pile_up(sam: &Sam, contigs: &[(String, Vec<u8>)], wanted: impl Fn(&Record) -> bool) -> Pileup {
    let mut pileup = Pileup::new();
    for (contig, (_, bases)) in contigs.iter().enumerate() {
        let mut builder = Builder::new(contig as u32, 0, bases);
        for (record, mate) in sam.records.iter().zip(&sam.mates) {
            if record.contig as usize == contig && wanted(record) {
                let mate = mate.map(|at| sam.records[at].read());
                builder.add(&record.read(), mate.as_ref()).unwrap();
            }
        }
        for row in builder.finish().0.rows() {
            pileup.push(&row);
        }
    }
    pileup
}
