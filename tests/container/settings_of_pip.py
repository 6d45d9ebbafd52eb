"""Print the options of `podman build`, a line each, by which pip in it has the settings that it has on this machine."""

import subprocess
import sys
from pathlib import Path

# Where the file of certificates lies in the build: Debian writes its own to the usual place.
CERTIFICATES = "/run/certificates-of-pip.pem"


def options(settings: dict[str, str]) -> list[str]:
    """Return a variable for each setting, and a volume for each local file or folder that one names."""
    volumes, variables = set(), []
    for key, value in sorted(settings.items()):
        told = CERTIFICATES if key == "cert" else value
        variables.append(f"--env=PIP_{key.upper().replace('-', '_')}={told}")
        for word in value.split():
            # The files of an index lie beside it.
            path = Path(word.removeprefix("file://")).parent if word.startswith("file://") else Path(word)
            if path.is_absolute() and path.exists():
                volumes.add(f"--volume={path}:{CERTIFICATES if key == 'cert' else path}:ro")
    return [*variables, *sorted(volumes)]


if __name__ == "__main__":
    command = [sys.executable, "-m", "pip", "config", "list"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    pairs = (line.partition("=") for line in lines)
    print(*options({name.rpartition(".")[2]: value.strip("'\"") for name, _, value in pairs}), sep="\n")
