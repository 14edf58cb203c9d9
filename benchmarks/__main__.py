"""`make bench`: every benchmark, one after the other."""

import subprocess
import sys

BENCHMARKS = ["benchmarks.jose", "benchmarks.verifier", "benchmarks.auth"]


def main() -> None:
    """Run each in a fresh interpreter."""
    for name in BENCHMARKS:
        print(f"\n# {name}\n", flush=True)
        subprocess.run([sys.executable, "-m", name, *sys.argv[1:]], check=True)


if __name__ == "__main__":
    main()
