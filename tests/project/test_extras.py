"""The wheel, installed into fresh environments: alone, and with each extra."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.project.test_imports import bare_environment

ROOT = Path(__file__).resolve().parents[2]
# Each environment is filled from the package registry, which may be slow.
pytestmark = pytest.mark.timeout(300)

# FastAPI itself brings the opentelemetry API, which does nothing without the SDK.
OPTIONAL = ["fastapi", "opentelemetry-sdk", "pyyaml", "rich", "typer", "uvicorn"]
# Extra -> the optional packages that it brings, and the modules that work with them.
EXTRAS = {
    "": ([], ["routilux", "routilux.testing", "routilux.monitoring.registry"]),
    "api": (["fastapi", "pyyaml", "uvicorn"], ["routilux.api.main", "routilux.flowfile"]),
    "otel": (["opentelemetry-sdk"], ["routilux_otel"]),
    "cli": (["pyyaml", "rich", "typer"], ["routilux.cli.main", "routilux.flowfile"]),
    "all": (OPTIONAL, ["routilux.api.main", "routilux.cli.main", "routilux_otel"]),
}
LOOK = """
import importlib, importlib.metadata, json, sys
for module in json.loads(sys.argv[2]):
    importlib.import_module(module)
installed = {each.name.lower() for each in importlib.metadata.distributions()}
print(json.dumps([name for name in json.loads(sys.argv[1]) if name in installed]))
"""


def run(*command: object, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run `command` outside of the checkout's own environment and return what it printed."""
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
        env=bare_environment(),
    )
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


@dataclass(frozen=True)
class Installed:
    """A fresh environment with the wheel in it."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def program(self) -> Path:
        return self.folder / "bin" / "routilux"


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel once."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def constraints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the locked versions without hashes, which the wheel just built has not, and extras."""
    lock = (ROOT / "locks" / "dev.txt").read_text(encoding="utf-8")
    pins = re.findall(r"^(\S+==\S+(?: ; [^\\\n]+)?)", re.sub(r"\[[^]]*\]", "", lock), re.MULTILINE)
    path = tmp_path_factory.mktemp("constraints") / "versions.txt"
    path.write_text("\n".join(pins), encoding="utf-8")
    return path


def install(folder: Path, wheel: Path, constraints: Path, extra: str) -> Installed:
    """Install the wheel with `extra` ("" for none) into a new environment in `folder`."""
    installed = Installed(folder)
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    wanted = f"{wheel}[{extra}]" if extra else wheel
    pip = [sys.executable, "-m", "pip", "--python", installed.python, "--no-input"]
    run(*pip, "install", "--quiet", "--constraint", constraints, wanted)
    run(*pip, "check")
    return installed


@pytest.mark.parametrize("extra", EXTRAS)
def test_an_extra_brings_its_packages_and_no_others(extra, tmp_path, wheel, constraints):
    packages, modules = EXTRAS[extra]
    installed = install(tmp_path / "env", wheel, constraints, extra)
    done = run(installed.python, "-c", LOOK, json.dumps(OPTIONAL), json.dumps(modules))
    assert json.loads(done.stdout) == packages
    if "routilux.cli.main" in modules:
        check_the_program_works(installed, tmp_path)
    else:
        check_the_program_says_what_is_missing(installed)


def check_the_program_works(installed: Installed, folder: Path) -> None:
    """Take the census of a folder of two files."""
    files = folder / "files"
    files.mkdir()
    (files / "good.py").write_text("def f():\n    return 1\n", encoding="utf-8")
    (files / "broken.py").write_text("def f(:\n", encoding="utf-8")
    report = json.loads(run(installed.program, "demo", files, "--json").stdout)
    assert (report["files"], report["parsed"], report["failed"]) == (2, 1, 1)
    assert run(installed.program, "version").stdout.strip()


def check_the_program_says_what_is_missing(installed: Installed) -> None:
    """Without its extra, the command line says in one line what to install."""
    done = run(installed.program, "version", check=False)
    assert done.returncode != 0
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "routilux[cli]" in done.stderr


def test_the_wheel_needs_nothing_and_holds_the_two_packages(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = [name for name in names if name.endswith(".dist-info/METADATA")]
        needs = re.findall(r"^Requires-Dist: (.*)$", archive.read(metadata).decode(), re.MULTILINE)
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {
        "routilux",
        "routilux_otel",
    }
    assert {"routilux/py.typed", "routilux_otel/py.typed"} <= set(names)
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    assert needs
    assert all("extra ==" in need for need in needs)
