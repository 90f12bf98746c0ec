"""`python -m synaptogen_core.cli`, where the console script is not on the path."""

from __future__ import annotations

from synaptogen_core.cli.program import main

if __name__ == "__main__":
    main()
