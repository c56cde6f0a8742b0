"""What a count is of: filters, automated derivatives, several definitions, and what is told."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from graph.automation import MOST_A_DAY
from graph.ecosystem import Ecosystem
from tests.lineages import ecosystem, item
from tests.sample_ecosystem import ask
from tests.test_automation import many

DAY = datetime(2026, 8, 20, tzinfo=UTC)
FLOOD = MOST_A_DAY + 1


@pytest.fixture(scope="module")
def small() -> Ecosystem:
    """Red is derived from by 21 automated adapters, a merge with blue, and a quantized copy."""
    return ecosystem(
        [
            item("red/7b", createdAt="2026-06-30T23:59:59.000Z", downloads=100, license="mit"),
            item("blue/8b", createdAt="2026-07-01T00:00:00.000Z", downloads=50),
            *many(FLOOD, "flood", "red/7b", DAY),
            item(
                "user/merge",
                "merge:red/7b",
                "merge:blue/8b",
                createdAt="2026-07-31T00:00:00.000Z",
                downloads=10,
            ),
            item("user/gguf", "quantized:red/7b", downloads=3, license="nc"),
            item("user/of-lost", "adapter:lost/base"),
        ]
    )


DEFINITION = """definition { weight attribution credit excludeAutomated relations minDownloads text
  filter { field value } }"""


@pytest.mark.parametrize(
    ("arguments", "red", "blue", "total"),
    [
        ("", FLOOD + 1.5, 0.5, FLOOD + 3),
        ("excludeAutomated: true", 1.5, 0.5, 3),
        ("credit: FULL, excludeAutomated: true", 2, 1, 3),
        ("relations: [MERGE]", 0.5, 0.5, 1),
        ("relations: [MERGE, QUANTIZED]", 1.5, 0.5, 2),
        ("minDownloads: 2", 1.5, 0.5, 2),
        ("minDownloads: 4", 0.5, 0.5, 1),
        ('filter: {organization: "user"}', 1.5, 0.5, 3),
        ('filter: {organization: "user", relation: MERGE}', 0.5, 0.5, 1),
        ('filter: {family: "blue"}', 0.5, 0.5, 1),
        ("filter: {licenseClass: NON_COMMERCIAL}", 1, 0, 1),
        ('filter: {createdAfter: "2026-08-01T00:00:00Z"}', FLOOD, 0, FLOOD),
        ("filter: {minDownloads: 4}, minDownloads: 2", 1.5, 0.5, 2),
        ("filter: {excludeAutomated: true}, excludeAutomated: false", FLOOD + 1.5, 0.5, FLOOD + 3),
        ("filter: {status: [DELETED, MISSING]}", FLOOD + 1.5, 0.5, FLOOD + 3),
    ],
)
def test_every_count_is_of_the_same_models(
    small: Ecosystem, arguments: str, red: float, blue: float, total: float
) -> None:
    both = f"({arguments})" if arguments else ""
    each = f", {arguments}" if arguments else ""
    uncredited = "".join(f", {arguments}").replace("credit: FULL, ", "").strip(", ")
    told = ask(
        small,
        f"""{{
          share(by: FAMILY{each}) {{ groups {{ key value }} total {DEFINITION} }}
          concentration(by: FAMILY{each}) {{ topShare unknown {DEFINITION} }}
          compare(families: ["red", "blue"]{each}) {{ derivatives authors {DEFINITION} }}
          timeSeries(by: FAMILY, keys: ["red", "blue"]{each}) {{ series {{ values }} {DEFINITION} }}
          family(key: "red"{f", {uncredited}" if uncredited else ""}) {{
            derivatives definition {{ text credit }}
            sizes(weight: DERIVATIVES{f", {uncredited}" if uncredited else ""}) {{
              models definition {{ attribution credit text }} }} }}
          families(orderBy: DERIVATIVES{f", {uncredited}" if uncredited else ""}) {{
            nodes {{ key derivatives authors definition {{ text }} }} }} }}""",
    )
    assert both.count("(") == (1 if arguments else 0)
    values = {group["key"]: group["value"] for group in told["share"]["groups"]}
    assert (values.get("red", 0), values.get("blue", 0)) == (red, blue)
    assert told["share"]["total"] == total
    known = sum(values.values())
    assert told["concentration"]["topShare"] == pytest.approx(max(values.values()) / known)
    assert [entry["derivatives"] for entry in told["compare"]] == [red, blue]
    # A model without a date is in no month: the quantized copy.
    undated = 1 if total != 1 or red == 1 else 0
    dated = sum(value for series in told["timeSeries"]["series"] for value in series["values"])
    assert dated <= red + blue
    assert dated >= red + blue - undated
    sizes = {
        (size["definition"]["attribution"], size["definition"]["credit"]): size["models"]
        for size in told["family"]["sizes"]
    }
    credit = "FULL" if "FULL" in arguments else "FRACTIONAL"
    assert sizes["LINEAGE", credit] == red
    assert told["family"]["derivatives"] == sizes["LINEAGE", "FULL"]
    authors = {node["key"]: node["authors"] for node in told["families"]["nodes"]}
    assert [entry["authors"] for entry in told["compare"]] == [
        authors.get(key, 0) for key in ("red", "blue")
    ]
    listed = {node["key"]: node["derivatives"] for node in told["families"]["nodes"]}
    assert listed["red"] == sizes["LINEAGE", "FULL"]
    assert [*listed.values()] == sorted(listed.values(), reverse=True)
    definitions = [told[name]["definition"] for name in ("share", "concentration", "timeSeries")]
    assert definitions == definitions[:1] * 3
    assert told["compare"][0]["definition"]["filter"] == definitions[0]["filter"]


def test_a_definition_tells_all_of_its_filter(small: Ecosystem) -> None:
    arguments = """excludeAutomated: true, relations: [MERGE, FINETUNE], minDownloads: 1, filter: {
      family: "red", organization: "user", country: "unknown", license: "mit",
      licenseClass: PERMISSIVE, library: "peft", task: "text-generation", status: [LIVE],
      createdAfter: "2026-01-01", createdBefore: "2026-12-31T23:59:59+01:00", minParameters: 1,
      maxParameters: 5000000000 }""".replace('"2026-01-01"', '"2026-01-01T00:00:00"')
    told = ask(small, f"{{ share(by: COUNTRY, {arguments}) {{ total {DEFINITION} }} }}")["share"]
    definition = told["definition"]
    assert told["total"] == 0
    assert (definition["excludeAutomated"], definition["minDownloads"]) == (True, 1)
    assert sorted(definition["relations"]) == ["FINETUNE", "MERGE"]
    terms = {term["field"]: term["value"] for term in definition["filter"]}
    assert terms == {
        "family": "red",
        "organization": "user",
        "country": "unknown",
        "license": "mit",
        "licenseClass": "PERMISSIVE",
        "relation": "FINETUNE, MERGE",
        "library": "peft",
        "task": "text-generation",
        "createdAfter": "2026-01-01T00:00:00Z",
        "createdBefore": "2026-12-31T22:59:59Z",
        "minDownloads": "1",
        "minParameters": "1",
        "maxParameters": "5000000000",
        "excludeAutomated": "true",
    }
    assert "; automated derivatives left out" in definition["text"]
    del terms["excludeAutomated"]
    for name, value in terms.items():
        assert f"; only with {name} {value}" in definition["text"]


def test_a_plain_definition_asks_for_nothing(small: Ecosystem) -> None:
    told = ask(small, f"{{ share(by: FAMILY) {{ {DEFINITION} }} }}")["share"]["definition"]
    assert (told["filter"], told["relations"], told["minDownloads"]) == ([], None, None)
    assert told["excludeAutomated"] is False
    assert "only" not in told["text"]


def test_families_are_compared_under_several_definitions(small: Ecosystem) -> None:
    told = ask(
        small,
        """{ compare(families: ["red", "blue"], definitions: [
            {}, {credit: FULL}, {attribution: PUBLISHER},
            {credit: FULL, excludeAutomated: true, filter: {organization: "user"}}]) {
          family { key } derivatives definition { attribution credit excludeAutomated } } }""",
    )["compare"]
    found = [(entry["family"]["key"], entry["derivatives"]) for entry in told]
    assert found == [
        *(("red", value) for value in (FLOOD + 1.5, FLOOD + 2, 0, 2)),
        *(("blue", value) for value in (0.5, 1, 0, 1)),
    ]
    assert [entry["definition"]["excludeAutomated"] for entry in told[:4]] == [False] * 3 + [True]
    assert told[2]["definition"]["attribution"] == "PUBLISHER"
    assert ask(small, '{ compare(families: ["red"], definitions: []) { models } }')["compare"] == []


def test_definitions_are_bounded(small: Ecosystem) -> None:
    many_definitions = ", ".join(["{}"] * 11)
    with pytest.raises(ValueError, match="11 definitions are asked for; name at most 10"):
        ask(
            small,
            f'{{ compare(families: ["red"], definitions: [{many_definitions}]) {{ models }} }}',
        )


@pytest.mark.parametrize(
    ("arguments", "dates"),
    [
        ("", ["2026-07", "2026-08"]),
        ('from: "2026-08-31T12:00:00Z"', ["2026-08"]),
        ('to: "2026-07-01T00:00:00"', ["2026-07"]),
        ('from: "2026-08-01T01:00:00+02:00", to: "2026-08-01T01:00:00+02:00"', ["2026-07"]),
        ('from: "2027-01-01T00:00:00Z"', []),
    ],
)
def test_a_series_runs_from_and_to(small: Ecosystem, arguments: str, dates: list[str]) -> None:
    whole = ask(small, '{ timeSeries(by: FAMILY, keys: "red") { dates series { values } } }')
    values = dict(
        zip(whole["timeSeries"]["dates"], whole["timeSeries"]["series"][0]["values"], strict=True)
    )
    told = ask(
        small,
        f'{{ timeSeries(by: FAMILY, keys: "red"{arguments and ", " + arguments}) {{'
        " dates series { values } } }",
    )["timeSeries"]
    assert told["dates"] == dates
    assert told["series"][0]["values"] == [values[date] for date in dates]


def test_a_series_by_snapshot_was_kept_of_all_models(small: Ecosystem) -> None:
    with pytest.raises(ValueError, match="is of all live models"):
        ask(
            small,
            '{ timeSeries(by: FAMILY, keys: ["red"], interval: SNAPSHOT, excludeAutomated: true)'
            " { dates } }",
        )


@pytest.mark.parametrize(
    ("by", "key", "spelling"),
    [
        ("COUNTRY", "cn", "ISO 3166-1 alpha-2 in capitals"),
        ("COUNTRY", "unknown", "ISO 3166-1 alpha-2 in capitals"),
        ("LICENSE_CLASS", "PERMISSIVE", "permissive|copyleft|non-commercial|community-terms"),
        ("RELATION", "quantised", "finetune|adapter|quantized|merge|unknown"),
    ],
)
def test_a_series_of_what_is_no_group_is_refused(
    small: Ecosystem, by: str, key: str, spelling: str
) -> None:
    for interval in ("MONTH", "SNAPSHOT"):
        query = f'{{ timeSeries(by: {by}, keys: ["{key}"], interval: {interval}) {{ dates }} }}'
        with pytest.raises(ValueError, match=f"'{key}' is no group by {by}") as refused:
            ask(small, query)
        assert spelling in str(refused.value)


@pytest.mark.parametrize("by", ["COUNTRY", "LICENSE_CLASS", "RELATION"])
def test_a_series_takes_the_groups_of_a_share(small: Ecosystem, by: str) -> None:
    share = ask(small, f"{{ share(by: {by}) {{ groups {{ key value }} }} }}")["share"]["groups"]
    assert share
    keys = ", ".join(f'"{group["key"]}"' for group in share)
    query = f"{{ timeSeries(by: {by}, keys: [{keys}]) {{ series {{ key values }} }} }}"
    assert [line["key"] for line in ask(small, query)["timeSeries"]["series"]] == [
        group["key"] for group in share
    ]


@pytest.mark.parametrize("country", ["cn", "China", "", "USA"])
def test_a_country_that_is_no_code_is_refused(small: Ecosystem, country: str) -> None:
    for query in (
        f'{{ models(filter: {{country: "{country}"}}) {{ totalCount }} }}',
        f'{{ families(country: "{country}") {{ totalCount }} }}',
        f'{{ share(by: FAMILY, filter: {{country: "{country}"}}) {{ total }} }}',
    ):
        with pytest.raises(ValueError, match="is no country; give ISO 3166-1 alpha-2 in capitals"):
            ask(small, query)


CONNECTIONS = {
    "models": "models({}) {{ totalCount nodes {{ id }} }}",
    "descendants": 'model(id: "red/7b") {{ descendants({}) {{ totalCount nodes {{ id }} }} }}',
    "members": 'family(key: "red") {{ members({}) {{ totalCount nodes {{ id }} }} }}',
}


def nodes(eco: Ecosystem, connection: str, arguments: str) -> list[str]:
    told: Any = ask(eco, "{" + CONNECTIONS[connection].format(arguments) + "}")
    while "nodes" not in told:
        (told,) = told.values()
    assert told["totalCount"] == len(told["nodes"])
    return [node["id"] for node in told["nodes"]]


@pytest.mark.parametrize("connection", [*CONNECTIONS])
def test_every_connection_of_models_takes_a_filter(small: Ecosystem, connection: str) -> None:
    found = nodes(small, connection, 'first: 100, filter: {organization: "user", minDownloads: 3}')
    assert sorted(found) == ["user/gguf", "user/merge"]
    without = nodes(small, connection, "first: 100, filter: {excludeAutomated: true}")
    every = nodes(small, connection, "first: 100")
    assert len(every) == len(without) + FLOOD


@pytest.mark.parametrize("connection", ["descendants", "members"])
def test_an_order_has_a_direction(small: Ecosystem, connection: str) -> None:
    kept = 'filter: {organization: "user", minDownloads: 3}'
    for order, first, last in (
        ("orderBy: DOWNLOADS", "user/merge", "user/gguf"),
        ("orderBy: DOWNLOADS, direction: ASC", "user/gguf", "user/merge"),
        ("orderBy: ID", "user/gguf", "user/merge"),
        ("orderBy: ID, direction: DESC", "user/merge", "user/gguf"),
    ):
        assert nodes(small, connection, f"{kept}, {order}") == [first, last]


def test_ancestors_and_inferred_copies_take_a_filter(small: Ecosystem) -> None:
    told = ask(
        small,
        """{ model(id: "user/merge") { all: ancestors { nodes { id } }
          some: ancestors(filter: {licenseClass: PERMISSIVE}) { nodes { id } }
          inferredCopies(filter: {minDownloads: 1}, direction: ASC) { totalCount } }
          lost: model(id: "user/of-lost") { all: ancestors { nodes { id } }
            live: ancestors(filter: {}) { nodes { id } } } }""",
    )
    assert [n["id"] for n in told["model"]["all"]["nodes"]] == ["blue/8b", "red/7b"]
    assert [n["id"] for n in told["model"]["some"]["nodes"]] == ["red/7b"]
    assert told["model"]["inferredCopies"]["totalCount"] == 0
    assert [n["id"] for n in told["lost"]["all"]["nodes"]] == ["lost/base"]
    assert told["lost"]["live"]["nodes"] == []


def test_lists_are_of_live_models(small: Ecosystem) -> None:
    live = int(np.count_nonzero(small.live))
    told = ask(
        small,
        """{ snapshot { models } models { totalCount } some: models(filter: {}) { totalCount }
          all: models(filter: {status: null}) { totalCount }
          missing: models(filter: {status: MISSING}) { nodes { id } } }""",
    )
    assert told["snapshot"]["models"] == live
    assert (told["models"]["totalCount"], told["some"]["totalCount"]) == (live, live)
    assert told["all"]["totalCount"] == len(small) == live + 1
    assert [node["id"] for node in told["missing"]["nodes"]] == ["lost/base"]


@pytest.mark.parametrize(
    ("arguments", "keys"),
    [
        ("orderBy: KEY", ["blue", "gpt2", "lost/base", "nobody", "red"]),
        ("orderBy: KEY, direction: DESC", ["red", "nobody", "lost/base", "gpt2", "blue"]),
        ('orderBy: KEY, country: "US"', ["blue", "gpt2"]),
        ('organization: "red"', ["red"]),
        ('orderBy: KEY, country: "US", registered: false', []),
        ("first: 2, orderBy: DERIVATIVES, relations: [QUANTIZED]", ["red", "blue"]),
        ("first: 1, orderBy: DERIVATIVES, direction: DESC, attribution: DIRECT", ["red"]),
        ("first: 2, orderBy: AUTHORS", ["red", "blue"]),
        ("first: 1, orderBy: AUTHORS, direction: ASC, registered: true", ["gpt2"]),
    ],
)
def test_families_are_chosen_and_ordered(small: Ecosystem, arguments: str, keys: list[str]) -> None:
    told = ask(small, f"{{ families({arguments}) {{ nodes {{ key }} }} }}")["families"]
    assert [node["key"] for node in told["nodes"]] == keys


def test_a_comparison_costs_by_families_and_definitions(small: Ecosystem) -> None:
    query = "{ compare(families: [%s], definitions: [%s]) { models downloads %s } }"
    families, definitions = ", ".join(['"red"'] * 100), ", ".join(["{}"] * 10)
    with pytest.raises(Exception, match="the query may return"):
        ask(
            small,
            query
            % (
                families,
                definitions,
                "family { models } " * 1
                + " ".join(f"a{n}: family {{ models }}" for n in range(25)),
            ),
        )
