//! A secret in any place of a profile where people put one by mistake is in no finding and no excerpt.

use bridge::profile::{Loaded, VariableValues, load};

/// Nothing that any text of bridge has, and nothing that is close to a key.
const MARKER: &str = "zq7hunter";

const HEAD: &str = "apiVersion: bridge.gitops/v1alpha1\nkind: Profile\nmetadata: { name: acme }\n";

/// Each value that a credential can be mistaken for, with `S` for the secret.
const SHAPES: &[&str] = &[
    "S",
    "\"S\"",
    "[S]",
    "[a, [S]]",
    "{ S }",
    "{ S: x }",
    "{ from: S }",
    "{ Xalue: S }",
    "{ value: S }",
    "{ value: { x: S } }",
    "{ value: [S] }",
    "{ value: \"S${foo}\" }",
    "\"${S}\"",
    "{ env: \"S-x\" }",
    "{ env: [S] }",
    "{ exec: S }",
    "{ exec: [{ x: S }] }",
    "{ secretRef: S }",
    "{ secretRef: { name: \"A S\", key: k } }",
    "{ allowLiteral: S }",
    "{ value: a, value: S }",
    "{ S, S }",
    "hun, S",
    "*S",
    "!S",
    "!S x",
    "&S",
    "&S x",
    "{ <<: S }",
    "{ <<: *S }",
    "a: S",
    "@S",
    "\"a\" S",
    "'S",
    "\"S",
    "[S",
    "{S",
    "\"\\S\"",
    "{ ? [S] : x }",
    "{ x: y } # S",
    "|S",
    "{ a: { b: { c: S } } }",
];

/// Each place of a credential, with `V` for its value.
const PLACES: &[&str] = &[
    "repositories: [{ name: a, url: \"https://h/a\", credentials: { username: u, password: V } }]",
    "repositories: [{ name: a, url: \"https://h/a\", credentials: { username: u, pasword: V } }]",
    "repositories: [{ name: a, url: \"https://h/a\", credentials: V }]",
    "repositories:\n  - name: a\n    credentials:\n      username: u\n      password: V\n      bogus: x",
    "repositories:\n  - name: a\n    credentials:\n      sshPrivateKey: V",
    "repositories:\n  - name: a\n    credentials:\n      githubApp: { appId: V, installationId: V, privateKey: V }",
    "clusters:\n  - name: a\n    connection:\n      token: V",
    "clusters:\n  - name: a\n    connection:\n      token: { env: A }\n      token: V",
    "clusters:\n  - name: a\n    connection:\n      tokn: V",
    "clusters:\n  - name: a\n    connection:\n      bearer: V",
    "clusters:\n  - name: a\n    connection:\n      basic: V",
    "clusters:\n  - name: a\n    connection:\n      basic: { username: V, password: V }",
    "clusters:\n  - name: a\n    connection:\n      clientCertificate: { certData: V, keyData: V }",
    "clusters:\n  - name: a\n    connection:\n      exec: { command: x, env: V }",
    "clusters:\n  - name: a\n    connection:\n      exec: { command: x, env: { A: V } }",
    "variables: { x: { value: V } }",
    "variables: { x: { sensitve: true, default: V } }",
    "variables: { x: { sensitive: true, default: V } }",
    "argocd: { patches: [{ target: { kind: Deployment }, merge: V }] }",
    "argocd: { patches: [{ target: { kind: Deployment }, json6902: [{ op: add, path: /data, value: V }] }] }",
];

fn assert_hidden(text: &[u8]) {
    let shown = String::from_utf8_lossy(text).into_owned();
    let Loaded { findings, sources, .. } =
        load("bridge.yaml", &VariableValues::default(), &|_| Ok(text.to_vec()));
    assert!(!findings.is_empty(), "{shown}");
    for finding in &findings {
        assert!(!format!("{finding:?}").contains(MARKER), "{finding:?}\n{shown}");
        let source = finding.location.as_ref().map_or("", |location| &location.source.text);
        assert!(!source.contains(MARKER), "an excerpt shows\n{source}");
    }
    assert!(sources.iter().all(|source| !source.text.contains(MARKER)), "{shown}");
    let rendered = bridge::report::finding::render(&findings, &Default::default());
    assert!(!rendered.contains(MARKER), "{rendered}");
}

#[test]
fn a_secret_in_a_place_of_a_credential_is_never_shown() {
    for place in PLACES {
        for shape in SHAPES {
            let text = format!("{HEAD}{}\n", place.replace('V', &shape.replace('S', "\u{1}")));
            // The shapes' own letters come first, so that the places' letters stay.
            assert_hidden(text.replace('\u{1}', MARKER).as_bytes());
        }
    }
}

#[test]
fn a_secret_beside_a_broken_byte_is_never_shown() {
    for place in PLACES {
        let mut text = format!("{HEAD}{}", place.replace('V', MARKER)).into_bytes();
        text.extend(b"\xFF\n");
        assert_hidden(&text);
    }
}
