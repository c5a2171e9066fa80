//! Products as ESA packs them, made in tests, and what several test files share.
#![allow(dead_code, reason = "each test file uses a part of it")]
use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use bytes::Bytes;
use object_io::Store;
use plan::Uri;

pub(crate) fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.unwrap().block_on(work)
}

pub(crate) fn uri(text: &str) -> Uri {
    text.parse().unwrap()
}

/// A product to be made.
pub(crate) struct Product {
    pub(crate) name: &'static str,
    pub(crate) baseline: &'static str,
    /// Offset of each band by its number in the metadata.
    pub(crate) offsets: &'static [(u8, i32)],
    /// File below `IMG_DATA/`, and which of the given images it holds.
    pub(crate) images: &'static [(&'static str, usize)],
}

pub(crate) const L2A: Product = Product {
    name: "S2B_MSIL2A_20230619T105629_N0509_R094_T30TYN_20230619T135200.SAFE",
    baseline: "05.09",
    offsets: &[(3, -1000), (7, -1000)],
    images: &[
        ("R10m/T30TYN_20230619T105629_B04_10m.jp2", 0),
        ("R10m/T30TYN_20230619T105629_B08_10m.jp2", 1),
        ("R20m/T30TYN_20230619T105629_SCL_20m.jp2", 2),
    ],
};

pub(crate) const OLD_L2A: Product = Product {
    name: "S2A_MSIL2A_20200604T105031_N0214_R094_T30TYN_20200604T135049.SAFE",
    baseline: "02.14",
    offsets: &[],
    images: &[
        ("R10m/T30TYN_20200604T105031_B04_10m.jp2", 1),
        ("R10m/T30TYN_20200604T105031_B08_10m.jp2", 0),
    ],
};

pub(crate) const L1C: Product = Product {
    name: "S2A_MSIL1C_20220612T105621_N0400_R094_T31TCJ_20220612T130519.SAFE",
    baseline: "04.00",
    offsets: &[(3, -1000), (7, -1000)],
    images: &[
        ("T31TCJ_20220612T105621_B04.jp2", 0),
        ("T31TCJ_20220612T105621_B08.jp2", 1),
    ],
};

impl Product {
    fn level(&self) -> &'static str {
        if self.name.contains("MSIL2A") { "2A" } else { "1C" }
    }

    /// `MTD_MSIL2A.xml` or `MTD_MSIL1C.xml`, with the elements of ESA's that matter, in their order.
    pub(crate) fn metadata(&self) -> String {
        let Self { name, baseline, .. } = self;
        let level = self.level();
        let (list, element) = if level == "2A" {
            ("BOA_ADD_OFFSET_VALUES_LIST", "BOA_ADD_OFFSET")
        } else {
            ("Radiometric_Offset_List", "RADIO_ADD_OFFSET")
        };
        let quantification = if level == "2A" {
            r#"<QUANTIFICATION_VALUES_LIST><BOA_QUANTIFICATION_VALUE unit="none">10000</BOA_QUANTIFICATION_VALUE>
<AOT_QUANTIFICATION_VALUE unit="none">1000.0</AOT_QUANTIFICATION_VALUE></QUANTIFICATION_VALUES_LIST>"#
        } else {
            r#"<QUANTIFICATION_VALUE unit="none">10000</QUANTIFICATION_VALUE>"#
        };
        let mut offsets = String::new();
        for (band, offset) in self.offsets {
            offsets.push_str(&format!("<{element} band_id=\"{band}\">{offset}</{element}>\n"));
        }
        let offsets = if offsets.is_empty() {
            String::new()
        } else {
            format!("<{list}>\n{offsets}</{list}>\n")
        };
        format!(
            r#"<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<n1:Level-{level}_User_Product xmlns:n1="https://psd-14.sentinel2.eo.esa.int/PSD/User_Product_Level-{level}.xsd">
    <n1:General_Info>
        <Product_Info>
            <PRODUCT_URI>{name}</PRODUCT_URI>
            <PROCESSING_LEVEL>Level-{level}</PROCESSING_LEVEL>
            <PROCESSING_BASELINE>{baseline}</PROCESSING_BASELINE>
        </Product_Info>
        <Product_Image_Characteristics>
            <Special_Values><SPECIAL_VALUE_TEXT>NODATA</SPECIAL_VALUE_TEXT><SPECIAL_VALUE_INDEX>0</SPECIAL_VALUE_INDEX></Special_Values>
            <Special_Values><SPECIAL_VALUE_TEXT>SATURATED</SPECIAL_VALUE_TEXT><SPECIAL_VALUE_INDEX>65535</SPECIAL_VALUE_INDEX></Special_Values>
            {quantification}
            {offsets}
        </Product_Image_Characteristics>
    </n1:General_Info>
</n1:Level-{level}_User_Product>
"#
        )
    }

    pub(crate) fn image(&self, file: &str) -> String {
        format!(
            "GRANULE/L{}_T30TYN_A032837_20230619T105757/IMG_DATA/{file}",
            self.level()
        )
    }

    /// Puts the product into `folder`, and says where it is.
    pub(crate) async fn put(&self, store: &Store, folder: &Uri, images: &[Bytes]) -> Uri {
        let safe = folder.join(self.name);
        let metadata = format!("MTD_MSIL{}.xml", self.level());
        store.put(&safe.join(&metadata), self.metadata()).await.unwrap();
        store.put(&safe.join("manifest.safe"), "<xfdu:XFDU/>").await.unwrap();
        for (file, image) in self.images {
            store
                .put(&safe.join(&self.image(file)), images[*image].clone())
                .await
                .unwrap();
        }
        safe
    }
}

/// Images of which only the names matter.
pub(crate) fn no_images() -> Vec<Bytes> {
    vec![
        Bytes::from_static(b"red"),
        Bytes::from_static(b"infrared"),
        Bytes::from_static(b"classes"),
    ]
}

/// The folder of real data, if it is there.
pub(crate) fn data() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let data = env::var_os("TESSERA_TEST_DATA").map_or_else(|| root.join("../shared/data"), PathBuf::from);
    if data.is_dir() {
        return Some(data);
    }
    eprintln!("skipped: no real data in {} (TESSERA_TEST_DATA)", data.display());
    None
}

/// Whether an oracle is there; where it must be and is not, the test fails.
pub(crate) fn oracle(program: &str, probe: &[&str]) -> bool {
    if Command::new(program)
        .args(probe)
        .output()
        .is_ok_and(|done| done.status.success())
    {
        return true;
    }
    assert!(env::var_os("TESSERA_REQUIRE_ORACLES").is_none(), "{program} is missing");
    eprintln!("skipped: {program} is missing");
    false
}
