"""`synaptogen serve`: where it listens, whom it lets in, and what it says where it cannot begin."""

from __future__ import annotations

import inspect
import os
import socket
import sys
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from app.server import serve
from synaptogen_core.cli import app
from synaptogen_core.cli import serve as cli_serve


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen(1)
        yield other.getsockname()[1]


def test_a_taken_port_is_said_with_one_that_is_free(taken: int) -> None:
    with pytest.raises(ValueError, match=f"--port: must be free .got {taken}, .*; try --port ") as said:
        serve.open_port("127.0.0.1", taken)
    assert serve.is_free("127.0.0.1", int(str(said.value).rsplit(" ", 1)[1]))
    assert not serve.is_free("127.0.0.1", taken)
    result = CliRunner().invoke(app, ["serve", "--address", "127.0.0.1", "--port", str(taken)])
    assert result.exit_code == 1 and result.stderr.startswith(f"synaptogen: --port: must be free (got {taken}")
    assert "Traceback" not in result.output


def test_port_0_is_any_that_is_free() -> None:
    assert serve.is_free("localhost", serve.open_port("localhost", 0))


@pytest.mark.parametrize("address", ["no such name", "name.invalid", ""])
def test_an_address_of_nobody_is_said(address: str) -> None:
    with pytest.raises(ValueError, match=r"--address: must be a name or an address of this machine"):
        serve.open_port(address, 0)


def test_an_address_of_another_machine_is_said() -> None:
    with pytest.raises(ValueError, match=r"--address: must be an address of this machine \(got '192.0.2.1'"):
        serve.open_port("192.0.2.1", 0)  # RFC 5737: nobody's


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="this user may open any port")
def test_a_port_of_the_system_is_said() -> None:
    with pytest.raises(ValueError, match="--port: must be one that you may open"):
        serve.open_port("localhost", 80)


@pytest.mark.parametrize("origin", ["http://lab:5006", "lab/main", "a b", "", "lab:port", "lab:5006\n"])
def test_an_origin_that_is_none_is_said(origin: str) -> None:
    with pytest.raises(ValueError, match="--origin: must be host:port as the address bar shows it"):
        serve.command_line(5006, "localhost", [origin], 1, False, [])


def allowed(*arguments: object) -> list[str]:
    options = serve.command_line(*arguments)
    return [options[i + 1] for i, option in enumerate(options) if option == "--allow-websocket-origin"]


def test_only_this_machine_is_let_in_unless_others_are_named() -> None:
    own = ["localhost:5006", "127.0.0.1:5006"]
    assert allowed(5006, "localhost", [], 1, False, []) == own
    assert allowed(5006, "0.0.0.0", [], 1, False, []) == own, "no origin: nobody else"
    assert allowed(5006, "0.0.0.0", ["lab-pc:5006", "*"], 1, False, []) == [*own, "lab-pc:5006", "*"]
    assert allowed(5006, "192.168.1.7", [], 1, False, []) == [*own, "192.168.1.7:5006"]
    assert allowed(5006, "fe80::1", [], 1, False, []) == [*own, "[fe80::1]:5006"]


def test_it_listens_on_this_machine_alone_unless_asked() -> None:
    for function in (serve.serve, cli_serve.serve):
        assert inspect.signature(function).parameters["address"].default == "localhost"
    assert "\nADDRESS ?= localhost\n" in (serve.PAGE.parents[1] / "Makefile").read_text(encoding="utf-8")
    for address, asked in (("localhost", ["localhost"]), ("192.168.1.7", ["192.168.1.7"]), ("0.0.0.0", [])):
        options = serve.command_line(5006, address, [], 1, False, [])
        assert [options[i + 1] for i, option in enumerate(options) if option == "--address"] == asked


def test_several_processes_warm_themselves_up() -> None:
    one, many = (serve.command_line(5006, "localhost", [], n, False, ["--basic-auth", "secret"]) for n in (1, 3))
    assert "--warm" in one and "--setup" not in one
    assert "--warm" not in many and str(serve.WARM_UP) in many and many[many.index("--num-procs") + 1] == "3"
    assert one[-2:] == many[-2:] == ["--basic-auth", "secret"]
    assert serve.PAGE.is_file() and serve.WARM_UP.is_file()


def test_what_is_no_option_of_panel_is_said() -> None:
    with pytest.raises(ValueError, match=r"what follows --: must be options of panel serve \(got '8080'"):
        serve.command_line(5006, "localhost", [], 1, False, ["8080"])
    for twice in (["--port", "80"], ["--addr=0.0.0.0"], ["--warm", "--num-procs=4"]):
        with pytest.raises(ValueError, match="what follows --: must not repeat options of this command"):
            serve.command_line(5006, "localhost", [], 1, False, twice)


@pytest.mark.parametrize("said", [["--basic-auth", "none.json"], ["--basic-auth=none.json"]])
def test_a_file_of_passwords_that_is_not_there_is_no_password(said: list[str]) -> None:
    with pytest.raises(ValueError, match=r"--basic-auth: must be a file that exists \(got 'none.json'\)"):
        serve.command_line(5006, "localhost", [], 1, False, said)
