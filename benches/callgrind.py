"""Counts the instructions and allocations of a program, by callgrind."""
import re
import subprocess
import tempfile

ALLOCATIONS = {"malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc"}


def count(*command):
    """Returns the instructions and the allocations of a whole run. An allocation is a call of the allocator from outside."""
    with tempfile.NamedTemporaryFile() as out:
        tool = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out.name}"]
        subprocess.run([*tool, *command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        names, caller, callee, allocations, instructions = {}, None, None, 0, 0
        for line in open(out.name):
            if match := re.match(r"(c?fn)=\((\d+)\)(?: (.*))?", line):
                kind, number, name = match.groups()
                if name:
                    names[number] = re.sub(r"'\d+$", "", name.strip())
                if kind == "fn":
                    caller = names[number]
                else:
                    callee = names[number]
            elif line.startswith("calls=") and callee in ALLOCATIONS and caller not in ALLOCATIONS:
                allocations += int(line[6:].split()[0])
            elif line.startswith(("summary:", "totals:")):
                instructions = int(line.split()[1])
        return instructions, allocations
