"""The start of a program that cannot see some folders: run as a script, once a program, so it imports next to nothing.

``python -I -S sandbox_exec.py [--hide FOLDER]... [--keep FOLDER] -- COMMAND...`` moves this process into a user and
a mount namespace of its own (user_namespaces(7), mount_namespaces(7); no privilege is needed), lays an empty read-only
tmpfs over each FOLDER to hide, binds the one to keep back at its own path, read-only but for the folder ``own`` in it,
and becomes COMMAND. Process id, group, niceness, working folder, devices, network and all other files stay what they
were.

The program cannot undo it: user ids are mapped to themselves, every capability is gone for good, and a user namespace
that it makes for itself gets the mounts locked together. Nor can it look around it: what ptrace(2) guards (memory,
files, root folder and environment of a process in /proc) wants a capability in that process's namespace, which is the
parent of this one or another child of it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import sys

OWN = "own"  # of the folder that is kept: what the program may write to
CANNOT = 126  # exit codes of sh(1): it cannot be executed, it is not found
NOT_FOUND = 127
COMPLAINT = "tiledviz: what is not this program's cannot be hidden from it: "

_CLONE_NEWNS, _CLONE_NEWUSER = 0x20000, 0x10000000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REMOUNT, _MS_BIND = 1, 2, 4, 8, 32, 4096
_PR_SET_PDEATHSIG, _PR_GET_PDEATHSIG, _PR_CAPBSET_DROP, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 1, 2, 24, 47, 4
_MOST_CAPABILITIES = 64
_libc = ctypes.CDLL(None, use_errno=True)


def places(folder: str, mounts: str) -> list[str]:
    """Return the paths at which *folder* (absolute, no link) can be seen, itself first.

    *mounts* is the text of /proc/self/mountinfo (proc(5)): the file system of *folder* may be mounted elsewhere too.
    """
    rows = [(row[2], _unescaped(row[3]), _unescaped(row[4])) for row in map(str.split, mounts.splitlines())]
    device, root, point = max((row for row in rows if _within(folder, row[2])), key=lambda row: len(row[2]))
    inner = _join(root, folder[len(point.rstrip("/")) :])
    others = [
        _join(at, inner[len(top.rstrip("/")) :]) for dev, top, at in rows if dev == device and _within(inner, top)
    ]
    return [folder, *dict.fromkeys(other for other in others if other != folder)]


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _join(folder: str, rest: str) -> str:
    return folder.rstrip("/") + rest or "/"


def _unescaped(field: str) -> str:
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        field = field.replace(code, character)
    return field


def _mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    arguments = (source.encode(), os.fsencode(target), kind.encode() if kind else None, flags, options.encode())
    if _libc.mount(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"a mount on {target}: {os.strerror(number)}")


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def _unshare() -> None:
    """Enter a user and a mount namespace of our own, as the user that we are."""
    uid, gid = os.geteuid(), os.getegid()
    if _libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNS) != 0:
        number = ctypes.get_errno()
        why = "user.max_user_namespaces is too low" if number == errno.ENOSPC else os.strerror(number)
        raise OSError(number, f"no user namespace can be made: {why}")
    _write("/proc/self/setgroups", "deny")  # without it no gid may be mapped: user_namespaces(7)
    _write("/proc/self/uid_map", f"{uid} {uid} 1")
    _write("/proc/self/gid_map", f"{gid} {gid} 1")


def _cover(folder: str, keep: list[str]) -> None:
    """Lay an empty read-only folder over *folder*, with those of *keep* that lie in it bound at their own paths."""
    kept = {path: os.open(path, os.O_PATH | os.O_DIRECTORY) for path in keep if _within(path, folder)}
    inner = [own for own in (f"{path}/{OWN}" for path in kept) if os.path.isdir(own)]
    owned = {own: os.open(own, os.O_PATH | os.O_DIRECTORY) for own in inner}
    try:
        _mount("tiledviz", folder, "tmpfs", _MS_NOSUID | _MS_NODEV, "mode=0755,size=64k")
    except FileNotFoundError:  # another agent, which ended just now, took its folder along
        return
    for path, handle in kept.items():
        os.makedirs(path, exist_ok=True)
        _mount(f"/proc/self/fd/{handle}", path, None, _MS_BIND)
        locked = os.statvfs(path).f_flag & (_MS_NOSUID | _MS_NODEV | _MS_NOEXEC)  # must stay: mount_namespaces(7)
        _mount("none", path, None, _MS_REMOUNT | _MS_BIND | _MS_RDONLY | locked)
        os.close(handle)
    for path, handle in owned.items():
        _mount(f"/proc/self/fd/{handle}", path, None, _MS_BIND)
        os.close(handle)
    _mount("none", folder, None, _MS_REMOUNT | _MS_BIND | _MS_RDONLY | _MS_NOSUID | _MS_NODEV)


def _drop_capabilities() -> None:
    """Give up every capability for good: after exec(2) there is none, for uid 0 neither."""
    for number in range(_MOST_CAPABILITIES):
        if _libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0) != 0:
            break  # the kernel knows no more
    _libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)


def enclose(hide: list[str], keep: list[str]) -> None:
    """Hide the folders *hide* from this process for good, but for those of *keep* within them. Raises OSError."""
    death = ctypes.c_int()
    _libc.prctl(_PR_GET_PDEATHSIG, ctypes.byref(death), 0, 0, 0)
    try:
        here = os.getcwd()
    except OSError:  # it was removed
        here = "/"
    with open("/proc/self/mountinfo", errors="surrogateescape") as file:
        mounts = file.read()
    keep = [os.path.realpath(folder) for folder in keep]
    hidden = {os.path.realpath(folder) for folder in hide}
    outermost = sorted(f for f in hidden if not any(f != other and _within(f, other) for other in hidden))
    seen = {
        folder: [place for place in places(folder, mounts)[1:] if _same(place, folder)]
        for folder in outermost
        if os.path.isdir(folder)
    }
    _unshare()
    for folder, others in seen.items():
        for place in others:
            _cover(place, [])
        _cover(folder, keep)
    try:
        os.chdir(here)  # the working folder is held open: what was hidden would still be "." otherwise
    except OSError:
        os.chdir("/")
    _drop_capabilities()
    _libc.prctl(_PR_SET_PDEATHSIG, death.value, 0, 0, 0)


def _same(a: str, b: str) -> bool:
    try:
        return os.path.samefile(a, b)
    except OSError:
        return False


def main(arguments: list[str]) -> int:
    """Hide what *arguments* say and become their command; return an exit code where that cannot be."""
    options = {"--hide": list[str](), "--keep": list[str]()}
    while arguments[0] != "--":
        options[arguments[0]].append(arguments[1])
        arguments = arguments[2:]
    command = arguments[1:]
    try:
        enclose(options["--hide"], options["--keep"])
    except OSError as error:
        print(f"{COMPLAINT}{error.strerror}", file=sys.stderr)
        return CANNOT
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them, and that would be inherited
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvp(command[0], command)  # noqa: S606 - a shell is what is not wanted
    except OSError as error:
        print(f"tiledviz: {command[0]}: {error.strerror}", file=sys.stderr)
        return NOT_FOUND if isinstance(error, FileNotFoundError) else CANNOT


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
