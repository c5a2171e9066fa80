//! S3's operations over [`Objects`].
use std::time::SystemTime;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
#[allow(clippy::wildcard_imports, reason = "an input and an output type for each operation")]
use s3s::dto::*;
use s3s::{Body, S3, S3Request, S3Response, S3Result, s3_error};

use crate::{
    conditions::{check_read, check_write, copied_range, source},
    listing,
    objects::{Notes, Objects, Stored},
    sums::{Claimed, hex, md5, receive, unhex},
};

/// S3's smallest part, except the last, and the largest part number.
const SMALLEST_PART: usize = 5 << 20;
const LARGEST_NUMBER: i32 = 10_000;

pub(crate) struct Service(pub(crate) Objects);

type Answer<T> = S3Result<S3Response<T>>;

#[expect(clippy::unnecessary_wraps, reason = "every operation returns a result")]
fn answer<T>(output: T) -> Answer<T> {
    Ok(S3Response::new(output))
}

fn stored(bytes: Bytes, notes: Notes, sums: Checksum) -> Stored {
    Stored {
        etag: hex(&md5(&bytes)),
        bytes,
        modified: SystemTime::now(),
        notes,
        sums,
    }
}

#[async_trait]
impl S3 for Service {
    async fn create_bucket(&self, req: S3Request<CreateBucketInput>) -> Answer<CreateBucketOutput> {
        self.0.attempt(|state| {
            if state.buckets.contains_key(&req.input.bucket) {
                return Err(s3_error!(BucketAlreadyOwnedByYou));
            }
            state.buckets.entry(req.input.bucket).or_default();
            answer(CreateBucketOutput::default())
        })
    }

    async fn delete_bucket(&self, req: S3Request<DeleteBucketInput>) -> Answer<DeleteBucketOutput> {
        self.0.attempt(|state| {
            if !state.bucket(&req.input.bucket)?.is_empty() {
                return Err(s3_error!(BucketNotEmpty));
            }
            state.buckets.remove(&req.input.bucket);
            answer(DeleteBucketOutput::default())
        })
    }

    async fn head_bucket(&self, req: S3Request<HeadBucketInput>) -> Answer<HeadBucketOutput> {
        self.0.with(|state| state.bucket(&req.input.bucket).map(drop))?;
        answer(HeadBucketOutput::default())
    }

    async fn list_buckets(&self, _: S3Request<ListBucketsInput>) -> Answer<ListBucketsOutput> {
        let named = |name: &String| Bucket {
            name: Some(name.clone()),
            ..Default::default()
        };
        let buckets = self.0.with(|state| state.buckets.keys().map(named).collect());
        answer(ListBucketsOutput {
            buckets: Some(buckets),
            ..Default::default()
        })
    }

    async fn put_object(&self, req: S3Request<PutObjectInput>) -> Answer<PutObjectOutput> {
        let input = req.input;
        if input.key.len() > 1024 {
            return Err(s3_error!(KeyTooLongError));
        }
        let claimed = Claimed {
            algorithm: input.checksum_algorithm.map(|algorithm| algorithm.as_str().to_owned()),
            sums: Checksum {
                checksum_crc32: input.checksum_crc32,
                checksum_crc32c: input.checksum_crc32c,
                checksum_crc64nvme: input.checksum_crc64nvme,
                checksum_sha1: input.checksum_sha1,
                checksum_sha256: input.checksum_sha256,
                ..Default::default()
            },
        };
        let (bytes, sums) = receive(input.body, req.trailing_headers, claimed).await?;
        let notes = Notes {
            metadata: input.metadata,
            content_type: input.content_type,
        };
        let new = stored(bytes, notes, sums.clone());
        let etag = new.etag.clone();
        self.0.attempt(|state| {
            let bucket = state.bucket(&input.bucket)?;
            check_write(
                bucket.get(&input.key),
                input.if_match.as_ref(),
                input.if_none_match.as_ref(),
            )?;
            bucket.insert(input.key, new);
            Ok(())
        })?;
        answer(PutObjectOutput {
            e_tag: Some(ETag::Strong(etag)),
            checksum_crc32: sums.checksum_crc32,
            checksum_crc32c: sums.checksum_crc32c,
            checksum_crc64nvme: sums.checksum_crc64nvme,
            checksum_sha1: sums.checksum_sha1,
            checksum_sha256: sums.checksum_sha256,
            ..Default::default()
        })
    }

