"""`If-None-Match` headers: lists, weak tags and `*`."""

import pytest

from service.http.etags import matches


@pytest.mark.parametrize("value", ['"a"', 'W/"a"', '"b", "a"', '"b",W/"a" ', "*", " * ", '"x,y", "a"'])
def test_headers_that_name_the_version_match(value):
    assert matches([value], '"a"')


@pytest.mark.parametrize("value", ["", '"b"', "a", '"a', '"ab"', '"b*"', 'W/"A"', '"b", *'])
def test_other_headers_do_not_match(value):
    assert not matches([value], '"a"')


def test_each_of_several_headers_counts():
    assert matches(['"b"', '"a"'], '"a"')
    assert not matches([], '"a"')
