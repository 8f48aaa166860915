"""Surfaces of triangles."""

import numpy as np

from model.data.standins.cars.rendering.mesh import Part, grid_mesh, join, rounded_box

CENTRE, HALF = np.array([1.0, -2.0, 3.0]), np.array([2.0, 1.0, 0.5])


def volume(mesh):
    corners = mesh.vertices[mesh.triangles]
    return (corners[:, 0] * np.cross(corners[:, 1], corners[:, 2])).sum() / 6


def test_an_exponent_of_two_is_an_ellipsoid_and_a_high_one_nearly_a_box():
    ellipsoid = volume(rounded_box(CENTRE, HALF, Part.PAINTED, squareness=2.0))
    np.testing.assert_allclose(ellipsoid, 4 / 3 * np.pi * HALF.prod(), rtol=0.1)
    box = volume(rounded_box(CENTRE, HALF, Part.PAINTED, squareness=40.0))
    np.testing.assert_allclose(box, 8 * HALF.prod(), rtol=0.1)


def test_normals_point_outwards_and_have_unit_length():
    mesh = rounded_box(CENTRE, HALF, Part.PAINTED, squareness=2.0)
    np.testing.assert_allclose((mesh.normals**2).sum(axis=1), 1)
    true = (mesh.vertices - CENTRE) / HALF**2
    true /= np.sqrt((true**2).sum(axis=1, keepdims=True))
    inner = (true * mesh.normals).sum(axis=1)
    assert inner.min() > 0.8
    assert np.median(inner) > 0.98


def test_a_grid_faces_outwards_whichever_way_its_rings_turn():
    angle = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    rings = np.stack([np.cos(angle), np.sin(angle), np.zeros(12)], axis=-1)
    tube = np.stack([rings, rings + np.array([0, 0, 1.0])])
    for points in (tube, tube[:, ::-1], tube[::-1]):
        mesh = grid_mesh(points, Part.BODY)
        assert ((mesh.vertices * mesh.normals)[:, :2].sum(axis=1) > 0.9).all()


def test_joined_meshes_keep_their_own_triangles():
    first = rounded_box(CENTRE, HALF, Part.PLASTIC)
    second = rounded_box(-CENTRE, 2 * HALF, Part.CHROME)
    both = join([first, second])
    of_second = both.parts == Part.CHROME
    np.testing.assert_array_equal(both.vertices[both.triangles[of_second]], second.vertices[second.triangles])
    np.testing.assert_array_equal(both.normals[both.triangles[~of_second]], first.normals[first.triangles])
