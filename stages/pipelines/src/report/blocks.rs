//! Tables, figures and pictures.
use std::fmt::Write;

use crate::{Block, Section, report::format::escape};

/// Figures side by side.
pub(crate) fn figures<'a>(figures: impl IntoIterator<Item = (&'a str, String, String)>) -> String {
    let mut html = String::from(r#"<div class="figures">"#);
    for (name, value, note) in figures {
        let note = if note.is_empty() {
            String::new()
        } else {
            format!("<small>{}</small>", escape(&note))
        };
        let _ = write!(
            html,
            r#"<div class="figure"><span>{}</span><strong>{}</strong>{note}</div>"#,
            escape(name),
            escape(&value)
        );
    }
    html.push_str("</div>");
    html
}

/// A table of cells that are HTML already; columns of figures are set flush right.
pub(crate) fn table(header: &[&str], rows: &[Vec<String>], classes: &[&str]) -> String {
    let is_figure = |column: usize| {
        let mut cells = rows.iter().filter_map(|row| row.get(column)).peekable();
        cells.peek().is_some()
            && cells.all(|cell| cell.starts_with(|c: char| c.is_ascii_digit() || "-–+~$".contains(c)))
    };
    let class: Vec<&str> = (0..header.len())
        .map(|column| if is_figure(column) { r#" class="n""# } else { "" })
        .collect();
    let mut html = String::from(r#"<div class="scroll"><table><thead><tr>"#);
    for (title, class) in header.iter().zip(&class) {
        let _ = write!(html, "<th{class}>{}</th>", escape(title));
    }
    html.push_str("</tr></thead><tbody>");
    for (number, row) in rows.iter().enumerate() {
        let of_row = classes.get(number).filter(|class| !class.is_empty());
        let _ = match of_row {
            Some(class) => write!(html, r#"<tr class="{class}">"#),
            None => write!(html, "<tr>"),
        };
        for (cell, class) in row.iter().zip(&class) {
            let _ = write!(html, "<td{class}>{cell}</td>");
        }
        html.push_str("</tr>");
    }
    html.push_str("</tbody></table></div>");
    html
}

/// A pipeline's own section.
pub(crate) fn section(section: &Section) -> String {
    let mut html = format!("<section><h2>{}</h2>", escape(&section.title));
    for block in &section.blocks {
        let text = match block {
            Block::Text(text) => format!("<p>{}</p>", escape(text)),
            Block::Figures(all) => figures(
                all.iter()
                    .map(|(name, value)| (name.as_str(), value.clone(), String::new())),
            ),
            Block::Table { header, rows } => {
                let header: Vec<&str> = header.iter().map(String::as_str).collect();
                let rows: Vec<Vec<String>> = rows
                    .iter()
                    .map(|row| row.iter().map(|cell| escape(cell)).collect())
                    .collect();
                table(&header, &rows, &[])
            }
            Block::Png { bytes, caption } => format!(
                r#"<figure><img alt="{0}" src="data:image/png;base64,{1}"><figcaption>{0}</figcaption></figure>"#,
                escape(caption),
                base64(bytes)
            ),
            Block::Html(html) => html.clone(),
        };
        html.push_str(&text);
    }
    html.push_str("</section>");
    html
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - group.len()));
        for letter in 0..4 {
            let at = (bits >> (18 - 6 * letter) & 63) as usize;
            text.push(if letter <= group.len() {
                LETTERS[at] as char
            } else {
                '='
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_as_in_rfc_4648() {
        let encoded = ["", "f", "fo", "foo", "foob", "fooba", "foobar"].map(|text| base64(text.as_bytes()));
        assert_eq!(
            encoded,
            ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"]
        );
    }

    #[test]
    fn texts_of_a_pipeline_are_escaped() {
        let html = section(
            &Section::new("A & B")
                .with(Block::Text("1 < 2".into()))
                .with(Block::Table {
                    header: vec!["<x>".into(), "n".into()],
                    rows: vec![vec!["a".into(), "12".into()]],
                }),
        );
        assert!(html.contains("<h2>A &amp; B</h2><p>1 &lt; 2</p>"), "{html}");
        assert!(html.contains(r#"<th>&lt;x&gt;</th><th class="n">n</th>"#), "{html}");
    }
}
