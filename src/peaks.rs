//! `tessera peaks`: imaging mass spectrometry.
use std::{fmt::Write, num::NonZero};

use object_io::Store;
use partition_peaks::{
    Dropped, Input, Peak, Sorted, default_index, fetch, index_task, info, plan_task,
    sort_task::{self, Size, Strategy},
};
use plan::{Plan, Uri};
use serde_json::json;

use crate::show;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Say what a dataset is: pixels, polarity, m/z, peaks per spectrum; optionally a picture of it.
    Info {
        /// The imzML; its .ibd lies beside it.
        imzml: Uri,
        /// Write the total ion current as a PNG.
        #[arg(long, value_name = "PNG")]
        image: Option<Uri>,
        /// Do not compare the checksum of the .ibd.
        #[arg(long)]
        no_verify: bool,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Write DATA.imzML.tessera, from which workers find spectra without parsing the XML; verify the .ibd.
    Index {
        /// The imzML.
        imzml: Uri,
        /// Write the index there.
        #[arg(long)]
        out: Option<Uri>,
        /// Do not compare the checksum of the .ibd.
        #[arg(long)]
        no_verify: bool,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Show the m/z segments that `sort` would make, by a sample of the spectra.
    Plan {
        /// The imzML.
        imzml: Uri,
        #[command(flatten)]
        cut: Cut,
        /// Print one JSON document: the whole plan.
        #[arg(long)]
        json: bool,
    },
    /// Sort all peaks by m/z, then pixel, and write them as segments with an index of their pages.
    Sort {
        /// The imzML.
        #[arg(required_unless_present = "npy_in", conflicts_with = "npy_in")]
        imzml: Option<Uri>,
        /// Sort three columns instead.
        #[arg(long, num_args = 3, value_names = ["MZ", "INTENSITY", "PIXEL"])]
        npy_in: Option<Vec<Uri>>,
        #[command(flatten)]
        cut: Cut,
        /// Folder to write to.
        #[arg(long)]
        out: Uri,
        /// Memory to use, from 256MiB; what does not fit goes through the folder.
        #[arg(long, default_value = "4GiB", value_parser = parse_bytes)]
        memory: u64,
        /// vm: in this process. functions: each part and each segment as a task, all data through the store.
        #[arg(long, default_value = "vm", value_parser = parse_strategy)]
        strategy: Strategy,
        /// Also write each segment as three .npy columns.
        #[arg(long)]
        npy: bool,
        /// Threads; by default all cores.
        #[arg(long)]
        threads: Option<NonZero<usize>>,
        /// Do not compare the checksum of the .ibd.
        #[arg(long)]
        no_verify: bool,
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
    /// Print the peaks of an m/z window of sorted segments, reading only the pages that hold them.
    Read {
        /// The folder that `sort` wrote.
        sorted: Uri,
        /// FROM..TO, both included.
        #[arg(long, value_parser = parse_window)]
        mz: (f64, f64),
        /// Print one JSON document.
        #[arg(long)]
        json: bool,
    },
}

#[derive(clap::Args)]
#[group(multiple = false)]
pub(crate) struct Cut {
    /// Number of segments; fewer where there are not as many different m/z. Without either flag, segments of 128 MiB.
    #[arg(long)]
    segments: Option<NonZero<u64>>,
    /// Bytes of a segment, about: 134217728, 128MiB, 1GiB.
    #[arg(long, value_parser = parse_bytes)]
    target_size: Option<u64>,
}

impl Cut {
    fn size(&self) -> anyhow::Result<Size> {
        const DEFAULT: u64 = 128 << 20;
        if let Some(segments) = self.segments {
            return Ok(Size::Segments(segments));
        }
        let bytes = NonZero::new(self.target_size.unwrap_or(DEFAULT));
        Ok(Size::Bytes(bytes.ok_or_else(|| {
            show::Usage("--target-size 0 makes no segments".into())
        })?))
    }
}

/// `4GiB`, `256MiB`, `1000000`.
fn parse_bytes(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|unit: char| unit.is_ascii_alphabetic());
    let shift = match &text[digits.len()..] {
        "" | "B" => 0,
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        "TiB" => 40,
        unit => return Err(format!("unknown unit {unit:?}; use KiB, MiB, GiB or TiB")),
    };
    let number: u64 = digits
        .trim()
        .parse()
        .map_err(|_| format!("{digits:?} is not a whole number"))?;
    number.checked_mul(1 << shift).ok_or_else(|| "too large".into())
}

fn parse_strategy(text: &str) -> Result<Strategy, String> {
    match text {
        "vm" => Ok(Strategy::Vm),
        "functions" => Ok(Strategy::Functions),
        _ => Err("use vm or functions".into()),
    }
}

fn parse_window(text: &str) -> Result<(f64, f64), String> {
    let (from, to) = text.split_once("..").ok_or("write FROM..TO, as in 301.2..301.3")?;
    let number = |text: &str| {
        text.trim()
            .parse::<f64>()
            .map_err(|_| format!("{text:?} is not a number"))
    };
    let (from, to) = (number(from)?, number(to)?);
    if from.is_finite() && to.is_finite() && from <= to {
        Ok((from, to))
    } else {
        Err("FROM must not be above TO".into())
    }
}

pub(crate) async fn run(command: Command, store: &Store) -> anyhow::Result<()> {
    match command {
        Command::Info {
            imzml,
            image,
            no_verify,
            json,
        } => tell(store, imzml, image, !no_verify, json).await,
        Command::Index {
            imzml,
            out,
            no_verify,
            json,
        } => {
            let done = index_task::run(
                store,
                index_task::Request {
                    imzml,
                    out,
                    verify: !no_verify,
                },
            )
            .await?;
            if json {
                return show::json(&done);
            }
            let (spectra, peaks) = (show::count(done.spectra), show::count(done.peaks));
            let checked = if done.verified {
                "checksum of the .ibd is right"
            } else {
                "no checksum compared"
            };
            Ok(show::print(format!(
                "{}  {spectra} spectra, {peaks} peaks; {checked}",
                done.index
            ))?)
        }
        Command::Plan { imzml, cut, json } => {
            let plan = plan_task::run(
                store,
                plan_task::Request {
                    imzml,
                    size: cut.size()?,
                },
            )
            .await?;
            if json {
                return show::json(&plan);
            }
            Ok(show::print(plan_table(&plan))?)
        }
        Command::Sort {
            imzml,
            npy_in,
            cut,
            out,
            memory,
            strategy,
            npy,
            threads,
            no_verify,
            json,
        } => {
            let input = match (imzml, npy_in.as_deref()) {
                (Some(imzml), _) => Input::Imzml(imzml),
                (None, Some([mz, intensity, pixel])) => Input::Npy {
                    mz: mz.clone(),
                    intensity: intensity.clone(),
                    pixel: pixel.clone(),
                },
                _ => return Err(show::Usage("give an imzML, or --npy-in MZ INTENSITY PIXEL".into()).into()),
            };
            if memory < sort_task::LEAST_MEMORY {
                return Err(show::Usage("--memory must be 256MiB or more".into()).into());
            }
            let request = sort_task::Request {
                memory,
                strategy,
                npy,
                threads,
                verify: !no_verify,
                ..sort_task::Request::new(input, cut.size()?, out)
            };
            let done = sort_task::run(store.clone(), request).await?;
            if json {
                return show::json(&done);
            }
            Ok(show::print(sorted(&done))?)
        }
        Command::Read {
            sorted,
            mz: (low, high),
            json,
        } => read(store, &sorted, low, high, json).await,
    }
}

fn sorted(done: &sort_task::Response) -> String {
    let mut text = format!(
        "{}  {} peaks in {} segments, {}",
        done.manifest,
        show::count(done.sorted.peaks),
        show::count(done.sorted.segments.len() as u64),
        show::bytes(done.bytes_out),
    );
    if done.through_store {
        text += ", sorted through the store";
    }
    text += &left_out(&done.sorted.dropped);
    if done.sorted.unsorted > 0 {
        let _ = write!(
            text,
            "\n{} spectra were not in order of m/z",
            show::count(done.sorted.unsorted)
        );
    }
    text
}

fn left_out(dropped: &Dropped) -> String {
    let reasons = [
        (dropped.zero, "of intensity 0"),
        (dropped.negative, "of negative intensity"),
        (dropped.not_finite, "of no finite intensity"),
        (dropped.bad_mz, "of no positive m/z"),
    ];
    let said: Vec<String> = reasons
        .iter()
        .filter(|reason| reason.0 > 0)
        .map(|(count, reason)| format!("{} {reason}", show::count(*count)))
        .collect();
    if said.is_empty() {
        String::new()
    } else {
        format!("\nleft out: {}", said.join(", "))
    }
}

fn plan_table(plan: &Plan<plan_task::Interval>) -> String {
    let bound = |mz: Option<f64>| mz.map_or_else(String::new, |mz| format!("{mz:.4}"));
    let rows = plan.partitions.iter().map(|partition| {
        let scope = &partition.scope;
        [
            partition.number.to_string(),
            bound(scope.from),
            bound(scope.to),
            format!("~{}", show::count(scope.peaks)),
            format!("~{}", show::bytes(scope.bytes)),
        ]
    });
    show::table(["segment", "m/z from", "up to", "peaks", "sorted"], rows)
}

async fn read(store: &Store, folder: &Uri, low: f64, high: f64, json: bool) -> anyhow::Result<()> {
    let sorted = Sorted::open(store, folder).await?;
    let mut peaks: Vec<Peak> = Vec::new();
    for partition in sorted.plan(store, low, high).await?.partitions {
        peaks.extend(fetch(store, &partition).await?);
    }
    let grid = sorted.manifest.grid;
    if json {
        return show::json(&json!({ "mz": [low, high], "grid": grid, "peaks": peaks }));
    }
    let mut text = String::from(if grid.is_some() {
        "mz\tintensity\tpixel\tx\ty\tz\n"
    } else {
        "mz\tintensity\tpixel\n"
    });
    for Peak { mz, intensity, pixel } in peaks {
        let _ = write!(text, "{mz}\t{intensity}\t{pixel}");
        if let Some(grid) = grid {
            let [x, y, z] = grid.place(pixel);
            let _ = write!(text, "\t{x}\t{y}\t{z}");
        }
        text.push('\n');
    }
    Ok(show::print(text)?)
}

/// What an imzML is, for `tessera info`.
pub(crate) async fn info_of(uri: Uri, json: bool, store: &Store) -> anyhow::Result<()> {
    tell(store, uri, None, true, json).await
}

async fn tell(store: &Store, imzml: Uri, image: Option<Uri>, verify: bool, json: bool) -> anyhow::Result<()> {
    let done = info::run(
        store,
        info::Request {
            imzml: imzml.clone(),
            image,
            verify,
        },
    )
    .await?;
    if json {
        return show::json(&done);
    }
    let indexed = store.find(&default_index(&imzml)).await?.is_some();
    let description = &done.description;
    let mode = description.mode.as_ref().map_or_else(|| "mode not stated".into(), word);
    let mut text = format!(
        "{}  imzML, {mode}, {}; {} {}\n",
        done.imzml.uri,
        show::bytes(done.imzml.size),
        done.ibd.uri.name(),
        show::bytes(done.ibd.size),
    );
    let [columns, rows, slices] = done.grid.size;
    let [x, y, z] = done.grid.origin;
    let share = 100.0 * done.pixels as f64 / done.grid.pixels().max(1) as f64;
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "{name:<22}{value}");
    };
    line(
        "pixels",
        format!(
            "{} of a grid of {columns} x {rows} x {slices} ({share:.1} %), from x {x}, y {y}, z {z}",
            show::count(done.pixels)
        ),
    );
    line(
        "spectra",
        format!(
            "{}, {} without peaks, {} not in order of m/z",
            show::count(done.spectra),
            show::count(done.empty),
            show::count(done.unsorted)
        ),
    );
    if description.announced.is_some_and(|announced| announced != done.spectra) {
        line(
            "",
            format!("the file announces {}", show::count(description.announced.unwrap_or(0))),
        );
    }
    line("polarity", word(&description.polarity));
    if let Some(kind) = &description.spectrum_type {
        line("spectrum type", kind.clone());
    }
    if let Some(instrument) = &description.instrument {
        line("instrument", instrument.clone());
    }
    let settings = &description.settings;
    if let Some(width) = settings.pixel_x_um {
        line(
            "pixel size",
            format!("{width} x {} µm", settings.pixel_y_um.unwrap_or(width)),
        );
    }
    if !settings.pattern.is_empty() {
        line("scan", settings.pattern.join(", "));
    }
    if let Some((low, high)) = done.mz {
        line(
            "m/z",
            format!(
                "{low:.4} to {high:.4}, {}",
                match done.mz_type {
                    partition_peaks::MzType::F32 => "32-bit",
                    partition_peaks::MzType::F64 => "64-bit",
                }
            ),
        );
    }
    line("peaks", show::count(done.peaks));
    let [least, quarter, half, three, most] = done.peaks_per_spectrum.map(show::count);
    line(
        "peaks per spectrum",
        format!("least {least}, quarter {quarter}, median {half}, three quarters {three}, most {most}"),
    );
    line("total ion current", format!("{:.6e}", done.total_ion_current));
    line(
        "checksum",
        match (&description.checksum, done.verified) {
            (None, _) => "none stated".into(),
            (Some(checksum), true) => format!("{} is right", checksum.algorithm()),
            (Some(checksum), false) => format!("{} not compared", checksum.algorithm()),
        },
    );
    line(
        "index",
        if indexed {
            default_index(&imzml).to_string()
        } else {
            format!("none; tessera peaks index {imzml}")
        },
    );
    if let Some(image) = &done.image {
        line("image", image.to_string());
    }
    text += left_out(&done.dropped).trim_start();
    Ok(show::print(text)?)
}

/// A word of the vocabulary, as it is written in JSON.
fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_windows_are_read_as_people_write_them() {
        assert_eq!(parse_bytes("256MiB"), Ok(256 << 20));
        assert_eq!(parse_bytes("17"), Ok(17));
        assert!(parse_bytes("4GB").is_err() && parse_bytes("99999999TiB").is_err() && parse_bytes("GiB").is_err());
        assert_eq!(parse_window("301.2..301.3"), Ok((301.2, 301.3)));
        assert!(parse_window("3..2").is_err() && parse_window("3").is_err() && parse_window("NaN..2").is_err());
    }
}
