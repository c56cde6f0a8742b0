"""The registry: the built-in tables, the look-ups on them, a user's own file, and bad files."""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from graph.errors import RegistryError
from graph.registry import Family, LicenseClass, Registry, load_registry

Write = Callable[[str], Path]

ORGANIZATION = """
[[organization]]
name = "acme"
title = "Acme"
country = "NZ"
kind = "company"
source = "https://acme.example"
"""
FAMILY = """
[[family]]
key = "rocket"
name = "Rocket"
organization = "acme"
patterns = ["acme/*"]
source = "https://huggingface.co/acme"
"""
LICENSE = """
[[license]]
id = "acme-1.0"
name = "Acme License"
class = "non-commercial"
source = "https://acme.example/license"
"""
ORIGIN = """
[[origin]]
id = "mirror/rocket-7b"
of = "acme/rocket-7b"
source = "the name repeats the original"
"""


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_registry()


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(text: str) -> Path:
        path = tmp_path / "mine.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write_file


def key(family: Family | None) -> str | None:
    return family.key if family else None


# the built-in tables


def test_sizes(registry: Registry) -> None:
    assert len(registry.families) >= 45
    assert len(registry.organizations) >= 125
    assert len(registry.licenses) >= 45
    assert 30 <= len(registry.origins) <= 200


def test_the_families_of_the_news_are_there(registry: Registry) -> None:
    keys = {family.key for family in registry.families}
    assert {"qwen", "deepseek", "llama", "mistral", "gpt-oss"} <= keys
    llama = next(family for family in registry.families if family.key == "llama")
    assert (llama.name, llama.organization) == ("Llama", "meta-llama")


def test_no_pattern_is_hidden_by_an_earlier_family(registry: Registry) -> None:
    for family in registry.families:
        for pattern in family.patterns:
            example = pattern.replace("[Mm]", "M").replace("*", "x1")
            assert key(registry.family_of(example)) == family.key, pattern


def test_every_series_lies_within_its_family(registry: Registry) -> None:
    for family in registry.families:
        namespaces = {pattern.partition("/")[0] for pattern in family.patterns if "/" in pattern}
        for name, globs in family.series:
            for glob in globs:
                namespace, slash, _ = glob.partition("/")
                if slash and "*" not in namespace:
                    assert namespace in namespaces, (family.key, name, glob)


def test_each_series_has_globs_that_match_something(registry: Registry) -> None:
    qwen = dict(next(family for family in registry.families if family.key == "qwen").series)
    assert any(fnmatchcase("Qwen/Qwen3-8B", glob) for glob in qwen["Qwen3"])
    assert not any(fnmatchcase("Qwen/Qwen3.8-27B", glob) for glob in qwen["Qwen3"])
    assert all(globs for family in registry.families for _, globs in family.series)


def test_every_row_names_a_source(registry: Registry) -> None:
    unsourced = [o.name for o in registry.organizations.values() if not o.source.strip()]
    assert unsourced == []
    for organization in registry.organizations.values():
        if organization.country != "unknown":
            assert organization.source.startswith(("https://", "tracked-models")), organization
    assert all(f.source.startswith("https://") for f in registry.families)
    assert all(x.source.startswith("https://") for x in registry.licenses.values())


def test_countries_that_rest_on_a_source(registry: Registry) -> None:
    expected = {"Qwen": "CN", "meta-llama": "US", "mistralai": "FR", "LGAI-EXAONE": "KR"}
    assert {name: registry.country(name) for name in expected} == expected


def test_reuploaders_have_rows_and_no_invented_country(registry: Registry) -> None:
    for name in ("mradermacher", "bartowski", "TheBloke", "mlx-community", "lmstudio-community"):
        assert name in registry.organizations
        assert registry.country(name) == "unknown"


def test_the_original_of_each_copy_belongs_to_a_family(registry: Registry) -> None:
    strays = [of for of in registry.origins.values() if registry.family_of(of) is None]
    assert strays == []
    assert registry.origins["unsloth/Meta-Llama-3.1-8B-Instruct"] == (
        "meta-llama/Llama-3.1-8B-Instruct"
    )


def test_license_classes_are_all_in_use(registry: Registry) -> None:
    used = Counter(row.license_class for row in registry.licenses.values())
    assert set(used) == set(LicenseClass)


# look-ups


