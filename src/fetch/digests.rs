//! Digests of the manifests of the releases that bridge is tested with, so that even the first download is checked.

use std::fmt::Write as _;

use sha2::Digest;

use crate::profile::names::{ArgoCdVersion, Sha256};

/// One release: its tag, and its files with their digests.
type Release = (&'static str, &'static [(&'static str, &'static str)]);

/// Computed from the files of the tags; a tag of Argo CD never moves.
const RELEASES: &[Release] = &[
    (
        "v3.5.3",
        &[
            ("core-install.yaml", "1a87025d8eb2eae621653fd312fb9ca51df1b4b3b6992a030e3a9ef38e45c448"),
            ("crds/application-crd.yaml", "5dde0e229249b6b707beb98674c1deae3949d5c319a6c45b9f5a80c99618e40c"),
            (
                "crds/applicationset-crd.yaml",
                "7d282054f41ca2b71a22bab04a8caf0000e07e53a62432e6ea292dae5ab4f07d",
            ),
            ("crds/appproject-crd.yaml", "ab225266944322750136f1198d93786e4a79a0e43c8d149abfba44da30a3eac8"),
            ("ha/install.yaml", "9b93be301ff1a7897a00677cb9f530f395fb1bdd346219af4ba68a46144cd604"),
            ("install.yaml", "7efe2d6bbc03f63623640f1e4198f16c84009d510fb810ef71e56df1b7614ba9"),
            ("namespace-install.yaml", "df727dfc83666dbcc78dceef969505cf9c1659af774c64f9c08a204b09bd7dba"),
        ],
    ),
    (
        "v3.5.1",
        &[
            ("core-install.yaml", "cb6bbcc84e1ab601f43364afd401fb0a7831536d07da74393c9edb1196f80500"),
            ("ha/install.yaml", "1d7b6baa0769ff8a5757c61e2c677ae0939a15e86e149f64df6b12435db5c4b2"),
            ("install.yaml", "795a3a972224da6a7f9d32c3e946445f062b60fb46028476715affeb688236e3"),
            ("namespace-install.yaml", "d4502267b57f8047006b6405f4737c273d79762459670b51d202fd4fa6f48f5c"),
        ],
    ),
    (
        "v3.4.7",
        &[
            ("core-install.yaml", "d49d49a2d9d8913c33ec841ff2ad9e17c860cf53fd6712ee77debefc29aa956e"),
            ("ha/install.yaml", "e7290b677c7453e6346eeee774c1e947b7e7f04cba315734423dbc0d53b7fc5b"),
            ("install.yaml", "11016889371e4b1e3754b7ba2494b36ab1111338bd2362d499abe3ff2f63c906"),
            ("namespace-install.yaml", "afd5459faf797f28922f405bebd4979b6d6d266892f5c7bf5a25a52c4121db52"),
        ],
    ),
    (
        "v3.3.14",
        &[
            ("core-install.yaml", "56d98879d3c1d52e2a4733ee9d647571413bc72a54b045aec4a4f44e87802af7"),
            ("ha/install.yaml", "7906559e4402f67c07cc4dbe6209aa4c66bc7906a6e12ce5de3438c475cca850"),
            ("install.yaml", "74fe2e5b57b1ca652078c262e057b563efc4dcd317d734479185c2623177aea8"),
            ("namespace-install.yaml", "d4542bf82deb62e71634449814943fdb68e0783d8e5d3db354ce1c95221fc833"),
        ],
    ),
    (
        "v3.2.12",
        &[
            ("core-install.yaml", "8c8107eb77dc535f1a42cf54203d7052400fb95c8ec27d04d1fc7f2d5ba559ef"),
            ("ha/install.yaml", "b00066f67d60e7400ff1962373a5a59aa93310c1083307de77b5def7ab9b2262"),
            ("install.yaml", "1097a8e8cdc1ed00831ec35338584ecaa2f79d29868fc0c2c5be61cce96253b8"),
            ("namespace-install.yaml", "7a3f113f32628786ea81b3fe5965bec95342787432906747334909ade0b01dd4"),
        ],
    ),
    (
        "v3.1.16",
        &[
            ("core-install.yaml", "430ff9d3804ef9545880c7a0e6d6bf8493c0c9c8db33659bdd6abb524865079d"),
            ("ha/install.yaml", "4ec1dd334bb5c00e8f51a107f295a7bcb93afc48a1a1c78a9133d664fa65a44f"),
            ("install.yaml", "e2f69ec0c5fd716cc9122e5c66470827214595f32b4348b1c3b11de8f5fa7f47"),
            ("namespace-install.yaml", "b6dca21763ab2bc41d6bbd96b67d6d546063e8ac2ff9f587ff7373654c19371e"),
        ],
    ),
    (
        "v3.0.23",
        &[
            ("core-install.yaml", "9f9194467b38c9be6cb3ee445f72c486608333a9d49c4c0f0dbe3e968e804335"),
            ("ha/install.yaml", "cc0ab73082b6ff684a1fde222d5294fddddba6fed701088a994926b0a2ad12a1"),
            ("install.yaml", "aa2443cddd637f8da20a123c53176a96b923fcfacd6d215212e582e221a0d5f7"),
            ("namespace-install.yaml", "9f0ce8a86b6da327516c9446857eb7258fd1a8fb8ab7d73baefb8180cda366b5"),
        ],
    ),
    (
        "v2.14.21",
        &[
            ("core-install.yaml", "9e79d2029f6f7a89477b911c94149f6a436ec27ae70c9423ad211eb821fe4715"),
            ("ha/install.yaml", "0fd3798afc491023fc4fae35961e976a7cfdcd611a67abbf333443cee720f44c"),
            ("install.yaml", "ee39d40847bbb36154ebcdf2f5c93e0a9001ab60131afb60dbe42981a069699e"),
            ("namespace-install.yaml", "e0a60dcfa152e8717d7ae6d95aeffdcb5e36faf9a9924657746d4bc32ec58150"),
        ],
    ),
];

/// The digest of a file of a release that bridge knows.
#[must_use]
pub fn built_in(version: &ArgoCdVersion, file: &str) -> Option<Sha256> {
    let (_, files) = RELEASES.iter().find(|(tag, _)| *tag == version.as_str())?;
    let (_, digest) = files.iter().find(|(name, _)| *name == file)?;
    digest.parse().ok()
}

/// The digest of bytes.
#[must_use]
pub fn of(bytes: &[u8]) -> Sha256 {
    let digest = sha2::Sha256::digest(bytes);
    let mut hex = String::with_capacity(64);
    for byte in digest {
        // Writing to a String cannot fail.
        let _written = write!(hex, "{byte:02x}");
    }
    hex.parse().unwrap_or_else(|_| unreachable!("32 bytes are 64 hexadecimal digits"))
}

#[cfg(test)]
mod tests {
    use super::{RELEASES, of};
    use crate::profile::names::{ArgoCdVersion, Sha256};

    #[test]
    fn the_table_is_well_formed() {
        for (tag, files) in RELEASES {
            tag.parse::<ArgoCdVersion>().unwrap();
            assert!(files.len() >= 4, "{tag}");
            for (file, digest) in *files {
                digest.parse::<Sha256>().unwrap_or_else(|error| panic!("{tag} {file}: {error}"));
            }
        }
    }

    #[test]
    fn digests_are_sha_256() {
        assert_eq!(of(b"").as_str(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
