use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    ops::Range,
    os::unix::fs::FileExt,
};

use bytes::Bytes;
use plan::Object;

use super::{etag, object_of, path_of};
use crate::{Error, ReadAt, memory::room};

/// An open file that is still the planned version. Errors carry an [`Error`] where they mean more than the system says.
pub(super) struct LocalFile {
    file: File,
    object: Object,
}

impl LocalFile {
    pub(super) fn open(object: &Object) -> io::Result<Self> {
        let path = path_of(&object.uri);
        // Asked before opening: that would wait for the other end of a pipe.
        object_of(&object.uri, &std::fs::metadata(&path)?)?;
        let opened = Self {
            file: File::open(path)?,
            object: object.clone(),
        };
        opened.check()?;
        Ok(opened)
    }

    /// Refuses the file if it was changed in place since it was planned for.
    fn check(&self) -> io::Result<()> {
        let found = etag(&self.file.metadata()?);
        if found == self.object.etag {
            return Ok(());
        }
        Err(Error::Changed {
            uri: self.object.uri.clone(),
            expected: self.object.etag.clone(),
            found,
        }
        .into())
    }

    /// As an error for a file that ends before its planned size.
    fn ended(&self) -> io::Error {
        match self.check() {
            Err(changed) => changed,
            Ok(()) => io::ErrorKind::UnexpectedEof.into(),
        }
    }

    pub(super) fn read(self, range: Range<u64>) -> io::Result<Bytes> {
        let length = range.end - range.start;
        let mut bytes = room(length)?;
        (&self.file).seek(SeekFrom::Start(range.start))?;
        let read = (&self.file).take(length).read_to_end(&mut bytes)?;
        if (read as u64) < length {
            return Err(self.ended());
        }
        self.check()?;
        Ok(bytes.into())
    }

    /// Appends the whole file to `to`, inside the kernel where it can.
    pub(super) fn copy_to(self, mut to: &File) -> io::Result<()> {
        let copied = io::copy(&mut (&self.file).take(self.object.size), &mut to)?;
        if copied < self.object.size {
            return Err(self.ended());
        }
        self.check()
    }
}

impl ReadAt for LocalFile {
    fn size(&self) -> u64 {
        self.object.size
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        // The system takes offsets up to 2^63 and calls others invalid.
        let end = offset.checked_add(buffer.len() as u64);
        if end.is_none_or(|end| end > self.object.size) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match FileExt::read_exact_at(&self.file, buffer, offset) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(self.ended()),
            Err(error) => Err(error),
            Ok(()) => self.check(),
        }
    }
}
