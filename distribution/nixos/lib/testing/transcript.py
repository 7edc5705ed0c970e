# Runs the console blocks of `document`. A line that begins with `# ` is a command of root, one with `$ ` a command of alice, and
# the lines below it are what it prints. In those, `…` stands for anything within the line, and a line that is only `…` for any
# number of lines. `[status N]` as the last line says that the command ends with that exit status.
import re
import shlex

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(block):
    """The commands of a block: [(prompt, command, lines that it prints)]."""
    found = []
    for line in block.splitlines():
        if line[:2] in ("$ ", "# "):
            found.append((line[0], line[2:], []))
        elif found and found[-1][1].endswith("\\"):
            prompt, command, lines = found[-1]
            found[-1] = (prompt, command + "\n" + line, lines)
        elif found:
            found[-1][2].append(line)
    return found


def pattern(lines):
    """A pattern for the whole output."""
    parts = []
    for line in lines:
        if line == "…":
            parts.append(r"(?:[^\n]*\n)*?")
        else:
            parts.append(r"[^\n]*".join(re.escape(piece) for piece in line.split("…")) + r"[ \t]*\n")
    return re.compile("".join(parts))


def run_command(prompt, command, lines):
    status = 0
    if lines and (ending := re.fullmatch(r"\[status (\d+)\]", lines[-1])):
        status = int(ending[1])
        lines = lines[:-1]
    shell = command if prompt == "#" else f"su - alice -c {shlex.quote(command)}"
    actual_status, output = machine.execute(f"cd; {{ {shell}\n}} 2>&1 < /dev/null")
    if output and not output.endswith("\n"):
        output += "\n"
    if actual_status != status or not pattern(lines).fullmatch(output):
        shown = "\n".join(lines)
        raise AssertionError(
            f"`{command}` ended with status {actual_status} and printed\n{output}expected: status {status} and\n{shown}"
        )


start_all()
machine.wait_for_unit("multi-user.target")
count = 0
for section in BLOCK.findall(document):
    for prompt, command, lines in commands(section):
        run_command(prompt, command, lines)
        count += 1
assert count > 0, "the document has no commands"
machine.shutdown()
