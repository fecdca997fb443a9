"""How long `ci-tools --version` takes ÷ `python -c pass`: the price of calling ci-tools at all.

Data: none. Both are started in turn, 40 times each, from the venv that runs this script (the
console script is the one beside its python). The ratio is of the medians; the bar is 2.5.
`python -m ci_tools` is shown beside it: the same without the console script's own lines.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from _bench import CI_TOOLS, ROOT, Run, alternate, judged, print_table, run

ROUNDS = 40
BAR = 2.5
BARE = "python -c pass"
SCRIPT = "ci-tools --version"


def main() -> None:
    script = Path(sys.executable).parent / "ci-tools"
    if not script.is_file():
        sys.exit(f"no ci-tools beside {Path(sys.executable).name}: install the project into this venv first")
    results = alternate(
        {
            BARE: _starting([sys.executable, "-c", "pass"]),
            SCRIPT: _starting([str(script), "--version"]),
            "python -m ci_tools --version": _starting([*CI_TOOLS, "--version"]),
        },
        rounds=ROUNDS,
    )
    wall_s = {name: median(run.wall_s for run in runs) for name, runs in results.items()}
    cpu_s = {name: median(run.cpu_s for run in runs) for name, runs in results.items()}
    rows = []
    for name in results:
        ratio = wall_s[name] / wall_s[BARE]
        shown = judged(ratio, BAR, 2) if name == SCRIPT else f"{ratio:.2f}"
        cpu_ratio = cpu_s[name] / cpu_s[BARE]
        rows.append([name, f"{wall_s[name] * 1000:.1f}", f"{cpu_s[name] * 1000:.1f}", shown, f"{cpu_ratio:.2f}"])
    print_table(
        f"start of ci-tools, median of {ROUNDS} alternating runs",
        ["command", "wall ms", "CPU ms", "wall ÷ python, bar", "CPU ÷ python"],
        rows,
    )


def _starting(command: Sequence[str]) -> Callable[[], Run]:
    return lambda: run(command, cwd=ROOT)


if __name__ == "__main__":
    main()
