"""Files as importers should not get them: valid ones of each format, and what becomes of them by damage and malice.

Run as ``mutate:run_batch`` in a process apart, it imports many such files and says what became of each.
"""

from __future__ import annotations

import functools
import json
import os
import random
import resource
import shutil
import struct
import sys
import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import h5py
import numpy as np
import pyarrow
import pyarrow.parquet
from PIL import Image

from tvcore.ensemble import Column, Field, create
from tvcore.errors import TiledVizError
from tvcore.importing.importers import import_source
from tvcore.tilesets.document import read

Mutation = Callable[[Path, random.Random], None]

# Valid files


def seeds(format_name: str, folder: Path) -> list[Path]:
    """Return valid files of the format, made in *folder*, each of which the importer is to read."""
    folder.mkdir(parents=True, exist_ok=True)
    return _SEEDS[format_name](folder)


def _picture(path: Path, side: int = 8) -> Path:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0132] = "Maker", "Model", "2024:05:06 07:08:09"
    exif.get_ifd(0x8769)[0x829A] = 0.01
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 30.0, 0.0), 3: "E", 4: (2.0, 15.0, 0.0), 6: 120.5})
    Image.new("RGB", (side, side), (9, 90, 200)).save(path, exif=exif)
    return path


def _tiledviz(folder: Path) -> list[Path]:
    _picture(folder / "a.png")
    nodes = [
        {
            "url": "a.png",
            "title": "sub-01",
            "variable": "ID-001",
            "comment": "first",
            "usersNotes": "a note",
            "dbid": 4,
        },
        {"url": "https://h/p q.png", "name": "sub-02", "tags": ["animal", "8_300K", "{age,0,3,20}"], "connection": 0},
        {"url": "https://h/vnc.html?host=n1&port=5901&encrypt=0&password=xyzzy&true_color=1", "title": "é"},
    ]
    for index, node in enumerate(nodes):
        node.update(pos_px_x=index * 10, pos_px_y=-1, IdLocation=index)
    plain, script = folder / "nodes.json", folder / "nodes.js"
    plain.write_text(json.dumps({"nodes": nodes}))
    script.write_text("\ufeff// a comment\nvar text_ = " + json.dumps({"nodes": nodes})[:-2] + ",\n]}", "utf-8")
    return [plain, script]


def _cinema(folder: Path) -> list[Path]:
    database = folder / "a.cdb"
    database.mkdir()
    _picture(database / "a.png")
    rows = [
        "time,phi,name,FILE,FILE_2",
        '0.5,NaN,"a, b",a.png,',
        '1e3,-3,"say ""hi""",missing.png,a.png',
        ",,,a.png,a.png",
    ]
    (database / "data.csv").write_text("\n".join(rows) + "\n")
    return [database]


def _csv(folder: Path) -> list[Path]:
    _picture(folder / "a.png")
    comma, semicolon = folder / "a.csv", folder / "b.csv"
    comma.write_text('title,F,n,ok,tags,file\nfirst,0.5,1,true,"a,b",a.png\n"two\nlines",NaN,2,false,,b.png\n,,,,,\n')
    semicolon.write_text("\ufeffName;Wert;Ort\r\nä;1,5;Köln\r\nö;2,5;\r\n", "utf-16")
    return [comma, semicolon]


def _parquet(folder: Path) -> list[Path]:
    table = pyarrow.table(
        {
            "title": ["a", "b", None],
            "F": [0.5, float("nan"), None],
            "n": [1, 2, 1 << 60],
            "ok": [True, None, False],
            "tags": [["x", "y"], [], None],
            "run": [{"seed": 1, "at": {"x": 2.0}}, None, {"seed": 3, "at": None}],
        }
    )
    plain, packed = folder / "a.parquet", folder / "b.parquet"
    pyarrow.parquet.write_table(table, plain, compression="none")
    pyarrow.parquet.write_table(table, packed, compression="zstd", row_group_size=2, write_page_checksum=True)
    return [plain, packed]


def _pictures(folder: Path) -> list[Path]:
    made = folder / "shots"
    (made / "inner").mkdir(parents=True)
    for name in ("2.png", "10.jpg", "inner/1.webp", "inner/3.tif"):
        _picture(made / name)
    (made / "2.json").write_text('{"title": "two", "tags": ["t"], "F": 0.5, "run": {"seed": 1, "list": [1, 2]}}')
    (made / "10.jpg.json").write_text('{"note": "n", "F": 2, "ok": true, "x": null}')
    return [made]


