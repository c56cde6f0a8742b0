"""Run the command line by ``python -m modelkin``."""

from modelkin.cli import main

main()
