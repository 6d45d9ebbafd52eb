"""Raw files from mirrors or from upstream: verified, and whole or absent."""

import gzip
import logging
import lzma
import threading
import time
import zipfile
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote

from filelock import FileLock

from relamp.data.archive import looks_like_html
from relamp.data.registry import RemoteFile
from relamp.errors import RelampError, without_user
from relamp.runtime.files import sha256, whole
from relamp.runtime.progress import Progress

log = logging.getLogger(__name__)

_CHUNK = 2**16
_MOST_UNPACKED = 2**31  # how far a file of unknown size is looked through for damage
_PASSING = (408, 429)  # beside 5xx, the HTTP errors that may be gone a moment later


class Network(NamedTuple):
    """How patient downloads are."""

    attempts: int = 3  # how often one address is tried before the next
    wait: float = 1.0  # seconds before the second attempt, doubled for each further one
    timeout: float = 30.0  # seconds without a connection, or without a byte, that end an attempt
    answer: float = 90.0  # seconds that all may take up to the first byte of the file, redirects included
    slowest: float = (
        1e4  # bytes per second; after `timeout`, a file that comes more slowly on the whole ends an attempt
    )


_Answer = TypeVar("_Answer")
_PATIENT = Network()


@dataclass(frozen=True)
class Fetched:
    """A raw file that is there.

    Attributes:
        file: the registry's entry.
        path: where it lies; a file of a mirror's folder stays there.
        place: where it came from, in words, without the user and password of an address.
        sha256: of its bytes.
    """

    file: RemoteFile
    path: Path
    place: str
    sha256: str

    @property
    def name(self) -> str:
        """The file's name."""
        return self.file.name

    @property
    def variant(self) -> str:
        """Which known form of the file this is, see `Variant`, or an empty string for none."""
        return next((variant.form for variant in self.file.variants if variant.sha256 == self.sha256), "")

    @property
    def verified(self) -> bool:
        """Whether the registry knows the sha256; if not, the content must decide, see `check_content`."""
        return bool(self.variant)


class _UnfitError(Exception):
    """Why a place does not give the file."""

    def __init__(self, reason: str, again: bool = False, advice: str = "delete it") -> None:
        super().__init__(reason)
        self.again = again  # whether the next attempt may go better
        self.advice = advice  # for whoever put the file there


def fetch(
    file: RemoteFile, mirrors: Sequence[str], cache: Path, offline: bool = False, network: Network = _PATIENT
) -> Fetched:
    """Return a sound copy of a file: from the mirrors in their order, then from upstream unless `offline`.

    A mirror is a folder, whose files are used in place, or a URL; both hold `<collection>/<name>`. Downloads land in
    `<cache>/<collection>/<name>`, which is looked at before any address, and without a network as well. The sha256 is
    computed each time. Where it is unknown the file passes as not `verified`, unless it is marked `exact`, an HTML
    page, or cut off. No more than `RemoteFile.most_bytes` are ever loaded, and none of them is unpacked on its way.

    Raises RelampError, with every place that was tried, if there is no sound copy, or if the disk is full.
    """
    target = Path(cache) / file.collection / file.name
    tried: list[str] = []
    places: list[str | None] = [*mirrors, *file.urls]
    addresses = [number for number, place in enumerate(places) if place and _is_url(place)]
    places.insert((addresses or [len(places)])[0], None)  # the cache
    for place in places:
        if place is None:
            found = _look(file, target, f"cache {cache}", tried)
        elif not _is_url(place):
            found = _look(file, Path(place).expanduser() / file.collection / file.name, f"mirror {place}", tried)
        else:
            in_mirror = f"{place.rstrip('/')}/{quote(file.collection)}/{quote(file.name)}"
            address = place if place in file.urls else in_mirror
            if offline:
                tried.append(f"{address}: not asked, since offline is set")
            found = None if offline else _fetch_once(file, address, target, tried, network)
        if found:
            return found
    homes = [Path(place) / file.collection / file.name for place in mirrors if not _is_url(place)]
    listed = "".join(f"\n  {line}" for line in tried)
    # What has no address can only be brought by hand, and its first note says from where.
    notes = [variant.note for variant in file.variants if variant.note and not file.urls]
    origin = f"\nit is {notes[0]}" if notes else ""
    raise RelampError(f"{file.name}: no sound copy was found{listed}\nput the file at {(homes or [target])[0]}{origin}")


