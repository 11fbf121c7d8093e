//! BRG2000-2999: reaching a cluster; BRG3000-3999: planning and applying.

super::codes! {
    UNREACHABLE = 2001, "the cluster does not answer",
        "bridge could not open a connection to the API server of the kubeconfig context. Check that the cluster runs, that you are on its network or VPN, and that the server address in the kubeconfig is right.";
}