def _hdf5(folder: Path) -> list[Path]:
    ours, foreign = folder / "ours.h5", folder / "foreign.nc"
    columns = (Column("name", "S16", role="title"), Column("F", "float32", "1/s"), Column("class", "S8", role="tag"))
    with create(ours, columns, (Field("v", (3, 4, 5)),), "A sweep") as writer:
        rows = [{"name": f"m{i}", "F": i / 10, "class": "spots"} for i in range(5)]
        writer.append(rows, {"v": np.arange(300, dtype=np.float32).reshape(5, 3, 4, 5)})
    with h5py.File(foreign, "w") as file:
        member = file.create_dataset("member", data=np.arange(4.0))
        member.make_scale("member")
        x = file.create_dataset("x", data=np.arange(3.0))
        x.make_scale("x")
        for name, shape in (("temperature", (4,)), ("field", (4, 3))):
            found = file.create_dataset(name, data=np.ones(shape), compression="gzip")
            found.attrs["units"] = "K"
            for axis, scale in enumerate((member, x)[: len(shape)]):
                found.dims[axis].attach_scale(scale)
    return [ours, foreign]


def _tileset(folder: Path) -> list[Path]:
    _picture(folder / "a.png")
    path = folder / "set.json"
    tiles = [
        {"key": 1, "title": "a", "kind": "picture", "source": str(folder / "a.png"), "values": {"F": 0.5, "n": 2}},
        {"key": 2, "title": "b", "tags": ["x"], "note": "two\nlines", "values": {"ok": True, "w": "word"}},
        {
            "key": 9,
            "kind": "page",
            "source": "https://h/",
            "place": {"x": 1, "y": 2, "index": 0},
            "stream": {"host": "n"},
        },
    ]
    kinds = {"F": "number", "n": "integer", "ok": "flag", "w": "text"}
    columns = [{"name": name, "kind": kind} for name, kind in kinds.items()]
    head = {"format": "tiledviz-tileset", "version": 1, "title": "A set"}
    path.write_text(json.dumps({**head, "columns": columns, "tiles": tiles}))
    return [path]


_SEEDS: dict[str, Callable[[Path], list[Path]]] = {
    "tiledviz": _tiledviz,
    "cinema": _cinema,
    "csv": _csv,
    "parquet": _parquet,
    "pictures": _pictures,
    "hdf5": _hdf5,
    "tileset": _tileset,
}

# Damage to bytes


def _truncated(data: bytes, dice: random.Random) -> bytes:
    return data[: dice.randrange(len(data) + 1)]


def _flipped(data: bytes, dice: random.Random) -> bytes:
    found = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 8, 64))):
        if found:
            found[dice.randrange(len(found))] ^= 1 << dice.randrange(8)
    return bytes(found)


def _overwritten(data: bytes, dice: random.Random) -> bytes:
    """Return *data* with a number somewhere that is as large, or as odd, as it can be."""
    size = dice.choice((1, 2, 4, 8))
    number = dice.choice((0, 1, (1 << 8 * size) - 1, (1 << 8 * size - 1) - 1, 1 << 8 * size - 2, 10**12))
    at = dice.randrange(len(data) + 1)
    return data[:at] + (number % (1 << 8 * size)).to_bytes(size, "little") + data[at + size :]


def _zeroed(data: bytes, dice: random.Random) -> bytes:
    at, length = dice.randrange(len(data) + 1), dice.choice((1, 16, 512))
    return data[:at] + b"\0" * length + data[at + length :]


def _repeated(data: bytes, dice: random.Random) -> bytes:
    at, length = dice.randrange(len(data) + 1), dice.choice((1, 30, 1000))
    return data[:at] + data[at : at + length] * dice.choice((2, 10, 1000)) + data[at + length :]


def _removed(data: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(data) + 1)
    return data[:at] + data[at + dice.choice((1, 4, 100)) :]


def _noise(data: bytes, dice: random.Random) -> bytes:
    return data[: dice.choice((0, 4, 8, 16, 512))] + dice.randbytes(dice.choice((0, 1, 100, 10_000)))


DAMAGE = (_truncated, _flipped, _flipped, _overwritten, _overwritten, _zeroed, _repeated, _removed, _noise)

# Malice in texts


def _long_line(data: bytes, dice: random.Random) -> bytes:
    return _put(
        data, dice.choice((b"x", b",", b'"', b"\xc3\xa9", b"9", b"[", b"\\")) * dice.choice((5_000, 2_000_000)), dice
    )


