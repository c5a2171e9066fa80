//! Reads a LAS or LAZ file with las-rs and writes all its points again: what cutting is measured against.
//!
//! `codec_floor IN OUT [POINTS]`: all points at once, or POINTS at a time.
use las::{PointData, Reader, Writer};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, from, to, rest @ ..] = arguments.as_slice() else {
        return Err("usage: codec_floor IN OUT [POINTS]".into());
    };
    let mut reader = Reader::from_path(from)?;
    let mut writer = Writer::from_path(to, reader.header().clone())?;
    let total = reader.header().number_of_points();
    let step = rest.first().map_or(Ok(total), |text| text.parse())?;
    let mut points: PointData = reader.read_points(step.min(total))?;
    let mut done = points.len() as u64;
    writer.write_points(&points)?;
    while done < total {
        let read = reader.fill_points(step.min(total - done), &mut points)?;
        if read == 0 {
            return Err("fewer points than the header says".into());
        }
        writer.write_points(&points)?;
        done += read;
    }
    writer.close()?;
    Ok(())
}
