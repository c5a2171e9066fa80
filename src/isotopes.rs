//! `tessera isotopes`: isotope patterns of ions.
use stage_isotopes::{Description, Instrument, Model, Resolution, describe};

use crate::show;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// C6H12O6+H, C6H12O6-H2O+Na, [C6H12O6+2H]2+, …
    #[arg(required = true)]
    ions: Vec<String>,
    /// Analyser: tof, orbitrap or fticr.
    #[arg(long, default_value = "orbitrap")]
    instrument: Instrument,
    /// (m/z) / full width at half maximum.
    #[arg(long, default_value_t = 140_000.0)]
    resolving_power: f64,
    /// The m/z at which the resolving power is stated.
    #[arg(long, default_value_t = Resolution::BASE_MZ)]
    at_mz: f64,
    /// Elementary charges; 0 for neutral molecules. Default: as written, else what the adducts usually bring.
    #[arg(long, allow_hyphen_values = true)]
    charge: Option<i32>,
    /// Highest peaks to show.
    #[arg(long, default_value_t = 4)]
    peaks: usize,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let resolution = Resolution::Power {
        instrument: arguments.instrument,
        power: arguments.resolving_power,
        at_mz: arguments.at_mz,
    };
    let resolution = resolution.check().map_err(|error| show::Usage(error.to_string()))?;
    let model = Model {
        resolution,
        peaks: arguments.peaks,
    };
    let describe = |ion: &String| {
        let found = describe(ion, arguments.charge, model);
        found.map_err(|error| match std::error::Error::source(&error) {
            Some(cause) => show::Usage(format!("{error}: {cause}")),
            None => show::Usage(error.to_string()),
        })
    };
    let ions: Vec<Description> = arguments.ions.iter().map(describe).collect::<Result<_, _>>()?;
    if arguments.json {
        return show::json(&ions);
    }
    let tables: Vec<String> = ions.iter().map(table).collect();
    Ok(show::print(tables.join("\n\n"))?)
}

fn table(ion: &Description) -> String {
    let assumed = if ion.charge_assumed { " (assumed)" } else { "" };
    let mut text = format!(
        "{}  {}, charge {:+}{assumed}, monoisotopic {} {:.6}\n{} isotopologues, {:.3} % of all molecules\n\n",
        ion.ion,
        ion.formula,
        ion.charge,
        if ion.charge == 0 { "mass" } else { "m/z" },
        ion.monoisotopic_mz,
        ion.isotopologues,
        100.0 * ion.coverage,
    );
    let rows = ion.peaks.iter().enumerate();
    text += &show::table(
        ["peak", "m/z", "intensity"],
        rows.map(|(at, peak)| {
            [
                at.to_string(),
                format!("{:.6}", peak.mz),
                format!("{:.4}", peak.intensity),
            ]
        }),
    );
    text
}