def _odd_characters(data: bytes, dice: random.Random) -> bytes:
    odd = (
        b"\0",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"\x1b[31m",
        b"\r",
        b"\xe2\x80\xa8",
        b"\xef\xbb\xbf",
        b"\\ud800",
        b"\x85",
    )
    return _put(data, dice.choice(odd), dice)


def _odd_number(data: bytes, dice: random.Random) -> bytes:
    odd = (b"1e999", b"-0", b"NaN", b"Infinity", b"9" * 5000, b"1e-400", b"0x10", b"1_000", b"9007199254740993", b"-1")
    digits = [at for at in range(len(data)) if data[at : at + 1].isdigit()] or [0]
    at = dice.choice(digits)
    return data[:at] + dice.choice(odd) + data[at + 1 :]


def _other_encoding(data: bytes, dice: random.Random) -> bytes:
    return data.decode("utf-8", "replace").encode(dice.choice(("utf-16", "utf-16-be", "utf-32", "utf-7")), "replace")


def _deep(data: bytes, dice: random.Random) -> bytes:
    depth = dice.choice((50, 5_000, 200_000))
    opened, closed = dice.choice(((b"[", b"]"), (b'{"a":', b"}")))
    return _put(data, opened * depth + (b"1" + closed * depth if dice.random() < 0.5 else b""), dice)


def _wrong_type(data: bytes, dice: random.Random) -> bytes:
    """Return the JSON *data* with one of its values replaced by something of another type."""
    text = data.decode("utf-8-sig", "replace")
    start = text.find("{")
    places: list[tuple[Any, Any]] = []

    def visit(value: Any) -> None:
        for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
            places.append((value, key))
            visit(value[key])

    try:
        found = json.loads(text[start:])
        visit(found)
    except (ValueError, RecursionError):
        places = []
    if not places:
        return _odd_number(data, dice)
    for _ in range(dice.choice((1, 1, 3))):
        holder, key = dice.choice(places)
        others = (
            None,
            True,
            -1,
            1 << 70,
            1e308,
            "",
            "x\0",
            "{a,b,c,d}",
            "password=xyzzy",
            [],
            {},
            [[]],
            {"a": {"b": 1}},
            "é" * 300,
        )
        holder[key] = dice.choice(others)
    return (text[:start] + json.dumps(found)).encode()


def _put(data: bytes, piece: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(data) + 1)
    return data[:at] + piece + data[at:]


TEXT = (_long_line, _odd_characters, _odd_characters, _odd_number, _other_encoding)
JSON = (*TEXT, _deep, _wrong_type, _wrong_type, _wrong_type)

# Malice in files and folders


def _special_file(path: Path, dice: random.Random) -> None:
    """Put something that is no plain file where one is read: a pipe, a link in a circle, a folder, nothing."""
    path.unlink()
    match dice.randrange(6):
        case 0:
            os.mkfifo(path)
        case 1:
            path.symlink_to(path.name)
        case 2:
            path.mkdir()
        case 3:
            path.symlink_to("/dev/zero")
        case 4:
            path.symlink_to("/nowhere/at/all")
        case _:
            path.write_bytes(b"")


def _png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", head), *chunks, (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + body


@functools.cache
def _picture_bombs() -> Sequence[bytes]:
    zeros = zlib.compress(b"\0" * (64 << 20), 9)
    return (
        _png(100_000, 100_000),
        _png(2**31 - 1, 2**31 - 1),
        _png(8, 8, (b"zTXt", b"a\0\0" + zeros)),
        _png(8, 8, (b"iCCP", b"a\0\0" + zeros)),
        _png(8, 8, (b"eXIf", b"MM\0*\0\0\0\x08" + b"\xff" * 200)),
        b"II*\0" + struct.pack("<IHHHII", 8, 1, 0x8769, 4, 1, 8) + b"\0" * 8,
        b"RIFF\xff\xff\xff\x7fWEBPVP8X\x0a\0\0\0\x08\0\0\0" + b"\xff" * 6,
    )


def _picture_bomb(folder: Path, dice: random.Random) -> None:
    name = dice.choice(("2.png", "10.jpg", "new.gif"))
    (folder / name).write_bytes(dice.choice(_picture_bombs()))


