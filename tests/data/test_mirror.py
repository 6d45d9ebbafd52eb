import base64
import gzip
import hashlib
import io
import json
import logging
import lzma
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from relamp.data import jobs, read
from relamp.data.mirror import Fetched, Network, fetch
from relamp.data.registry import REGISTRY, RemoteFile, Variant
from relamp.errors import RelampError

BODY = b"name,y\nC,1\n" * 100
PAGE = b"<!DOCTYPE html><html><body>Not found</body></html>"
QUICK = Network(attempts=3, wait=0.01, timeout=0.3, answer=0.8)


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def known(name: str, body: bytes = BODY, urls: tuple[str, ...] = (), exact: bool = False) -> RemoteFile:
    return RemoteFile("Set", name, urls, (Variant(digest(body), "upstream", len(body)),), exact)


def put(folder: Path, name: str, body: bytes = BODY) -> Path:
    (folder / "Set").mkdir(parents=True, exist_ok=True)
    (folder / "Set" / name).write_bytes(body)
    return folder / "Set" / name


class Server(ThreadingHTTPServer):
    """Answers each path with what `pages` holds for it, and writes down what was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages: dict[str, Any] = {}
        self.asked: list[str] = []

    def handle_error(self, *args: Any) -> None:
        """Say nothing where a client gave up waiting, as some are meant to."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        page = self.server.pages.get(self.path, 404)
        if isinstance(page, list):  # one answer after the other, the last for good
            page = page.pop(0) if len(page) > 1 else page[0]
        if isinstance(page, float):  # silent for a while
            time.sleep(page)
            page = BODY
        if callable(page):  # it answers by itself
            page(self)
            return
        if isinstance(page, int):
            self.send_error(page)
            return
        body, claimed = page if isinstance(page, tuple) else (page, len(page))
        self.send_response(200)
        self.send_header("Content-Length", str(claimed))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield running
    running.shutdown()
    running.server_close()
    thread.join()


def files_in(folder: Path) -> list[str]:
    """All that a download left behind, but for lock files."""
    return sorted(p.name for p in folder.rglob("*") if p.is_file() and p.suffix != ".lock")


def test_a_folder_is_used_in_place_and_left_alone(tmp_path: Path) -> None:
    path = put(tmp_path / "mirror", "a.csv")
    before = path.stat()
    found = fetch(known("a.csv"), [str(tmp_path / "mirror")], tmp_path / "cache", offline=True)
    assert found == Fetched(known("a.csv"), path, f"mirror {tmp_path / 'mirror'}", digest(BODY))
    assert (found.verified, found.variant, found.name) == (True, "upstream", "a.csv")
    assert path.stat() == before
    assert files_in(tmp_path) == ["a.csv"]


def test_mirrors_are_asked_in_their_order(tmp_path: Path, server: Server) -> None:
    server.pages["/m/Set/a.csv"] = BODY
    put(tmp_path / "second", "a.csv")
    mirrors = [str(tmp_path / "first"), server.url + "/m/", str(tmp_path / "second")]
    found = fetch(known("a.csv"), mirrors, tmp_path / "cache", network=QUICK)
    assert found.place == f"{server.url}/m/Set/a.csv"
    assert found.path == tmp_path / "cache" / "Set" / "a.csv"
    assert found.path.read_bytes() == BODY
    # The cache stands for the address from now on, also without a network, but not for a folder before it.
    again = fetch(known("a.csv"), mirrors, tmp_path / "cache", offline=True)
    assert (again.path, again.place) == (found.path, f"cache {tmp_path / 'cache'}")
    assert fetch(known("a.csv"), mirrors[::-1], tmp_path / "cache").place == f"mirror {tmp_path / 'second'}"
    assert server.asked == ["/m/Set/a.csv"]


def test_upstream_comes_last(tmp_path: Path, server: Server) -> None:
    server.pages["/far/b.csv"] = BODY
    file = known("b.csv", urls=(f"{server.url}/gone/b.csv", f"{server.url}/far/b.csv"))
    found = fetch(file, [server.url + "/m"], tmp_path, network=QUICK)
    assert found.place == f"{server.url}/far/b.csv"
    assert server.asked == ["/m/Set/b.csv", "/gone/b.csv", "/far/b.csv"]  # a 404 is asked once only
    assert files_in(tmp_path) == ["b.csv"]


