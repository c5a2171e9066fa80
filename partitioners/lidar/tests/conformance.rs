//! The tiles that the published partitioner made of a cloud are found again in the cloud that they make together.
use std::collections::HashMap;

use bytes::Bytes;
use partition_lidar::OutFormat;

mod common;
use common::{ROOMY, cut_bytes, data, layout, plain};

/// Points whose coordinate equals that of a cut; the published program takes them as its sort leaves them.
const TIES: usize = 12;

#[test]
fn the_published_tiles_come_back() {
    let Some(root) = data() else { return };
    let folder = root.join("cloudbutton-partitions");
    let mut header: Option<Vec<u8>> = None;
    // Records with the tile that has them as its own: those that are not withheld.
    let mut published: HashMap<Vec<u8>, Vec<usize>> = HashMap::new();
    let mut records: Vec<Vec<u8>> = Vec::new();
    let mut counts = Vec::new();
    for number in 0..6 {
        let bytes = Bytes::from(std::fs::read(folder.join(format!("lasfile-{number:04}.las"))).unwrap());
        let tile = plain(&bytes);
        let start = tile.cloud.header.points_start() as usize;
        header.get_or_insert_with(|| bytes[..start].to_vec());
        let own: Vec<&Vec<u8>> = tile
            .records
            .iter()
            .filter(|record| !tile.format().is_withheld(record))
            .collect();
        counts.push(own.len());
        for record in own {
            published.entry(record.clone()).or_default().push(number);
            records.push(record.clone());
        }
    }
    // GPS time at byte 20: the order in which the source has its points, as far as it is known.
    let time = |record: &Vec<u8>| f64::from_le_bytes(record[20..28].try_into().unwrap());
    records.sort_by(|one, other| time(one).total_cmp(&time(other)));
    let mut source = header.unwrap();
    source[107..111].copy_from_slice(&(records.len() as u32).to_le_bytes());
    for record in &records {
        source.extend_from_slice(record);
    }
    let (report, tiles) = cut_bytes("lasfile.las", &source.into(), layout(6, 5.0), OutFormat::Las, ROOMY).unwrap();
    let sizes: Vec<usize> = report.clouds[0]
        .tiles
        .iter()
        .map(|tile| tile.own_points as usize)
        .collect();
    assert_eq!(sizes, counts);
    let mut elsewhere = 0;
    for (number, bytes) in tiles.iter().enumerate() {
        let tile = plain(bytes);
        let (_, own) = tile.own();
        for (record, _) in tile.records.iter().zip(&own).filter(|(_, own)| **own) {
            let owners = published.get_mut(record).unwrap();
            match owners.iter().position(|&owner| owner == number) {
                Some(at) => drop(owners.remove(at)),
                None => elsewhere += 1,
            }
        }
    }
    eprintln!("{elsewhere} of {} points in another tile", records.len());
    assert!(elsewhere <= TIES, "{elsewhere} points in another tile than published");
}