def _odd_tree(folder: Path, dice: random.Random) -> None:
    match dice.randrange(6):
        case 0:
            (folder / "loop").symlink_to("..")
        case 1:
            (folder / "inner/loop").symlink_to("loop")
        case 2:
            deep = folder
            for _ in range(60):
                deep /= "d"
            deep.mkdir(parents=True)
            shutil.copy(folder / "2.png", deep)
        case 3:
            with open(os.fsencode(folder) + b"/\xff\xfe\n.png", "wb") as file:
                file.write(b"\x89PNG\r\n\x1a\n")
        case 4:
            os.mkfifo(folder / "pipe.png")
        case _:
            (folder / "2\x1b[31m\n.png").write_bytes((folder / "2.png").read_bytes())


def _links(path: Path, dice: random.Random) -> None:
    """Put links where an HDF5 file has datasets: in circles, out of the file, to nothing."""
    with h5py.File(path, "a") as file:
        group = file.get("members", file)
        match dice.randrange(8):
            case 0:
                group["a"], group["b"] = h5py.SoftLink(f"{group.name}/b"), h5py.SoftLink(f"{group.name}/a")
            case 1:
                group["out"] = h5py.ExternalLink("/etc/passwd", "/x")
            case 2:
                group["out"] = h5py.ExternalLink(str(path), group.name)
            case 3:
                group["self"] = group
            case 4:
                group["root"] = file["/"]
            case 5:
                group["gone"] = h5py.SoftLink("/nowhere")
            case 6:
                group.create_dataset("raw", (5,), "u1", external=[("/etc/passwd", 0, 5)])
            case _:
                layout = h5py.VirtualLayout((5,), "f8")
                layout[:] = h5py.VirtualSource("/nowhere.h5", "x", (5,))
                group.create_virtual_dataset("virtual", layout)


def _huge(path: Path, dice: random.Random) -> None:
    """Claim sizes that no memory has, in a file of some kilobytes."""
    with h5py.File(path, "a") as file:
        group = file.get("members", file)
        names = [name for name in group if isinstance(group[name], h5py.Dataset)]
        match dice.randrange(5):
            case 0:  # all columns agree on a length
                for each in (group, file.get("fields", {})):
                    for name in each:
                        if isinstance(each[name], h5py.Dataset) and each[name].maxshape[0] is None:
                            each[name].resize(10**12, axis=0)
            case 1:
                group.create_dataset("huge", (10**12,), "f8", chunks=(1024,), compression="gzip")
            case 2:
                text = h5py.string_dtype("utf-8", 1 << 20)
                rows = len(group[names[0]])
                group.create_dataset("wide", (rows,), text, chunks=(1,), compression="gzip")
            case 3:
                for number in range(1500):
                    group.create_dataset(f"column {number}", (5,), "f8")
            case _:
                rows = 60_000
                bomb = file.create_dataset("bomb", (rows, 1000), "f8", chunks=(1000, 1000), compression="gzip")
                bomb[:1000] = 0


def _odd_types(path: Path, dice: random.Random) -> None:
    """Put datasets and attributes of types that a column cannot have."""
    types: Sequence[Any] = (
        h5py.string_dtype(),
        h5py.vlen_dtype("i4"),
        h5py.ref_dtype,
        np.dtype([("a", "f8"), ("b", "S4")]),
        h5py.enum_dtype({"A": 0, "B": 1}),
        h5py.opaque_dtype(np.dtype("M8[us]")),
        "c16",
        "f2",
        ">i8",
        "u8",
        "S3",
        np.dtype(("f8", (3,))),
    )
    with h5py.File(path, "a") as file:
        group = file.get("members", file)
        kind = dice.choice(types)
        match dice.randrange(4):
            case 0 | 1:
                name = dice.choice(list(group))
                shape = group[name].shape if isinstance(group[name], h5py.Dataset) else (5,)
                del group[name]
                group.create_dataset(name, shape, kind)
            case 2:
                name = dice.choice(("tiledviz", "title", "complete"))
                file.attrs.create(name, np.zeros(dice.choice(((), (3,))), "S3" if dice.random() < 0.5 else "f8"))
            case _:
                of = group[dice.choice(list(group))]
                name = dice.choice(("unit", "role", "description", "units", "long_name"))
                of.attrs[name] = dice.choice(
                    (b"\xff\xfe", np.bytes_(b"x\0y"), 7, [1, 2, 3], "role" * 9000, h5py.Empty("f8"))
                )


