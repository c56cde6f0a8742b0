"""The image: what can be said of its Dockerfile and its lock without a container engine."""

import ast
import io
import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import pytest
from docker.utils.build import exclude_paths
from dockerfile_parse import DockerfileParser
from huggingface_hub import constants
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from modelkin import __version__
from tests.neo4j_server import free_port

ROOT = Path(__file__).parent.parent
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
RUNTIME = ROOT / "requirements" / "runtime.txt"


@pytest.fixture(scope="module")
def dockerfile() -> Any:
    return DockerfileParser(fileobj=io.BytesIO(DOCKERFILE.read_bytes()))


def values(dockerfile: Any, instruction: str) -> list[str]:
    return [step["value"] for step in dockerfile.structure if step["instruction"] == instruction]


def context() -> list[Path]:
    """The files that a build is given, relative to the root."""
    patterns = (ROOT / ".dockerignore").read_text().splitlines()
    patterns = [line for line in patterns if line and not line.startswith("#")]
    found = [Path(path) for path in exclude_paths(str(ROOT), patterns)]
    return [path for path in found if (ROOT / path).is_file()]


def pins(lock: Path) -> Iterator[tuple[Requirement, int]]:
    """Each requirement of a lock, and how many hashes it has."""
    for entry in re.split(r"\n(?=\S)", lock.read_text().strip()):
        yield Requirement(entry.split("\\")[0]), entry.count("--hash=sha256:")


def test_hadolint_has_nothing_to_say() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    ended = subprocess.run([hadolint, DOCKERFILE], capture_output=True, text=True, check=False)
    assert (ended.stdout, ended.returncode) == ("", 0)


def test_the_base_is_a_slim_python_that_modelkin_runs_on(dockerfile: Any) -> None:
    argument, image = values(dockerfile, "ARG")[0].split("=")
    assert [value.split(" AS ")[0] for value in values(dockerfile, "FROM")] == [
        f"${{{argument}}}"
    ] * 2
    version = re.fullmatch(r"python:(3\.\d+)-slim-[a-z]+", image)
    assert version is not None
    assert f"Programming Language :: Python :: {version[1]}" in PROJECT["classifiers"]


def test_it_runs_modelkin_as_nobody_special(dockerfile: Any) -> None:
    user, group = values(dockerfile, "USER")[-1].split(":")
    assert int(user) > 0 < int(group)
    (entry,) = json.loads(values(dockerfile, "ENTRYPOINT")[0])
    assert entry in PROJECT["scripts"]
    assert values(dockerfile, "STOPSIGNAL") == ["SIGTERM"]
    assert dockerfile.labels["org.opencontainers.image.version"] == __version__
    assert dockerfile.labels["org.opencontainers.image.licenses"] == PROJECT["license"]


def test_all_that_is_written_goes_to_volumes_of_the_user(dockerfile: Any) -> None:
    volumes = json.loads(values(dockerfile, "VOLUME")[0])
    user = values(dockerfile, "USER")[-1].split(":")[0]
    (made,) = (run for run in values(dockerfile, "RUN") if f"--owner={user}" in run)
    assert set(made.split()) >= set(volumes)
    for name in ("HOME", "TMPDIR", "HF_HOME", "MODELKIN_CACHE", "MODELKIN_STORE"):
        assert any(Path(dockerfile.envs[name]).is_relative_to(volume) for volume in volumes), name
    for name in dockerfile.envs:
        assert not name.startswith("HF_") or hasattr(constants, name), name


def test_what_is_copied_is_there_and_nothing_else_is_sent(dockerfile: Any) -> None:
    copies = [value.split()[:-1] for value in values(dockerfile, "COPY") if "--from" not in value]
    sources = [Path(source) for sources in copies for source in sources]
    sent = context()
    for source in sources:
        assert any(path.is_relative_to(source) for path in sent), source
    loose = {p for p in sent if not any(p.is_relative_to(source) for source in sources)}
    assert loose <= {Path(".dockerignore"), Path("deploy/Dockerfile")}
    assert not any("__pycache__" in path.parts for path in sent)
    for run in values(dockerfile, "RUN"):
        for name in re.findall(r"requirements/\S+", run):
            assert Path(name) in sent


def test_the_wheel_of_the_image_has_every_file_of_the_packages(tmp_path: Path) -> None:
    for path in context():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "dist"]
    subprocess.run(build, cwd=tmp_path, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").iterdir()
    tracked = subprocess.run(
        ["git", "ls-files", "modelkin", "ingest", "api", "graph"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert len(tracked) > 100
    assert {p for p in tracked if (ROOT / p).exists()} <= set(zipfile.ZipFile(wheel).namelist())


def test_the_health_check_asks_a_server(dockerfile: Any, tmp_path: Path) -> None:
    _, _, command = values(dockerfile, "HEALTHCHECK")[0].partition("CMD")
    python, option, code = ast.literal_eval(command.strip())
    assert (python, option) == ("python", "-c")
    port = free_port()
    check = [sys.executable, "-c", code.replace(values(dockerfile, "EXPOSE")[0], str(port))]
    assert subprocess.run(check, capture_output=True, check=False).returncode != 0
    serve = ["-m", "modelkin", "serve", "--port", str(port), "--store", str(tmp_path / "store")]
    with subprocess.Popen([sys.executable, *serve], stdout=subprocess.PIPE) as server:
        try:
            assert server.stdout is not None
            assert server.stdout.readline().startswith(b"modelkin serves")
            subprocess.run(check, check=True)
            not_found = [part.replace("/healthz", "/sick") for part in check]
            assert subprocess.run(not_found, capture_output=True, check=False).returncode == 1
        finally:
            server.terminate()


def test_the_runtime_lock_is_in_step() -> None:
    """What modelkin needs, and all that those need, is in it with hashes; and nothing of tests."""
    locked: dict[str, list[Requirement]] = {}
    for pin, hashes in pins(RUNTIME):
        assert hashes > 0, pin
        locked.setdefault(canonicalize_name(pin.name), []).append(pin)
    dev = {str(pin): hashes for pin, hashes in pins(ROOT / "requirements" / "dev.txt")}
    assert {str(pin) for pins in locked.values() for pin in pins} <= set(dev)
    to_do = [Requirement(text) for text in PROJECT["dependencies"]]
    for needed in to_do:
        name = canonicalize_name(needed.name)
        pins_of = [pin for pin in locked[name] if not pin.marker or pin.marker.evaluate()]
        assert len(pins_of) == 1, name
        (version,) = pins_of[0].specifier
        assert needed.specifier.contains(version.version), needed
        for text in requires(name) or ():
            found = Requirement(text)
            extras = [{"extra": extra} for extra in ("", *needed.extras)]
            wanted = not found.marker or any(found.marker.evaluate(extra) for extra in extras)
            if wanted and found not in to_do:
                to_do.append(found)
    assert "typing-extensions" in {canonicalize_name(needed.name) for needed in to_do}
    extra = PROJECT["optional-dependencies"]["neo4j-local"]
    assert not {canonicalize_name(Requirement(text).name) for text in extra} & set(locked)
    assert "pytest" not in locked
