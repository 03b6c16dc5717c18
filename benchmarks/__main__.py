"""Runs every benchmark and prints its table: `python -m benchmarks`."""

import importlib
import pkgutil

import benchmarks


def main() -> None:
    """One table for each module beside this one."""
    for module in pkgutil.iter_modules(benchmarks.__path__):
        if module.name != "__main__":
            subject = importlib.import_module(f"benchmarks.{module.name}")
            print(benchmarks.table(benchmarks.title_of(subject.__doc__), subject.measure()), end="\n\n", flush=True)


if __name__ == "__main__":
    main()