def test_offline_forbids_the_network_and_says_so(tmp_path: Path, server: Server) -> None:
    server.pages["/a.csv"] = BODY
    with pytest.raises(RelampError) as caught:
        fetch(known("a.csv", urls=(f"{server.url}/a.csv",)), [server.url, str(tmp_path / "m")], tmp_path / "c", True)
    assert str(caught.value).splitlines() == [
        "a.csv: no sound copy was found",
        f"  {tmp_path}/c/Set/a.csv: is not there",
        f"  {server.url}/Set/a.csv: not asked, since offline is set",
        f"  {tmp_path}/m/Set/a.csv: is not there",
        f"  {server.url}/a.csv: not asked, since offline is set",
        f"put the file at {tmp_path}/m/Set/a.csv",
    ]
    assert server.asked == []
    assert files_in(tmp_path) == []


def test_a_file_that_is_nowhere_lists_every_place(tmp_path: Path, server: Server) -> None:
    server.pages |= {"/late/Set/a.csv": 0.6, "/half/Set/a.csv": (BODY[:500], len(BODY)), "/a.csv": 500}
    mirrors = [f"{server.url}/late", f"{server.url}/half", "http://127.0.0.1:9"]  # nobody listens at the last
    with pytest.raises(RelampError) as caught:
        fetch(known("a.csv", urls=(f"{server.url}/a.csv",)), mirrors, tmp_path, network=QUICK)
    assert str(caught.value).splitlines() == [
        "a.csv: no sound copy was found",
        f"  {tmp_path}/Set/a.csv: is not there",
        f"  {server.url}/late/Set/a.csv: no answer within 0.3 s (3 attempts)",
        f"  {server.url}/half/Set/a.csv: the connection failed (ProtocolError) (3 attempts)",
        "  http://127.0.0.1:9/Set/a.csv: the connection failed (ConnectionError) (3 attempts)",
        f"  {server.url}/a.csv: the server answers 500 (3 attempts)",
        f"put the file at {tmp_path}/Set/a.csv",
    ]
    assert files_in(tmp_path) == []


def test_a_passing_fault_is_tried_again(tmp_path: Path, server: Server) -> None:
    server.pages["/Set/a.csv"] = [503, (BODY[:500], len(BODY)), BODY]
    assert fetch(known("a.csv"), [server.url], tmp_path, network=QUICK).path.read_bytes() == BODY
    assert len(server.asked) == 3


def test_an_exact_file_needs_a_known_sha256(tmp_path: Path, server: Server) -> None:
    put(tmp_path / "m", "a.x", b"other")
    server.pages["/Set/a.x"] = b"others"
    with pytest.raises(RelampError) as caught:
        fetch(known("a.x", exact=True), [str(tmp_path / "m"), server.url], tmp_path / "c", network=QUICK)
    wrong = f"sha256 is {digest(b'other')} but the registry has {digest(BODY)}, 5 bytes instead of 1,100"
    lines = str(caught.value).splitlines()
    assert lines[1] == f"  {tmp_path}/m/Set/a.x: {wrong} (mirror {tmp_path}/m); delete it or add the variant"
    assert lines[3].startswith(f"  {server.url}/Set/a.x: sha256 is {digest(b'others')} but the registry has ")
    assert files_in(tmp_path / "c") == []
    with pytest.raises(RelampError, match="but the registry has none"):
        fetch(RemoteFile("Set", "a.x", exact=True), [str(tmp_path / "m")], tmp_path / "c")


def test_an_unknown_sha256_passes_unverified_where_the_content_can_decide(tmp_path: Path, server: Server) -> None:
    put(tmp_path, "a.csv", b"smiles\nC\n")
    found = fetch(known("a.csv"), [str(tmp_path)], tmp_path / "c")
    assert (found.verified, found.variant, found.sha256) == (False, "", digest(b"smiles\nC\n"))
    server.pages["/Set/a.csv"] = b"other"
    assert not fetch(known("a.csv"), [server.url], tmp_path / "c", network=QUICK).verified