def _is_url(place: str) -> bool:
    return place.startswith(("http://", "https://"))


def _look(file: RemoteFile, path: Path, place: str, tried: list[str]) -> Fetched | None:
    """Return the file of a folder if it is sound; else add to `tried` why not."""
    try:
        return _checked(file, path, place)
    except FileNotFoundError:
        tried.append(f"{path}: is not there")
    except _UnfitError as reason:
        tried.append(f"{path}: {reason} ({place}); {reason.advice}")
    except OSError as error:
        tried.append(f"{path}: cannot be read ({error.strerror})")
    return None


def _fetch_once(file: RemoteFile, url: str, target: Path, tried: list[str], network: Network) -> Fetched | None:
    """Download a file unless another process just did; of several that want it at once, one does, the others wait."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(target.with_name(f".{target.name}.lock")):
            if found := _look(file, target, f"cache {target.parent.parent}", []):
                return found
            for leftover in target.parent.glob(f".{target.stem}.*.part{target.suffix}"):
                leftover.unlink()  # of a process that was killed
            for attempt in range(1, network.attempts + 1):
                try:
                    return _download(file, url, target, network)
                except _UnfitError as reason:
                    last = attempt == network.attempts or not reason.again
                    log.warning("%s: %s%s", without_user(url), reason, "" if last else "; trying again")
                    if last:
                        times = f" ({attempt} attempts)" if attempt > 1 else ""
                        tried.append(f"{url}: {reason}{times}")
                        return None
                time.sleep(network.wait * 2 ** (attempt - 1))
    except OSError as error:
        fault = f"downloads cannot be kept there ({error.strerror or error})"
        raise RelampError(f"{target.parent}: {fault}; fix its rights or name another cache") from error
    return None


def _download(file: RemoteFile, url: str, target: Path, network: Network) -> Fetched:
    """Download one file, whole or not at all; raises _UnfitError if the server or the file is at fault."""
    # They take a while to import, and most runs find all files on disk.
    import requests
    from urllib3.exceptions import HTTPError, ReadTimeoutError

    log.info("fetching %s", without_user(url))
    # A server must not pack the bytes once more on their way.
    plain = {"Accept-Encoding": "identity"}
    with whole(target) as beside:
        try:
            with _in_time(
                lambda: requests.get(url, stream=True, timeout=network.timeout, headers=plain), network.answer
            ) as reply:
                framed = _keep(file, reply, beside, network)
        except (ValueError, requests.TooManyRedirects) as error:
            raise _UnfitError(f"is or leads to no address of http or https ({type(error).__name__})") from error
        except (requests.Timeout, ReadTimeoutError) as error:
            raise _UnfitError(f"no answer within {network.timeout:g} s", again=True) from error
        except TimeoutError as error:
            raise _UnfitError(f"no whole answer within {network.answer:g} s", again=True) from error
        except (requests.RequestException, HTTPError) as error:
            raise _UnfitError(f"the connection failed ({type(error).__name__})", again=True) from error
        try:
            found = _checked(file, beside, without_user(url))
        except _UnfitError as fault:
            # A connection that breaks looks like an end where the server has not said how long the file is.
            fault.again = not framed
            raise
        size, sizes = beside.stat().st_size, [variant.size for variant in file.variants if variant.size]
        if not (framed or found.verified) and size < min(sizes, default=0):
            raise _UnfitError(f"ends early{_sizes(file, size)}", again=True)
    return Fetched(file, target, without_user(url), found.sha256)


def _keep(file: RemoteFile, reply: Any, beside: Path, network: Network) -> bool:
    """Write the bytes of an answer as they come; return whether the end of the file could be told from a broken line.

    Raises _UnfitError if the answer is not the file in its own bytes, is too long or comes too slowly.
    """
    if reply.status_code != 200:
        code = reply.status_code
        raise _UnfitError(f"the server answers {code}", again=code >= 500 or code in _PASSING)
    packed = reply.headers.get("Content-Encoding", "identity").lower()
    if packed != "identity" and not file.name.endswith(".gz"):
        raise _UnfitError(f"the server sends it packed ({packed[:20]}), although plain bytes are asked for")
    length = reply.headers.get("Content-Length", "")
    total = int(length) if length.isdecimal() else None
    begun, done = time.monotonic(), 0
    with beside.open("wb") as written, Progress(f"{file.name}, MB", -(-(total or 0) // 10**6)) as progress:
        # Not more than has come: of a slow line a whole piece would be waited for.
        while (total or 0) <= file.most_bytes and (piece := reply.raw.read1(_CHUNK, decode_content=False)):
            written.write(piece)
            done += len(piece)
            took = time.monotonic() - begun
            if done < network.slowest * (took - network.timeout):
                raise _UnfitError(f"only {done:,} bytes came in {took:.0f} s", again=True)
            if done > file.most_bytes:
                break
            if total:
                progress.to(-(-done // 10**6))
    if max(done, total or 0) > file.most_bytes:
        raise _UnfitError(f"has more than the {file.most_bytes:,} bytes that are loaded at most")
    return total is not None or "chunked" in reply.headers.get("Transfer-Encoding", "").lower()


def _in_time(call: Callable[[], _Answer], seconds: float) -> _Answer:
    """Return what a call returns; raises TimeoutError where it takes longer, and then nobody waits for it.

    A server that sends its headers letter by letter breaks no limit on silence.
    """
    future: Future[_Answer] = Future()

    def answer() -> None:
        try:
            future.set_result(call())
        except Exception as error:
            future.set_exception(error)

    threading.Thread(target=answer, daemon=True).start()
    return future.result(seconds)


def _checked(file: RemoteFile, path: Path, place: str) -> Fetched:
    """Hash a file, and look into it if its sha256 is unknown; raises _UnfitError if it will not do."""
    found = Fetched(file, path, place, sha256(path))
    if found.verified:
        return found
    size = path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(512)
    if looks_like_html(head):
        raise _UnfitError("is an HTML page and not the file, as servers send in its place")
    if not size:
        raise _UnfitError("is empty")
    if damage := _damage(file, path):
        raise _UnfitError(f"is cut off or damaged ({damage}){_sizes(file, size)}")
    if file.exact:
        fault = f"sha256 is {found.sha256} but the registry has {file.known}{_sizes(file, size)}"
        raise _UnfitError(fault, advice="delete it or add the variant")
    return found


def _sizes(file: RemoteFile, size: int) -> str:
    known = sorted({variant.size for variant in file.variants if variant.size is not None} - {size})
    return f", {size:,} bytes instead of {' or '.join(f'{other:,}' for other in known)}" if known else ""


def _damage(file: RemoteFile, path: Path) -> str:
    """Return what is broken in an archive, or nothing: a zip has its list at its end, the others are read through."""
    suffix = Path(file.name).suffix
    if suffix in (".zip", ".npz") and not zipfile.is_zipfile(path):
        return "the end of the zip file is missing"
    if suffix in (".gz", ".xz"):
        # Not a byte further than any known form goes: a bomb is for the reader to refuse.
        left = file.unpacked or _MOST_UNPACKED
        try:
            with gzip.open(path) if suffix == ".gz" else lzma.open(path) as stream:
                while left >= 0 and (chunk := stream.read(_CHUNK)):
                    left -= len(chunk)
        except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
            return str(error)
    return ""
