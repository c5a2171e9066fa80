//! Decoy adducts, drawn as METASPACE draws them: the same seed, generator, shuffle and order.
use rand_mt::Mt;

/// Adducts that no molecule is expected to have, in METASPACE's order.
pub const CANDIDATES: [&str; 80] = [
    "+He", "+Li", "+Be", "+B", "+C", "+N", "+O", "+F", "+Ne", "+Mg", "+Al", "+Si", "+P", "+S", "+Cl", "+Ar", "+Ca",
    "+Sc", "+Ti", "+V", "+Cr", "+Mn", "+Fe", "+Co", "+Ni", "+Cu", "+Zn", "+Ga", "+Ge", "+As", "+Se", "+Br", "+Kr",
    "+Rb", "+Sr", "+Y", "+Zr", "+Nb", "+Mo", "+Ru", "+Rh", "+Pd", "+Ag", "+Cd", "+In", "+Sn", "+Sb", "+Te", "+I",
    "+Xe", "+Cs", "+Ba", "+La", "+Ce", "+Pr", "+Nd", "+Sm", "+Eu", "+Gd", "+Tb", "+Dy", "+Ho", "+Ir", "+Th", "+Pt",
    "+Os", "+Yb", "+Lu", "+Bi", "+Pb", "+Re", "+Tl", "+Tm", "+U", "+W", "+Au", "+Er", "+Hf", "+Hg", "+Ta",
];

/// METASPACE's seed.
const SEED: u32 = 42;

/// Draws decoys for one formula after the other.
///
/// What is drawn depends on the number of candidates and on how many draws came before, not on the formula.
pub struct Decoys {
    random: Mt,
    candidates: Vec<&'static str>,
    sample: usize,
}

impl Decoys {
    /// `sample` of the candidates that are none of the `targets`; all of them if there are not so many.
    pub fn new<'a>(targets: impl IntoIterator<Item = &'a str>, sample: usize) -> Self {
        let targets: Vec<&str> = targets.into_iter().collect();
        let candidates: Vec<_> = CANDIDATES
            .into_iter()
            .filter(|candidate| !targets.contains(candidate))
            .collect();
        Self {
            random: Mt::new(SEED),
            sample: sample.min(candidates.len()),
            candidates,
        }
    }

    /// Decoys of each draw.
    pub fn sample(&self) -> usize {
        self.sample
    }

    /// The next draw.
    pub fn draw(&mut self) -> Vec<&'static str> {
        let mut drawn = self.candidates.clone();
        for last in (1..drawn.len()).rev() {
            drawn.swap(last, self.up_to(last as u32) as usize);
        }
        drawn.truncate(self.sample);
        drawn
    }

    /// Uniform in 0..=most: bits above those of `most` are masked, numbers above `most` thrown away.
    fn up_to(&mut self, most: u32) -> u32 {
        let mask = u32::MAX >> most.leading_zeros();
        loop {
            let number = self.random.next_u32() & mask;
            if number <= most {
                return number;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// numpy 2.4.6: `np.random.seed(42); c = list(range(80)); np.random.shuffle(c)`, twice.
    #[test]
    fn the_first_draws_are_those_of_numpy() {
        let mut decoys = Decoys::new([], 6);
        let indices = |drawn: Vec<&str>| -> Vec<usize> {
            let place = |adduct| CANDIDATES.iter().position(|&known| known == adduct);
            drawn.into_iter().filter_map(place).collect()
        };
        assert_eq!(indices(decoys.draw()), [30, 0, 22, 31, 18, 28]);
        assert_eq!(indices(decoys.draw()), NUMPY_SECOND);
    }

    const NUMPY_SECOND: [usize; 6] = [54, 30, 35, 29, 48, 53];

    #[test]
    fn targets_are_no_decoys() {
        let mut decoys = Decoys::new(["-H", "+Cl"], 79);
        let mut drawn = decoys.draw();
        assert!(!drawn.contains(&"+Cl"));
        drawn.sort_unstable();
        drawn.dedup();
        assert_eq!(drawn.len(), 79);
        assert_eq!(Decoys::new([], 1000).sample(), 80);
    }
}
