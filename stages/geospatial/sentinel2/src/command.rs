//! A command given in configuration, such as Sen2Cor, and its arguments.
use std::{ffi::OsString, path::Path};

/// Stands for the folder of the product in a command.
const PRODUCT: &str = "{safe}";
/// Stands for the folder that results may be written to.
const RESULT: &str = "{out}";

/// A program with arguments, split as a shell would, but run without one: `*`, `$`, `|`, `>` mean nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    words: Vec<String>,
}

/// Why a text is no command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// A quote is not closed, or the text ends in a backslash.
    #[error("{text:?}: a quote is not closed")]
    Quote {
        /// The text.
        text: String,
    },
    /// There is no program.
    #[error("the command is empty")]
    Empty,
    /// The program would not know what to work on.
    #[error("{text:?}: {PRODUCT} must stand where the command takes the folder of the product")]
    NoProduct {
        /// The text.
        text: String,
    },
}

impl Command {
    /// Splits a text into words by the quoting rules of a shell.
    pub fn parse(text: &str) -> Result<Self, CommandError> {
        let words = shlex::split(text).ok_or_else(|| CommandError::Quote { text: text.to_owned() })?;
        match &words[..] {
            [] => Err(CommandError::Empty),
            [_, arguments @ ..] if arguments.iter().any(|word| word.contains(PRODUCT)) => Ok(Self { words }),
            _ => Err(CommandError::NoProduct { text: text.to_owned() }),
        }
    }

    /// The program.
    pub fn program(&self) -> &str {
        &self.words[0]
    }

    /// Its arguments, with the folders in their places.
    pub fn arguments(&self, product: &Path, result: &Path) -> Vec<OsString> {
        let folders = [(PRODUCT, product), (RESULT, result)];
        self.words[1..].iter().map(|word| fill(word, &folders)).collect()
    }
}

/// A word with folders in place of their names; what a folder's own name looks like does not matter.
fn fill(word: &str, folders: &[(&str, &Path)]) -> OsString {
    let mut filled = OsString::new();
    let mut rest = word;
    loop {
        let first = folders
            .iter()
            .filter_map(|(name, path)| Some((rest.find(name)?, *name, *path)))
            .min_by_key(|(at, ..)| *at);
        let Some((at, name, path)) = first else { break };
        filled.push(&rest[..at]);
        filled.push(path);
        rest = &rest[at + name.len()..];
    }
    filled.push(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_a_shell_does_and_nothing_more() {
        let command =
            Command::parse(r#"L2A_Process --resolution 10 --in={safe} '{out}/{safe}' "a b" '$HOME;*'"#).unwrap();
        assert_eq!(command.program(), "L2A_Process");
        let arguments = command.arguments(Path::new("/t m/{out}.SAFE"), Path::new("/o"));
        let expected = [
            "--resolution",
            "10",
            "--in=/t m/{out}.SAFE",
            "/o//t m/{out}.SAFE",
            "a b",
            "$HOME;*",
        ];
        assert_eq!(arguments, expected);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let said = |text: &str| Command::parse(text).unwrap_err().to_string();
        assert_eq!(said(""), "the command is empty");
        assert_eq!(said("a '{safe}"), "\"a '{safe}\": a quote is not closed");
        assert_eq!(
            said("L2A_Process x"),
            "\"L2A_Process x\": {safe} must stand where the command takes the folder of the product"
        );
        assert!(Command::parse("{safe}").is_err());
    }
}
