//! What is refused, and in which words.
mod common;

use std::{error::Error as _, num::NonZero};

use common::{Layout, Spectrum, block_on, imzml, store_imzml, uri};
use object_io::Store;
use partition_peaks::{
    Dataset, Error, Input, Sorted, fetch, index_task, info,
    sort_task::{self, Request, Size},
};
use plan::{Fault, FaultKind};

fn spectra() -> Vec<Spectrum> {
    let peaks = (1..=5000u32).map(|mz| (f64::from(mz), 1.0)).collect::<Vec<_>>();
    vec![
        Spectrum {
            place: [1, 1, 1],
            peaks: peaks.clone(),
        },
        Spectrum {
            place: [2, 1, 1],
            peaks,
        },
    ]
}

fn said(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!(" | {error}");
        cause = error.source();
    }
    text
}

fn request(out: &str) -> Request {
    Request::new(
        Input::Imzml(uri("a.imzML")),
        Size::Segments(NonZero::new(2).unwrap()),
        uri(out),
    )
}

#[test]
fn an_ibd_that_is_absent_short_foreign_or_damaged_is_named() {
    block_on(async {
        let store = Store::new();
        let (text, ibd) = imzml(&spectra(), Layout::default());
        let a = uri("a.imzML");
        store.put(&a, text.clone()).await.unwrap();
        let error = Dataset::open(&store, &a).await.unwrap_err();
        assert_eq!(
            said(&error),
            "mem://lab/a.imzML: no .ibd beside it; looked for a.ibd, a.IBD, a.Ibd"
        );

        // Also under another spelling of its end.
        store.put(&uri("a.IBD"), ibd.clone()).await.unwrap();
        assert!(Dataset::open(&store, &a).await.is_ok());

        store.put(&uri("a.ibd"), ibd[..ibd.len() - 2].to_vec()).await.unwrap();
        let error = Dataset::open(&store, &a).await.unwrap_err();
        assert_eq!(
            said(&error),
            "mem://lab/a.ibd: spectrum 1: the intensity array is bytes 100017..120017, but the file has 120016"
        );
        assert_eq!(error.kind(), FaultKind::Malformed);

        let mut foreign = ibd.clone();
        foreign[0] ^= 1;
        store.put(&uri("a.ibd"), foreign).await.unwrap();
        let error = Dataset::open(&store, &a).await.unwrap_err();
        assert_eq!(
            said(&error),
            "mem://lab/a.ibd: its UUID is 756573736572612d7065616b732d3030, but mem://lab/a.imzML says \
             746573736572612d7065616b732d3030: they do not belong together"
        );

        let sha1 = text.replace(
            "<cvParam accession=\"IMS:1000031\"/>",
            "<cvParam accession=\"IMS:1000091\" value=\"00FF\"/>",
        );
        store.put(&a, sha1).await.unwrap();
        store.put(&uri("a.ibd"), ibd).await.unwrap();
        let error = sort_task::run(store.clone(), request("out")).await.unwrap_err();
        assert!(
            said(&error).starts_with("mem://lab/a.ibd: its SHA-1 is "),
            "{}",
            said(&error)
        );
        assert!(store.find(&uri("out/segments.json")).await.unwrap().is_none());
        let error = info::run(
            &store,
            info::Request {
                imzml: a.clone(),
                image: None,
                verify: true,
            },
        )
        .await
        .unwrap_err();
        assert!(matches!(error, Error::Checksum { .. }));
        let unchecked = Request {
            verify: false,
            ..request("out")
        };
        assert!(sort_task::run(store.clone(), unchecked).await.is_ok());
    });
}

#[test]
fn a_broken_zlib_stream_is_found_with_its_spectrum() {
    block_on(async {
        let store = Store::new();
        let layout = Layout {
            zlib: true,
            ..Layout::default()
        };
        let (text, mut ibd) = imzml(&spectra(), layout);
        let at = ibd.len() - 30;
        ibd[at] ^= 0xff;
        store.put(&uri("a.imzML"), text).await.unwrap();
        store.put(&uri("a.ibd"), ibd).await.unwrap();
        let error = sort_task::run(store.clone(), request("out")).await.unwrap_err();
        assert!(
            said(&error).contains("a.ibd: spectrum 1: the intensity array at byte "),
            "{}",
            said(&error)
        );
        assert_eq!(error.kind(), FaultKind::Malformed);
    });
}

