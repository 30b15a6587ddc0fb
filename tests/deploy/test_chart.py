"""The chart, rendered by Helm's own code and checked against Kubernetes' own schemas; run by `make test-deploy`."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from hulk.apps.settings import SECTIONS
from hulk.runtime.config import load
from support.pages import ROOT

pytestmark = pytest.mark.deploy

CHART = str(ROOT / "deploy" / "helm" / "hulk")
EVERYTHING: Mapping[str, Any] = {
    "image": {"digest": "sha256:" + "a" * 64},
    "imagePullSecrets": [{"name": "registry"}],
    "nats": {"tlsSecret": "nats-tls", "mutualTls": True},
    "blobs": {"existingClaim": "files"},
    "grpc": {"tlsSecret": "hulk-tls"},
    "skillsConfigMap": "skills",
    "settings": {"logging": {"level": "debug"}, "engine": {"weights": {"acme": 3}}},
    "env": [{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "models", "key": "key"}}}],
    "networkPolicy": {"from": [{"podSelector": {"matchLabels": {"app": "gateway"}}}]},
    "serviceMonitor": {"enabled": True},
    "prometheusRule": {"enabled": True},
    "server": {"queues": ["default"], "nodeSelector": {"kubernetes.io/os": "linux"}, "tolerations": [{"operator": "Exists"}]},
}
OF_OPERATORS = {"ServiceMonitor", "PrometheusRule"}
"""Kinds of the Prometheus operator: Kubernetes has no schema of them."""


@pytest.fixture(params=[pytest.param({}, id="defaults"), pytest.param(EVERYTHING, id="everything")])
def objects(request: pytest.FixtureRequest) -> list[Any]:
    """What the chart makes of some values."""
    return list(_rendered(request.param))


def _rendered(values: Mapping[str, Any]) -> Iterator[Any]:
    import helm_python  # 240 MB, installed by `make test-deploy` only

    with helm_python.Chart.load(CHART) as chart:
        made = chart.render(dict(values), name="demo", namespace="prod")
    for file, text in sorted(made.items()):
        if file.endswith(".yaml"):
            yield from (one for one in yaml.safe_load_all(text) if one)


def test_helm_has_nothing_to_complain_of() -> None:
    import helm_python  # 240 MB, installed by `make test-deploy` only

    found = helm_python.lint(CHART)
    assert found["errors"] == []
    assert [one["error"] for one in found["messages"]] == ["icon is recommended"]


def test_objects_are_what_kubernetes_knows_them_as(objects: list[Any]) -> None:
    import kubernetes_validate  # 110 MB of schemas, installed by `make test-deploy` only

    assert {"Deployment", "Service", "ConfigMap", "PodDisruptionBudget", "NetworkPolicy"} <= {one["kind"] for one in objects}
    for one in objects:
        if one["kind"] not in OF_OPERATORS:
            kubernetes_validate.validate(one, "1.37", strict=True)


def test_the_settings_in_the_config_map_are_accepted(objects: list[Any], tmp_path: Any) -> None:
    (settings,) = (one["data"]["hulk.yaml"] for one in objects if one["kind"] == "ConfigMap")
    file = tmp_path / "hulk.yaml"
    file.write_text(settings)
    assert load(SECTIONS, file).nats.replicas == 3


def test_pods_run_as_nobody_with_nothing_but_their_folders(objects: list[Any]) -> None:
    for pod in _pods(objects):
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["automountServiceAccountToken"] is False
        (container,) = pod["containers"]
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
        assert "memory" in container["resources"]["limits"]


def test_no_secret_stands_in_the_objects(objects: list[Any]) -> None:
    assert "Secret" not in {one["kind"] for one in objects}
    for pod in _pods(objects):
        given = {one["name"]: one for one in pod["containers"][0]["env"]}
        for name in ("HULK_STORE__URL", "HULK_NATS__PASS", "HULK_AUDIT__KEY"):
            assert "secretKeyRef" in given[name]["valueFrom"]


def test_services_and_budgets_choose_pods_that_there_are(objects: list[Any]) -> None:
    labels = [one["spec"]["template"]["metadata"]["labels"] for one in objects if one["kind"] == "Deployment"]
    for one in objects:
        if one["kind"] in ("Service", "PodDisruptionBudget"):
            chosen = one["spec"]["selector"].get("matchLabels", one["spec"]["selector"])
            assert sum(chosen.items() <= pod.items() for pod in labels) == 1, one["metadata"]["name"]


def test_a_server_stays_in_the_service_while_the_bus_is_away(objects: list[Any]) -> None:
    probes = {pod["containers"][0]["args"][0]: pod["containers"][0]["readinessProbe"]["httpGet"]["path"] for pod in _pods(objects)}
    assert probes == {"up": "/health", "worker": "/ready"}


def test_workers_anywhere_reach_grpc_at_the_servers_and_nowhere_else(objects: list[Any]) -> None:
    listening = {pod["containers"][0]["args"][0]: [port["name"] for port in pod["containers"][0]["ports"]] for pod in _pods(objects)}
    assert listening == {"up": ["http", "grpc"], "worker": ["http"]}
    reached = [port["targetPort"] for one in objects if one["kind"] == "Service" for port in one["spec"]["ports"]]
    assert reached.count("grpc") == 1
    (policy,) = (one for one in objects if one["kind"] == "NetworkPolicy")
    assert {"port": "grpc"} in policy["spec"]["ingress"][0]["ports"]


def test_grpc_may_be_left_out() -> None:
    assert "grpc" not in {
        port["name"] for pod in _pods(list(_rendered({"grpc": {"enabled": False}}))) for port in pod["containers"][0]["ports"]
    }


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"server": {"replica": 3}}, id="a mistyped key"),
        pytest.param({"workers": {"queues": ["a.b"]}}, id="a queue that is no word"),
        pytest.param({"nats": {"urls": ["http://n1"]}}, id="no address of NATS"),
        pytest.param({"image": {"digest": "latest"}}, id="no digest"),
    ],
)
def test_wrong_values_are_refused(values: dict[str, Any]) -> None:
    import helm_python  # 240 MB, installed by `make test-deploy` only

    with helm_python.Chart.load(CHART) as chart, pytest.raises(helm_python.HelmError):
        chart.validate_schema(values)


def _pods(objects: list[Any]) -> Iterator[Any]:
    yield from (one["spec"]["template"]["spec"] for one in objects if one["kind"] == "Deployment")
