"""Puts donghaeng and its locked dependencies into .venv: `python3 tools/install.py runtime|dev`.

Does nothing, quickly, when the last install finished and its inputs are still the same.
"""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCKS = {"runtime": "requirements.txt", "dev": "requirements-dev.txt"}

# Holds PLACE from the end of one install to the start of the next, so that an interrupted one is seen as such.
READY = VENV / ".ready"
# A copied or moved .venv still points to where it was made, and its packages are for one version of Python.
PLACE = f"{ROOT}\n{sys.version_info.major}.{sys.version_info.minor}\n"


def stamp(kind: str) -> Path:
    """The file with the key of the last finished install."""
    return VENV / f".installed-{kind}"


def key(kind: str) -> str:
    """What an install is made from."""
    digest = hashlib.sha256()
    for name in (LOCKS[kind], "pyproject.toml"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def holds(path: Path, text: str) -> bool:
    """Whether the file is there and has this text."""
    return path.is_file() and path.read_text() == text


def is_sound() -> bool:
    """Whether .venv was left whole by an earlier install, here and with this Python."""
    return holds(READY, PLACE) and (VENV / "bin" / "python").exists()


def find_pip() -> list[str]:
    """The command of a pip outside .venv, which has none of its own and may be about to be made anew."""
    if Path(sys.prefix) == VENV:
        return [sys._base_executable, "-m", "pip"]  # type: ignore[attr-defined]
    if importlib.util.find_spec("pip") is None:
        sys.exit(f"{sys.executable} has no pip: install it (Debian: apt install python3-pip) or try: make PYTHON=...")
    return [sys.executable, "-m", "pip"]


def install(kind: str) -> None:
    """Makes .venv if need be, installs the locked packages by hash and then donghaeng itself, editable."""
    pip = find_pip()
    if is_sound():
        READY.unlink()
    else:
        print("Making .venv anew, which takes a minute or two", flush=True)
        shutil.rmtree(VENV, ignore_errors=True)
        # Without pip, because Debian's Python cannot put one in; the outer pip does the work.
        subprocess.run([pip[0], "-m", "venv", "--without-pip", VENV], check=True)
    # Twice quiet: errors are still shown.
    pip += ["--python", str(VENV / "bin" / "python"), "-qq", "--disable-pip-version-check", "install"]
    # What a PYTHONPATH offers must not count as installed, and everything must go to .venv whatever pip's settings say.
    environment = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "PIP_TARGET"}} | {"PIP_USER": "0"}
    # The dev lock holds the whole of the runtime one.
    made_from = {name: key(name) for name in (LOCKS if kind == "dev" else [kind])}
    packages = [*pip, "--require-hashes", "-r", LOCKS[kind]]
    itself = [*pip, "--no-deps", "--no-build-isolation", "-e", "."]
    subprocess.run(packages, check=True, cwd=ROOT, env=environment)
    built = subprocess.run(itself, check=False, cwd=ROOT, env=environment)
    # A fault in pyproject.toml, say, fails the build but leaves the packages whole: no need to fetch them again.
    READY.write_text(PLACE)
    built.check_returncode()
    for name, value in made_from.items():
        stamp(name).write_text(value)


def main(kind: str) -> None:
    """Brings .venv up to date, one process at a time."""
    if is_sound() and holds(stamp(kind), key(kind)):
        return
    here = os.open(ROOT, os.O_RDONLY)  # a lock on the directory itself leaves no file behind
    fcntl.flock(here, fcntl.LOCK_EX)
    if is_sound() and holds(stamp(kind), key(kind)):
        return
    print(f"Installing donghaeng and the packages of {LOCKS[kind]} into .venv", flush=True)
    try:
        install(kind)
    except (subprocess.CalledProcessError, KeyboardInterrupt):
        sys.exit("The install did not finish; run the same command again.")


if __name__ == "__main__":
    main(sys.argv[1])
