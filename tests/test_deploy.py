"""Compose and Kubernetes: valid, hardened, and of commands, settings and paths that exist."""

import json
import subprocess
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import neo4j
import pytest
import typer
import yaml

from api.app import create_app
from api.current import Current
from graph.errors import TryLaterError, UsageError
from graph.store import NEO4J_SCHEMES, open_store
from modelkin.cli import app
from modelkin.schedule import seconds
from modelkin.settings import Settings
from tests import reference
from tests.neo4j_server import Neo4jServer

DEPLOY = Path(__file__).parent.parent / "deploy"
SECRETS = Path("/run/secrets")
SECRET_SUFFIXES = ("_FILE", "_PATH")
NEO4J_URLS = tuple(f"{scheme}://" for scheme in NEO4J_SCHEMES)

COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
OURS = {name: part for name, part in COMPOSE["services"].items() if part["image"] == "modelkin"}

KUSTOMIZATION: dict[str, Any] = yaml.safe_load(
    (DEPLOY / "kubernetes" / "kustomization.yaml").read_text()
)
MANIFESTS: dict[str, dict[str, Any]] = {
    f"{manifest['kind']}/{manifest['metadata']['name']}": manifest
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    if path.name != "kustomization.yaml"
    for manifest in yaml.safe_load_all(path.read_text())
}
JOB: dict[str, Any] = MANIFESTS["CronJob/modelkin-ingest"]["spec"]["jobTemplate"]["spec"]
API: dict[str, Any] = MANIFESTS["Deployment/modelkin-api"]["spec"]
PODS: dict[str, dict[str, Any]] = {
    "ingest": JOB["template"]["spec"],
    "api": API["template"]["spec"],
}


def container(pod: dict[str, Any]) -> dict[str, Any]:
    (only,) = pod["containers"]
    return dict(only)


def parse(arguments: list[str]) -> tuple[str, dict[str, Any]]:
    """Read a command line as modelkin would; an option that is none is an error."""
    root: Any = typer.main.get_command(app)
    context = root.make_context("modelkin", list(arguments), resilient_parsing=True)
    name, command, rest = root.resolve_command(context, arguments)
    return name, command.make_context(name, rest).params


def configuration() -> dict[str, str]:
    (generator,) = KUSTOMIZATION["configMapGenerator"]
    return dict(literal.split("=", 1) for literal in generator["literals"])


def environments() -> Iterator[tuple[str, dict[str, str]]]:
    for name, service in OURS.items():
        yield f"compose {name}", service["environment"]
    for name, pod in PODS.items():
        given = {entry["name"]: entry["value"] for entry in container(pod)["env"]}
        yield f"Kubernetes {name}", configuration() | given


def test_the_compose_file_is_valid() -> None:
    schema = files("check_jsonschema.builtin_schemas.vendor").joinpath("compose-spec.json")
    jsonschema.validate(COMPOSE, json.loads(schema.read_text()))


@pytest.mark.parametrize("version", ["1.31", kubernetes_validate.latest_version()])
@pytest.mark.parametrize("name", MANIFESTS)
def test_manifests_are_valid(name: str, version: str) -> None:
    kubernetes_validate.validate(MANIFESTS[name], version, strict=True)


def test_commands_exist() -> None:
    assert parse(OURS["ingest"]["command"])[0] == "run"
    seconds(parse(OURS["ingest"]["command"])[1]["every"], "--every")
    check, modelkin, *arguments = OURS["ingest"]["healthcheck"]["test"]
    assert (check, modelkin) == ("CMD", "modelkin")
    assert parse(arguments)[0] == "status"
    name, options = parse(container(PODS["ingest"])["args"])
    assert (name, options["every"]) == ("run", None)
    for arguments in OURS["api"]["command"], container(PODS["api"])["args"]:
        name, options = parse(arguments)
        assert (name, options["host"], options["port"]) == ("serve", "0.0.0.0", 8000)


def test_variables_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    page = reference.settings()
    for where, environment in environments():
        with monkeypatch.context() as patch:
            for name, value in environment.items():
                assert f"| `{name}` |" in page, (where, name)
                patch.setenv(name, value)
            assert Settings().store.startswith(NEO4J_URLS), where


def test_neo4j_has_the_settings_that_its_image_writes(neo4j_server: Neo4jServer) -> None:
    with (
        neo4j.GraphDatabase.driver(
            neo4j_server.url, auth=(neo4j_server.username, neo4j_server.password)
        ) as driver,
        driver.session(database="neo4j") as session,
    ):
        known = {record["name"] for record in session.run("SHOW SETTINGS YIELD name")}
    names = set(COMPOSE["services"]["neo4j"]["environment"]) - {"NEO4J_AUTH_FILE"}
    assert len(names) >= 3
    for name in names:
        setting = name.removeprefix("NEO4J_").replace("_", ".").replace("..", "_")
        assert setting in known