def archives() -> dict[str, bytes]:
    blob = io.BytesIO()
    with zipfile.ZipFile(blob, "w") as archive:
        archive.writestr("a.txt", BODY)
    return {"a.zip": blob.getvalue(), "a.csv.gz": gzip.compress(BODY, mtime=0), "a.smi.xz": lzma.compress(BODY)}


@pytest.mark.parametrize("name", ["a.zip", "a.csv.gz", "a.smi.xz"])
def test_a_truncated_file_is_refused_and_the_next_place_is_asked(name: str, tmp_path: Path) -> None:
    whole = archives()[name]
    path = put(tmp_path / "m", name, whole[:-7])
    with pytest.raises(RelampError) as caught:
        fetch(known(name, whole), [str(tmp_path / "m")], tmp_path / "c")
    message = str(caught.value)
    assert f"{path}: is cut off or damaged (" in message
    assert f", {len(whole) - 7:,} bytes instead of {len(whole):,} (mirror {tmp_path}/m); delete it" in message
    put(tmp_path / "n", name, whole)
    assert fetch(known(name, whole), [str(tmp_path / "m"), str(tmp_path / "n")], tmp_path / "c").verified
    # Sound, but packed in another way.
    assert not fetch(known(name), [str(tmp_path / "n")], tmp_path / "c").verified


GZIP = gzip.compress(bytes(2**17), mtime=0)
WRONG_SUM = GZIP[:-6] + bytes([GZIP[-6] ^ 1]) + GZIP[-5:]  # of the unpacked bytes, seen behind the last of them only


@pytest.mark.parametrize(
    ("name", "body", "message"),
    [
        ("a.csv.gz", WRONG_SUM, r"is cut off or damaged \(CRC check failed"),
        ("a.csv", b"", r"a\.csv: is empty \(mirror"),
        ("a.csv", None, r"a\.csv: cannot be read \(Is a directory\)"),
    ],
)
def test_what_cannot_be_used_is_named(name: str, body: bytes | None, message: str, tmp_path: Path) -> None:
    if body is None:
        (tmp_path / "Set" / name).mkdir(parents=True)
    else:
        put(tmp_path, name, body)
    file = RemoteFile("Set", name, (), (Variant("0" * 64, "upstream", None, 2**17),))
    with pytest.raises(RelampError, match=message):
        fetch(file, [str(tmp_path)], tmp_path / "c")


def test_a_bomb_is_not_unpacked_to_its_end(tmp_path: Path) -> None:
    body = gzip.compress(bytes(2**22)) + b"rubbish"  # would be found only behind 4 MB, and 100 bytes are expected
    put(tmp_path, "a.csv.gz", body)
    file = RemoteFile("Set", "a.csv.gz", (), (Variant("0" * 64, "upstream", None, 100),))
    assert not fetch(file, [str(tmp_path)], tmp_path / "c").verified


@pytest.mark.parametrize("name", ["a.zip", "a.csv", "a.csv.gz"])
def test_an_html_page_is_told_from_the_file(name: str, tmp_path: Path, server: Server) -> None:
    put(tmp_path / "m", name, PAGE)
    server.pages[f"/Set/{name}"] = PAGE
    with pytest.raises(RelampError) as caught:
        fetch(known(name), [str(tmp_path / "m"), server.url], tmp_path / "c", network=QUICK)
    lines = str(caught.value).splitlines()
    page = "is an HTML page and not the file, as servers send in its place"
    assert lines[1] == f"  {tmp_path}/m/Set/{name}: {page} (mirror {tmp_path}/m); delete it"
    assert lines[3] == f"  {server.url}/Set/{name}: {page}"
    assert server.asked == [f"/Set/{name}"]
    assert files_in(tmp_path / "c") == []


def test_a_damaged_download_in_the_cache_is_fetched_afresh(tmp_path: Path, server: Server) -> None:
    whole = archives()["a.zip"]
    server.pages["/Set/a.zip"] = whole
    path = put(tmp_path, "a.zip", whole[:50])
    (tmp_path / "Set" / ".a.123.part.zip").write_bytes(b"half")  # of a process that was killed
    assert fetch(known("a.zip", whole), [server.url], tmp_path, network=QUICK).path == path
    assert path.read_bytes() == whole
    assert files_in(tmp_path) == ["a.zip"]


