//! BRG4000-4999: how bridge was called.

super::codes! {
    NO_PROFILE = 4001, "there is no profile",
        "bridge reads `bridge.yaml` in the current folder unless `--profile` or BRIDGE_PROFILE names another file. `bridge init` writes a first one.";
    UNREADABLE_FILE = 4002, "a file cannot be read",
        "The operating system refused to hand out the file, or it is a device, a pipe or larger than the limit (64 MiB; 1 MiB for a file that holds a secret). Check the path, which counts from the current folder, and the permissions.";
    USAGE = 4003, "the command line cannot be understood",
        "An option, its value or the combination of options makes no sense. `bridge COMMAND --help` shows what there is.";
    CONTEXT_MISMATCH = 4004, "the profile and `--context` name different clusters",
        "The hub's `connection.context` in the profile and `--context` (or BRIDGE_CONTEXT) are both given and differ. bridge does not guess which of them is meant, because the wrong one could be another company's production. Leave `--context` out, or change the profile.";
    CONTEXT_NOT_NAMED = 4005, "nothing names the cluster",
        "Neither the profile nor `--context` names a cluster, so the kubeconfig's current context would be used, which any other tool may have switched. That is fine where a person confirms it; with `--auto-approve` it is refused. Write `connection.context` into the hub's entry of the profile, or give `--context`.";
    NOT_A_TERMINAL = 4006, "nobody can be asked",
        "The plan needs an approval, and standard input or standard error is no terminal. In a pipeline, look at the output of `bridge plan` first and then run with `--auto-approve`.";
    DECLINED = 4007, "the plan was not approved",
        "The answer was not `yes`, spelled out, so nothing was written. In a pipeline, `--auto-approve` takes the place of the answer.";
    WOULD_OVERWRITE = 4008, "a file is in the way",
        "`bridge init` never overwrites a file, and `bridge plan --out` only a plan file. Remove or rename the existing one, or give another name.";
    NO_SUCH_OUTPUT = 4009, "the command has no such output",
        "`--output` takes another set of formats for each command; the message lists them.";
    UNKNOWN_CODE = 4010, "there is no such code",
        "`--explain` takes the code of a finding or an error, such as BRG3003, as bridge prints it.";
    SECRET_UNRESOLVED = 4012, "a secret reference cannot be resolved",
        "A credential in the profile stands elsewhere: in an environment variable, a file, the output of a command or a Secret on the hub. What it refers to does not exist, is empty or failed. The message never shows the value itself. bridge takes values of 6 characters and more out of every text that it prints, in any usual encoding; shorter ones are in too many words and are masked only where they stand in a Secret.";
    EXEC_NOT_ALLOWED = 4013, "a credential command was not run",
        "The profile names a command whose output is a secret. Where CI is set, and neither `false` nor `0`, bridge runs no command of a profile, because a pull request could change it, unless `--allow-exec` says that this one is trusted.";
    INTERRUPTED = 4014, "bridge was interrupted",
        "The request in flight was finished and no other was begun. What was written is recorded in the inventory on the hub, so running the same command again goes on where it stopped.";
    OUTPUT_FAILED = 4015, "the output cannot be written",
        "Standard output was closed, its disk is full, or the folder of a file cannot be written. Nothing of it is a fault of the profile or the cluster.";
    NO_CACHE = 4016, "there is no place for the cache",
        "bridge keeps downloads in the cache folder of the user (XDG_CACHE_HOME, else ~/.cache), and this user has no home folder. Set BRIDGE_CACHE_DIR.";
    PLAN_FILE = 4017, "the file is no plan that this bridge can apply",
        "`bridge apply PLANFILE` takes what `bridge plan --out FILE` wrote: one JSON document of the format that this version reads. It is damaged, of another version, or something else altogether; a profile is named with `-f`. A plan file is never mended by hand: make it again.";
    SAME_HUB = 4018, "two profiles are for the same Argo CD",
        "Two profiles of one command lead to the same namespace of the same cluster. One Argo CD has one profile: each of two would remove what the other one made. Usually a profile was copied and its `connection.context` was not changed, or `--context` was given for all of them. Nothing was written, to none of the hubs. Profiles for two Argo CDs in two namespaces of one cluster take turns.\n\n    clusters:\n      - { name: hub, role: hub, connection: { context: hub-eu } }";
    INTERNAL = 4999, "bridge has a bug",
        "bridge came into a state that its authors thought impossible. Please report it with the command line and the output of the same run with `-vv`; neither holds a secret.";
}
