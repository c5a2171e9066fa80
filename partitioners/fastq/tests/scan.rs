//! The scanner against plain slow definitions, and the text of every error.
use std::fmt::Write;

use partition_fastq::{Check, Irregularity, Line, ReadStart, RecordError, RecordFault, Scanner, Summary};
use proptest::prelude::*;

fn scan(text: &[u8], check: Check, block: usize) -> Result<Summary, RecordError> {
    let mut scanner = Scanner::new(check);
    for block in text.chunks(block) {
        scanner.push(block)?;
    }
    scanner.finish()
}

fn fault(text: &[u8], check: Check) -> RecordFault {
    scan(text, check, 1 << 20).unwrap_err().fault
}

/// Where a record starts, and its four lines.
type SlowRecord<'a> = (usize, Vec<&'a [u8]>);

/// Cuts a text into records the slow way; `None` unless each is well framed.
fn slow_records(text: &[u8]) -> Option<Vec<SlowRecord<'_>>> {
    let mut lines: Vec<&[u8]> = text.split(|&byte| byte == b'\n').collect();
    let open = lines.pop()?;
    let mut at = 0;
    let mut records = Vec::new();
    let clean = |line: &'_ [u8]| line.len() - usize::from(line.last() == Some(&b'\r'));
    // Without final line end; the last line of a read without bases is then not to be seen.
    if !open.is_empty() || lines.len() % 4 == 3 && clean(lines[lines.len() - 2]) == 0 {
        lines.push(open);
    }
    while lines.len() > 4 && lines.last().is_some_and(|line| clean(line) == 0) && !lines.len().is_multiple_of(4) {
        lines.pop();
    }
    for record in lines.chunks(4) {
        let [name, sequence, plus, quality] = record else {
            return None;
        };
        if name.first() != Some(&b'@') || plus.first() != Some(&b'+') || clean(sequence) != clean(quality) {
            return None;
        }
        records.push((at, record.to_vec()));
        at += record.iter().map(|line| line.len() + 1).sum::<usize>();
    }
    Some(records)
}

/// Well-framed reads of every awkward kind: `@` and `+` as first qualities, no bases, CR LF, names after `+`.
fn reads() -> impl Strategy<Value = Vec<u8>> {
    let read = ("[!-~ ]{0,12}", "[ACGTN]{0,30}", any::<bool>(), any::<u64>());
    let reads = proptest::collection::vec(read, 0..20);
    (reads, any::<bool>(), 0..3usize).prop_map(|(reads, crlf, ending)| {
        let end = if crlf { "\r\n" } else { "\n" };
        let mut text = String::new();
        let mut quality_ends_in_base = false;
        for (name, sequence, repeat, seed) in reads {
            let second = if repeat { name.as_str() } else { "" };
            let quality: String = (0..sequence.len())
                .map(|at| b"@+!~I"[(seed >> (at % 60)) as usize % 5] as char)
                .collect();
            write!(text, "@{name}{end}{sequence}{end}+{second}{end}{quality}{end}").unwrap();
            quality_ends_in_base = !quality.is_empty();
        }
        match ending {
            0 if quality_ends_in_base => text.truncate(text.len() - end.len()),
            1 if quality_ends_in_base => text += end,
            _ => {}
        }
        text.into_bytes()
    })
}

proptest! {
    #[test]
    fn good_reads_pass_whatever_the_blocks_and_are_counted(text in reads(), block in 1usize..70) {
        let summary = scan(&text, Check::Records, block).unwrap();
        let whole = scan(&text, Check::Records, 1 << 20).unwrap();
        prop_assert_eq!(&summary, &whole);
        let records = slow_records(&text).unwrap();
        prop_assert_eq!(summary.reads, records.len() as u64);
        prop_assert_eq!(summary.text_bytes, text.len() as u64);
        let lengths = records.iter().map(|(_, lines)| lines[1].len() as u64 - u64::from(lines[1].last() == Some(&b'\r')));
        prop_assert_eq!(summary.bases, lengths.clone().sum::<u64>());
        prop_assert_eq!(summary.longest, lengths.max());
    }

    #[test]
    fn watch_names_the_next_read(text in reads(), cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..5)) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
        cuts.sort_unstable();
        let mut scanner = Scanner::new(Check::Records);
        let mut at = 0;
        for &cut in &cuts {
            scanner.push(&text[at..cut]).unwrap();
            scanner.watch();
            at = cut;
        }
        scanner.push(&text[at..]).unwrap();
        let summary = scanner.finish().unwrap();
        let records = slow_records(&text).unwrap();
        let expected = |&cut: &usize| {
            let read = records.partition_point(|(start, _)| *start < cut);
            let text = records.get(read).map(|(start, _)| *start as u64);
            (read as u64, text)
        };
        let found: Vec<ReadStart> = scanner.take_starts();
        prop_assert_eq!(found.len(), cuts.len());
        for (found, cut) in found.iter().zip(&cuts) {
            let (read, start) = expected(cut);
            prop_assert_eq!(found.read, read);
            match start {
                Some(start) => prop_assert_eq!(found.text, start),
                None => prop_assert!(found.read == summary.reads && found.text >= *cut as u64),
            }
        }
    }

    #[test]
    fn a_damaged_text_is_refused_at_the_same_place_whatever_the_blocks(
        text in reads(), at in any::<prop::sample::Index>(), byte in any::<u8>(), block in 1usize..70
    ) {
        prop_assume!(!text.is_empty());
        let mut text = text;
        let at = at.index(text.len());
        text[at] = byte;
        let place = |scanned: Result<Summary, RecordError>| scanned.map_err(|error| (error.read, error.line, error.offset));
        let whole = place(scan(&text, Check::Records, 1 << 20));
        prop_assert_eq!(place(scan(&text, Check::Records, block)), whole.clone());
        if scan(&text, Check::Framing, block).is_ok() {
            prop_assert!(slow_records(&text).is_some());
        }
    }

    #[test]
    fn any_bytes_give_a_summary_or_an_error(text in proptest::collection::vec(prop::sample::select(b"@+AI\r\n \x00".to_vec()), 0..80), block in 1usize..9) {
        for check in [Check::Framing, Check::Records, Check::Strict] {
            let whole = scan(&text, check, 1 << 20).map_err(|error| error.offset);
            prop_assert_eq!(scan(&text, check, block).map_err(|error| error.offset), whole);
        }
    }
}