@pytest.mark.parametrize(
    ("id", "expected"),
    [
        ("Qwen/Qwen3-8B", "qwen"),
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", "deepseek"),  # by name, not by lineage
        ("gpt2", "gpt2"),
        ("gpt2-medium", "gpt2"),
        ("openai-community/gpt2", "gpt2"),
        ("openai-community/roberta-base-openai-detector", None),
        ("google/gemma-2-9b", "gemma"),
        ("google/codegemma-7b", "gemma"),
        ("google/flan-t5-base", "t5"),
        ("google/vit-base-patch16-224", "vit"),
        ("google-bert/bert-base-uncased", "bert"),
        ("bert-base-uncased", "bert"),
        ("someone/bert-base-uncased", None),  # a pattern without a slash is for legacy ids only
        ("openai/gpt-oss-20b", "gpt-oss"),
        ("openai/whisper-small", "whisper"),
        ("mistralai/Mixtral-8x7B-v0.1", "mistral"),
        ("codellama/CodeLlama-7b-hf", "llama"),
        ("huggyllama/llama-7b", "llama"),
        ("THUDM/glm-4-9b", "glm"),
        ("THUDM/CogVideoX-5b", "cogvideo"),
        ("stabilityai/stable-diffusion-xl-base-1.0", "sdxl"),
        ("stabilityai/stable-diffusion-2-1", "stable-diffusion"),
        ("Qwen3-8B", None),
        ("qwen/qwen3-8b", None),  # ids are case-sensitive
        ("NotQwen/Qwen3-8B", None),
        ("unknown/x", None),
        ("", None),
    ],
)
def test_family_of(registry: Registry, id: str, expected: str | None) -> None:
    assert key(registry.family_of(id)) == expected


@pytest.mark.parametrize(
    ("license", "expected"),
    [
        ("apache-2.0", LicenseClass.PERMISSIVE),
        ("Apache-2.0", LicenseClass.PERMISSIVE),
        ("cc-by-sa-4.0", LicenseClass.COPYLEFT),
        ("gpl-3.0", LicenseClass.COPYLEFT),
        ("cc-by-nc-sa-4.0", LicenseClass.NON_COMMERCIAL),
        ("apple-amlr", LicenseClass.NON_COMMERCIAL),
        ("llama3.1", LicenseClass.COMMUNITY_TERMS),
        ("gemma", LicenseClass.COMMUNITY_TERMS),
        ("openrail++", LicenseClass.COMMUNITY_TERMS),
        ("other", LicenseClass.UNKNOWN),
        ("no-such-license", LicenseClass.UNKNOWN),
        ("", LicenseClass.UNKNOWN),
        (None, LicenseClass.UNKNOWN),
    ],
)
def test_license_class(registry: Registry, license: str | None, expected: LicenseClass) -> None:
    assert registry.license_class(license) is expected


@pytest.mark.parametrize("namespace", [None, "", "no-such-namespace", "qwen", "unsloth"])
def test_country_unknown(registry: Registry, namespace: str | None) -> None:
    assert registry.country(namespace) == "unknown"


def test_frozen_and_shared(registry: Registry) -> None:
    assert load_registry() is registry
    with pytest.raises(FrozenInstanceError):
        registry.families = ()  # type: ignore[misc]
    with pytest.raises(TypeError):
        registry.origins["a/b"] = "c/d"  # type: ignore[index]


def test_nothing_is_read_at_import() -> None:
    code = "import pathlib\npathlib.Path.read_bytes = None\nimport graph.registry"
    subprocess.run([sys.executable, "-c", code], check=True)


# a user's own file


def test_extra_rows_are_added(write: Write, registry: Registry) -> None:
    mine = load_registry(write(ORGANIZATION + FAMILY + LICENSE + ORIGIN))
    assert key(mine.family_of("acme/rocket-7b")) == "rocket"
    assert mine.country("acme") == "NZ"
    assert mine.license_class("acme-1.0") is LicenseClass.NON_COMMERCIAL
    assert mine.origins["mirror/rocket-7b"] == "acme/rocket-7b"
    assert len(mine.families) == len(registry.families) + 1
    assert key(mine.family_of("Qwen/Qwen3-8B")) == "qwen"
    assert key(registry.family_of("acme/rocket-7b")) is None


def test_extra_families_come_first(write: Write) -> None:
    text = FAMILY.replace('["acme/*"]', '["Qwen/Qwen3-Coder-*"]')
    mine = load_registry(write(ORGANIZATION + text))
    assert mine.families[0].key == "rocket"
    assert key(mine.family_of("Qwen/Qwen3-Coder-Next")) == "rocket"
    assert key(mine.family_of("Qwen/Qwen3-8B")) == "qwen"