    async fn head_object(&self, req: S3Request<HeadObjectInput>) -> Answer<HeadObjectOutput> {
        let input = req.input;
        let found = self.0.with(|state| state.object(&input.bucket, &input.key))?;
        check_read(&found.etag, input.if_match.as_ref(), input.if_none_match.as_ref())?;
        answer(HeadObjectOutput {
            accept_ranges: Some("bytes".into()),
            content_length: Some(found.bytes.len() as i64),
            e_tag: Some(ETag::Strong(found.etag)),
            last_modified: Some(found.modified.into()),
            metadata: found.notes.metadata,
            content_type: found.notes.content_type.and_then(|kind| kind.parse().ok()),
            ..Default::default()
        })
    }

    async fn get_object(&self, req: S3Request<GetObjectInput>) -> Answer<GetObjectOutput> {
        let input = req.input;
        let found = self.0.with(|state| state.object(&input.bucket, &input.key))?;
        check_read(&found.etag, input.if_match.as_ref(), input.if_none_match.as_ref())?;
        let size = found.bytes.len() as u64;
        let range = input.range.map(|range| range.check(size)).transpose()?;
        let shown = range.clone().unwrap_or(0..size);
        let body = found.bytes.slice(shown.start as usize..shown.end as usize);
        // As S3 does: checksums are of whole objects.
        let sums = if shown == (0..size) {
            found.sums
        } else {
            Checksum::default()
        };
        answer(GetObjectOutput {
            accept_ranges: Some("bytes".into()),
            content_length: Some(body.len() as i64),
            content_range: range.map(|range| format!("bytes {}-{}/{size}", range.start, range.end - 1)),
            body: Some(StreamingBlob::new(Body::from(body))),
            e_tag: Some(ETag::Strong(found.etag)),
            last_modified: Some(found.modified.into()),
            metadata: found.notes.metadata,
            content_type: found.notes.content_type.and_then(|kind| kind.parse().ok()),
            checksum_crc32: sums.checksum_crc32,
            checksum_crc32c: sums.checksum_crc32c,
            checksum_crc64nvme: sums.checksum_crc64nvme,
            checksum_sha1: sums.checksum_sha1,
            checksum_sha256: sums.checksum_sha256,
            ..Default::default()
        })
    }

    async fn copy_object(&self, req: S3Request<CopyObjectInput>) -> Answer<CopyObjectOutput> {
        let input = req.input;
        let (bucket, key) = source(&input.copy_source)?;
        let copied = self.0.attempt(|state| {
            let mut copied = state.object(bucket, key)?;
            check_read(&copied.etag, input.copy_source_if_match.as_ref(), None)?;
            copied.modified = SystemTime::now();
            state.bucket(&input.bucket)?.insert(input.key.clone(), copied.clone());
            Ok(copied)
        })?;
        answer(CopyObjectOutput {
            copy_object_result: Some(CopyObjectResult {
                e_tag: Some(ETag::Strong(copied.etag)),
                last_modified: Some(copied.modified.into()),
                ..Default::default()
            }),
            ..Default::default()
        })
    }

    async fn delete_object(&self, req: S3Request<DeleteObjectInput>) -> Answer<DeleteObjectOutput> {
        self.0.attempt(|state| {
            state
                .bucket(&req.input.bucket)
                .map(|bucket| drop(bucket.remove(&req.input.key)))
        })?;
        answer(DeleteObjectOutput::default())
    }

