//! Laws of formulas, ions and databases, for any text.
use proptest::prelude::*;
use stage_isotopes::{Element, Engine, Formula, Instrument, Ion, Model, Modifier, Resolution, read_database};

fn formulas() -> impl Strategy<Value = String> {
    let symbols: Vec<&str> = Element::all().map(Element::symbol).collect();
    let atom = (proptest::sample::select(symbols), 0u32..30);
    let text = |text: String, (symbol, count): &(&str, u32)| text + symbol + &count.to_string();
    proptest::collection::vec(atom, 1..8).prop_map(move |atoms| atoms.iter().fold(String::new(), text))
}

/// Texts made of what formulas are made of.
fn texts() -> impl Strategy<Value = String> {
    let piece = proptest::sample::select(vec![
        "C", "H", "Na", "O2", "(", ")", "[", "]", "+", "-", "2", "0", ".", "=", "13C", "x", "é", " ", "\n", "\"", ",",
        "99999", "\t",
    ]);
    prop_oneof![
        proptest::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat()),
        any::<String>()
    ]
}

proptest! {
    #[test]
    fn any_text_is_a_formula_or_an_error_with_its_place(text in texts()) {
        match text.parse::<Formula>() {
            Ok(formula) => {
                prop_assert!(!formula.is_empty());
                prop_assert_eq!(&formula.to_string().parse::<Formula>().unwrap(), &formula);
            }
            Err(error) => prop_assert!(error.at <= text.len() && text.is_char_boundary(error.at), "{error:?}"),
        }
        let _ = text.parse::<Ion>();
        let _ = text.parse::<Modifier>();
        let _ = read_database(text.as_bytes());
        let _ = read_database(format!("formula,id\n{text}\n").as_bytes());
    }

    #[test]
    fn what_is_added_can_be_taken_away(molecule in formulas(), adduct in formulas()) {
        let (Ok(molecule), Ok(part)) = (molecule.parse::<Formula>(), adduct.parse::<Formula>()) else { return Ok(()) };
        let there: Modifier = format!("+{part}").parse().unwrap();
        let back: Modifier = format!("-{part}").parse().unwrap();
        let ion = there.apply(&molecule).unwrap();
        prop_assert_eq!(&back.apply(&ion).unwrap(), &molecule);
        let mass = molecule.monoisotopic_mass() + part.monoisotopic_mass();
        prop_assert!((ion.monoisotopic_mass() - mass).abs() < 1e-9 * mass);
        let both = Modifier::join([&there, &back]);
        prop_assert_eq!(&both.apply(&molecule).unwrap(), &molecule);
    }

    #[test]
    fn patterns_are_in_order_scaled_and_no_longer_than_asked(
        carbon in 1u32..80, chlorine in 0u32..6, charge in -3i32..4, peaks in 1usize..12,
    ) {
        let formula: Formula = format!("C{carbon}H{}Cl{chlorine}O3", 2 * carbon).parse().unwrap();
        let resolution = Resolution::at_200(Instrument::Orbitrap, 100_000.0);
        let pattern = |peaks| Engine::new(Model { resolution, peaks }).unwrap().pattern(&formula, charge).unwrap();
        let found = pattern(peaks);
        prop_assert!(!found.is_empty() && found.len() <= peaks);
        prop_assert!(found.is_sorted_by(|a, b| a.mz < b.mz));
        let highest = found.iter().map(|peak| peak.intensity).fold(0.0, f64::max);
        prop_assert!((highest - 100.0).abs() < 1e-9 && found.iter().all(|peak| peak.intensity >= 0.01));
        // Fewer peaks are the highest of more.
        let mut more = pattern(peaks + 5);
        more.sort_by(|a, b| b.intensity.total_cmp(&a.intensity));
        more.truncate(peaks);
        more.sort_by(|a, b| a.mz.total_cmp(&b.mz));
        prop_assert_eq!(found, more);
    }
}
