//! Figures, as a person reads them.

/// Three digits, or as many as it has before the point.
pub(super) fn number(value: f64) -> String {
    match value.abs() {
        large if large >= 10_000.0 => grouped(value),
        large if large >= 99.95 => format!("{value:.0}"),
        large if large >= 9.995 => format!("{value:.1}"),
        large if large >= 0.9995 || large == 0.0 => format!("{value:.2}"),
        _ => {
            let digits = (3.0 - value.abs().log10().ceil()).clamp(2.0, 6.0) as usize;
            format!("{value:.digits$}")
        }
    }
}

pub(super) fn percent(share: f64) -> String {
    format!("{} %", number(share * 100.0))
}

pub(super) fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits_or_all_before_the_point() {
        let figures = [0.0, 0.000_266_7, 0.023_7, 0.9996, 9.996, 99.96, 1_234.4, 12_345.6, 1e6].map(number);
        assert_eq!(figures, ["0.00", "0.000267", "0.0237", "1.00", "10.0", "100", "1234", "12,346", "1,000,000"]);
        assert_eq!((percent(0.341), grouped(100.0)), ("34.1 %".to_owned(), "100".to_owned()));
    }
}
