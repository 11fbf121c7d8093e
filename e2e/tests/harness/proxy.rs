//! The proxy: what it records, what it calls a write, and every way to break a request.

use crate::{config_map, hub};
use bridge_e2e::bridge_cmd::{Bridge, Victim};
use bridge_e2e::cluster::{User, connect};
use bridge_e2e::proxy::{Fault, Matcher, Moment, Proxy};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::{DeleteParams, ListParams, PostParams};
use std::path::Path;
use std::time::Duration;

/// A proxy of a test's own in front of the shared control plane; ConfigMaps through it and past it.
async fn through_proxy() -> (Proxy, Api<ConfigMap>, Api<ConfigMap>) {
    let hub = hub().await;
    let proxy = Proxy::start(hub).await.unwrap();
    let through = Api::namespaced(connect(proxy.access(User::Admin)).await.unwrap(), "default");
    let past = Api::namespaced(hub.client().await.unwrap(), "default");
    (proxy, through, past)
}

#[tokio::test]
async fn it_records_and_counts_writes() {
    let (proxy, maps, _) = through_proxy().await;
    maps.list(&ListParams::default()).await.unwrap();
    let dry_run = PostParams { dry_run: true, ..PostParams::default() };
    maps.create(&dry_run, &config_map("recorded")).await.unwrap();
    maps.create(&PostParams::default(), &config_map("recorded")).await.unwrap();
    maps.delete("recorded", &DeleteParams::default()).await.unwrap();

    let lines: Vec<String> = proxy.requests().iter().map(bridge_e2e::proxy::Recorded::line).collect();
    assert_eq!(lines.len(), 4, "{lines:?}");
    assert!(lines[1].starts_with("POST /api/v1/namespaces/default/configmaps?"), "{lines:?}");
    let writes = proxy.writes();
    assert_eq!(writes.iter().map(|write| write.method.as_str()).collect::<Vec<_>>(), ["POST", "DELETE"]);
    assert_eq!(writes[0].status, Some(201));
    assert!(writes[0].forwarded && !writes[0].broken);
    assert!(writes[0].response_bytes > 1000, "{:?}", writes[0].response_bytes);
    assert!(String::from_utf8_lossy(&writes[0].body).contains("recorded"));
    proxy.reset();
    assert!(proxy.requests().is_empty());
}

#[tokio::test]
async fn it_keeps_each_tokens_rights() {
    let hub = hub().await;
    let proxy = Proxy::start(hub).await.unwrap();
    let restricted = connect(proxy.access(User::Restricted)).await.unwrap();
    let error = Api::<ConfigMap>::all(restricted).list(&ListParams::default()).await.unwrap_err();
    assert!(matches!(&error, kube::Error::Api(status) if status.code == 403), "{error}");
    let kubeconfig =
        kube::config::Kubeconfig::read_from(proxy.kubeconfig("hub", User::Admin).unwrap()).unwrap();
    let options = kube::config::KubeConfigOptions::default();
    let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap();
    kube::Client::try_from(config).unwrap().apiserver_version().await.unwrap();
    assert_eq!(proxy.requests().last().unwrap().path, "/version");
}

#[tokio::test]
async fn a_status_replaces_the_answer() {
    let (proxy, maps, past) = through_proxy().await;
    let fault = Fault::status(409, "Conflict", "made up").header("Retry-After", "1");
    proxy.fail(Matcher::any().method("POST").dry_run(false).nth(2), fault);
    maps.create(&PostParams::default(), &config_map("status-1")).await.unwrap();
    let error = maps.create(&PostParams::default(), &config_map("status-2")).await.unwrap_err();
    assert!(matches!(&error, kube::Error::Api(status) if status.code == 409), "{error}");
    assert_eq!(past.get_opt("status-2").await.unwrap(), None);
    maps.create(&PostParams::default(), &config_map("status-2")).await.unwrap();
    let broken: Vec<bool> = proxy.writes().iter().map(|write| write.broken).collect();
    assert_eq!(broken, [false, true, false]);
}

#[tokio::test]
async fn a_reset_before_and_after_the_server() {
    let (proxy, maps, past) = through_proxy().await;
    for (moment, name, happened) in
        [(Moment::BeforeServer, "reset-before", false), (Moment::BeforeAnswer, "reset-after", true)]
    {
        proxy.reset();
        proxy.fail(Matcher::any().write(true).first(1), Fault::Reset(moment));
        let error = maps.create(&PostParams::default(), &config_map(name)).await.unwrap_err();
        assert!(!matches!(error, kube::Error::Api(_)), "{error}");
        assert_eq!(past.get_opt(name).await.unwrap().is_some(), happened, "{moment:?}");
        assert_eq!(proxy.writes()[0].status, None);
    }
}

#[tokio::test]
async fn half_an_answer_is_an_error() {
    let (proxy, maps, past) = through_proxy().await;
    for (fault, name) in
        [(Fault::Reset(Moment::DuringBody), "half-reset"), (Fault::Truncate, "half-truncated")]
    {
        proxy.reset();
        proxy.fail(Matcher::any().path_contains("/configmaps").method("POST"), fault);
        maps.create(&PostParams::default(), &config_map(name)).await.unwrap_err();
        assert!(past.get_opt(name).await.unwrap().is_some());
        let write = &proxy.writes()[0];
        assert_eq!(write.status, Some(201));
        assert!((500..1500).contains(&write.response_bytes), "{}", write.response_bytes);
    }
}

#[tokio::test]
async fn a_kept_alive_connection_may_be_gone() {
    let (proxy, maps, _) = through_proxy().await;
    proxy.fail(Matcher::any().nth(1), Fault::Reset(Moment::AfterBody));
    maps.create(&PostParams::default(), &config_map("alive")).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    maps.get("alive").await.unwrap();
}

#[tokio::test]
async fn a_hang_lasts_until_the_client_gives_up() {
    let (proxy, maps, past) = through_proxy().await;
    for (moment, name, happened) in
        [(Moment::BeforeServer, "hang-before", false), (Moment::BeforeAnswer, "hang-after", true)]
    {
        proxy.reset();
        proxy.fail(Matcher::any().method("POST"), Fault::Hang(moment));
        let (parameters, map) = (PostParams::default(), config_map(name));
        let create = maps.create(&parameters, &map);
        tokio::time::timeout(Duration::from_millis(500), create).await.unwrap_err();
        assert_eq!(past.get_opt(name).await.unwrap().is_some(), happened, "{moment:?}");
    }
}

#[tokio::test]
async fn a_hook_kills_right_after_the_kth_write() {
    let (proxy, maps, past) = through_proxy().await;
    let victim = Victim::default();
    let sleeper = Bridge::of_binary(Path::new("sleep")).unwrap().arg("60").victim(&victim).spawn().unwrap();
    proxy.on_write(2, move || assert!(victim.kill()));
    maps.create(&PostParams::default(), &config_map("kill-1")).await.unwrap();
    maps.create(&PostParams::default(), &config_map("kill-2")).await.unwrap();
    assert!(past.get_opt("kill-2").await.unwrap().is_some());
    let outcome = sleeper.wait().unwrap();
    assert_eq!(outcome.signal, Some(9), "{outcome}");
}
