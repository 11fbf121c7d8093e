//! BRG1000-1399: the profile, found offline.

super::codes! {
    // Reading files.
    YAML_SYNTAX = 1001, "the file is not valid YAML",
        "The YAML parser could not read the file. The message shows the line and column where it gave up; the mistake is there or just before it: an unclosed quote or bracket, a missing space after a colon, or a wrong indent. Nothing after that place was checked, because it would be read in the wrong context.\n\n    metadata: { name: acme }   # a space after the colon, and every bracket closed";
    FILE_UNREADABLE = 1002, "a file of the profile cannot be read",
        "The profile, or a base that it extends, is not there, is a folder, is too large, or may not be read by the user that runs bridge. A path in `extends` is relative to the file that says it, not to the folder that bridge runs in.\n\n    extends: [../profiles/base.yaml]";
    NOT_UTF8 = 1003, "the file is not UTF-8",
        "bridge reads UTF-8 only, so that every tool in the chain sees the same characters. Editors on Windows sometimes save UTF-16 or a legacy code page; save the file again as UTF-8 (with or without a byte order mark), or convert it:\n\n    iconv -f UTF-16 -t UTF-8 bridge.yaml > utf8.yaml";
    EMPTY_FILE = 1004, "the file says nothing",
        "The file is empty or has comments only. The smallest profile has a name and a hub; `bridge init` writes a commented one.\n\n    apiVersion: bridge.gitops/v1alpha1\n    kind: Profile\n    metadata: { name: acme }\n    clusters:\n      - { name: hub, role: hub }";
    SEVERAL_DOCUMENTS = 1005, "the file holds several YAML documents",
        "A profile is one document, because one profile owns one inventory on one hub. Only the first was checked. Move what stands after `---` to a file of its own, and name it with `--profile`, or extend it as a base.";
    DUPLICATE_KEY = 1006, "a key stands twice in one map",
        "YAML forbids equal keys in one map, and readers disagree on which one counts, so that one of the two would be lost without a word. Make one of both.\n\n    labels:\n      tier: gold\n      # tier: silver   <- remove one of them";
    TOO_DEEP = 1007, "values nest too deeply",
        "No profile needs more than some ten levels, and a file with hundreds is an attack or an accident. Look for brackets that are opened and never closed.";
    TOO_MANY_ALIASES = 1008, "aliases multiply beyond all measure",
        "An alias of a list of aliases of a list of aliases grows exponentially (the 'billion laughs'). bridge stops before that fills the memory. Write the values out, or put what several profiles share into a base:\n\n    extends: [base.yaml]";
    UNKNOWN_ALIAS = 1009, "an alias has no anchor",
        "`*name` repeats the value that was marked `&name` before it, in the same file. Anchors of a base cannot be used in the file that extends it. A text that starts with `*` has to be quoted:\n\n    destinations:\n      - { name: \"*\", namespace: \"team-a-*\" }";
    KEY_NOT_TEXT = 1010, "a key is not a text",
        "Keys are plain texts here. This one is empty, or a list or a map, which happens when a value that starts with `{` is not quoted:\n\n    metadata:\n      template: \"{{ .name }}\"";
    BAD_MERGE_KEY = 1011, "a merge key does not name a map",
        "`<<` takes over the entries of a map, or of several in a list; entries written beside it win.\n\n    defaults: &defaults { env: dev }\n    cluster: { <<: *defaults, name: spoke }";
    UNKNOWN_TAG = 1012, "a tag means nothing here",
        "bridge knows YAML's own tags such as `!!str`, and none of those that other tools add (`!vault`, `!Ref`, `!reference`). A secret is written as a reference to where it is:\n\n    password: { env: GIT_TOKEN }";
    TAB_INDENTATION = 1013, "a line is indented with a tab",
        "YAML indents with spaces only, because the width of a tab is anybody's guess. Let the editor replace them:\n\n    expand -t 2 bridge.yaml > spaces.yaml";

    // Putting files together.
    API_VERSION = 1030, "the file is of another apiVersion",
        "`apiVersion` says which format the file is written in, so that a later bridge can still read it. This bridge reads one:\n\n    apiVersion: bridge.gitops/v1alpha1";
    KIND = 1031, "the file is of another kind",
        "A file that is named with `--profile` is a `Profile`; one that is named in `extends` is a `ProfileBase`.\n\n    apiVersion: bridge.gitops/v1alpha1\n    kind: Profile";
    EXTENDS_CYCLE = 1032, "`extends` goes in a circle",
        "A file extends another one that, perhaps by way of others, extends the first, so no file is the lowest. The message shows the circle. Two files that need each other's values usually want a third that both extend.\n\n    # a.yaml and b.yaml:\n    extends: [shared.yaml]";
    NOT_A_BASE = 1033, "the file that is extended is a profile",
        "Only a `kind: ProfileBase` can be extended, so that nobody applies a half by mistake, and nobody changes another inventory by editing a profile that is also a base. Move what both share to a base:\n\n    apiVersion: bridge.gitops/v1alpha1\n    kind: ProfileBase\n    argocd: { version: v3.5.3 }";
    PROFILE_IS_BASE = 1034, "a base cannot be used by itself",
        "The file is a `kind: ProfileBase`: a part that profiles extend. It has no name, and so no inventory. Name a profile that extends it, or make one:\n\n    apiVersion: bridge.gitops/v1alpha1\n    kind: Profile\n    metadata: { name: acme }\n    extends: [base.yaml]";

    // Variables.
    UNDEFINED_VARIABLE = 1050, "a variable is not declared",
        "Every `${var.x}` has to be declared under `variables`, in the profile or in a base, so that a slip of the keyboard is found here and not in a cluster.\n\n    variables:\n      vpc_id: { description: VPC of the hub }";
    VARIABLE_WITHOUT_VALUE = 1051, "a variable has no value",
        "The variable has no default, and no value was given. Values come from the environment, from files, and from the command line, each winning over the one before:\n\n    BRIDGE_VAR_vpc_id=vpc-1 bridge plan\n    bridge plan --var-file outputs.json\n    bridge plan --var vpc_id=vpc-1";
    UNDECLARED_VALUE = 1052, "a value is given for a variable that nobody declared",
        "On the command line that is an error, because it is written for this very run and most likely misspelt. In a file of values it is a warning, because files are shared; the outputs of `terraform output -json` and BRIDGE_VAR_ variables that no profile declares are left alone.\n\n    variables:\n      region: { default: eu-west-1 }";
    VARIABLE_FILE = 1053, "a file of variable values cannot be used",
        "A `--var-file` is a map of names to texts, in YAML or JSON, or what `terraform output -json` prints. Its values are never shown, so no line of it is quoted.\n\n    vpc_id: vpc-0a1b2c\n    region: eu-west-1";
    VARIABLE_NOT_TEXT = 1054, "the value of a variable is not a text",
        "Variables are texts, because they are put into texts. Lists and maps of an infrastructure have to be taken apart first, for example in Terraform:\n\n    output \"private_subnet_a\" { value = module.vpc.private_subnets[0] }";
    SENSITIVE_ON_COMMAND_LINE = 1055, "a sensitive variable is given on the command line",
        "Arguments are seen by every user of the machine, kept in the shell's history, and printed by CI systems; the query of a Terraform data source is kept in the state. Use the environment or a file that only you can read:\n\n    export BRIDGE_VAR_git_token\n    bridge apply --var-file secrets.yaml";
    SENSITIVE_MISPLACED = 1056, "a sensitive variable is used outside a credential",
        "A sensitive value in a label, an annotation, an address or a patch would be shown in plans and stored in clear in the cluster, where ApplicationSet templates copy it on. It may only be the `value` of a credential:\n\n    credentials:\n      username: git\n      password: { value: \"${var.git_token}\" }";
    BAD_INTERPOLATION = 1057, "what stands in `${ }` is no variable",
        "`${var.NAME}` is the only thing that bridge replaces; there are no functions and no environment variables in it, so that a profile means the same everywhere. For a `${` that has to reach Argo CD as it is, double the dollar sign:\n\n    region: ${var.region}\n    argument: $${HOME}";
    SENSITIVE_DEFAULT = 1058, "a sensitive variable has a default",
        "A default is written into the profile, and the profile is in git. Leave the default out, and give the value by the environment or a file.\n\n    variables:\n      git_token: { sensitive: true }";
    VARIABLE_NAME = 1059, "a variable has an impossible name",
        "A name of a variable is letters, digits, `_` and `-`, and starts with a letter or `_`, as in Terraform.\n\n    variables:\n      vpc_id: { default: \"\" }";
    VARIABLE_NOT_ALLOWED = 1060, "a variable is used where none can be",
        "`extends` and the defaults of variables are read before any variable has a value. Write the text out.";
    INTERPOLATION_TOO_LARGE = 1061, "variables make the profile too large",
        "The values of variables may add 64 MiB to a profile, which is more than any inventory needs. A long value that is used many times, or in what aliases repeat, multiplies. Use shorter values, or write what is repeated into a base:\n\n    extends: [base.yaml]";

    // The shape of values.
    UNKNOWN_KEY = 1100, "the profile has a key that bridge does not know",
        "Unknown keys are never ignored: most are slips of the keyboard, and the setting that was meant would silently stay at its default. The fix names the key that comes closest, or all keys of this place. `bridge schema` prints the JSON schema that editors use for completion:\n\n    # yaml-language-server: $schema=./bridge.schema.json";
    MISSING_KEY = 1101, "a key that is needed is not there",
        "The map cannot be understood without this key. A key that is there without a value counts as missing; an overlay can write `key: null` to take away what a base says.";
    WRONG_TYPE = 1102, "a value is of the wrong kind",
        "The message says what was expected and what was found. Numbers and booleans without quotes are taken as texts wherever a text is expected. Booleans are strictly `true` and `false`; a quoted \"true\" is a text. Lists are written in one of two ways:\n\n    teams: [team-a, team-b]\n    teams:\n      - team-a\n      - team-b";
    INVALID_CHOICE = 1103, "a value is none of those that are possible",
        "The key takes one of a few words, and this is none of them. The fix names the closest one, or all of them.\n\n    argocd: { flavor: ha }   # standard, ha, core or namespaced";
    INVALID_NAME = 1104, "a name breaks the rule of its kind",
        "Names of clusters, namespaces, projects and Secrets are Kubernetes names: lower-case letters, digits and `-`. A cluster's name is also a label value and part of Application names, so it has at most 63 characters.\n\n    clusters:\n      - { name: spoke-dev }";
    INVALID_NUMBER = 1105, "a value is not the whole number that is needed",
        "The key counts something, or names something by a number. Write digits without a sign, a decimal point or a unit; a variable may stand for the number.\n\n    shard: 1";
    EMPTY_VALUE = 1106, "a value is empty",
        "The key is there, but its text is empty, and an empty text means nothing here. Write a value, or remove the key to take the default.";
    DUPLICATE_ENTRY = 1107, "a list says the same thing twice",
        "The list is a set, so the second entry changes nothing; most likely another one was meant. Remove it, or write what was meant.\n\n    teams: [team-a, team-b]";
    DUPLICATE_NAME = 1108, "two things have the same name",
        "Names tell the items of a list apart: a base and the profile that extends it are merged by them, and they become names of objects. Two cluster Secrets of one name make Argo CD's cluster generator drop one of them.\n\n    clusters:\n      - { name: hub, role: hub }\n      - { name: spoke-dev }";
    UNUSED_SETTING = 1109, "a setting does nothing here",
        "Another setting of the profile makes this one idle. bridge goes on, but what it says will not happen; remove it, or change the other one.\n\n    argocd: { install: existing }   # then version, flavor, images and patches are somebody else's";

    // Secrets.
    SECRET_LITERAL = 1120, "a secret is written into the profile",
        "A profile is in git, and so is everything in it, for ever. Write where the secret is instead of what it is. In tests, `allowLiteral: true` beside `value` lets it pass.\n\n    password: { env: GIT_TOKEN }\n    password: { file: /run/secrets/git-token }\n    password: { exec: [pass, show, git] }\n    password: { secretRef: { name: git, key: token } }\n    password: { value: \"${var.git_token}\" }   # the variable is sensitive";
    SECRET_REFERENCE = 1121, "a reference to a secret is not complete",
        "A reference says exactly one place: `env`, `file`, `exec`, `secretRef` or `value`.\n\n    password: { env: GIT_TOKEN }\n    keyData: { file: keys/client.key }";
    URL_PASSWORD = 1122, "an address holds a password",
        "Addresses are shown in plans, in Applications and in Argo CD's UI, so a password or token in one is public. Write it as a credential of the repository:\n\n    repositories:\n      - name: addons\n        url: https://git.example.com/acme/addons.git\n        credentials: { username: git, password: { env: GIT_TOKEN } }";

    // Argo CD.
    ARGOCD_VERSION = 1140, "the version of Argo CD is not a release",
        "Versions are pinned to a release tag, with its `v`. Moving names such as `stable` or `latest` would install something else tomorrow, and no digest can be pinned for them.\n\n    argocd: { version: v3.5.3 }";
    MANIFEST_SOURCE = 1141, "it is not clear where the manifest comes from",
        "`manifests` names a file or an https address, and an address needs the digest of what it must return, because the manifest gets cluster-wide rights. Without `manifests` the official release is taken, whose digest bridge.lock pins.\n\n    argocd:\n      manifests:\n        url: https://mirror.example.com/argo-cd/v3.5.3/install.yaml\n        sha256: 0000000000000000000000000000000000000000000000000000000000000000";
    SHA256 = 1142, "the digest is not a SHA-256",
        "A digest is 64 lower-case hexadecimal digits, without `sha256:` before them.\n\n    sha256sum install.yaml";
    IMAGE_REGISTRY = 1143, "the text is not an image registry",
        "Registries are hosts as image names start with them, perhaps with a port and a path, without a scheme and without a slash at the end. The longest match is replaced.\n\n    images:\n      registries:\n        quay.io: mirror.example.com/quay";
    PATCH_OPERATION = 1144, "a patch does not have exactly one operation",
        "A patch is either a list of JSON 6902 operations or a merge patch. Two changes are two patches, applied in order.\n\n    patches:\n      - target: { kind: Deployment, name: argocd-server }\n        merge: { spec: { replicas: 2 } }";
    PATCH_SYNTAX = 1145, "the operations are not JSON 6902",
        "Each operation has `op`, `path` and, where it adds or replaces, `value`. A path starts with `/`; a `/` inside a key is written `~1`, a `~` is `~0`.\n\n    json6902:\n      - { op: replace, path: /spec/replicas, value: 2 }\n      - { op: add, path: /metadata/labels/acme.example~1tier, value: gold }";
    NAMESPACED_CLUSTER_WIDE = 1146, "something cluster-wide does nothing on a namespaced hub",
        "`flavor: namespaced` installs Argo CD with Roles instead of ClusterRoles, so on its own cluster it cannot manage cluster-scoped resources. Spokes are not affected. Choose `standard` where the hub needs them.\n\n    argocd: { flavor: standard }";
    INSTALL_HELM = 1147, "installing by Helm is not in this version",
        "bridge installs Argo CD from its official manifests, or waits for somebody else's installation. With a chart that you install yourself, write:\n\n    argocd: { install: existing }";

    // Repositories.
    DUPLICATE_REPOSITORY = 1170, "two repositories have the same address",
        "Argo CD looks credentials up by address and takes the first Secret it finds; with two it takes either, and another one after a restart. A trailing slash, `.git` and upper case make no difference.";
    REPOSITORY_URL = 1171, "the address of a repository is not valid",
        "Git is reached by https, http or ssh. Charts are reached by https, or, with `type: helm-oci`, by a registry that is written without a scheme, as Argo CD wants it.\n\n    url: https://git.example.com/acme/addons.git\n    url: git@git.example.com:acme/addons.git\n    url: registry.example.com/charts   # type: helm-oci";
    CREDENTIALS_MISSING = 1172, "a repository cannot be read without credentials",
        "SSH always asks for a key. Declare the repository with one, or credentials for all addresses that start alike:\n\n    repositories:\n      - name: acme\n        scope: prefix\n        url: git@git.example.com:acme/\n        credentials: { sshPrivateKey: { file: keys/deploy } }";
    CREDENTIALS_CONFLICT = 1173, "a repository has several ways to authenticate",
        "Argo CD uses one of them, and which one depends on its version. Keep one of `username` with `password`, `bearerToken`, `sshPrivateKey` and `githubApp`.";
    CREDENTIALS_SCHEME = 1174, "the credentials do not fit the address",
        "An SSH key is used with SSH addresses only, and everything else with HTTP addresses only; Argo CD would read the repository without any.\n\n    url: git@git.example.com:acme/addons.git\n    credentials: { sshPrivateKey: { file: keys/deploy } }";
    CREDENTIALS_INCOMPLETE = 1175, "the credentials are not complete",
        "A user name needs a password and the other way round. Where a server takes a token, it goes in place of the password, and most servers accept any user name beside it.\n\n    credentials: { username: git, password: { env: GIT_TOKEN } }";
    PROXY_URL = 1176, "the address of a proxy is not valid",
        "A proxy is an http or https address with a host, and perhaps a port; in front of an API server it may be a socks5 one. A password in it would be stored in clear.\n\n    proxy: http://proxy.example.com:3128";

    // GitOps sources.
    GIT_PATH = 1200, "a path leaves the repository",
        "Paths in `gitops` are relative to the root of the repository, and ApplicationSets join `basePath` and `path` to one. `..`, a slash at the start and backslashes do not work there.\n\n    addons: { url: https://git.example.com/acme/addons.git, basePath: argocd, path: appsets }";
    SET_WITHOUT_SOURCE = 1201, "a root ApplicationSet has settings but no source",
        "The root ApplicationSets exist for the sources that `gitops` declares. Settings for another one would do nothing.\n\n    gitops:\n      workloads: { url: https://git.example.com/acme/workloads.git, path: workloads }\n    applicationSets:\n      workloads: { perCluster: true }";

    // Projects.
    PROJECT_ALLOWS_NOTHING = 1220, "a project allows nothing",
        "A project without `sourceRepos` or `destinations` refuses every Application. Only `default` may be locked in this way.\n\n    projects:\n      - name: team-a\n        sourceRepos: [https://git.example.com/acme/*]\n        destinations: [{ name: \"*\", namespace: \"team-a-*\" }]";
    PROJECT_FORBIDS_ITSELF = 1221, "a project forbids its own source or destination",
        "An entry that starts with `!` wins over all others, so what it covers is not allowed whatever else the list says. The same is reported for a cluster or repository that belongs to a project which does not have it in its lists.\n\n    sourceRepos: [https://git.example.com/acme/*, \"!https://git.example.com/acme/secret.git\"]";
    DESTINATION = 1222, "a destination does not name one cluster",
        "A destination names clusters by `name` or by `server`, never by both: Argo CD refuses an Application that matches both. Patterns have to be quoted.\n\n    destinations:\n      - { name: \"spoke-*\", namespace: team-a }";
    ROLE_POLICY = 1223, "a role has a policy that it cannot have",
        "Policies of a project's role start with the role's own name, and end with objects of the project. Argo CD refuses the whole project otherwise.\n\n    roles:\n      - name: deployer\n        policies: [\"p, proj:team-a:deployer, applications, sync, team-a/*, allow\"]";
    SYNC_WINDOW_SCHEDULE = 1224, "the schedule of a sync window is not valid",
        "A schedule is the five fields of cron: minute, hour, day of the month, month, day of the week (0 to 6, from Sunday). Argo CD only logs what it cannot read, and the window never opens.\n\n    schedule: \"0 22 * * 1-5\"";
    SYNC_WINDOW_DURATION = 1225, "the duration of a sync window is not valid",
        "Durations are written as Go writes them: numbers with `h`, `m` or `s`, without spaces. There is no unit for days.\n\n    duration: 1h30m";
    SYNC_WINDOW_TIME_ZONE = 1226, "the time zone of a sync window is not valid",
        "A time zone is a name of the IANA database. An offset such as `+02:00` is not one, because it would ignore daylight saving.\n\n    timeZone: Europe/Berlin";
    SYNC_WINDOW_SELECTOR = 1227, "a sync window selects nothing",
        "A window is for applications, namespaces or clusters; without any of the three it has no effect.\n\n    syncWindows:\n      - { kind: deny, schedule: \"0 22 * * *\", duration: 8h, applications: [\"*\"] }";

    ROOT_SET_FORBIDDEN = 1228, "the project `default` forbids what the root ApplicationSets generate",
        "The Applications of the root ApplicationSets are in Argo CD's project `default`. A profile that declares this project, or a base that locks it, has to allow the repositories of `gitops` and Argo CD's own namespace on the hub. Otherwise Argo CD refuses those Applications and pulls nothing, while the ApplicationSets look well.\n\n    projects:\n      - name: default\n        sourceRepos: [https://git.example.com/acme/addons.git]\n        destinations: [{ server: https://kubernetes.default.svc, namespace: argocd }]";

    // Clusters.
    NO_HUB = 1240, "no cluster is the hub",
        "Exactly one cluster of a profile runs Argo CD, and its Secret has to exist even if nothing is deployed to it: the cluster generator of ApplicationSets leaves the local cluster out without it.\n\n    clusters:\n      - { name: hub, role: hub }";
    SEVERAL_HUBS = 1241, "two clusters are the hub",
        "A profile describes one Argo CD and the clusters it deploys to. Two hubs are two profiles, which may extend the same base.\n\n    extends: [fleet.yaml]";
    DUPLICATE_SERVER = 1242, "two clusters have the same API server",
        "Argo CD knows a cluster by its server. Two Secrets for one make every merge generator on `server` fail, and Applications end up in either. A trailing slash, upper case and the default port make no difference.";
    RESERVED_LABEL = 1243, "a label is not free",
        "The label is written by bridge from a field of the cluster, or by Argo CD itself. Written by hand it would say one thing where the Secret's name and annotations say another. Use the field:\n\n    clusters:\n      - { name: spoke-dev, env: dev, region: eu-west-1, addons: { cert_manager: true } }";
    RESERVED_ANNOTATION = 1244, "an annotation is not free",
        "The annotation is written by bridge from the profile, or by Argo CD itself. The addresses of repositories come from `gitops`:\n\n    gitops:\n      addons: { url: https://git.example.com/acme/addons.git, path: appsets }";
    LABEL_COLLISION = 1245, "two parts of a cluster want the same label",
        "A team becomes the label `<team>: \"true\"`, so it cannot have the name of a label that means something else. Rename the team or the label.\n\n    teams: [team-a]\n    labels: { tier: gold }";
    LABEL_KEY = 1246, "the key of a label is not valid",
        "A key is a name of at most 63 letters, digits, `-`, `_` and `.`, with an alphanumeric at both ends, and perhaps a DNS name and `/` before it. A team is such a key too.\n\n    labels: { acme.example/tier: gold }";
    LABEL_VALUE = 1247, "the value of a label is not valid",
        "Kubernetes allows at most 63 letters, digits, `-`, `_` and `.`, with an alphanumeric at both ends. Longer and freer texts are annotations: ApplicationSets can read those as well, but not select by them.\n\n    labels: { tier: gold }\n    metadata: { domains: \"a.example.com,b.example.com\" }";
    ANNOTATION_KEY = 1248, "the key of an annotation is not valid",
        "The key of an annotation keeps the same rule as that of a label: at most 63 letters, digits, `-`, `_` and `.`, and perhaps a DNS name and `/` before it.\n\n    metadata: { aws_vpc_id: vpc-1 }";
    ADDON_NAME = 1249, "the name of an addon is not valid",
        "An addon `x` becomes the label `enable_x`, so its name is at most 56 letters, digits, `-`, `_` and `.`, written without `enable_`.\n\n    addons: { cert_manager: true, metrics_server: false }";
    ANNOTATIONS_TOO_LARGE = 1250, "the annotations of a cluster are too large",
        "Kubernetes allows 256 KiB for all annotations of an object, keys and values together, and refuses the whole Secret above that. Annotations are for addresses and identifiers; keep documents in a repository or a ConfigMap.";

    // Connections.
    NO_CONNECTION = 1260, "a spoke has no connection",
        "Argo CD needs the address of the spoke's API server, and a way to authenticate there.\n\n    connection:\n      server: https://spoke.example.com:6443\n      caData: LS0tLS1CRUdJTi...\n      token: { env: SPOKE_TOKEN }";
    SPOKE_CONTEXT = 1261, "the context of a spoke does not fit",
        "By a kubeconfig context bridge itself reaches the spoke: it takes the address and the authority from there, and makes an account for Argo CD. It has to be another cluster than the hub, and the kubeconfig has to have it:\n\n    kubectl config get-contexts\n    clusters:\n      - { name: spoke-dev, connection: { context: spoke-dev } }";
    SERVER_URL = 1262, "the address of an API server is not valid",
        "The server is an http or https address with a host, perhaps a port and a path, and no user, query or fragment. IPv6 addresses stand in brackets.\n\n    server: https://spoke.example.com:6443\n    server: https://[2001:db8::1]:6443";
    LOOPBACK_SERVER = 1263, "the server of a spoke is a loopback address",
        "Argo CD connects from its own pod, where 127.0.0.1 and localhost are the pod itself. This is what a kubeconfig of kind or a tunnel holds; take the address of the container or the load balancer. Where a test wants exactly this, allow it:\n\n    connection: { server: https://127.0.0.1:6443, allowLoopback: true }";
    IN_CLUSTER_SPOKE = 1264, "a spoke has the address of the hub",
        "`kubernetes.default.svc` leads every pod to its own cluster, so for Argo CD this is the hub. Write the address that the spoke has from outside.\n\n    server: https://spoke.example.com:6443";
    CA_WITH_INSECURE = 1265, "a CA is given and not used",
        "`insecure: true` does not check the server's certificate, so the CA beside it does nothing; the client library refuses both together. Keep the CA.\n\n    connection: { server: https://spoke.example.com, caData: LS0tLS1CRUdJTi... }";
    CA_DATA = 1266, "the CA is not a certificate",
        "`caData` is the base64 of a PEM file, as in a kubeconfig's `certificate-authority-data`.\n\n    base64 -w0 ca.crt";
    SEVERAL_AUTHENTICATIONS = 1267, "a cluster has several ways to authenticate",
        "Argo CD takes the first of `awsAuth` and `exec`, and ignores `token` and `basic` beside them; of the rest its client refuses a token with a user name. Keep one of `token`, `clientCertificate`, `basic`, `awsAuth` and `exec`, so that what is written is what is used.";
    NO_AUTHENTICATION = 1268, "a cluster has no way to authenticate",
        "Without one, Argo CD connects as `system:anonymous`, which may do nothing. Cloud identities are best, because nothing has to be rotated:\n\n    awsAuth: { clusterName: spoke, roleArn: \"arn:aws:iam::111122223333:role/argocd\" }\n    exec: { command: argocd-k8s-auth, args: [gcp] }\n    token: { env: SPOKE_TOKEN }";
    CERTIFICATE_WITHOUT_KEY = 1269, "a client certificate is not complete",
        "A client certificate proves nothing without its private key. The certificate is public and stands in the profile; the key is a reference.\n\n    clientCertificate: { certData: LS0tLS1CRUdJTi..., keyData: { file: client.key } }";
    CERTIFICATE_DATA = 1270, "the client certificate is not a certificate",
        "`certData` is the base64 of a PEM file, as in a kubeconfig's `client-certificate-data`.\n\n    base64 -w0 client.crt";
    HUB_CONNECTION = 1271, "the hub has a connection from outside",
        "Argo CD reaches the cluster it runs in as `https://kubernetes.default.svc`, with its own service account. It ignores `caData`, `clientCertificate`, `awsAuth` and `exec` there, and a `token` or `basic` would take the place of that account. Only `context` means something here: how bridge reaches the hub.\n\n    clusters:\n      - { name: hub, role: hub, connection: { context: hub-admin } }";
    TOKEN_LIFETIME = 1272, "the lifetime of a token is not valid",
        "Kubernetes issues tokens for ten minutes at least; many servers shorten long ones. `unlimited` asks for a token Secret, which never expires and has to be revoked by hand.\n\n    connection: { context: spoke-dev, serviceAccount: { tokenLifetime: 2160h } }";

    // Clusters that bridge makes.
    PROVIDER_CONNECTION = 1280, "a cluster that bridge makes has a connection",
        "How a kind cluster is reached follows from its name: bridge takes the kubeconfig context `kind-NAME`, and the hub's pods reach a spoke by the name of its container, `https://NAME-control-plane:6443`. A connection beside that would be another cluster. In a profile that extends one with connections, `null` takes them away:\n\n    clusters:\n      - { name: spoke-dev, provider: kind, connection: null }";
    KIND_WITHOUT_PROVIDER = 1281, "`kind` stands on a cluster that bridge does not make",
        "The settings of `kind` are for clusters that `bridge up` makes. Without `provider: kind` the cluster is somebody else's, and they would do nothing.\n\n    clusters:\n      - { name: hub, role: hub, provider: kind, kind: { image: \"kindest/node:v1.36.1\" } }";
    KIND_HUB = 1282, "the hub of a kind cluster is none",
        "A kind cluster has its API server in a container, whose name only other containers of the engine's network resolve. A hub elsewhere would never reach it. Make the hub with kind too, or register a cluster that the hub reaches, with a `connection`:\n\n    clusters:\n      - { name: hub, role: hub, provider: kind }\n      - { name: spoke-dev, provider: kind }";
    KIND_NAME = 1283, "the name of a kind cluster is not valid",
        "kind names the container, the node and its host name after the cluster, with `-control-plane` behind it, and a host name has at most 63 characters. So the name has at most 49 lower-case letters, digits, `-` and `.`. Where the cluster's own name is longer, give kind another one:\n\n    clusters:\n      - { name: hub, role: hub, provider: kind, kind: { name: acme-hub } }";
    KIND_NAME_TWICE = 1284, "two clusters are the same kind cluster",
        "kind knows a cluster by its name on the machine, so two clusters of one name are one. Names that a profile does not set are those of its clusters.\n\n    clusters:\n      - { name: hub, role: hub, provider: kind, kind: { name: acme-hub } }\n      - { name: spoke-dev, provider: kind, kind: { name: acme-dev } }";
    NODE_IMAGE = 1285, "the node image is no name of an image",
        "A node image is named as in `docker pull`: a registry, parts in lower case, and a tag or a digest or both. kind's release notes list those that were built for it.\n\n    kind: { image: \"kindest/node:v1.36.1@sha256:...\" }";
    NODE_IMAGE_MOVES = 1286, "the node image is another one tomorrow",
        "Without a tag, or with `latest`, the engine takes what the registry or the machine happens to have, so that the same profile makes a cluster of another Kubernetes version elsewhere. Name a version, best with its digest, or leave `image` out: each release of kind has an image of its own.\n\n    kind: { image: \"kindest/node:v1.36.1@sha256:...\" }";
    PORT = 1287, "a port cannot be published",
        "A port is a number from 1 to 65535. kind would take 0 as any free one, which no profile could then name. The node's API server (6443) is published by kind itself; the kubeconfig has its address.\n\n    kind:\n      ports:\n        - { host: 8443, node: 30443 }";
    PORT_TWICE = 1288, "two clusters publish the same port of this machine",
        "A port of an address can be published once for each protocol, over all clusters of the profile; `0.0.0.0` and `::` stand for every address. Another host port, or another address of the machine, keeps them apart:\n\n    ports: [{ host: 8443, node: 30443 }]\n    ports: [{ host: 8444, node: 30443 }]";
    LISTEN_ADDRESS = 1289, "the address to listen on is not an IP address",
        "A port is published on an address of this machine, as digits: names are not resolved here. Without one it is 127.0.0.1, which nobody else reaches.\n\n    ports: [{ host: 8443, node: 30443, address: 0.0.0.0 }]";
    MOUNT_PATH = 1290, "a mount is where none can be",
        "On the node a mount has an absolute path, and covers nothing that Kubernetes, kind or the engine keep there, such as `/etc/kubernetes` and `/var`; files below, such as `/var/lib/kubelet/config.json`, may be mounted. `/etc/bridge` is bridge's own: by what is there it knows the clusters that it made. Engines separate paths with a colon, so that none may have one.\n\n    mounts: [{ host: ./charts, node: /charts }]";
    MOUNT_TWICE = 1291, "two mounts have the same path on the node",
        "Engines refuse a second mount on a path, and the cluster would not be made. A mirror of a registry is a file in `/etc/containerd/certs.d` on the node, so that no mount can be there where `mirrors` are set.\n\n    mounts:\n      - { host: ./charts, node: /charts }\n      - { host: ./data, node: /data }";
    REGISTRY_MIRROR = 1292, "a registry mirror is not valid",
        "A registry is written as image names start with it, a host and perhaps a port; `_default` is each one without an entry. Its mirrors are http or https addresses as the node reaches them, for example the name of a container on the engine's network: a loopback address would be the node itself. Without a path they are asked at `/v2`; a path is taken as it stands, `https://harbor.example/v2/proxy`.\n\n    mirrors: { docker.io: [\"http://mirror:5000\"] }";
    NODE_LABEL = 1293, "the label is not for a node to set",
        "A kubelet refuses to start with labels below `kubernetes.io` and `k8s.io` that are not its own, and the cluster would never be ready. Those of `node.kubernetes.io`, and all of your own domains, are free.\n\n    kind: { labels: { ingress-ready: \"true\" } }";
    KIND_EXISTING = 1294, "nobody installs Argo CD on a cluster that bridge makes",
        "`bridge up` makes an empty cluster, and `install: existing` waits for an Argo CD that somebody else installs there. Where nothing does so in the meantime, it waits in vain.\n\n    argocd: { install: manifests }";
}
