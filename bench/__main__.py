"""``python -m bench NAME [arguments]`` runs ``bench/NAME.py``; alone it lists what there is.

A benchmark is a module with ``main(argv: list[str]) -> int``; its first docstring line describes it.
"""

import ast
import importlib
import sys
from pathlib import Path

HERE = Path(__file__).parent


def available() -> dict[str, str]:
    """Return each benchmark's name and first docstring line, without importing any."""
    found = {}
    for path in sorted(HERE.glob("[a-z]*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in tree.body):
            found[path.stem] = (ast.get_docstring(tree) or "").partition("\n")[0]
    return found


def main(argv: list[str]) -> int:
    benches = available()
    if argv and argv[0] in benches:
        return importlib.import_module(f"bench.{argv[0]}").main(argv[1:])
    if argv and argv[0] not in ("-h", "--help"):
        print(f"There is no benchmark called {argv[0]!r}.", file=sys.stderr)
    print("python -m bench NAME [--json]\n")
    for name, about in benches.items():
        print(f"  {name:<12} {about}")
    return 0 if argv and argv[0] in ("-h", "--help") else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
