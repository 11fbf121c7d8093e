module bridge-e2e/tools/argocd

go 1.26.0

// Only the module's folder is read (its manifests); nothing of it is compiled here.
require github.com/argoproj/argo-cd/v3 v3.5.3
