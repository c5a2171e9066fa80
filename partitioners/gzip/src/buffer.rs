//! Where text is decoded to: history first, so that copies and windows never leave the buffer.
use crate::WINDOW;

/// Text that one buffer holds besides the history. Half as much costs 3 % more (more hand-overs), twice as much gains nothing.
pub(crate) const TEXT: usize = 512 << 10;

/// Up to [`WINDOW`] bytes of earlier text, then new text.
#[derive(Debug)]
pub(crate) struct TextBuffer {
    pub(crate) bytes: Box<[u8]>,
    /// Where new text starts.
    pub(crate) start: usize,
    /// Where new text ends.
    pub(crate) end: usize,
    /// Copies must not reach back before this: the start of the member, or of what is known.
    pub(crate) floor: usize,
}

impl TextBuffer {
    pub(crate) fn new() -> Self {
        Self::with_room(TEXT)
    }

    /// With room for `text` bytes besides the history.
    pub(crate) fn with_room(text: usize) -> Self {
        Self {
            bytes: vec![0; WINDOW + text].into(),
            start: 0,
            end: 0,
            floor: 0,
        }
    }

    /// Starts with nothing but `history`, at most [`WINDOW`] bytes.
    pub(crate) fn restart(&mut self, history: &[u8]) {
        self.bytes[..history.len()].copy_from_slice(history);
        (self.start, self.end, self.floor) = (history.len(), history.len(), 0);
    }

    /// Continues after `previous`.
    pub(crate) fn follow(&mut self, previous: &Self) {
        let from = previous.end.saturating_sub(WINDOW);
        self.restart(&previous.bytes[from..previous.end]);
        self.floor = previous.floor.saturating_sub(from);
    }

    /// Makes room: what is needed of the text becomes history.
    pub(crate) fn roll(&mut self) {
        let from = self.end.saturating_sub(WINDOW);
        self.bytes.copy_within(from..self.end, 0);
        self.end -= from;
        self.start = self.end;
        self.floor = self.floor.saturating_sub(from);
    }
}