    async fn delete_objects(&self, req: S3Request<DeleteObjectsInput>) -> Answer<DeleteObjectsOutput> {
        let Delete { objects, quiet } = req.input.delete;
        if objects.len() > 1000 {
            return Err(s3_error!(MalformedXML));
        }
        self.0.attempt(|state| {
            let bucket = state.bucket(&req.input.bucket)?;
            for object in &objects {
                bucket.remove(&object.key);
            }
            Ok(())
        })?;
        let named = |object: ObjectIdentifier| DeletedObject {
            key: Some(object.key),
            ..Default::default()
        };
        let deleted = (!quiet.unwrap_or_default()).then(|| objects.into_iter().map(named).collect());
        answer(DeleteObjectsOutput {
            deleted,
            ..Default::default()
        })
    }

    async fn list_objects_v2(&self, req: S3Request<ListObjectsV2Input>) -> Answer<ListObjectsV2Output> {
        self.0
            .with(|state| answer(listing::page(state.bucket(&req.input.bucket)?, req.input)))
    }

    async fn create_multipart_upload(
        &self,
        req: S3Request<CreateMultipartUploadInput>,
    ) -> Answer<CreateMultipartUploadOutput> {
        let input = req.input;
        let notes = Notes {
            metadata: input.metadata,
            content_type: input.content_type,
        };
        let id = self
            .0
            .with(|state| state.start_upload(&input.bucket, &input.key, notes))?;
        answer(CreateMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(id),
            ..Default::default()
        })
    }

    async fn upload_part(&self, req: S3Request<UploadPartInput>) -> Answer<UploadPartOutput> {
        let input = req.input;
        if !(1..=LARGEST_NUMBER).contains(&input.part_number) {
            return Err(s3_error!(InvalidArgument, "part numbers are 1 to 10000"));
        }
        let claimed = Claimed {
            algorithm: input.checksum_algorithm.map(|algorithm| algorithm.as_str().to_owned()),
            sums: Checksum {
                checksum_crc32: input.checksum_crc32,
                checksum_crc32c: input.checksum_crc32c,
                checksum_crc64nvme: input.checksum_crc64nvme,
                checksum_sha1: input.checksum_sha1,
                checksum_sha256: input.checksum_sha256,
                ..Default::default()
            },
        };
        let (bytes, sums) = receive(input.body, req.trailing_headers, claimed).await?;
        let etag = hex(&md5(&bytes));
        self.0.attempt(|state| {
            let upload = state.upload(&input.upload_id, &input.bucket, &input.key)?;
            upload.parts.insert(input.part_number, (bytes, etag.clone()));
            Ok(())
        })?;
        answer(UploadPartOutput {
            e_tag: Some(ETag::Strong(etag)),
            checksum_crc32: sums.checksum_crc32,
            checksum_crc32c: sums.checksum_crc32c,
            checksum_crc64nvme: sums.checksum_crc64nvme,
            checksum_sha1: sums.checksum_sha1,
            checksum_sha256: sums.checksum_sha256,
            ..Default::default()
        })
    }

    async fn upload_part_copy(&self, req: S3Request<UploadPartCopyInput>) -> Answer<UploadPartCopyOutput> {
        let input = req.input;
        let (bucket, key) = source(&input.copy_source)?;
        let from = self.0.with(|state| state.object(bucket, key))?;
        check_read(&from.etag, input.copy_source_if_match.as_ref(), None)?;
        let whole = 0..from.bytes.len();
        let range = input
            .copy_source_range
            .map_or(Ok(whole), |text| copied_range(&text, from.bytes.len()))?;
        let bytes = from.bytes.slice(range);
        let etag = hex(&md5(&bytes));
        self.0.attempt(|state| {
            let upload = state.upload(&input.upload_id, &input.bucket, &input.key)?;
            upload.parts.insert(input.part_number, (bytes, etag.clone()));
            Ok(())
        })?;
        answer(UploadPartCopyOutput {
            copy_part_result: Some(CopyPartResult {
                e_tag: Some(ETag::Strong(etag)),
                ..Default::default()
            }),
            ..Default::default()
        })
    }

    async fn list_parts(&self, req: S3Request<ListPartsInput>) -> Answer<ListPartsOutput> {
        let input = req.input;
        let parts = self.0.attempt(|state| {
            let upload = state.upload(&input.upload_id, &input.bucket, &input.key)?;
            let listed = upload.parts.iter().map(|(number, (bytes, etag))| Part {
                part_number: Some(*number),
                size: Some(bytes.len() as i64),
                e_tag: Some(ETag::Strong(etag.clone())),
                ..Default::default()
            });
            Ok(listed.collect())
        })?;
        answer(ListPartsOutput {
            parts: Some(parts),
            ..Default::default()
        })
    }

    async fn list_multipart_uploads(
        &self,
        req: S3Request<ListMultipartUploadsInput>,
    ) -> Answer<ListMultipartUploadsOutput> {
        let uploads = self.0.with(|state| {
            let own = state
                .uploads
                .iter()
                .filter(|(_, upload)| upload.bucket == req.input.bucket);
            let listed = own.map(|(id, upload)| MultipartUpload {
                key: Some(upload.key.clone()),
                upload_id: Some(id.clone()),
                ..Default::default()
            });
            listed.collect()
        });
        answer(ListMultipartUploadsOutput {
            uploads: Some(uploads),
            ..Default::default()
        })
    }

    async fn complete_multipart_upload(
        &self,
        req: S3Request<CompleteMultipartUploadInput>,
    ) -> Answer<CompleteMultipartUploadOutput> {
        let input = req.input;
        let wanted = input
            .multipart_upload
            .and_then(|upload| upload.parts)
            .unwrap_or_default();
        let etag = self.0.attempt(|state| {
            let upload = state.upload(&input.upload_id, &input.bucket, &input.key)?;
            let (mut whole, mut sums, mut before) = (BytesMut::new(), Vec::new(), 0);
            for (place, part) in wanted.iter().enumerate() {
                let number = part.part_number.unwrap_or_default();
                if number <= before {
                    return Err(s3_error!(InvalidPartOrder));
                }
                before = number;
                let (bytes, etag) = upload.parts.get(&number).ok_or_else(|| s3_error!(InvalidPart))?;
                if part.e_tag.as_ref().is_none_or(|claimed| claimed.value() != etag) {
                    return Err(s3_error!(InvalidPart));
                }
                if bytes.len() < SMALLEST_PART && place + 1 < wanted.len() {
                    return Err(s3_error!(EntityTooSmall));
                }
                whole.extend_from_slice(bytes);
                sums.extend(unhex(etag));
            }
            if wanted.is_empty() {
                return Err(s3_error!(MalformedXML));
            }
            let notes = upload.notes.clone();
            let bucket = state.bucket(&input.bucket)?;
            check_write(
                bucket.get(&input.key),
                input.if_match.as_ref(),
                input.if_none_match.as_ref(),
            )?;
            let etag = format!("{}-{}", hex(&md5(&sums)), wanted.len());
            let new = Stored {
                bytes: whole.freeze(),
                etag: etag.clone(),
                modified: SystemTime::now(),
                notes,
                sums: Checksum::default(),
            };
            bucket.insert(input.key.clone(), new);
            state.uploads.remove(&input.upload_id);
            Ok(etag)
        })?;
        answer(CompleteMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            e_tag: Some(ETag::Strong(etag)),
            ..Default::default()
        })
    }

    async fn abort_multipart_upload(
        &self,
        req: S3Request<AbortMultipartUploadInput>,
    ) -> Answer<AbortMultipartUploadOutput> {
        let input = req.input;
        self.0.attempt(|state| {
            state.upload(&input.upload_id, &input.bucket, &input.key)?;
            state.uploads.remove(&input.upload_id);
            Ok(())
        })?;
        answer(AbortMultipartUploadOutput::default())
    }
}