#[test]
fn a_last_line_without_end_and_blank_lines_at_the_end_are_fine() {
    for text in [
        &b"@a\nA\n+\nI"[..],
        b"@a\nA\n+\nI\n\n\r\n",
        b"@a\r\nA\r\n+\r\nI\r",
        b"@a\n\n+\n",
        b"@a\n\n+\n\n\n",
    ] {
        assert_eq!(scan(text, Check::Records, 3).unwrap().reads, 1, "{text:?}");
    }
    assert_eq!(scan(b"", Check::Strict, 1).unwrap(), Summary::default());
}

#[test]
fn strict_refuses_what_others_pass() {
    let irregular = |text: &[u8]| match fault(text, Check::Strict) {
        RecordFault::Irregular(irregularity) => irregularity,
        other => panic!("{other}"),
    };
    assert_eq!(irregular(b"@a\r\nA\r\n+\r\nI\r\n"), Irregularity::CarriageReturn);
    assert_eq!(irregular(b"@a\nA\n+\nI\n\n"), Irregularity::BlankEnd);
    assert_eq!(irregular(b"@a\nA\n+\nI"), Irregularity::NoFinalNewline);
    assert_eq!(irregular(b"@\nA\n+\nI\n"), Irregularity::NoName);
    let base = Irregularity::Base {
        position: 1,
        found: b'!',
    };
    assert_eq!(irregular(b"@a\nA!\n+\nII\n"), base);
    assert!(scan(b"@a\nacgtN.-*\n+a\nIIIIIIII\n", Check::Strict, 4).is_ok());
}

#[test]
fn framing_passes_odd_qualities_and_second_names() {
    let text = b"@a\nAC\n+b\nI \n";
    assert!(scan(text, Check::Framing, 64).is_ok());
    assert!(matches!(fault(text, Check::Records), RecordFault::SecondName { .. }));
    let blank = RecordFault::Quality {
        position: 1,
        found: b' ',
    };
    assert_eq!(fault(b"@a\nAC\n+\nI \n", Check::Records), blank);
}

#[test]
fn wrapped_reads_are_called_so() {
    let sequence = RecordFault::Wrapped { line: Line::Sequence };
    assert_eq!(fault(b"@a\nACGT\nAC\n+\nIIII\nII\n", Check::Records), sequence);
    let quality = RecordFault::Wrapped { line: Line::Quality };
    assert_eq!(
        fault(b"@a\nACGTAC\n+\nIIII\n@I\n@b\nA\n+\nI\n", Check::Records),
        quality
    );
}

/// One text per fault, as they occur in real broken files; the messages are what a user sees.
#[test]
fn messages() {
    let good = "@r0 first\nACGTACGT\n+\nIIIIIIII\n";
    let faults = [
        ("not FASTQ", ">r0\nACGT\n".into()),
        ("bad header", format!("{good}>r1\nACGT\n+\nIIII\n")),
        ("second sequence", format!("{good}@r1\nACGT\n@r1\nACGT\n+\nIIII\n")),
        ("no quality", "@r0\nACGT\n+r0\n\n@r1\nACGT\n+r1\n\n".into()),
        ("other second name", format!("{good}@r1\nACGT\n+r2\nIIII\n")),
        ("escape in quality", format!("{good}@r1\nACGT\n+\nII\x1bI\n")),
        ("blank in quality", format!("{good}@r1\nACGT\n+\nII I\n")),
        ("delete in quality", format!("{good}@r1\nACGT\n+\nIII\x7f\n")),
        ("tab in quality", format!("{good}@r1\nAC\tGT\n+\nII\tII\n")),
        ("short quality", format!("{good}@r1\nACGT\n+\nIII\n{good}")),
        ("long quality", format!("{good}@r1\nACGT\n+\nIIIII\n{good}")),
        ("cut before quality", format!("{good}@r1\nACGT\n+\n")),
        ("cut in quality", format!("{good}@r1\nACGT\n+\nII")),
        ("cut in plus", format!("{good}@r1\nACGT\n+r")),
        ("cut in sequence", format!("{good}@r1\nAC")),
        ("cut in name", format!("{good}@r")),
        ("lone header at the end", format!("{good}>r1")),
        ("wrapped sequence", "@r0\nACGT\nACGT\n+\nIIII\nIIII\n".into()),
        ("wrapped quality", "@r0\nACGTACGT\n+\nIIII\n@III\n@r1\nA\n+\nI\n".into()),
        ("blank line between", format!("{good}\n{good}")),
        ("no plus, empty line", format!("{good}@r1\nACGT\n\nIIII\n")),
    ];
    let said: Vec<String> = faults
        .iter()
        .map(|(name, text)| match scan(text.as_bytes(), Check::Records, 1 << 20) {
            Ok(_) => panic!("{name} passes"),
            Err(error) => format!("{name}: {error}"),
        })
        .collect();
    insta::assert_snapshot!(said.join("\n"));
}
