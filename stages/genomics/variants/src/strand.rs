//! Fisher's exact test of strands.
use crate::sinple::ln_factorial;

/// Phred of the two-sided p-value that alternates lie on strands as the reference does.
pub(crate) fn fisher_phred([[a, b], [c, d]]: [[u32; 2]; 2]) -> f64 {
    let [a, b, c, d] = [a, b, c, d].map(u64::from);
    let (row, column, total) = (a + b, a + c, a + b + c + d);
    if row == 0 || c + d == 0 || column == 0 || b + d == 0 {
        return 0.0;
    }
    let fixed =
        ln_factorial(row) + ln_factorial(c + d) + ln_factorial(column) + ln_factorial(b + d) - ln_factorial(total);
    let chance = |a: u64| {
        let (b, c) = (row - a, column - a);
        let d = total - row - c;
        fixed - ln_factorial(a) - ln_factorial(b) - ln_factorial(c) - ln_factorial(d)
    };
    let observed = chance(a);
    let least = (row + column).saturating_sub(total);
    let sum: f64 = (least..=row.min(column))
        .map(chance)
        .filter(|&p| p <= observed + 1e-7)
        .map(f64::exp)
        .sum();
    -10.0 * sum.clamp(1e-300, 1.0).log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_tables() {
        // R: fisher.test(matrix(c(3, 1, 1, 3), 2))$p.value = 0.4857143
        assert!((fisher_phred([[3, 1], [1, 3]]) + 10.0 * 0.485_714_3_f64.log10()).abs() < 1e-4);
        // R: fisher.test(matrix(c(10, 0, 0, 10), 2))$p.value = 1.082509e-05
        assert!((fisher_phred([[10, 0], [0, 10]]) + 10.0 * 1.082_509e-5_f64.log10()).abs() < 1e-3);
        assert!(fisher_phred([[5, 5], [0, 0]]).abs() < 1e-12);
    }
}
