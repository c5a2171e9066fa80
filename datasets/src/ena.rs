//! The European Nucleotide Archive tells the files of a run, their sizes and MD5 sums:
//! <https://www.ebi.ac.uk/ena/portal/api/doc>, `filereport`.
use crate::File;

/// Where to ask for the files of `run`.
pub(crate) fn question(run: &str) -> String {
    format!(
        "https://www.ebi.ac.uk/ena/portal/api/filereport?accession={run}&result=read_run\
         &fields=run_accession,fastq_ftp,fastq_bytes,fastq_md5&format=tsv"
    )
}

/// The files in the answer: a header line and one line per run, several files of a run separated by `;`.
///
/// `None` when the answer is something else, or lists no file.
pub(crate) fn files(answer: &str, run: &str) -> Option<Vec<File>> {
    let mut lines = answer.lines();
    let header: Vec<&str> = lines.next()?.split('\t').collect();
    let column = |name: &str| header.iter().position(|column| *column == name);
    let (runs, urls, bytes, sums) = (
        column("run_accession")?,
        column("fastq_ftp")?,
        column("fastq_bytes")?,
        column("fastq_md5")?,
    );
    let row = lines
        .map(|line| line.split('\t').collect::<Vec<_>>())
        .find(|row| row.get(runs) == Some(&run))?;
    let values = |column: usize| row.get(column).map(|cell| cell.split(';').collect::<Vec<_>>());
    let (urls, bytes, sums) = (values(urls)?, values(bytes)?, values(sums)?);
    if urls.len() != bytes.len() || urls.len() != sums.len() {
        return None;
    }
    let file = |((url, bytes), sum): ((&&str, &&str), &&str)| {
        let file = File {
            // The server speaks HTTPS too, which an FTP address leaves out.
            uri: format!("https://{}", url.trim_start_matches("ftp://")),
            bytes: Some(bytes.parse().ok()?),
            md5: Some((*sum).to_owned()),
            ..File::default()
        };
        file.check().ok().map(|()| file)
    };
    urls.iter().zip(&bytes).zip(&sums).map(file).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_lists_the_files() {
        let md5 = ["0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"].join(";");
        let urls = "ftp.sra.ebi.ac.uk/vol1/fastq/ERR000/ERR000589/ERR000589_1.fastq.gz;ftp.sra.ebi.ac.uk/x/ERR000589_2.fastq.gz";
        let answer = format!("run_accession\tfastq_ftp\tfastq_bytes\tfastq_md5\nERR000589\t{urls}\t12;34\t{md5}\n");
        let found = files(&answer, "ERR000589").unwrap();
        assert_eq!(
            (found.len(), found[0].name(), found[1].bytes),
            (2, "ERR000589_1.fastq.gz", Some(34))
        );
        assert!(found[0].uri.starts_with("https://ftp.sra.ebi.ac.uk/vol1/"));
        assert_eq!(files(&answer, "ERR1"), None);
    }

    #[test]
    fn other_answers_are_no_files() {
        assert_eq!(files("", "ERR1"), None);
        assert_eq!(files("<html>", "ERR1"), None);
        let header = "run_accession\tfastq_ftp\tfastq_bytes\tfastq_md5\n";
        assert_eq!(files(&format!("{header}ERR1\t\t\t\n"), "ERR1"), None);
        assert_eq!(files(&format!("{header}ERR1\ta;b\t1\tx\n"), "ERR1"), None);
    }
}
