"""The colours of drawn cars."""

import numpy as np

from model.data.standins.cars.colours import Colours, Material, draw_colours, material_table


def test_the_table_has_a_row_for_each_material_in_linear_light():
    colours = Colours(
        paint=(1.0, 0.5, 0.0),
        second=(0.0, 1.0, 0.0),
        roof=(0.0, 0.0, 1.0),
        rim=(0.5, 0.5, 0.5),
        seam=(0.0, 0.0, 0.0),
        gloss=0.1,
    )
    table = material_table(colours)
    assert table.shape == (len(Material), 5)
    np.testing.assert_allclose(table[Material.PAINT], [1.0, 0.5**2.2, 0.0, 0.45, 0.1])
    np.testing.assert_allclose(table[Material.ROOF, :3], [0, 0, 1])
    red, green, blue = table[Material.TAIL_LAMP, :3]
    assert red > 10 * max(green, blue)


def test_paints_are_varied():
    drawn = [draw_colours(np.random.default_rng(number)) for number in range(300)]
    assert len({colours.paint for colours in drawn}) == 300
    grey = sum(max(colours.paint) - min(colours.paint) < 0.06 for colours in drawn)
    two_tone = sum(colours.roof != colours.paint for colours in drawn)
    assert 60 < grey < 150
    assert 40 < two_tone < 120
    assert all(0 <= value <= 1 for colours in drawn for value in colours.paint)