def test_a_cache_that_cannot_be_made_is_told(tmp_path: Path, server: Server) -> None:
    (tmp_path / "c").write_text("a file")
    with pytest.raises(RelampError, match=r"c/Set: downloads cannot be kept there \(Not a directory\)"):
        fetch(known("a.csv"), [server.url], tmp_path / "c", network=QUICK)


CHILD = """
import sys
from pathlib import Path
from relamp.data.mirror import fetch
from relamp.data.registry import RemoteFile
found = fetch(RemoteFile("Set", "a.csv"), [sys.argv[1]], Path(sys.argv[2]))
print(found.sha256, found.place.split()[0])
"""


def test_of_two_processes_at_once_one_downloads(tmp_path: Path, server: Server) -> None:
    server.pages["/Set/a.csv"] = 1.0  # both start while the first waits for its answer
    command = [sys.executable, "-c", CHILD, server.url, str(tmp_path)]
    children = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = sorted(child.communicate(timeout=60)[0].split() for child in children)
    assert [child.returncode for child in children] == [0, 0]
    assert told == sorted([[digest(BODY), "cache"], [digest(BODY), f"{server.url}/Set/a.csv"]])
    assert server.asked == ["/Set/a.csv"]
    assert files_in(tmp_path) == ["a.csv"]


def told(file: RemoteFile, server: Server, cache: Path) -> str:
    """What is said of an address that does not give the file; nothing is left in the cache."""
    with pytest.raises(RelampError) as caught:
        fetch(file, [server.url], cache, network=QUICK)
    assert files_in(cache) == []
    return str(caught.value).splitlines()[2].removeprefix(f"  {server.url}/Set/{file.name}: ")


def plainly(*pieces: bytes, headers: dict[str, str] | None = None, pause: float = 0) -> Callable[[Handler], None]:
    """An answer in pieces, with no length but what the headers say."""

    def answer(handler: Handler) -> None:
        handler.send_response(200)
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.end_headers()
        for piece in pieces:
            handler.wfile.write(piece)
            time.sleep(pause)

    return answer


def test_an_endless_file_is_cut_off_at_twice_what_is_known(tmp_path: Path, server: Server) -> None:
    sent = []

    def endless(handler: Handler) -> None:
        plainly()(handler)
        for _ in range(10_000):  # 1 GB
            handler.wfile.write(bytes(100_000))
            sent.append(100_000)

    server.pages["/Set/a.csv"] = endless
    assert told(known("a.csv"), server, tmp_path) == "has more than the 2,200 bytes that are loaded at most"
    assert server.asked == ["/Set/a.csv"]  # and is not asked for it again
    assert sum(sent) < 50_000_000  # what fits in buffers of the machine
    assert (
        RemoteFile("Set", "a.csv").most_bytes
        == RemoteFile("Set", "a", (), (Variant("0", "listed"),)).most_bytes
        == 2**32
    )


def test_a_file_that_says_it_is_too_long_is_not_loaded(tmp_path: Path, server: Server) -> None:
    server.pages["/Set/a.csv"] = (BODY, 2201)
    assert told(known("a.csv"), server, tmp_path) == "has more than the 2,200 bytes that are loaded at most"
    server.pages["/Set/b.csv"] = BODY * 2
    assert not fetch(known("b.csv"), [server.url], tmp_path, network=QUICK).verified


def test_bytes_that_are_packed_on_their_way_are_not_unpacked(tmp_path: Path, server: Server) -> None:
    bomb = gzip.compress(bytes(2**24), mtime=0)
    server.pages["/Set/a.csv"] = plainly(bomb, headers={"Content-Encoding": "gzip"})
    assert told(known("a.csv"), server, tmp_path) == (
        "the server sends it packed (gzip), although plain bytes are asked for"
    )
    # Servers that know the suffix call the file's own packing an encoding.
    packed = gzip.compress(BODY, mtime=0)
    server.pages["/Set/a.csv.gz"] = plainly(packed, headers={"Content-Encoding": "gzip"})
    found = fetch(known("a.csv.gz", packed), [server.url], tmp_path, network=QUICK)
    assert (found.verified, found.path.read_bytes()) == (True, packed)


