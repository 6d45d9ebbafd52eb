import os
import sys

import pytest

from relamp.runtime.terminal import Patient, patient


def test_a_reader_that_goes_away_is_missed_by_nobody() -> None:
    reader, writer = os.pipe()
    with open(writer, "w") as plain:  # noqa: PTH123 - a descriptor
        stream = Patient(plain)
        assert stream.write("heard\n") == 6
        assert os.read(reader, 100) == b"heard\n"
        os.close(reader)
        for _ in range(2):
            assert stream.write("unheard\n") == 8
            stream.flush()
        os.write(writer, b"and others who write there hear no error either")
        assert stream.fileno() == writer
        assert not stream.isatty()


def test_within_the_block_both_streams_are_patient(capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout, sys.stderr
    with patient():
        print("out")
        print("err", file=sys.stderr)
    assert (sys.stdout, sys.stderr) == before
    assert capsys.readouterr() == ("out\n", "err\n")
