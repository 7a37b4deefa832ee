from __future__ import annotations

import os
import sysconfig

import pytest

import routilux
from routilux.demo.walking import find_files, standard_library
from tests.demo.folders import find, make_folder


def test_the_files_are_those_that_find_finds(tmp_path):
    root = make_folder(tmp_path / "root")
    found = list(find_files(str(root)))
    assert sorted(found) == find(root)
    names = {os.path.relpath(path, root) for path in found}
    assert {"good.py", "folder.py/inside.py", "odd/.hidden.py", "broken/nul.py"} <= names
    assert not names & {"folder.py", "link.py", "dangling.py", "pipe.py", "odd/.hidden/unseen.py"}
    assert not any(name.startswith(("linked_folder", "loop", ".hidden")) for name in names)


def test_real_packages_too():
    root = os.path.dirname(routilux.__file__)
    assert sorted(find_files(root)) == find(root)


def test_the_order_is_the_same_each_time(tmp_path):
    root = make_folder(tmp_path / "root")
    assert list(find_files(str(root))) == list(find_files(str(root)))


def test_folders_of_some_names_can_be_left_out(tmp_path):
    root = make_folder(tmp_path / "root")
    every = set(find_files(str(root)))
    rest = set(find_files(str(root), ("site-packages",)))
    assert every - rest == {str(root / "site-packages" / "seen.py")}


def test_the_root_may_be_hidden_or_a_link(tmp_path):
    root = make_folder(tmp_path / ".root")
    (tmp_path / "link").symlink_to(root)
    assert len(list(find_files(str(root)))) == len(list(find_files(str(tmp_path / "link")))) > 10


def test_a_folder_that_cannot_be_listed_is_told_and_the_walk_goes_on(tmp_path):
    root = make_folder(tmp_path / "root")
    errors: list[OSError] = []
    assert list(find_files(str(root / "nowhere"), on_error=errors.append)) == []
    assert list(find_files(str(root / "nowhere"))) == []
    assert [error.filename for error in errors] == [str(root / "nowhere")]


def test_the_walk_can_be_ended_at_each_folder(tmp_path):
    root = make_folder(tmp_path / "root")
    folders: list[int] = []

    def over() -> None:
        folders.append(1)
        if len(folders) == 3:
            raise KeyError

    with pytest.raises(KeyError):
        list(find_files(str(root), on_folder=over))


def test_the_standard_library_is_the_running_interpreters():
    assert standard_library() == sysconfig.get_path("stdlib")
    assert os.path.isfile(os.path.join(standard_library(), "ast.py"))