def test_a_file_that_comes_letter_by_letter_is_given_up(tmp_path: Path, server: Server) -> None:
    drops = [bytes([letter]) for letter in BODY]
    server.pages["/Set/a.csv"] = plainly(*drops, headers={"Content-Length": str(len(BODY))}, pause=0.05)  # 55 s
    begun = time.monotonic()
    assert told(known("a.csv"), server, tmp_path).endswith(" bytes came in 0 s (3 attempts)")
    assert time.monotonic() - begun < 10


def test_headers_that_come_letter_by_letter_are_given_up(tmp_path: Path, server: Server) -> None:
    def slow(handler: Handler) -> None:
        for letter in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 60:
            handler.wfile.write(bytes([letter]))
            time.sleep(0.05)

    server.pages["/Set/a.csv"] = slow
    begun = time.monotonic()
    assert told(known("a.csv"), server, tmp_path) == "no whole answer within 0.8 s (3 attempts)"
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
def test_a_file_cut_without_a_length_is_asked_for_again(name: str, tmp_path: Path, server: Server) -> None:
    whole = BODY if name == "a.csv" else gzip.compress(BODY, mtime=0)
    cut = plainly(whole[: len(whole) // 2])
    server.pages[f"/Set/{name}"] = [cut, plainly(whole)]
    assert fetch(known(name, whole), [server.url], tmp_path / "c", network=QUICK).path.read_bytes() == whole
    assert len(server.asked) == 2
    server.pages[f"/Set/{name}"] = cut
    size = f", {len(whole) // 2:,} bytes instead of {len(whole):,} (3 attempts)"
    assert told(known(name, whole), server, tmp_path / "d").endswith(size)


@pytest.mark.parametrize(
    "place", ["file:///etc/hostname", "ftp://127.0.0.1/a.csv", "http://127.0.0.1:word/", "/Set/a.csv"]
)
def test_a_redirect_that_leads_nowhere_is_followed_once(place: str, tmp_path: Path, server: Server) -> None:
    def elsewhere(handler: Handler) -> None:
        handler.send_response(302)
        handler.send_header("Location", place)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    server.pages["/Set/a.csv"] = elsewhere
    assert told(known("a.csv"), server, tmp_path).startswith("is or leads to no address of http or https (")
    assert len(server.asked) == (31 if place.startswith("/") else 1)  # in a circle, up to the limit of requests


def test_other_answers_than_the_file_are_refused(tmp_path: Path, server: Server) -> None:
    def part(handler: Handler) -> None:
        handler.send_response(206)
        handler.send_header("Content-Length", str(len(BODY)))
        handler.end_headers()
        handler.wfile.write(BODY)

    server.pages["/Set/a.csv"] = part
    assert told(known("a.csv"), server, tmp_path) == "the server answers 206"


def test_user_and_password_reach_the_server_and_nothing_else(
    tmp_path: Path, server: Server, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    wanted = f"Basic {base64.b64encode(b'me:sesame@me').decode()}"

    def locked(handler: Handler) -> None:
        right = handler.headers.get("Authorization") == wanted and "Set" in handler.path
        (plainly(BODY) if right else lambda h: h.send_error(401))(handler)

    server.pages |= {"/m/Set/a.csv": locked, "/n/Set/a.csv": locked}
    row = REGISTRY["BACE"]
    monkeypatch.setitem(REGISTRY, "BACE", type(row)(**{**vars(row), "remote": (known("a.csv"),)}))  # type: ignore[attr-defined]
    named = server.url.replace("http://", "http://me:sesame%40me@")
    record = tmp_path / "raw.json"
    config = {"mirrors": [f"{named}/gone", f"{named}/m"], "cache": str(tmp_path / "c")}
    jobs.fetch("BACE", config, record)
    assert json.loads(record.read_text())[0]["place"] == f"{server.url}/m/Set/a.csv"
    (file,) = read.from_record("BACE", json.loads(record.read_text()))
    file.path.unlink()
    with pytest.raises(RelampError) as caught:
        read.from_record("BACE", json.loads(record.read_text()))
    with pytest.raises(RelampError) as nowhere:
        fetch(known("a.csv"), [f"{named}/gone", f"{named}/o"], tmp_path / "d", offline=True)
    said = caplog.text + str(caught.value) + str(nowhere.value) + record.read_text()
    assert f"{server.url}/gone/Set/a.csv: the server answers 404" in said
    assert "sesame" not in said
    assert "me:" not in said