def test_secrets_are_files_that_are_there_and_stay_out_of_the_repository() -> None:
    for name, secret in COMPOSE["secrets"].items():
        path = DEPLOY / secret["file"]
        subprocess.run(["git", "check-ignore", "--quiet", path], cwd=DEPLOY, check=True)
        assert path.name == name
    for service in COMPOSE["services"].values():
        named = {v for n, v in service["environment"].items() if n.endswith(SECRET_SUFFIXES)}
        assert named == {str(SECRETS / name) for name in service["secrets"]}
        assert set(service["secrets"]) <= set(COMPOSE["secrets"])
    assert "Secret/modelkin" not in _applied()
    keys = set(MANIFESTS["Secret/modelkin"]["stringData"])
    for pod in PODS.values():
        (mount,) = (m for m in container(pod)["volumeMounts"] if m["name"] == "secrets")
        (volume,) = (v["secret"] for v in pod["volumes"] if v["name"] == "secrets")
        assert volume["secretName"] == "modelkin"
        given = {item["path"] for item in volume.get("items", [])} or keys
        assert given <= keys
        named = {e["value"] for e in container(pod)["env"] if e["name"].endswith(SECRET_SUFFIXES)}
        assert named == {f"{mount['mountPath']}/{key}" for key in given}


def _applied() -> set[str]:
    paths = [DEPLOY / "kubernetes" / name for name in KUSTOMIZATION["resources"]]
    return {
        f"{manifest['kind']}/{manifest['metadata']['name']}"
        for path in paths
        for manifest in yaml.safe_load_all(path.read_text())
    }


def test_the_kustomization_applies_all_but_the_secret() -> None:
    assert _applied() == set(MANIFESTS) - {"Secret/modelkin"}
    (image,), (generator,) = KUSTOMIZATION["images"], KUSTOMIZATION["configMapGenerator"]
    for pod in PODS.values():
        assert container(pod)["image"] == image["name"]
        assert container(pod)["envFrom"] == [{"configMapRef": {"name": generator["name"]}}]
    assert MANIFESTS["Secret/modelkin"]["metadata"]["namespace"] == KUSTOMIZATION["namespace"]
    assert MANIFESTS["Namespace/modelkin"]["metadata"]["name"] == KUSTOMIZATION["namespace"]


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_services_can_do_no_more_than_they_need(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    assert {"mem_limit", "stop_grace_period"} <= set(service)
    assert "privileged" not in service
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    volumes = {volume.split(":")[0] for volume in service["volumes"]}
    assert volumes <= set(COMPOSE["volumes"])
    if name in OURS:
        assert service["read_only"]
        assert service["depends_on"] == {"neo4j": {"condition": "service_healthy"}}
        assert "/var/cache/modelkin" in {volume.split(":")[1] for volume in service["volumes"]}
    else:
        assert service["user"].split(":")[0].isdecimal()
        assert service["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", PODS)
def test_pods_are_of_the_restricted_profile(name: str) -> None:
    pod, only = PODS[name], container(PODS[name])
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert only["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert not pod["automountServiceAccountToken"]
    assert set(only["resources"]["requests"]) == {"cpu", "memory"}
    assert "memory" in only["resources"]["limits"]
    assert {mount["name"] for mount in only["volumeMounts"]} == {v["name"] for v in pod["volumes"]}
    cache = next(m["mountPath"] for m in only["volumeMounts"] if m["name"] == "cache")
    assert cache == "/var/cache/modelkin"


def test_probes_and_ports_are_those_of_the_server(tmp_path: Path) -> None:
    with open_store(str(tmp_path / "store")) as store:
        paths = {
            getattr(route, "path", "") for route in create_app(Current(store, tmp_path)).routes
        }
    only = container(PODS["api"])
    (port,) = only["ports"]
    for probe, path in ("startup", "/healthz"), ("liveness", "/healthz"), ("readiness", "/readyz"):
        assert only[f"{probe}Probe"]["httpGet"] == {"path": path, "port": port["name"]}
        assert path in paths
    assert port["containerPort"] == parse(only["args"])[1]["port"]
    (published,) = OURS["api"]["ports"]
    assert published.endswith(f":{port['containerPort']}")
    (served,) = MANIFESTS["Service/modelkin-api"]["spec"]["ports"]
    assert served["targetPort"] == port["name"]


def test_selectors_select_the_pods_of_the_api() -> None:
    labels = API["template"]["metadata"]["labels"]
    assert labels != JOB["template"]["metadata"]["labels"]
    (spread,) = PODS["api"]["topologySpreadConstraints"]
    budget = MANIFESTS["PodDisruptionBudget/modelkin-api"]["spec"]
    for part in API, spread | {"selector": spread["labelSelector"]}, budget:
        assert part["selector"] == {"matchLabels": labels}
    assert MANIFESTS["Service/modelkin-api"]["spec"]["selector"] == labels
    assert budget["maxUnavailable"] < API["replicas"]


def test_a_job_is_tried_again_where_that_may_help() -> None:
    assert MANIFESTS["CronJob/modelkin-ingest"]["spec"]["concurrencyPolicy"] == "Forbid"
    assert PODS["ingest"]["restartPolicy"] == "Never"
    assert JOB["backoffLimit"] > 3
    drained, *codes = JOB["podFailurePolicy"]["rules"]
    assert drained["action"] == "Ignore"
    name = container(PODS["ingest"])["name"]
    assert {code["action"]: code["onExitCodes"] for code in codes} == {
        action: {"containerName": name, "operator": "In", "values": [error.exit_code]}
        for action, error in (("FailJob", UsageError), ("Count", TryLaterError))
    }