def test_extra_rows_replace_those_of_the_same_key(write: Write, registry: Registry) -> None:
    text = (
        ORGANIZATION.replace('"acme"', '"Qwen"')
        + FAMILY.replace('"rocket"', '"llama"')
        + LICENSE.replace('"acme-1.0"', '"mit"')
        + ORIGIN.replace('"mirror/rocket-7b"', '"unsloth/Qwen3-8B"')
    ).replace('"acme"', '"Qwen"')
    mine = load_registry(write(text))
    assert mine.country("Qwen") == "NZ"
    assert mine.license_class("mit") is LicenseClass.NON_COMMERCIAL
    assert mine.origins["unsloth/Qwen3-8B"] == "acme/rocket-7b"
    assert key(mine.family_of("acme/x")) == "llama"
    assert mine.family_of("meta-llama/Llama-3.1-8B") is None
    assert len(mine.families) == len(registry.families)


def test_series_are_kept_in_order(write: Write) -> None:
    series = '[family.series]\n"R2" = ["acme/R2-*"]\n"R1" = ["acme/R1-*", "acme/r1-*"]\n'
    mine = load_registry(write(ORGANIZATION + FAMILY + series))
    assert mine.families[0].series == (("R2", ("acme/R2-*",)), ("R1", ("acme/R1-*", "acme/r1-*")))


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("*/rocket-*", "anyone/rocket-7b", "anyone/a-rocket-7b"),
        ("ac*/rocket-*", "acme/rocket-7b", "bcme/rocket-7b"),
        ("acme/rocket-?b", "acme/rocket-7b", "acme/rocket-70b"),
        ("acme/[Rr]ocket", "acme/Rocket", "acme/pocket"),
        ("acme/rocket.1", "acme/rocket.1", "acme/rocket-1"),
        ("rocket-*", "rocket-7b", "acme/rocket-7b"),
        ("acme*", "acme-rocket", "acme/rocket"),
    ],
)
def test_patterns(write: Write, pattern: str, yes: str, no: str) -> None:
    mine = load_registry(write(ORGANIZATION + FAMILY.replace("acme/*", pattern)))
    assert key(mine.family_of(yes)) == "rocket"
    assert key(mine.family_of(no)) is None


def test_a_pattern_for_any_namespace_keeps_its_place_in_the_order(write: Write) -> None:
    first = FAMILY.replace("acme/*", "Qwen/*-Omni")
    second = FAMILY.replace('"rocket"', '"any"').replace("acme/*", "*/*-[OV]*")
    mine = load_registry(write(ORGANIZATION + first + second))
    assert key(mine.family_of("Qwen/Qwen9-Omni")) == "rocket"
    assert key(mine.family_of("Qwen/Qwen9-VL")) == "any"
    assert key(mine.family_of("Qwen/Qwen9")) == "qwen"
    assert key(mine.family_of("nobody/x-VL")) == "any"
    assert mine.namespaces_of_families(["nobody"]) == {"nobody"}


def test_most_namespaces_have_no_family(registry: Registry, write: Write) -> None:
    some = ["Qwen", "", "acme", "bcme"]
    assert registry.namespaces_of_families(some) == {"Qwen", ""}  # gpt2 has none
    mine = load_registry(write(ORGANIZATION + FAMILY.replace("acme/*", "ac*/rocket-*")))
    assert mine.namespaces_of_families(some) == {"Qwen", "", "acme"}


# bad files


HOMED = ORGANIZATION + FAMILY


