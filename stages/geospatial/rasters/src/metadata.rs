//! The XML in which GDAL keeps what TIFF has no tag for.
use crate::{Layout, Statistics};

/// Text of tag 42112, without the closing zero.
pub(crate) fn gdal_metadata(layout: &Layout, statistics: &Statistics) -> String {
    let mut items = String::new();
    let mut item = |name: &str, role: &str, value: &str| {
        let role = if role.is_empty() {
            String::new()
        } else {
            format!(" role=\"{role}\"")
        };
        items += &format!(
            "  <Item name=\"{name}\" sample=\"0\"{role}>{}</Item>\n",
            escape(&escape(value))
        );
    };
    if statistics.valid > 0 {
        let share = 100.0 * statistics.valid as f64 / (layout.height as f64 * layout.width as f64);
        item("STATISTICS_MAXIMUM", "", &statistics.max.to_string());
        item("STATISTICS_MEAN", "", &statistics.mean.to_string());
        item("STATISTICS_MINIMUM", "", &statistics.min.to_string());
        item("STATISTICS_STDDEV", "", &statistics.deviation().to_string());
        item("STATISTICS_VALID_PERCENT", "", &format!("{share:.4}"));
    }
    if !layout.description.is_empty() {
        item("DESCRIPTION", "description", &layout.description);
    }
    if let Some(scale) = layout.scale {
        item("OFFSET", "offset", "0");
        item("SCALE", "scale", &scale.to_string());
    }
    if items.is_empty() {
        return items;
    }
    format!("<GDALMetadata>\n{items}</GDALMetadata>\n")
}

/// GDAL writes and reads values escaped twice.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('\0', "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::layout;

    #[test]
    fn statistics_stand_as_gdal_writes_them() {
        let mut layout = layout::<f32>(2, 2, 512, None);
        assert_eq!(gdal_metadata(&layout, &Statistics::default()), "");
        layout.description = "a < b".into();
        let statistics = Statistics {
            valid: 1,
            min: 0.5,
            max: 0.5,
            mean: 0.5,
            squares: 0.0,
        };
        let text = gdal_metadata(&layout, &statistics);
        assert!(
            text.contains("<Item name=\"STATISTICS_MEAN\" sample=\"0\">0.5</Item>"),
            "{text}"
        );
        assert!(text.contains("VALID_PERCENT\" sample=\"0\">25.0000<"), "{text}");
        assert!(text.contains("role=\"description\">a &amp;lt; b</Item>"), "{text}");
    }
}