#[test]
fn an_index_is_refused_when_either_file_changed() {
    block_on(async {
        let store = Store::new();
        let a = store_imzml(&store, "a", &spectra(), Layout::default()).await;
        let index = index_task::Request {
            imzml: a.clone(),
            out: None,
            verify: true,
        };
        index_task::run(&store, index).await.unwrap();
        assert!(Dataset::open(&store, &a).await.is_ok());
        for end in ["imzML", "ibd"] {
            let object = uri(&format!("a.{end}"));
            let mut bytes = store.get(&object).await.unwrap().to_vec();
            bytes.push(b' ');
            store.put(&object, bytes).await.unwrap();
            let error = Dataset::open(&store, &a).await.unwrap_err();
            assert!(said(&error).starts_with(&format!(
                "mem://lab/a.imzML.tessera: stale | {object}: the index was built for"
            )));
            assert_eq!(error.kind(), FaultKind::Changed);
            store_imzml(&store, "a", &spectra(), Layout::default()).await;
            let index = index_task::Request {
                imzml: a.clone(),
                out: None,
                verify: true,
            };
            index_task::run(&store, index).await.unwrap();
        }
        store.put(&uri("a.imzML.tessera"), "else").await.unwrap();
        let error = Dataset::open(&store, &a).await.unwrap_err();
        assert_eq!(
            said(&error),
            "mem://lab/a.imzML.tessera: not an index of peaks; index the imzML again"
        );
    });
}

#[test]
fn damaged_segments_are_found_by_page() {
    block_on(async {
        let store = Store::new();
        store_imzml(&store, "a", &spectra(), Layout::default()).await;
        let one = Request {
            size: Size::Segments(NonZero::<u64>::MIN),
            ..request("out")
        };
        sort_task::run(store.clone(), one).await.unwrap();
        let sorted = Sorted::open(&store, &uri("out")).await.unwrap();
        let segment = uri("out/segment-00000.peaks");
        let whole = store.get(&segment).await.unwrap().to_vec();
        let read = async || {
            let plan = sorted.plan(&store, 3000.0, 3000.0).await?;
            fetch(&store, &plan.partitions[0]).await
        };
        assert_eq!(read().await.unwrap().len(), 2);

        let damage = async |at: usize| {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            store.put(&segment, bytes).await.unwrap();
        };
        // Page 1 holds the 4097th to 8192nd peak, m/z 2049 to 4096.
        damage(4096 * 16 + 5).await;
        let error = read().await.unwrap_err();
        assert_eq!(
            said(&error),
            "mem://lab/out/segment-00000.peaks: page 1 at byte 65536 is damaged"
        );
        damage(5).await;
        assert!(read().await.is_ok());
        damage(whole.len() - 1).await;
        assert_eq!(
            said(&read().await.unwrap_err()),
            "mem://lab/out/segment-00000.peaks: its index is broken"
        );
        store.put(&segment, whole[1..].to_vec()).await.unwrap();
        assert_eq!(
            said(&read().await.unwrap_err()),
            "mem://lab/out/segment-00000.peaks: 160059 bytes, but the manifest says 160060"
        );
    });
}

#[test]
fn columns_that_do_not_fit_are_refused() {
    let npy = |descr: &str, rows: usize, bytes: &[u8]| {
        let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({rows},), }}\n");
        let mut all = b"\x93NUMPY\x01\x00".to_vec();
        all.extend((text.len() as u16).to_le_bytes());
        all.extend(text.bytes());
        all.extend(bytes);
        all
    };
    block_on(async {
        let store = Store::new();
        store
            .put(
                &uri("mz.npy"),
                npy("<f8", 2, &[100f64, 200.0].map(f64::to_le_bytes).concat()),
            )
            .await
            .unwrap();
        store
            .put(&uri("i.npy"), npy("<i8", 2, &[1i64, 2].map(i64::to_le_bytes).concat()))
            .await
            .unwrap();
        let input = Input::Npy {
            mz: uri("mz.npy"),
            intensity: uri("i.npy"),
            pixel: uri("p.npy"),
        };
        let sort = async || {
            let size = Size::Segments(NonZero::<u64>::MIN);
            sort_task::run(store.clone(), Request::new(input.clone(), size, uri("out"))).await
        };
        let pixels = [
            (
                npy("<i8", 2, &[0i64, -1].map(i64::to_le_bytes).concat()),
                "cannot use the array | row 1: pixel -1 is not a number of 32 bits",
            ),
            (
                npy("<u4", 1, &[0; 4]),
                "cannot use the array | it has 1 numbers, the m/z column has 2",
            ),
            (
                npy("<f4", 2, &[0; 8]),
                "cannot use the array | its numbers are \"<f8 or <f4, for pixels\"; use <f8, <f4, <i8, <i4, <u8 or <u4",
            ),
            (b"else".to_vec(), "cannot use the array | not a .npy file"),
        ];
        for (bytes, text) in pixels {
            store.put(&uri("p.npy"), bytes).await.unwrap();
            assert_eq!(said(&sort().await.unwrap_err()), format!("mem://lab/p.npy: {text}"));
        }
        store
            .put(&uri("p.npy"), npy("<u8", 2, &[7u64, 9].map(u64::to_le_bytes).concat()))
            .await
            .unwrap();
        assert_eq!(sort().await.unwrap().sorted.peaks, 2);
    });
}
