//! Drives our inflater over pieces of input and of output.
use partition_gzip::inflate::{Edge, InflateError, InflateErrorKind, Inflater, Input, Output, Status, Stop};

/// Bytes after the buffer that are watched.
const GUARD: usize = 600;

/// How input and output are cut.
#[derive(Clone, Debug)]
pub(crate) struct Cuts {
    /// Sizes of the input slices, in turn.
    pub(crate) input: Vec<usize>,
    /// Free space in the buffer before each run, in turn.
    pub(crate) output: Vec<usize>,
    pub(crate) stop: Stop,
}

impl Cuts {
    /// All the input at once, a large buffer.
    pub(crate) fn whole() -> Self {
        Self {
            input: vec![usize::MAX],
            output: vec![1 << 17],
            stop: Stop::AtEdge,
        }
    }
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) output: Vec<u8>,
    pub(crate) edges: Vec<Edge>,
    /// Input bytes read up to the end of the stream, or the error.
    pub(crate) end: Result<usize, InflateError>,
}

/// Decodes `stream` from `bit` on, with `window` before it.
pub(crate) fn run(stream: &[u8], bit: u8, window: &[u8], cuts: &Cuts) -> Run {
    let mut inflater = Inflater::new(bit);
    let mut buffer = vec![0xaa; 64 * 1024 + GUARD + cuts.output.iter().max().unwrap()];
    buffer[..window.len()].copy_from_slice(window);
    let mut known = 0..window.len();
    let (mut sizes, mut spaces) = (cuts.input.iter().cycle(), cuts.output.iter().cycle());
    let mut run = Run {
        output: Vec::new(),
        edges: Vec::new(),
        end: Ok(0),
    };
    let mut at = 0usize;
    loop {
        let piece = &stream[at..at.saturating_add(*sizes.next().unwrap()).min(stream.len())];
        let mut input = Input::new(piece);
        loop {
            let space = *spaces.next().unwrap();
            let mut output = Output::new(&mut buffer, known);
            if output.space() < space + GUARD {
                output.slide();
            }
            let from = output.filled();
            known = output.known();
            // A buffer of just the asked size: nothing may be written past it.
            let (room, guard) = buffer.split_at_mut(from + space);
            let untouched = guard[..GUARD].to_vec();
            let mut output = Output::new(room, known.clone());
            let from = from - known.start;
            let before = inflater.position().output;
            let status = inflater.decode(&mut input, &mut output, cuts.stop);
            assert!(guard[..GUARD] == untouched);
            known = output.known();
            run.output.extend_from_slice(&output.history()[from..]);
            assert_eq!(
                inflater.position().output - before,
                (output.history().len() - from) as u64
            );
            assert_eq!(inflater.position().output, run.output.len() as u64);
            match status {
                Ok(Status::NeedInput) => {
                    assert!(input.rest().is_empty());
                    break;
                }
                Ok(Status::OutputFull) => assert_eq!(output.space(), 0),
                Ok(Status::BlockEdge(edge)) => {
                    assert_eq!(edge, inflater.position());
                    assert_eq!(
                        edge.bit.div_ceil(8),
                        (at + input.position()) as u64,
                        "input is read only as needed"
                    );
                    run.edges.push(edge);
                }
                Ok(Status::End) => {
                    run.end = Ok(at + input.position());
                    assert_eq!(inflater.position().bit.div_ceil(8), (at + input.position()) as u64);
                    return run;
                }
                Err(error) => {
                    assert!(inflater.decode(&mut input, &mut output, cuts.stop) == Err(error));
                    run.end = Err(error);
                    return run;
                }
            }
        }
        at += piece.len();
        if at == stream.len() {
            run.end = Err(inflater.truncated());
            assert!(matches!(
                run.end,
                Err(InflateError {
                    kind: InflateErrorKind::Truncated,
                    ..
                })
            ));
            return run;
        }
    }
}