def without(text: str, field: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.startswith(f"{field} = "))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (without(ORGANIZATION, "country"), ["organization 1 ('acme')", "'country' is missing"]),
        (without(HOMED, "patterns"), ["family 1 ('rocket')", "'patterns' is missing"]),
        (without(LICENSE, "source"), ["license 1 ('acme-1.0')", "'source' is missing"]),
        (without(ORIGIN, "id"), ["origin 1 (None)", "'id' is missing"]),
        (ORIGIN + 'note = "x"', ["origin 1", "unknown field 'note'", "use id, of, source"]),
        (ORGANIZATION + ORGANIZATION, ["organization 2 ('acme')", "same name as row 1"]),
        (HOMED + FAMILY, ["family 2 ('rocket')", "same key as row 1"]),
        (LICENSE + LICENSE, ["license 2 ('acme-1.0')", "same id as row 1"]),
        (ORIGIN + ORIGIN, ["origin 2 ('mirror/rocket-7b')", "same id as row 1"]),
        (ORGANIZATION.replace("NZ", "XX"), ["organization 1", "country is 'XX'", "ISO 3166-1"]),
        (ORGANIZATION.replace("NZ", "nz"), ["organization 1", "country is 'nz'"]),
        (ORGANIZATION.replace("company", "firm"), ["kind is 'firm'", "use one of company"]),
        (LICENSE.replace("non-commercial", "free"), ["class is 'free'", "one of permissive"]),
        (LICENSE.replace("acme-1.0", "Acme-1.0"), ["lower case", "'acme-1.0'"]),
        (FAMILY, ["family 1 ('rocket')", "organization 'acme' has no row", "[[organization]]"]),
        (HOMED.replace('"rocket"', '"Rocket"'), ["family 1 ('Rocket')", "lower-case"]),
        (HOMED.replace('["acme/*"]', "[]"), ["patterns is []", "give a list"]),
        (HOMED.replace('["acme/*"]', '"acme/*"'), ["patterns is 'acme/*'", "give a list"]),
        (HOMED.replace('["acme/*"]', "[1]"), ["patterns is [1]", "give a list"]),
        (HOMED.replace("acme/*", "a/b/c"), ["patterns is ['a/b/c']", "id globs"]),
        (HOMED + "series = 1", ["series is 1", "a table"]),
        (HOMED + '[family.series]\n"R1" = 1', ["series 'R1' is 1", "give a list"]),
        (ORIGIN.replace('"acme/rocket-7b"', '""'), ["origin 1", "of is ''", "not empty"]),
        (ORIGIN.replace('"acme/rocket-7b"', "7"), ["origin 1", "of is 7", "give a text"]),
        (
            ORIGIN.replace('"acme/rocket-7b"', '"mirror/rocket-7b"'),
            ["origin 1", "made from itself (mirror/rocket-7b -> mirror/rocket-7b)"],
        ),
        (
            ORIGIN + '[[origin]]\nid = "acme/rocket-7b"\nof = "mirror/rocket-7b"\nsource = "x"',
            ["origin 1", "mirror/rocket-7b -> acme/rocket-7b -> mirror/rocket-7b"],
        ),
        ("[[model]]\nid = 1", ["unknown table 'model'", "[[family]]"]),
        ("[family]\nkey = 'x'", ["family is no list of rows", "[[family]]"]),
        ("family = [1]", ["family is no list of rows"]),
        ("[[family]\n", ["line 1", "mend the TOML"]),
    ],
)
def test_bad_files(write: Write, text: str, parts: list[str]) -> None:
    path = write(text)
    with pytest.raises(RegistryError) as caught:
        load_registry(path)
    (message,) = caught.value.problems
    assert message == str(caught.value)
    assert message.startswith(f"{path}:")
    assert "\n" not in message
    assert [part for part in parts if part not in message] == []


def test_all_that_is_wrong_is_told_at_once_with_its_line(write: Write) -> None:
    path = write(
        ORGANIZATION.replace("NZ", "Kiwi").replace("company", "firm")
        + without(FAMILY, "name").replace('"acme"', '"amce"')
        + "\n"
        + ORIGIN.replace("of =", "off =")
        + "[[mode]]"
    )
    with pytest.raises(RegistryError) as caught:
        load_registry(path)
    told = [problem.removeprefix(f"{path}:") for problem in caught.value.problems]
    assert [problem.partition(";")[0] for problem in told] == [
        "2: organization 1 ('acme'): country is 'Kiwi'",
        "2: organization 1 ('acme'): kind is 'firm'",
        "9: family 1 ('rocket'): field 'name' is missing",
        "15: origin 1 ('mirror/rocket-7b'): unknown field 'off'",
        "15: origin 1 ('mirror/rocket-7b'): field 'of' is missing",
        " unknown table 'mode'",
        "9: family 1 ('rocket'): organization 'amce' has no row",
    ]
    assert str(caught.value).endswith("(and 6 more: see 'modelkin registry check')")


def test_rows_that_are_written_in_another_way_have_no_line(write: Write) -> None:
    path = write('origin = [\n{ id = "a/b", of = "a/c" }\n]')
    with pytest.raises(RegistryError, match=r"mine\.toml: origin 1 \('a/b'\): field 'source'"):
        load_registry(path)


def test_a_copy_that_closes_a_cycle_with_a_built_in_one(write: Write) -> None:
    path = write(
        '[[origin]]\nid = "Qwen/Qwen3-8B"\nof = "unsloth/Qwen3-8B"\nsource = "the wrong way round"'
    )
    with pytest.raises(RegistryError, match=r"origin 1 .*made from itself"):
        load_registry(path)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"x = " + b"[" * 10_000])
def test_files_that_are_no_toml(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(content)
    with pytest.raises(RegistryError, match=r"mine\.toml: .*mend the TOML"):
        load_registry(path)


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match=r"none\.toml: No such file.*give the path"):
        load_registry(tmp_path / "none.toml")
