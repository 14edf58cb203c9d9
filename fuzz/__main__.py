"""Fuzzes every parser of `gatepass.jose` in turn: `python -m fuzz --seconds 60 [TARGET ...]`."""

import argparse
import importlib.util
import re
import subprocess
import sys
import tempfile

SEEN = re.compile(r"#(\d+)\s+DONE\s+cov: (\d+) ft: (\d+)")
# Far above what any input takes on a busy machine, far below a reader that hangs.
SLOWEST = 30  # seconds for one input
MEMORY = 2048  # MiB


def run(name: str, seconds: int) -> tuple[bool, str]:
    """Fuzz one target in a process of its own; say whether it held, and what was seen."""
    with tempfile.TemporaryDirectory() as corpus:
        command = [
            sys.executable,
            "-m",
            "fuzz.one",
            name,
            f"-max_total_time={seconds}",
            f"-timeout={SLOWEST}",
        ]
        command += [f"-rss_limit_mb={MEMORY}", "-max_len=4096", "-verbosity=1", corpus]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    output = done.stdout + done.stderr
    seen = SEEN.search(output)
    if done.returncode == 0 and seen:
        return True, f"{int(seen[1]):>10,} inputs, {int(seen[2]):>5,} places reached, nothing found"
    return False, f"FOUND SOMETHING (exit code {done.returncode})\n{output[-3_000:]}"


def main() -> int:
    """Run the targets that are asked for, all by default."""
    if importlib.util.find_spec("atheris") is None:
        print("FUZZING IS NOT POSSIBLE HERE: atheris is not installed (pip install atheris==3.0.0)")
        return 2
    from fuzz.targets import TARGETS

    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    asked = parser.parse_args()
    if unknown := set(asked.targets) - TARGETS.keys():
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    held = True
    for name in asked.targets or TARGETS:
        fine, seen = run(name, asked.seconds)
        held = held and fine
        print(f"{name:12} {seen}", flush=True)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
