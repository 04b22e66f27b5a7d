"""Lets the torch wheel of a package index run on a CPU without gigabytes of CUDA packages.

The Linux wheel is linked against CUDA libraries that a CPU run never calls. This writes, for each library that is
missing beside torch, one that only has the symbols torch asks for; each of them ends the process if it is called.

    python cuda_stand_ins.py <site-packages>
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def needed(library):
    return re.findall(r"\(NEEDED\).*\[(.+)\]", output("readelf", "-dW", str(library)))


def wanted_versions(library):
    """Which library a symbol version is asked of, e.g. NVSHMEM -> libnvshmem_host.so.3."""
    text = output("readelf", "-VW", str(library))
    text = text[text.find("Version needs section") :] if "Version needs section" in text else ""
    versions = {}
    file = None
    for line in text.splitlines():
        if found := re.search(r"File: (\S+)", line):
            file = found[1]
        elif (found := re.search(r"Name: (\S+)", line)) and file is not None:
            versions[found[1]] = file
    return versions


def symbols(library):
    """(name, version or None, is defined) of each global dynamic symbol."""
    for line in output("readelf", "--dyn-syms", "-W", str(library)).splitlines():
        fields = line.split()
        if len(fields) >= 8 and fields[4] == "GLOBAL":
            name, _, version = fields[7].replace("@@", "@").partition("@")
            yield name, version or None, fields[6] != "UND"


def write_library(path, by_version):
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "stand_in.c")
        names = sorted({name for group in by_version.values() for name in group})
        lines = ["#include <stdlib.h>", *(f"void {name}(void) {{ abort(); }}" for name in names)]
        source.write_text("\n".join(lines) + "\n")
        script = Path(folder, "versions.map")
        script.write_text(
            "".join(
                f"{version} {{ global: {' '.join(f'{name};' for name in sorted(group))} }};\n"
                for version, group in by_version.items()
                if version is not None
            )
        )
        versions = [f"-Wl,--version-script={script}"] if script.read_text() else []
        flags = ["-w", "-fno-builtin", "-shared", "-fPIC", f"-Wl,-soname,{path.name}", *versions]
        subprocess.run(["cc", *flags, "-o", str(path), str(source)], check=True)


def main(site_packages):
    libraries = list((site_packages / "torch" / "lib").glob("*.so*"))
    folder = site_packages / "nvidia" / "cu13" / "lib"
    folder = next(iter(sorted((site_packages / "nvidia").glob("cu*/lib"))), folder)
    folder.mkdir(parents=True, exist_ok=True)
    present = {path.name for path in libraries} | {path.name for path in folder.iterdir()}
    missing = {
        name
        for library in libraries
        for name in needed(library)
        if name.startswith(("libcu", "libnv", "libnccl")) and name not in present and name != "libcuda.so.1"
    }
    defined = {
        name
        for library in [*libraries, *folder.glob("*.so*")]
        for name, _, is_defined in symbols(library)
        if is_defined
    }
    stand_ins = {name: {} for name in sorted(missing)}
    for library in libraries:
        versions = wanted_versions(library)
        takers = [name for name in needed(library) if name in missing]
        for name, version, is_defined in symbols(library):
            if is_defined or (version is None and (name in defined or name.startswith(("Py", "_Py")))):
                continue
            # A symbol without a version may come from any library: the first missing one has it.
            target = takers[0] if version is None and takers else versions.get(version)
            if target in stand_ins:
                stand_ins[target].setdefault(version, set()).add(name)
    for name, by_version in stand_ins.items():
        write_library(folder / name, by_version)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
