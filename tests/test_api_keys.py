"""API keys: made, hashed in their file, asked with, taken away."""

import re
import stat
import time
from hashlib import sha256
from pathlib import Path

import pytest
import structlog

from api.admission import Admission
from api.keys import LOOK_S, Keys, add_key
from graph.errors import InputError, UsageError
from modelkin.server import admission
from modelkin.settings import Settings
from tests.served import Published, Served
from tests.test_cli import failure, modelkin

QUERY = "{ snapshot { id } }"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def answer(api: Served, authorization: str | None) -> tuple[int, str | None]:
    """Return the status of a query sent with a header, and the code that it is refused with."""
    headers = {} if authorization is None else {b"authorization": authorization.encode()}
    told = api.client.post("/graphql", json={"query": QUERY}, headers=headers)
    if told.status_code == 200:
        return 200, None
    assert "data" not in told.json()
    assert told.headers["www-authenticate"] == "Bearer"
    assert told.headers["cache-control"] == "no-store"
    return told.status_code, told.json()["errors"][0]["extensions"]["code"]


REFUSED = (401, "UNAUTHENTICATED")


def test_a_key_is_printed_once_and_only_its_hash_is_kept(file: Path) -> None:
    made = modelkin("key", "ann@example.org", MODELKIN_API_KEYS=str(file))
    assert made.returncode == 0, made.stderr
    key = made.stdout.strip()
    assert re.fullmatch(r"mk_[A-Za-z0-9_-]{43}", key)
    assert key not in made.stderr
    assert file.read_text() == f"ann@example.org {sha256(key.encode()).hexdigest()}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert Keys(file).name(key) == "ann@example.org"
    code, line = failure("key", "ann@example.org", MODELKIN_API_KEYS=str(file))
    assert (code, "choose another name" in line) == (2, True)
    code, line = failure("key", "bob")
    assert (code, "MODELKIN_API_KEYS" in line) == (2, True)


def test_each_key_is_known_by_its_name_and_no_other(file: Path) -> None:
    file.write_text("# whose keys these are\n\nold " + sha256(b"mk_old").hexdigest())
    added = {name: add_key(file, name) for name in ("a", "b", "c")}
    assert len(set(added.values())) == 3
    keys = Keys(file)
    assert {name: keys.name(key) for name, key in added.items()} == {n: n for n in added}
    assert keys.name("mk_old") == "old"
    for wrong in ("", "mk_", added["a"][:-1], added["a"] + "x", sha256(b"mk_old").hexdigest(), "é"):
        assert keys.name(wrong) is None


@pytest.mark.parametrize("name", ["", "a b", "a\nb", "x" * 65, "é", "#a"])
def test_a_name_that_would_break_the_file_is_refused(file: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a key"):
        add_key(file, name)
    assert not file.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("a", "line 1 is not a name and a SHA-256"),
        ("# x\na 12", "line 2"),
        (f"a {'0' * 64}\na {'1' * 64}", "line 2 names a again"),
        ("mk_secret", "line 1"),
    ],
)
def test_a_file_that_is_not_one_of_keys_is_refused(file: Path, content: str, words: str) -> None:
    file.write_text(content)
    with pytest.raises(InputError, match=words) as refused:
        Keys(file)
    assert "mk_secret" not in str(refused.value)
    with pytest.raises(InputError):
        add_key(file, "b")
    assert file.read_text() == content


def test_a_file_that_cannot_be_read_or_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        Keys(tmp_path / "none")
    with pytest.raises(InputError, match="cannot be written"):
        add_key(tmp_path / "none" / "keys", "a")


def test_without_anonymous_reading_only_keys_are_answered(published: Published, file: Path) -> None:
    key = add_key(file, "ann")
    with published.served(admission=Admission(Keys(file), anonymous=False)) as api:
        assert answer(api, f"Bearer {key}") == (200, None)
        assert answer(api, f"bearer  {key}") == (200, None)
        for wrong in (None, "", "Bearer", "Bearer x", f"Basic {key}", key, "Bearer é"):
            assert answer(api, wrong) == REFUSED, wrong
        get = api.client.get("/graphql", params={"query": QUERY})
        assert get.status_code == 401
        headers = {"authorization": f"Bearer {key}"}
        got = api.client.get("/graphql", params={"query": QUERY}, headers=headers)
        assert got.headers["cache-control"] == "private, max-age=0, must-revalidate"
        again = {"if-none-match": got.headers["etag"]}
        assert api.client.get("/graphql", params={"query": QUERY}, headers=again).status_code == 401
        assert api.client.get("/metrics").status_code == 401
        assert api.client.get("/metrics", headers=headers).status_code == 200
        for open_to_all in ("/healthz", "/readyz"):
            assert api.client.get(open_to_all).status_code == 200


def test_with_anonymous_reading_a_wrong_key_is_still_refused(
    published: Published, file: Path
) -> None:
    key = add_key(file, "ann")
    with published.served(admission=Admission(Keys(file))) as api:
        assert answer(api, None) == (200, None)
        assert answer(api, f"Bearer {key}") == (200, None)
        assert answer(api, "Bearer x") == REFUSED
        api.lives()


def test_where_there_are_no_keys_the_header_means_nothing(api: Served) -> None:
    assert answer(api, "Basic a-proxy's") == (200, None)


def test_keys_are_taken_away_and_added_while_the_server_runs(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    first = add_key(file, "first")
    keys = Keys(file)
    second = add_key(file, "second")
    assert keys.name(second) is None, "the file is not looked at for every request"
    now += LOOK_S
    assert keys.name(second) == "second"
    file.write_text(file.read_text().splitlines()[1])
    now += LOOK_S
    assert (keys.name(first), keys.name(second)) == (None, "second")
    with structlog.testing.capture_logs() as logs:
        for broken in ("broken", None):
            if broken:
                file.write_text(broken)
            else:
                file.unlink()
            now += LOOK_S
            assert keys.name(second) == "second"
    assert [line["log_level"] for line in logs] == ["error", "error"]


def test_settings_under_which_nobody_could_ask_are_refused(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELKIN_ANONYMOUS", "false")
    with pytest.raises(UsageError, match="nobody could ask"):
        admission(Settings())
    monkeypatch.setenv("MODELKIN_API_KEYS", str(file))
    with pytest.raises(InputError, match="cannot be read"):
        admission(Settings())
    add_key(file, "a")
    assert not admission(Settings()).anonymous