def _parquet_malice(path: Path, dice: random.Random) -> None:
    """Write a valid Parquet file that is more than it looks, or of types that are rare."""
    rows = 60_000
    match dice.randrange(9):
        case 0:
            column: Any = pyarrow.DictionaryArray.from_arrays(np.zeros(rows, "i4"), ["x" * 200_000])
        case 1:
            column = pyarrow.nulls(100_000)
        case 2:
            column = pyarrow.array([b"\xff\0"] * 3, pyarrow.binary())
        case 3:
            column = pyarrow.array([1 << 62, None], pyarrow.timestamp("ns", "Europe/Paris"))
        case 4:
            column = pyarrow.array([[("a", 1)]], pyarrow.map_(pyarrow.string(), pyarrow.int64()))
        case 5:
            kind = pyarrow.int64()
            for _ in range(40):
                kind = pyarrow.struct([("a", kind)])
            column = pyarrow.nulls(2, kind)
        case 6:
            column = pyarrow.array([1, None]).cast(pyarrow.decimal128(38, 2))
        case 7:
            column = pyarrow.array([[[[1], []]], None])
        case _:
            column = pyarrow.array([2**31 - 1, -(2**31)], pyarrow.date32())
    pyarrow.parquet.write_table(pyarrow.table({dice.choice(("a", "tags", "title", "source", "")): column}), path)


def mutant(format_name: str, seed: Path, dice: random.Random, folder: Path) -> tuple[Path, str]:
    """Return a mutant of the valid file or folder *seed*, made in *folder*, and how it was made; *dice* decides."""
    folder.mkdir(parents=True)
    target = folder / seed.name
    if seed.is_dir():
        shutil.copytree(seed, target)
        inside = sorted(path for path in target.rglob("*") if path.is_file())
        file = target / "data.csv" if format_name == "cinema" and dice.random() < 0.7 else dice.choice(inside)
    else:
        shutil.copy(seed, target)
        file = target
    if dice.random() < 0.03:
        _special_file(file, dice)
        return target, "special file"
    named: dict[str, tuple[Mutation, ...]] = {
        "hdf5": (_links, _huge, _odd_types),
        "parquet": (_parquet_malice,),
        "pictures": (_picture_bomb, _odd_tree),
    }
    if format_name in named and dice.random() < 0.35:
        chosen = dice.choice(named[format_name])
        chosen(target, dice)
        if dice.random() < 0.8:
            return target, chosen.__name__
    if file.suffix in (".json", ".js"):
        kinds: Sequence[Callable[[bytes, random.Random], bytes]] = (*DAMAGE, *JSON)
    else:
        kinds = (*DAMAGE, *TEXT) if file.suffix == ".csv" else DAMAGE
    how = []
    for _ in range(dice.choice((1, 1, 1, 2))):
        kind = dice.choice(kinds)
        file.write_bytes(kind(file.read_bytes(), dice))
        how.append(kind.__name__)
    return target, "+".join(how)


# Trying them


def outcome(path: str, format_name: str | None) -> dict[str, Any]:
    """Import *path*; return what became of it: a set, a line, or a fault of ours with where it happened."""
    begun = time.monotonic()
    try:
        found = import_source(path, format_name, {}, None)
        json.dumps(found, allow_nan=False)
        read(found["document"])
        said: dict[str, Any] = {"is": "set", "tiles": len(found["document"].get("tiles", ()))}
    except TiledVizError as error:
        said = {"is": "line", "text": str(error)}
    except MemoryError:
        said = {"is": "memory"}
    except Exception as error:
        trace = error.__traceback__
        where = []
        while trace:
            where.append(f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}")
            trace = trace.tb_next
        said = {"is": "fault", "text": f"{type(error).__name__}: {error}"[:300], "where": " ".join(where[-6:])}
    return {**said, "seconds": time.monotonic() - begun}


def run_batch(cases: list[tuple[str, str | None]], coverage: list[str]) -> dict[str, Any]:
    """Import each (path, format); return the outcomes, the peak of memory, and the lines reached in files of folders
    *coverage*."""
    reached: dict[str, set[int]] = {}

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        name = frame.f_code.co_filename
        if event == "call" and not name.startswith(tuple(coverage)):
            return None
        reached.setdefault(name, set()).add(frame.f_lineno)
        return trace

    if coverage:
        sys.settrace(trace)
    try:
        outcomes = [outcome(path, format_name) for path, format_name in cases]
    finally:
        sys.settrace(None)
    return {
        "outcomes": outcomes,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10,
        "reached": {name: sorted(lines) for name, lines in reached.items()},
    }
