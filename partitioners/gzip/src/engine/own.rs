//! Our own decoder.
use super::{Engine, NO_EDGES, Step, Stop};
use crate::{
    buffer::TextBuffer,
    inflate::{self, InflateErrorKind, Inflater, Input, Output, Status},
};

pub(crate) struct Own(Inflater);

impl Engine for Own {
    fn new() -> Self {
        Self(Inflater::new(0))
    }

    /// The window stands in the buffer already.
    fn start(&mut self, bit: u8, _window: &[u8]) {
        self.0.reset(bit);
    }

    fn inflate(
        &mut self,
        input: &[u8],
        text: &mut TextBuffer,
        edges: usize,
    ) -> Result<Step, (usize, InflateErrorKind)> {
        // The inflater counts from its start.
        let from = (edges as u64)
            .saturating_add(self.0.position().output)
            .saturating_sub(text.end as u64);
        let stop = if edges == NO_EDGES {
            inflate::Stop::Never
        } else {
            inflate::Stop::AtEdgeFrom(from)
        };
        let mut input = Input::new(input);
        let mut output = Output::new(&mut text.bytes, text.floor..text.end);
        let status = self.0.decode(&mut input, &mut output, stop);
        text.end = output.filled();
        let consumed = input.position();
        let stop = match status.map_err(|error| (consumed, error.kind))? {
            Status::NeedInput => Stop::Input,
            Status::OutputFull => Stop::Text,
            Status::BlockEdge(edge) => Stop::Edge((edge.bit.wrapping_neg() & 7) as u8),
            Status::End => Stop::End,
        };
        Ok(Step { consumed, stop })
    }
}
