"""Pictures of cars, seen from around."""

import numpy as np

from model.data.standins.cars.build import build_car
from model.data.standins.cars.design import draw_design
from model.data.standins.cars.picture import draw_picture

SIZE = 32


def picture(car, view, elevation=1):
    return draw_picture(car, view, elevation, SIZE).astype(int)


def difference(a, b):
    return np.abs(a - b).mean()


def test_the_front_view_is_its_own_mirror_image(a_car_of_each_kind):
    for car in a_car_of_each_kind.values():
        front = picture(car, 0)
        assert difference(front, front[:, ::-1]) < 1
        turned = picture(car, 2)
        assert difference(turned, turned[:, ::-1]) > 3


def test_views_k_and_24_minus_k_are_mirror_images(a_car_of_each_kind):
    for car in list(a_car_of_each_kind.values())[:3]:
        for view in (3, 10):
            assert difference(picture(car, view), picture(car, 24 - view)[:, ::-1]) < 1
            assert difference(picture(car, view), picture(car, 24 - view)) > 3


def test_the_rear_has_red_lamps_and_the_front_has_none():
    blue = next(
        car
        for car in map(build_car, (draw_design(0, number) for number in range(1, 200)))
        if car.design.colours.paint[2] > 2 * car.design.colours.paint[0]
    )
    red = [
        ((pixels[..., 0] > 120) & (pixels[..., 0] > 2 * pixels[..., 1])).sum()
        for pixels in (draw_picture(blue, view, 1, 64).astype(int) for view in (0, 12))
    ]
    assert red[0] == 0 and red[1] > 10


def test_a_side_view_is_wider_than_the_front(a_car_of_each_kind):
    for car in a_car_of_each_kind.values():
        widths = [(picture(car, view).min(axis=2) < 150).any(axis=0).sum() for view in (0, 6)]
        assert 1.4 * widths[0] < widths[1]


def test_no_car_touches_the_edge_of_its_picture(a_car_of_each_kind):
    for kind, car in a_car_of_each_kind.items():
        for view, elevation in ((0, 3), (4, 0), (6, 3), (12, 3)):
            pixels = picture(car, view, elevation)
            edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
            assert edge.min() > 225, (kind, view)


def test_a_car_covers_its_middle_and_the_corners_are_white(a_car_of_each_kind):
    for car in a_car_of_each_kind.values():
        pixels = picture(car, 4)
        assert (pixels[[0, 0, -1, -1], [0, -1, 0, -1]] == 255).all()
        assert (pixels.min(axis=2) < 235).mean() > 0.12


def test_edges_are_smooth(a_car_of_each_kind):
    """A pixel is the mean of its samples, so a black car on white also has grey pixels."""
    car = a_car_of_each_kind["saloon"]
    fine = draw_picture(car, 6, 1, 3 * SIZE).astype(float)
    mean = fine.reshape(SIZE, 3, SIZE, 3, 3).mean(axis=(1, 3))
    assert difference(picture(car, 6), mean) < 3


def test_equal_cars_give_equal_pictures_and_others_do_not():
    first, again, other = (build_car(draw_design(0, number)) for number in (1, 1, 2))
    np.testing.assert_array_equal(picture(first, 3), picture(again, 3))
    assert difference(picture(first, 3), picture(other, 3)) > 3
