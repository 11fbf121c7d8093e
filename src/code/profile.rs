//! BRG1000-1399: the profile, found offline.

super::codes! {
    YAML_SYNTAX = 1001, "the file is not valid YAML",
        "The YAML parser could not read the file. The message shows the line and column where it gave up; the mistake is there or just before it.";
}
