//! BRG1400-1999: templates, manifests, the lock file and secret references.

super::codes! {
    MANIFEST_DIGEST = 1401, "the Argo CD manifest has another digest than the one that is pinned",
        "The bytes that were read are not the ones that bridge.lock, the profile or bridge itself pins. Either the download was tampered with or cut off, or the pin is wrong. Nothing was applied.";
    MANIFEST_UNREADABLE = 1402, "the manifest file cannot be read",
        "The profile names a manifest file with `argocd.manifests.path`. It is looked for relative to the profile's folder. Check the path and its permissions.";
    MANIFEST_INVALID = 1403, "the manifest is no list of Kubernetes objects",
        "Every document of the manifest must be YAML with `apiVersion`, `kind` and `metadata.name`. An HTML page here usually comes from a proxy or a login page that answered in place of the file; a YAML error near the end usually means that the download was cut off.";
    MANIFEST_INCOMPLETE = 1404, "the manifest lacks objects that Argo CD cannot run without",
        "An install manifest holds Argo CD's CustomResourceDefinitions and its application controller. One that lacks them was cut off, or is another file. `namespace-install.yaml` holds no CustomResourceDefinitions: the flavor `namespaced` takes them from the three CRD files beside it.";
    MANIFEST_RUNTIME_OBJECT = 1405, "the manifest declares an object that Argo CD creates itself",
        "Argo CD generates the Secrets argocd-initial-admin-secret and argocd-redis when it starts. If bridge applied them too, every apply would fight with Argo CD and could log everybody out. Remove them from the manifest.";
    FOREIGN_MEMBER = 1406, "the object already belongs to another ApplySet",
        "The label applyset.kubernetes.io/part-of says which inventory an object belongs to, and an object belongs to one only. Remove the label from the manifest or template: bridge writes its own.";
    DUPLICATE_OBJECT = 1407, "two sources declare the same object",
        "Applying both would make each apply change the object twice. Rename one of them, or remove it.";
    RESERVED_SECRET = 1408, "a cluster has the name of one of Argo CD's own Secrets",
        "The Secret of a cluster is called like the cluster. This name is the name of a Secret that Argo CD uses for itself in the same namespace, and writing cluster credentials into it would break Argo CD. Choose another name for the cluster.";
    DOWNLOAD_FAILED = 1420, "the download failed",
        "bridge tried several times and gave up. Check the network and the proxy settings, or put the file into the cache by hand: the message names the place.";
    DOWNLOAD_REFUSED = 1421, "something must be downloaded, and downloads are switched off",
        "`--no-download` never touches the network. Run once without it where there is a network, or put the file where the message says.";
    DOWNLOAD_INSECURE = 1422, "bridge downloads over https only",
        "Without TLS anybody on the way can replace the file. Plain http is allowed for loopback addresses only.";
    DOWNLOAD_TOO_LARGE = 1423, "the download is larger than any manifest",
        "The answer is larger than the limit, so it is not the file that bridge asked for. Check the address and what answers there.";
    NOT_FOUND = 1424, "the address does not exist",
        "The server answered that there is no such file. Usually the version has a typo, or this version has no manifest of this flavor.";
    LOCK_MISSING = 1430, "bridge.lock has no entry for the manifest",
        "With `--locked`, or in CI, bridge uses only files whose digest is pinned in bridge.lock. Run `bridge plan` once on your machine and commit bridge.lock, or add the line that the message shows after checking the digest yourself.";
    LOCK_INVALID = 1431, "bridge.lock cannot be read",
        "bridge.lock is written by bridge. If it was damaged, for example by a merge, restore it from version control or delete it and run `bridge plan`, which writes it again.";
    LOCK_WRITE = 1432, "bridge.lock cannot be written",
        "bridge.lock stands beside the profile and pins the digests of what was downloaded. Check the permissions of the folder.";
    TEMPLATE_SYNTAX = 1440, "the template is not valid",
        "Templates are Tera 2 with the delimiters `<< >>`, `<% %>` and `<# #>`, so that `{{ }}` reaches Argo CD untouched.";
    TEMPLATE_NAME = 1441, "the template uses a name that does not exist",
        "A name that does not exist would quietly count as false inside a condition, so bridge refuses it everywhere. The message lists the names that exist. Labels, annotations and addons are data of the profile: use `| get(key=\"...\", default=\"...\")` where a key may be absent.";
    TEMPLATE_RENDER = 1442, "the template could not be rendered",
        "The template is valid, but a filter or function failed on the values of this profile.";
    TEMPLATE_OUTPUT = 1443, "the template renders something else than ApplicationSets",
        "Every document of a rendered template must be an ApplicationSet of argoproj.io/v1alpha1 with a name that no other template uses, in the namespace of Argo CD. A template that renders nothing is fine.";
    TEMPLATE_FILE_NAME = 1444, "the file is no template",
        "bridge renders `NAME.yaml.tera`. A file whose name begins with `_` is not rendered itself: others may include it.";
    PATCH_TARGET = 1450, "the patch selects no object",
        "No object of the manifest has the kind, group, name and labels of the patch's target. After an upgrade of Argo CD this often means that an object was renamed.";
    PATCH_PATH = 1451, "the patch changes a field that does not exist",
        "JSON Patch needs every parent of its path to exist, and `remove`, `replace` and `test` the field itself; a merge patch can remove only what is there. The message names the closest field that exists.";
    PATCH_TEST = 1452, "a `test` of the patch does not hold",
        "The manifest has another value there than the patch expects. Look at what changed in the manifest before you change the test.";
    PATCH_IDENTITY = 1453, "the patch changes which object it is",
        "A patch may not change apiVersion, kind, name or namespace: the object would be another one, and the patched one would be missing.";
    PATCH_INVALID = 1454, "the patch is no JSON Patch",
        "RFC 6902 wants a list of operations: `- { op: replace, path: /spec/replicas, value: 2 }` with op add, remove, replace, move, copy or test.";
    REWRITE_UNUSED = 1455, "a registry rewrite does nothing",
        "No image of Argo CD's manifest comes from the registry that `argocd.images.registries` rewrites, so every image is still pulled from where it was. Usually the name has a slip, or Argo CD has moved its images. The message names where the images come from. Images that a patch sets are not rewritten.";
    CHECKOUT_PATH = 1470, "the checkout lacks the folder that is pulled",
        "`validate --checkout` joins `basePath` and `path` as ApplicationSets of both dialects do, `{{base}}{{path}}` and `{{base}}/{{path}}`, and looks for that folder. Argo CD would say `app path does not exist`, and nothing of the repository would be applied. The checkout may also be of another branch than `revision`.\n\n    addons: { url: https://git.example.com/acme/addons.git, basePath: argocd, path: appsets }";
    CHECKOUT_TOGGLE = 1471, "no ApplicationSet selects an addon toggle",
        "The addon `x` of a cluster becomes the label `enable_x`, which does something only where an ApplicationSet selects by it. Usually the two sides call it by different names. Where a template, another repository or a folder of templates may still read the label, this is a note or a warning and says so. An addon that is off everywhere is a note.\n\n    clusters: { selector: { matchLabels: { enable_cert_manager: \"true\" } } }";
    CHECKOUT_SELECTOR = 1472, "a selector matches no cluster of the profile",
        "The ApplicationSet generates no Application, without any error in Argo CD. The labels of a cluster are what `bridge render` shows of its Secret: `cluster_name`, `environment` and `env`, `region`, `cloud`, `type`, its teams, `enable_<addon>` and free labels. It is a note where only the addon's toggle is missing, and where a part of a `merge` fills in for no cluster: repositories that many fleets share have many of these.";
    CHECKOUT_SELECTOR_INVALID = 1473, "a selector cannot be read by Argo CD",
        "The API server refuses the ApplicationSet, or its controller stops with an error condition and generates nothing. Labels are texts, so that `true`, `yes` and numbers need quotes; `In` and `NotIn` need values, `Exists` and `DoesNotExist` take none.\n\n    matchLabels: { enable_cert_manager: \"true\" }";
    CHECKOUT_NOT_EVALUATED = 1474, "a part of a checkout was not evaluated",
        "What a template, a Jsonnet program or a repository that the profile does not declare decides is not guessed: everything that is reported about the rest is certain, and nothing is said about this part.";
}
