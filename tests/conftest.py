pytest_plugins = [
    "tests.neo4j_server",
    "tests.stores",
    "tests.sample_ecosystem",
    "tests.served",
    "tests.browser",
]
