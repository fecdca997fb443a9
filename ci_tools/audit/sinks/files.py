"""Calls that write and delete files and directories."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from ci_tools.audit.sinks.commands import words_of
from ci_tools.audit.sinks.where import is_refused
from ci_tools.audit.steps import Call, Kind, Step, Value

_OPENERS = frozenset(
    {
        "open",
        "io.open",
        "codecs.open",
        "gzip.open",
        "bz2.open",
        "lzma.open",
        "aiofiles.open",
        "anyio.open_file",
        "tarfile.open",
        "tarfile.TarFile",
        "zipfile.ZipFile",
        "gzip.GzipFile",
        "bz2.BZ2File",
        "lzma.LZMAFile",
        "wave.open",
        "h5py.File",
        "netCDF4.Dataset",
    }
)
# What they write to: its position among the arguments, its keyword.
_WRITERS = {
    "os.mkdir": (0, "path"),
    "os.makedirs": (0, "name"),
    "os.mkfifo": (0, "path"),
    "os.truncate": (0, "path"),
    "os.symlink": (1, "dst"),
    "os.link": (1, "dst"),
    "os.rename": (1, "dst"),
    "os.renames": (1, "new"),
    "os.replace": (1, "dst"),
    "shutil.copy": (1, "dst"),
    "shutil.copy2": (1, "dst"),
    "shutil.copyfile": (1, "dst"),
    "shutil.copytree": (1, "dst"),
    "shutil.move": (1, "dst"),
    "shutil.make_archive": (0, "base_name"),
    "shutil.unpack_archive": (1, "extract_dir"),
    "shelve.open": (0, "filename"),
    "urllib.request.urlretrieve": (1, "filename"),
    "logging.FileHandler": (0, "filename"),
    "logging.handlers.RotatingFileHandler": (0, "filename"),
    "logging.handlers.TimedRotatingFileHandler": (0, "filename"),
    "logging.handlers.WatchedFileHandler": (0, "filename"),
    "numpy.save": (0, "file"),
    "numpy.savez": (0, "file"),
    "numpy.savez_compressed": (0, "file"),
    "numpy.savetxt": (0, "fname"),
    "scipy.io.savemat": (0, "file_name"),
    "pandas.ExcelWriter": (0, "path"),
    "pandas.HDFStore": (0, "path"),
    "matplotlib.pyplot.savefig": (0, "fname"),
    "matplotlib.pyplot.imsave": (0, "fname"),
    "imageio.imwrite": (0, "uri"),
    "cv2.imwrite": (0, "filename"),
    "joblib.dump": (1, "filename"),
    "torch.save": (1, "f"),
    "safetensors.torch.save_file": (1, "filename"),
}
_PATH_METHODS = frozenset({"write_text", "write_bytes", "touch", "mkdir", "symlink_to", "hardlink_to"})
# Of objects that aren't the project's, whatever they are.
_METHODS = {
    "to_csv": (0, "path_or_buf"),
    "to_excel": (0, "excel_writer"),
    "to_feather": (0, "path"),
    "to_hdf": (0, "path_or_buf"),
    "to_html": (0, "buf"),
    "to_json": (0, "path_or_buf"),
    "to_netcdf": (0, "path"),
    "to_parquet": (0, "path"),
    "to_pickle": (0, "path"),
    "to_zarr": (0, "store"),
    "write_csv": (0, "file"),
    "write_parquet": (0, "file"),
    "savefig": (0, "fname"),
    "extractall": (0, "path"),
}
_DELETERS = {
    "os.remove": (0, "path"),
    "os.unlink": (0, "path"),
    "os.rmdir": (0, "path"),
    "os.removedirs": (0, "name"),
    "shutil.rmtree": (0, "path"),
}
_PATH_DELETERS = frozenset({"unlink", "rmdir"})
_EVERYWHERE = ("/", "/tmp", "/var/tmp", "/dev/shm", "~", ".", "..", "")
_OF_PATHS = "pathlib.Path."


@dataclass(frozen=True, slots=True)
class Deletion:
    """What is deleted: a file or an empty directory, or with `is_tree` all below a path."""

    path: Value
    is_tree: bool


def written_by(step: Step) -> Iterator[Value]:
    """Yield the paths that a step creates or writes to.

    A directory that may exist already (`exist_ok=True`) is none: all workers may make it.
    """
    if isinstance(step, Call) and not is_refused(step):
        if step.name.startswith(_OF_PATHS) and step.receiver is not None:
            yield from _written_by_method(step, step.receiver, step.name.removeprefix(_OF_PATHS))
        elif step.name in _OPENERS:
            yield from _opened(step, step.argument(0, "file"), step.argument(1, "mode"))
        elif step.name == "os.open":
            yield from _opened_by_flags(step)
        elif step.name in _WRITERS:
            path = step.argument(*_WRITERS[step.name])
            yield from () if _may_exist(step, path) else (path,)
        elif step.receiver is not None and step.receiver.kind in (Kind.MADE, Kind.UNKNOWN):
            method = step.name.rpartition(".")[2]
            yield from (step.argument(*_METHODS[method]),) if method in _METHODS else ()


def deleted_by(step: Step) -> Iterator[Deletion]:
    """Yield what a step deletes."""
    if not isinstance(step, Call) or is_refused(step):
        return
    if step.name in _DELETERS:
        yield Deletion(step.argument(*_DELETERS[step.name]), is_tree=step.name == "shutil.rmtree")
    elif step.name.startswith(_OF_PATHS) and step.name.removeprefix(_OF_PATHS) in _PATH_DELETERS and step.receiver:
        yield Deletion(step.receiver, is_tree=False)
    else:
        command, *arguments = words_of(step) or ("",)
        if command == "rm":
            is_tree = any(word.startswith("-") and "r" in word.lower() for word in arguments)
            paths = [word for word in arguments if not word.startswith("-") and "…" not in word]
            yield from (Deletion(Value(Kind.CONST, word), is_tree=is_tree) for word in paths)


def _written_by_method(call: Call, path: Value, method: str) -> Iterator[Value]:
    if method == "open":
        yield from _opened(call, path, call.argument(0, "mode"))
    elif method in ("rename", "replace") and len(call.args) == 1:
        yield call.args[0]
    elif method in _PATH_METHODS and not _may_exist(call, path):
        yield path


def _opened(call: Call, path: Value, mode: Value) -> Iterator[Value]:
    if mode.kind is Kind.CONST and isinstance(mode.data, str) and set(mode.data.partition(":")[0]) & set("wax+"):
        yield path


def _opened_by_flags(call: Call) -> Iterator[Value]:
    """Yield the path if the flags are written out, and one of them creates or writes."""
    flags = {node.attr for node in ast.walk(call.node) if isinstance(node, ast.Attribute)}
    if flags & {"O_CREAT", "O_WRONLY", "O_RDWR", "O_TRUNC", "O_APPEND"}:
        yield call.argument(0, "path")


def _may_exist(call: Call, path: Value) -> bool:
    """Return whether a directory is made that is there already, or may be."""
    is_asked = call.keywords.get("exist_ok", Value(Kind.CONST)).data is True
    return call.name.endswith(("mkdir", "makedirs")) and (is_asked or path.data in _EVERYWHERE)
