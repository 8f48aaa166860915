"""Draws a town as an aerial picture."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from model.data.standins.maps.canvas import LARGER, Canvas
from model.data.standins.maps.satellite import texture
from model.data.standins.maps.satellite.grounds import draw_areas
from model.data.standins.maps.satellite.look import Look, random_look
from model.data.standins.maps.satellite.roofs import draw_roofs, shadows
from model.data.standins.maps.satellite.traffic import draw_streets
from model.data.standins.maps.satellite.trees import Trees, draw_trees, plant
from model.data.standins.maps.town.land_cover import land_cover
from model.data.standins.maps.town.plan import SIDE, Town

TREE_HEIGHT = 2.2
"""A tree's height in radii of its crown."""
SHADE = 0.58
"""How dark a shadow is; 1 is black."""


def draw_satellite(town: Town, size: int, rng: np.random.Generator) -> Image.Image:
    """Return a satellite picture of a town in a random look.

    Args:
        town: what the picture shows.
        size: side in pixels.
        rng: chooses the look, the trees and the cars; it does not change the town.
    """
    look = random_look(rng)
    canvas = Canvas(size, look.season.lawn)
    draw_areas(canvas, town.areas, look, rng)
    draw_streets(canvas, town.streets_on_the_ground, look, rng)
    draw_areas(canvas, town.shores, look, rng)
    canvas.replace(texture.shaded(canvas.image, texture.ground(canvas.image.width, rng)))
    _draw_water(canvas, town, look, rng)
    draw_streets(canvas, town.bridges, look, rng)
    trees = plant(land_cover(town), look, rng)
    _draw_shadows(canvas, town, trees, look)
    draw_roofs(canvas, town.buildings, look, rng)
    draw_trees(canvas, trees, look, rng)
    return _developed(canvas.reduced(), look, rng)


def _draw_water(canvas: Canvas, town: Town, look: Look, rng: np.random.Generator) -> None:
    if not town.waters:
        return
    side = canvas.image.width
    surface = texture.shaded(Image.new("RGB", (side, side), look.water), texture.ripples(side, rng))
    canvas.image.paste(surface, mask=canvas.mask(town.waters))


def _draw_shadows(canvas: Canvas, town: Town, trees: Trees, look: Look) -> None:
    mask = canvas.mask(shadows(town.buildings, look))
    draw = ImageDraw.Draw(mask)
    thrown = trees.places + look.sun * (trees.radii * TREE_HEIGHT * look.shadow)[:, None]
    middles, radii = (thrown + SIDE / 2) * canvas.scale, trees.radii[:, None] * canvas.scale
    for box in np.concatenate([middles - radii, middles + radii], axis=1).tolist():
        draw.ellipse(box, fill=255)
    shade = mask.filter(ImageFilter.BoxBlur(LARGER / 3)).point([round(SHADE * level) for level in range(256)])
    canvas.image.paste((22, 26, 40), mask=shade)


def _developed(image: Image.Image, look: Look, rng: np.random.Generator) -> Image.Image:
    """Return what the camera makes of a picture: its colours, haze and noise."""
    pixels = np.asarray(image, np.float64) * look.cast
    pixels += (np.array([196.0, 204, 214]) - pixels) * look.haze
    grain = rng.normal(0, look.noise, (*pixels.shape[:2], 1)) + rng.normal(0, look.noise / 3, pixels.shape)
    return Image.fromarray(np.rint(pixels + grain).clip(0, 255).astype(np.uint8))
