//! Paths as texts: joined and tidied without looking at a disk.

/// A path that a file says, relative to that file's folder.
pub(crate) fn beside(file: &str, path: &str) -> String {
    if path.starts_with('/') {
        return tidy(path);
    }
    let folder = file.rfind('/').map_or("", |end| &file[..=end]);
    tidy(&format!("{folder}{path}"))
}

/// Without `.`, doubled slashes, and `..` behind a folder that it leaves again.
pub(crate) fn tidy(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            // The parent of the root is the root.
            ".." if path.starts_with('/') => {}
            _ => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (path.starts_with('/'), joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

#[cfg(test)]
mod tests {
    use super::beside;

    #[test]
    fn paths_are_relative_to_the_file_that_says_them() {
        for (file, path, expected) in [
            ("bridge.yaml", "base.yaml", "base.yaml"),
            ("a/bridge.yaml", "../profiles/base.yaml", "profiles/base.yaml"),
            ("../a/bridge.yaml", "../../base.yaml", "../../base.yaml"),
            ("a/b/c.yaml", "./x//y.yaml", "a/b/x/y.yaml"),
            ("a/b.yaml", "/etc/x", "/etc/x"),
            ("/a/b.yaml", "../../../x", "/x"),
        ] {
            assert_eq!(beside(file, path), expected, "{file} + {path}");
        }
    }
}
