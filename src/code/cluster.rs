//! BRG2000-2999: reaching a cluster; BRG3000-3999: planning and applying.

super::codes! {
    UNREACHABLE = 2001, "the cluster does not answer",
        "bridge could not get an answer from the API server of the kubeconfig context. Check that the cluster runs, that you are on its network or VPN, and that the server address in the kubeconfig is right.";
    TLS = 2002, "there is no TLS connection to the cluster",
        "The server's certificate is not signed by the CA in the kubeconfig, names another host, or has expired; or the server refused the client certificate. Compare `certificate-authority-data` and `server` of the kubeconfig with a fresh one from the cluster's provider, and look at the clock of this machine.";
    UNAUTHORIZED = 2003, "the cluster does not accept the credentials",
        "The token or client certificate of the kubeconfig's user is unknown to the API server or has expired. Log in again with the tool that wrote the kubeconfig (aws, gcloud, az, kubelogin), then try `kubectl get --raw /version`.";
    FORBIDDEN = 2004, "the credentials do not allow what bridge has to do",
        "The API server knows the user and denies the request. The message shows the line of `kubectl auth can-i` that asks the same question. Installing Argo CD needs cluster-admin: its application controller may do everything, and Kubernetes lets nobody grant rights that they do not have.";
    KUBECONFIG = 2005, "the kubeconfig cannot be used",
        "bridge reads the files of `--kubeconfig` or KUBECONFIG, else ~/.kube/config, and quotes nothing of them or of what a credential plugin prints, because both hold credentials. `kubectl config view` shows a file with them taken out. It never falls back to a pod's ServiceAccount silently; `--in-cluster` asks for that.";
    NO_CONTEXT = 2006, "the kubeconfig has no such context",
        "The context comes from the hub's `connection.context` in the profile, else from `--context`, else it is the kubeconfig's current one. `kubectl config get-contexts` lists them.";
    NOT_IN_CLUSTER = 2007, "there is no ServiceAccount to use",
        "`--in-cluster` uses the token that Kubernetes mounts into a pod. Outside a pod, leave it out and give a kubeconfig.";
    API = 2008, "the API server answered with an error",
        "The message is the API server's own. If it speaks of a webhook, that webhook's service is not reachable or denied the request; if it speaks of a timeout or of etcd, the control plane is overloaded: wait and run bridge again, it goes on where it stopped.";
    NO_SUCH_KIND = 2009, "the cluster does not know a kind",
        "The kind belongs to an API version that this cluster does not serve, or to a CustomResourceDefinition that is not installed. With `argocd.install: existing`, Argo CD's CustomResourceDefinitions have to be there before.";
    GIVEN_TOKEN = 2010, "the token of a spoke does not work",
        "The token has expired by its own words, or the API server answers 401 to it: it was revoked, or is another cluster's. Argo CD would be given a cluster that it cannot read. bridge reads of a token only when it expires, and shows it to nobody but the server that it is for, once that has proved by its certificate who it is. Best is a `context`, through which bridge makes the token and renews it:\n\n    connection: { context: spoke-dev }\n\n    kubectl --context spoke-dev -n kube-system create token argocd-manager --duration 2160h";
    WRONG_AUTHORITY = 2011, "the certificate of a spoke is not by the authority that is given",
        "The server answers with a certificate that `caData` did not sign, that names another host, or that has expired, so Argo CD would refuse to speak to it. Usually the CA is another cluster's, or the cluster was made anew. It is a warning, because this machine is not Argo CD: another server may answer at a private address here, and where `caData` is left out, Argo CD's image has authorities of its own. No token was sent.\n\n    kubectl config view --raw --minify --context spoke-dev -o jsonpath='{.clusters[0].cluster.certificate-authority-data}'";
    OLD_KUBERNETES = 2012, "a spoke's Kubernetes is older than Argo CD is tested with",
        "Each minor release of Argo CD is tested with four minor releases of Kubernetes. With an older one most things work, and nobody has tried: a warning. bridge itself cannot make an account before v1.22, where server-side apply and bound tokens became stable: there it is an error, and the spoke needs another way to authenticate.\n\n    argocd: { version: v3.4.2 }";
    FOREIGN_INVENTORY = 3001, "the inventory on the hub is not bridge's",
        "bridge records what it owns in the ConfigMap `bridge` in Argo CD's namespace. One that it did not write stands there, so nothing was written or deleted. Rename or remove that ConfigMap if it is not needed.";
    ANOTHER_PROFILE = 3002, "the hub belongs to another profile",
        "The inventory on the hub records another `metadata.name`. Were this profile applied, everything of the other one would be pruned. If the profile was renamed, say so once: `bridge apply --rename-from OLD`. Otherwise check `--profile` and `--context`.";
    CONFLICT = 3003, "somebody else owns what the profile asks for",
        "Fields that the profile sets are owned by another field manager with other values, or the object exists and bridge did not make it. Nothing is taken by force silently: `--force-conflicts KIND/NAME:FIELD` takes one field, `--adopt MANAGER` takes objects over from a tool such as `kubectl-client-side-apply`, `helm` or `HashiCorp` (Terraform).";
    DELETE_NEEDS_CONSENT = 3004, "a deletion this large needs consent",
        "The plan deletes most cluster Secrets, an ApplicationSet, or everything. Where nobody is asked, that needs `--allow-delete KIND/NAME` for each, or `--allow-delete N` for so many deletions over all profiles of the command. If it comes as a surprise, check `--profile` and `--context` first.";
    STALE_PLAN = 3005, "the cluster changed since it was planned",
        "An object was changed between the plan and its application in a way that changes the plan. What was applied before stays; run `bridge plan` again and look at the new plan. A saved plan is compared as a whole before its first write: where every change is the one that was shown, it goes on, whatever else moved.";
    REFUSED = 3006, "the API server refuses an object",
        "The object as the profile asks for it does not pass the API server's validation or an admission webhook. The message is the server's own; the mistake is in the profile, a patch or a template.";
    TERMINATING = 3007, "an object is being deleted",
        "Its deletion has begun and is held up by a finalizer. bridge applies it again once it is gone. `kubectl get KIND NAME -o yaml` shows its finalizers; the controllers that own them have to run.";
    NOT_READY = 3008, "it was applied and is not ready",
        "Everything was written, and some of it did not become ready within `--timeout`, or cannot: a rollout that exceeded its deadline, a Job that failed, an image that could not be had when the kubelet tried again, a container that cannot be made, a crash loop that went on when everything else was ready. What cannot ends the wait at once. Each is listed with what its pods, their last warnings and their logs say. Mend that and run `bridge apply` again, which goes on waiting; `--no-wait` does not wait.";
    INCOMPLETE = 3009, "not everything could be applied",
        "Some objects could not be written; each is listed with its cause. Objects that need them were not tried. Mend the cause and run `bridge apply` again: it goes on where it stopped.";
    REMAINING = 3010, "not everything is gone",
        "Objects whose deletion was asked for are still there, held by finalizers. The inventory keeps them, so that the next run goes on.";
    NO_ARGO_CD = 3011, "Argo CD is not installed",
        "The profile says `argocd.install: existing`, and the cluster lacks Argo CD's CustomResourceDefinitions. Install Argo CD first, or let bridge do it with `install: manifests`.";
    HUB_SECRET = 3012, "a Secret that the profile refers to cannot be read",
        "A `secretRef` names a Secret or a key that does not exist on the hub. The message shows the line of kubectl that looks for it.";
    NO_SUCH_TARGET = 3013, "a target matches nothing",
        "`--target KIND/NAME` names an object that the profile does not ask for. `bridge render` lists them all.";
    ANOTHER_NAMESPACE = 3014, "the profile lives in another namespace of the cluster",
        "The profile has an inventory in another namespace: `argocd.namespace` was changed after a first apply. Applied again, it would own two sets of everything, and nobody would look after the first. Destroy it where it is, with the old namespace in the profile, then apply it in the new one.";
    NO_INVENTORY = 3015, "the inventory is gone",
        "The ConfigMap `bridge` in Argo CD's namespace records what bridge owns, and somebody deleted it while objects of bridge's are still there. Nothing is deleted without that record. `bridge apply` with the same profile writes it again; after that, destroy works.";
    ANOTHER_CLUSTER = 3016, "the address leads to another cluster than before",
        "Right before the first write bridge asks once more which cluster it is (the uid of the namespace kube-system), and it is not the one that the plan was made for and that you approved: the cluster was made anew, or DNS, a proxy or a load balancer leads elsewhere now. A saved plan is for one cluster, too. Nothing was written. Check the kubeconfig, then look at a new plan.";
    LOCKED = 3017, "another apply is running",
        "One apply or destroy runs on a hub at a time; who, stands in the Lease `bridge` in Argo CD's namespace. bridge waits for it as long as `--lock-timeout` says, and wrote nothing but the namespace where that was missing. A holder that was killed loses the lock 10 s after bridge began to watch it: no Lease has to be deleted by hand.";
    LOCK_LOST = 3018, "another apply took the lock over",
        "This apply did not renew its Lease for 10 s, because the API server did not answer or the machine slept, and another one took it over. So this one stopped: two at once could undo each other's work. What was written stays; look at a new plan.";
    STALE_INPUT = 3019, "the profile or a secret changed since the plan was saved",
        "A plan file is applied exactly or not at all. It holds a salted argon2id digest of the profile, its templates and its variables, and one of all secret values together: those that the profile holds or refers to, and those that the plan replaces on the hub. So it can tell that something changed, and not which of the secrets. Nothing was written; save a new plan.";
    IMMUTABLE = 3020, "an object has fields that cannot be changed in place",
        "The profile changes a field that the API server keeps as it is for the life of the object, such as a Deployment's selector, a Service's clusterIP or a RoleBinding's roleRef. `--replace KIND/NAME` allows this one object to be deleted and created anew, as `-/+` in the plan; it is gone in between. Only what bridge made is replaced, of a few kinds of Kubernetes' own, and only where the server would make the new object; of anything else more may go than the object, and the plan shows the steps by hand. A change of the profile that leaves the field alone needs none of it.";
    SPOKE_TOKEN = 3021, "a spoke gives no token that Argo CD could use",
        "bridge makes a token for Argo CD on the spoke and tries it there before the hub gets it. Either none was given, or the API server does not let its holder do what Argo CD has to do.";
    NOT_REGISTERED = 3022, "a spoke has no Secret on the hub yet",
        "`bridge credentials rotate` gives spokes that Argo CD knows another token. It does not register any, and not at another address: `bridge apply` does, with all that belongs to it. Without names the other spokes are rotated, and the run ends with 1.";
    MORE_THAN_TOKENS = 3023, "a rotation would change more than tokens",
        "`bridge credentials rotate` writes tokens and nothing else, so that it can run by a clock. The cluster Secret differs from the profile in more than that: a label, an annotation, its server, how Argo CD trusts the server; or the account on the spoke does. Such a change belongs to an apply, which shows it. Nothing of this spoke was written; without names the others are rotated, and the run ends with 1.";
}
